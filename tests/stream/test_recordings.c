/* Real recordings strung together: one long stream gives the words of its parts, none lost or doubled where the windows
 * meet. Reads ../shared/speech/eval_an4 where it lies, with the model that ships; skips, saying so, without them.
 * What is compared is the word error rate against the published texts, not the texts themselves: a window that holds
 * two speakers is normalised otherwise than each alone, so single words come out differently, better or worse. */
#include "audio/file.h"
#include "src/include/utter.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RECORDINGS = 60, RATE = 16000, WORDS = 4096, TEXT = 65536 };

static const char FOLDER[] = SOURCE_DIR "/../shared/speech/eval_an4";

struct recording {
    float *samples;
    size_t count;
};

static struct recording recordings[RECORDINGS];
static char reference[TEXT];

static bool read_recording(struct recording *r, const char *name)
{
    char path[1024];
    struct audio_file *file;
    struct audio_file_info info;
    snprintf(path, sizeof path, "%s/%s", FOLDER, name);
    if (audio_file_open_path(&file, path, name, NULL))
        return false;
    audio_file_get_info(file, &info);
    const size_t room = (size_t)info.sample_rate * 10;
    r->samples = calloc(room, sizeof *r->samples);
    int64_t got = info.channels == 1 && r->samples ? audio_file_read(file, r->samples, (int64_t)room, NULL) : -1;
    audio_file_close(&file);
    /* the session is told one rate for all */
    const size_t step = (size_t)(info.sample_rate / RATE);
    r->count = got > 0 ? (size_t)got / step : 0;
    for (size_t i = 0; step > 1 && i < r->count; i++)
        r->samples[i] = r->samples[i * step]; /* speech stored at 16 kHz has nothing above to fold down */
    return got > 0;
}

/* The manifest's first rows; false when it is not there. */
static bool read_all(void)
{
    char line[1024], name[256], text[512];
    snprintf(line, sizeof line, "%s.tsv", FOLDER);
    FILE *manifest = fopen(line, "r");
    if (!manifest)
        return false;
    bool good = fgets(line, sizeof line, manifest) != NULL;
    for (int i = 0; good && i < RECORDINGS; i++) {
        good = fgets(line, sizeof line, manifest) &&
               sscanf(line, "%255[^\t]\t%*[^\t]\t%*[^\t]\t%511[^\n]", name, text) == 2 &&
               read_recording(&recordings[i], name);
        if (good) {
            strcat(reference, text);
            strcat(reference, " ");
        }
    }
    fclose(manifest);
    return good;
}

/* Feeds recordings [first, last) with gap silent samples after each and appends the text. */
static void transcribe(utter_model *model, int first, int last, size_t gap, char *text)
{
    static const float silence[RATE];
    utter_session *session;
    struct utter_segment segment;
    assert_int_equal(utter_session_open(model, NULL, &session), 0);
    for (int i = first; i < last; i++) {
        assert_int_equal(utter_session_feed(session, recordings[i].samples, recordings[i].count), 0);
        assert_int_equal(utter_session_feed(session, silence, gap), 0);
    }
    assert_int_equal(utter_session_finish(session), 0);
    while (utter_session_next(session, &segment) == 1) {
        assert_true(strlen(text) + strlen(segment.text) + 2 < TEXT);
        strcat(text, segment.text);
        strcat(text, " ");
    }
    utter_session_close(&session);
}

static int split(char *text, char **words)
{
    int count = 0;
    for (char *c = text; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    for (char *word = strtok(text, " "); word && count < WORDS; word = strtok(NULL, " "))
        words[count++] = word;
    return count;
}

static int least(int a, int b, int c)
{
    int d = a < b ? a : b;
    return d < c ? d : c;
}

/* Substitutions, deletions and insertions (Levenshtein 1966); both texts are taken apart. */
static int word_errors(const char *truth, const char *heard, int *words, int *heard_words)
{
    static char a[TEXT], b[TEXT];
    static char *x[WORDS], *y[WORDS];
    static int row[WORDS + 1];
    strcpy(a, truth);
    strcpy(b, heard);
    const int n = split(a, x), m = split(b, y);
    for (int j = 0; j <= m; j++)
        row[j] = j;
    for (int i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            const int best = least(row[j] + 1, row[j - 1] + 1, diagonal + (strcmp(x[i - 1], y[j - 1]) != 0));
            diagonal = row[j];
            row[j] = best;
        }
    }
    *words = n;
    *heard_words = m;
    return row[m];
}

static void test_long_stream_has_the_words_of_its_parts(void **state)
{
    (void)state;
    static char parts[TEXT], together[TEXT];
    utter_engine *engine;
    utter_model *model = NULL;
    assert_int_equal(utter_engine_open(&engine, NULL), 0);
    if (utter_model_open(engine, NULL, NULL, &model) || !read_all()) {
        print_message("skipped: ../shared/speech or the model that ships is not there\n");
        utter_model_close(&model);
        utter_engine_close(&engine);
        skip();
    }
    for (int i = 0; i < RECORDINGS; i++)
        transcribe(model, i, i + 1, 0, parts);
    transcribe(model, 0, RECORDINGS, RATE, together);
    int words, heard_alone, heard_together;
    const int alone = word_errors(reference, parts, &words, &heard_alone);
    const int strung = word_errors(reference, together, &words, &heard_together);
    print_message("%d words: %d errors alone, %d strung together\n", words, alone, strung);
    assert_true(strung <= alone + words * 3 / 100);
    assert_true(abs(heard_together - heard_alone) <= words * 3 / 100);
    utter_model_close(&model);
    utter_engine_close(&engine);
    for (int i = 0; i < RECORDINGS; i++)
        free(recordings[i].samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_long_stream_has_the_words_of_its_parts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

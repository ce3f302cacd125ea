/* Recordings strung together: a long stream gives the words of its parts, and where its windows meet none is lost or
 * doubled. With the model that ships, on samples/morning.flac over and over and, where ../shared/speech is there, on
 * recordings of many speakers.
 *
 * The words at a seam are held against those of a window of its own that has the seam in its middle. A window hears the
 * level and the sounds around a word, so two windows may spell the same sound otherwise, but where one has a word the
 * other has one, too: a word is lost when the long text has none on its sound, and doubled when it follows itself
 * or begins before the one in front of it has ended, or when nothing is said on its sound. */
#include "audio/file.h"
#include "src/cutter.h"
#include "src/include/utter.h"

#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 16000, WORDS = 2048, TEXT = 24, SEAMS = 64, PARTS = 64 };

/* ---- sound ---- */

struct stretch {
    float *samples;
    size_t count;
};

struct strung {
    float *samples;
    size_t count;
    size_t begin[PARTS], end[PARTS]; /* of its parts */
    int parts;
};

/* At 16 kHz: speech stored at 24 or 48 kHz is told from nothing by its neighbours, linearly. */
static bool read_recording(struct stretch *r, const char *path)
{
    struct audio_file *file;
    struct audio_file_info info;
    if (audio_file_open_path(&file, path, path, NULL))
        return false;
    audio_file_get_info(file, &info);
    const size_t room = (size_t)info.sample_rate * 20;
    float *read = calloc(room + 1, sizeof *read);
    int64_t got = info.channels == 1 && read ? audio_file_read(file, read, (int64_t)room, NULL) : -1;
    audio_file_close(&file);
    *r = (struct stretch){calloc(room, sizeof *r->samples), 0};
    const double step = (double)info.sample_rate / RATE;
    for (; got > 0 && r->samples && (double)r->count * step < (double)got - 1; r->count++) {
        const double at = (double)r->count * step;
        const size_t left = (size_t)at;
        r->samples[r->count] = read[left] + (float)(at - (double)left) * (read[left + 1] - read[left]);
    }
    free(read);
    return r->count > 0;
}

static void add_part(struct strung *s, const struct stretch *part, size_t gap)
{
    assert_true(s->parts < PARTS);
    s->samples = realloc(s->samples, (s->count + part->count + gap) * sizeof *s->samples);
    assert_non_null(s->samples);
    s->begin[s->parts] = s->count;
    memcpy(s->samples + s->count, part->samples, part->count * sizeof *s->samples);
    memset(s->samples + s->count + part->count, 0, gap * sizeof *s->samples);
    s->count += part->count + gap;
    s->end[s->parts++] = s->count;
}

/* Less the quiet before and after its speech, so that the next part follows at once. */
static struct stretch trimmed(const struct stretch *r)
{
    float most = 0;
    size_t first = 0, last = r->count;
    for (size_t i = 0; i < r->count; i++)
        most = fmaxf(most, fabsf(r->samples[i]));
    while (first < last && fabsf(r->samples[first]) < most / 20)
        first++;
    while (last > first && fabsf(r->samples[last - 1]) < most / 20)
        last--;
    return (struct stretch){r->samples + first, last - first};
}

/* The manifest's first rows, or fewer; false when it is not there. */
static bool string_set(struct strung *s, const char *set, int count, size_t gap)
{
    char line[1024], name[256], path[1024];
    const char *shared = getenv("UTTER_SHARED") ? getenv("UTTER_SHARED") : SOURCE_DIR "/../shared";
    snprintf(line, sizeof line, "%s/speech/%s.tsv", shared, set);
    FILE *manifest = fopen(line, "r");
    bool good = manifest && fgets(line, sizeof line, manifest);
    for (int i = 0; good && i < count && fgets(line, sizeof line, manifest); i++) {
        struct stretch r;
        good = sscanf(line, "%255[^\t]", name) == 1;
        snprintf(path, sizeof path, "%s/speech/%s/%s", shared, set, name);
        if (!good || !(good = read_recording(&r, path)))
            break;
        const struct stretch part = gap ? r : trimmed(&r);
        add_part(s, &part, gap);
        free(r.samples);
    }
    if (manifest)
        fclose(manifest);
    return good;
}

/* Noise this far below the speech, without which quiet moments part the windows and there is no seam. */
static void add_noise(struct strung *s, float db)
{
    uint32_t state = 1;
    double power = 0;
    for (size_t i = 0; i < s->count; i++)
        power += (double)s->samples[i] * (double)s->samples[i] / (double)s->count;
    const float gain = (float)sqrt(3 * power) * powf(10, db / 20);
    for (size_t i = 0; i < s->count; i++) {
        state = state * 1664525u + 1013904223u;
        s->samples[i] += gain * ((float)(state >> 8) / 8388608.0f - 1);
    }
}

static void string_sample(struct strung *s, int count, size_t gap)
{
    struct stretch r;
    assert_true(read_recording(&r, SOURCE_DIR "/samples/morning.flac"));
    const struct stretch part = gap ? r : trimmed(&r);
    for (int i = 0; i < count; i++)
        add_part(s, &part, gap);
    free(r.samples);
}

/* ---- text ---- */

struct said {
    char text[TEXT];
    double start, end;
};

struct heard {
    struct said words[WORDS];
    int count;
};

static void hear(utter_model *model, const float *samples, size_t count, double from, struct heard *text)
{
    utter_session *session;
    struct utter_segment segment;
    assert_int_equal(utter_session_open(model, NULL, &session), 0);
    assert_int_equal(utter_session_feed(session, samples, count), 0);
    assert_int_equal(utter_session_finish(session), 0);
    text->count = 0;
    while (utter_session_next(session, &segment) == 1)
        for (size_t i = 0; i < segment.word_count; i++) {
            const struct utter_word *word = &segment.words[i];
            assert_true(text->count < WORDS);
            struct said *to = &text->words[text->count++];
            snprintf(to->text, sizeof to->text, "%s", word->text);
            to->start = from + word->start;
            to->end = from + word->end;
        }
    utter_session_close(&session);
}

static double middle(const struct said *word)
{
    return (word->start + word->end) / 2;
}

/* ---- lost and doubled ---- */

/* How far apart, in seconds, two windows may place the same sound: a frame of scores, and some. */
static const double slack = 0.1;

/* Whether some word of text lies on more than a third of word's sound. */
static bool sounded(const struct said *word, const struct heard *text)
{
    for (int i = 0; i < text->count; i++) {
        const struct said *other = &text->words[i];
        const double common = fmin(word->end, other->end + slack) - fmax(word->start, other->start - slack);
        if (common > (word->end - word->start) / 3)
            return true;
    }
    return false;
}

static bool near(const struct said *word, double at, double reach)
{
    return fabs(middle(word) - at) <= reach;
}

/* Words of one text near at on whose sound the other has none. */
static int unsounded(const struct heard *one, const struct heard *other, double at, double reach)
{
    int count = 0;
    for (int i = 0; i < one->count; i++)
        count += near(&one->words[i], at, reach) && !sounded(&one->words[i], other);
    return count;
}

/* How often near at a word follows itself. */
static int repeated(const struct heard *text, double at, double reach)
{
    int count = 0;
    for (int i = 1; i < text->count; i++)
        count += near(&text->words[i], at, reach) && !strcmp(text->words[i].text, text->words[i - 1].text);
    return count;
}

/* How often near at a word begins before the one in front of it has ended. */
static int overlapping(const struct heard *text, double at, double reach)
{
    int count = 0;
    for (int i = 1; i < text->count; i++)
        count += near(&text->words[i], at, reach) && text->words[i].start < text->words[i - 1].end - 0.001;
    return count;
}

/* Words lost or doubled within reach of at. */
static int misses(const struct heard *whole, const struct heard *alone, double at, double reach)
{
    const int more = repeated(whole, at, reach) - repeated(alone, at, reach), over = overlapping(whole, at, reach);
    return unsounded(alone, whole, at, reach) + unsounded(whole, alone, at, reach) + (more > over ? more : over);
}

/* ---- seams ---- */

struct seams {
    double at[SEAMS];
    int count;
};

static int note_seam(void *context, struct window *window, struct fault *fault)
{
    struct seams *seams = context;
    (void)fault;
    if (window->seam_after) {
        assert_true(seams->count < SEAMS);
        seams->at[seams->count++] = (double)window->seam / RATE;
    }
    window_free(window);
    return 0;
}

static void find_seams(const struct strung *s, struct seams *seams)
{
    struct fault fault = {0};
    struct cutter_params params;
    struct cutter *cutter = NULL;
    seams->count = 0;
    cutter_params_default(&params);
    assert_int_equal(cutter_open(&cutter, &params, 0, &fault), 0);
    assert_int_equal(cutter_feed(cutter, s->samples, (int64_t)s->count, note_seam, seams, &fault), 0);
    assert_int_equal(cutter_finish(cutter, note_seam, seams, &fault), 0);
    cutter_close(&cutter);
}

/* A window of its own with at in its middle: eight seconds to each side. */
static void hear_around(utter_model *model, const struct strung *s, double at, struct heard *text)
{
    const double from = fmax(at - 8, 0), to = fmin(at + 8, (double)s->count / RATE);
    const size_t first = (size_t)(from * RATE), last = (size_t)(to * RATE);
    hear(model, s->samples + first, last - first, from, text);
}

static struct heard whole, alone;

/* Words lost or doubled where the windows of a stream meet. */
static int misses_at(utter_model *model, const struct strung *s, const struct seams *seams)
{
    int count = 0;
    for (int i = 0; i < seams->count; i++) {
        hear_around(model, s, seams->at[i], &alone);
        count += misses(&whole, &alone, seams->at[i], 1);
    }
    return count;
}

/* ---- the checks, checked ---- */

static void say(struct heard *text, const char *word, double start, double end)
{
    struct said *to = &text->words[text->count++];
    snprintf(to->text, sizeof to->text, "%s", word);
    to->start = start;
    to->end = end;
}

static void test_a_lost_or_doubled_word_is_seen(void **state)
{
    (void)state;
    static const char *const spoken[] = {"leave", "your", "name", "and", "number", "after", "the", "tone"};
    for (int at = 2; at < 6; at++)
        for (int change = -1; change <= 1; change++) { /* the word at the seam is lost, there, or doubled */
            whole.count = alone.count = 0;
            for (int i = 0; i < 8; i++) {
                const double start = 10 + 0.4 * i;
                say(&alone, spoken[i], start, start + 0.35);
                for (int times = i == at ? 1 + change : 1; times; times--)
                    say(&whole, spoken[i], start + 0.02, start + 0.3);
            }
            assert_int_equal(misses(&whole, &alone, 10.2 + 0.4 * at, 1), change != 0);
        }
}

/* What is heard otherwise is neither. */
static void test_another_spelling_is_neither(void **state)
{
    (void)state;
    whole.count = alone.count = 0;
    say(&alone, "keep", 9.0, 9.4);
    say(&alone, "apart", 9.6, 10.2);
    say(&alone, "from", 10.3, 10.6);
    say(&whole, "keep", 9.0, 9.4);
    say(&whole, "a", 9.6, 9.75);
    say(&whole, "part", 9.8, 10.2);
    say(&whole, "form", 10.3, 10.6);
    assert_int_equal(misses(&whole, &alone, 10, 1), 0);
}

/* ---- recordings ---- */

static utter_engine *engine;
static utter_model *model;

/* As a stitch would that kept the word nearest to each seam from both sides. */
static void double_words(struct heard *text, const struct seams *seams)
{
    for (int i = 0; i < seams->count; i++) {
        int nearest = 0;
        for (int w = 1; w < text->count; w++)
            if (fabs(middle(&text->words[w]) - seams->at[i]) < fabs(middle(&text->words[nearest]) - seams->at[i]))
                nearest = w;
        assert_true(text->count < WORDS);
        memmove(text->words + nearest + 1, text->words + nearest,
                (size_t)(text->count - nearest) * sizeof *text->words);
        text->count++;
    }
}

/* Nothing between the parts, and noise under them, so that no pause parts the windows. In some stretch of two seconds
 * context alone makes a word come or go, whether there is a seam in it or not; doubled words are seen nearly always. */
static void check_seams(struct strung *s, double noise, int least_seams, int most_misses)
{
    struct seams seams;
    add_noise(s, noise);
    find_seams(s, &seams);
    assert_true(seams.count >= least_seams);
    hear(model, s->samples, s->count, 0, &whole);
    const int found = misses_at(model, s, &seams);
    double_words(&whole, &seams);
    const int doubled = misses_at(model, s, &seams);
    print_message("%d words, %d seams: %d lost or doubled, and %d once words are\n", whole.count, seams.count, found,
                  doubled);
    assert_true(found <= most_misses);
    assert_true(doubled >= seams.count * 3 / 4);
    free(s->samples);
}

/* The words of each part are those that it gives alone: the pause ends a window. */
static void check_parts(struct strung *s)
{
    int words = 0, wrong = 0;
    hear(model, s->samples, s->count, 0, &whole);
    for (int i = 0; i < s->parts; i++) {
        const double from = (double)s->begin[i] / RATE, to = (double)s->end[i] / RATE;
        hear(model, s->samples + s->begin[i], s->end[i] - s->begin[i], from, &alone);
        words += alone.count;
        wrong += misses(&whole, &alone, (from + to) / 2, (to - from) / 2);
    }
    print_message("%d words of %d parts: %d lost or doubled\n", words, s->parts, wrong);
    assert_true(words > 3 * s->parts / 2);
    assert_true(wrong <= words / 50);
    free(s->samples);
}

static void need_set(struct strung *s, const char *set, int count, size_t gap)
{
    if (string_set(s, set, count, gap) && s->parts == count)
        return;
    print_message("skipped: ../shared/speech/%s is not there\n", set);
    free(s->samples);
    skip();
}

static void test_one_voice_without_pauses(void **state)
{
    (void)state;
    static const double noises[] = {-12, -17, -18, -20, -22};
    for (size_t i = 0; i < sizeof noises / sizeof *noises; i++) {
        struct strung s = {0};
        string_sample(&s, 24, 0);
        check_seams(&s, noises[i], 3, 0);
    }
}

static void test_one_voice_with_pauses(void **state)
{
    (void)state;
    struct strung s = {0};
    string_sample(&s, 6, RATE);
    check_parts(&s);
}

static void test_many_voices_without_pauses(void **state)
{
    (void)state;
    struct strung s = {0};
    need_set(&s, "eval_lj", 24, 0);
    check_seams(&s, -18, 4, 1);
}

static void test_many_voices_with_pauses(void **state)
{
    (void)state;
    struct strung s = {0};
    need_set(&s, "eval_an4", 30, RATE);
    check_parts(&s);
}

static int open_model(void **state)
{
    (void)state;
    return utter_engine_open(&engine, NULL) || utter_model_open(engine, NULL, NULL, &model);
}

static int close_model(void **state)
{
    (void)state;
    utter_model_close(&model);
    utter_engine_close(&engine);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_lost_or_doubled_word_is_seen), cmocka_unit_test(test_another_spelling_is_neither),
        cmocka_unit_test(test_one_voice_without_pauses),       cmocka_unit_test(test_one_voice_with_pauses),
        cmocka_unit_test(test_many_voices_without_pauses),     cmocka_unit_test(test_many_voices_with_pauses),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}

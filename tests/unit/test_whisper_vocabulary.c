/* test_whisper_vocabulary.c - Whisper's tokens against openai-whisper's (tests/golden/whisper/vocabulary.tsv), where
 * ../shared has its vocabularies, and on made-up ones. */
#include "decoder/tokens/whisper_vocabulary.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { IDS = 512, TEXT = 4096, FILE_SIZE = 1 << 21 };

static char *read_path(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *bytes = malloc(FILE_SIZE);
    assert_non_null(bytes);
    *length = fread(bytes, 1, FILE_SIZE - 1, file);
    bytes[*length] = 0;
    fclose(file);
    return bytes;
}

static struct whisper_vocabulary *open_shared(int size)
{
    char path[512];
    size_t length = 0;
    struct whisper_vocabulary *v = NULL;
    struct fault fault = {0};
    snprintf(path, sizeof path, "%s/../../shared/models/whisper-vocab/%s.tiktoken", TEST_DATA,
             size == 51864 ? "gpt2" : "multilingual");
    char *text = read_path(path, &length);
    if (!text) {
        snprintf(path, sizeof path, "%s/../shared/models/whisper-vocab/%s.tiktoken", SOURCE_DIR "/..",
                 size == 51864 ? "gpt2" : "multilingual");
        text = read_path(path, &length);
    }
    if (!text)
        return NULL;
    if (whisper_vocabulary_open_tiktoken(&v, size, text, length, path, &fault))
        fail_msg("%s", fault.message);
    free(text);
    return v;
}

static size_t parse_ids(const char *json, int *ids)
{
    size_t count = 0;
    cJSON *list = cJSON_Parse(json);
    assert_true(cJSON_IsArray(list));
    for (const cJSON *item = list->child; item; item = item->next)
        ids[count++] = item->valueint;
    cJSON_Delete(list);
    return count;
}

static void expect_ids(const char *what, const int *got, size_t got_count, const int *expected, size_t count)
{
    for (size_t i = 0; i < got_count && i < count; i++)
        if (got[i] != expected[i])
            fail_msg("%s: id %zu is %d, not %d", what, i, got[i], expected[i]);
    if (got_count != count)
        fail_msg("%s: %zu ids, not %zu", what, got_count, count);
}

static void check_special(const struct whisper_vocabulary *v, const int *expected, size_t count)
{
    const struct whisper_special *s = whisper_vocabulary_special(v);
    int got[] = {s->eot,
                 s->sot,
                 s->translate,
                 s->transcribe,
                 s->sot_lm,
                 s->sot_prev,
                 s->no_speech,
                 s->no_timestamps,
                 s->timestamp_begin,
                 whisper_vocabulary_blank(v),
                 s->language_begin,
                 s->language_begin + 98};
    expect_ids("special", got, sizeof got / sizeof got[0], expected, count);
}

static void check_text(const struct whisper_vocabulary *v, const char *json, const int *expected, size_t count,
                       bool decode_only)
{
    int ids[IDS];
    char text[TEXT];
    struct fault fault = {0};
    cJSON *item = cJSON_Parse(json);
    assert_true(cJSON_IsString(item));
    const char *string = item->valuestring;
    if (!decode_only) {
        int64_t got = whisper_vocabulary_encode(v, string, strlen(string), ids, IDS, &fault);
        if (got < 0)
            fail_msg("%s", fault.message);
        expect_ids(json, ids, (size_t)got, expected, count);
    }
    assert_int_equal(whisper_vocabulary_decode(v, expected, count, text, sizeof text), strlen(string));
    assert_string_equal(text, string);
    cJSON_Delete(item);
}

static void check_row(const struct whisper_vocabulary *v, const char *what, const char *ids_json)
{
    int expected[IDS];
    size_t count = parse_ids(ids_json, expected), got = 0;
    if (strcmp(what, "non-speech") == 0) {
        const int *ids = whisper_vocabulary_non_speech(v, &got);
        expect_ids(what, ids, got, expected, count);
    } else if (strcmp(what, "special") == 0) {
        check_special(v, expected, count);
    } else {
        bool decode = strncmp(what, "decode ", 7) == 0;
        check_text(v, what + (decode ? 7 : 0), expected, count, decode);
    }
}

static void test_golden(void **state)
{
    (void)state;
    char *rest = NULL, *at = NULL;
    size_t length = 0;
    struct whisper_vocabulary *english = open_shared(51864), *multilingual = open_shared(51866);
    if (!english || !multilingual) {
        print_message("no ../shared/models/whisper-vocab here: skipped\n");
        skip();
    }
    char *table = read_path(TEST_DATA "/golden/whisper/vocabulary.tsv", &length);
    assert_non_null(table);
    for (char *line = strtok_r(table, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        const char *size = strtok_r(line, "\t", &at), *what = strtok_r(NULL, "\t", &at);
        check_row(strcmp(size, "51864") ? multilingual : english, what, strtok_r(NULL, "\t", &at));
    }
    free(table);
    whisper_vocabulary_close(&english);
    whisper_vocabulary_close(&multilingual);
    assert_null(english);
}

/* Bytes, a few merges, and made-up words behind them. */
static bool small(void *context, size_t id, const char **bytes, size_t *length)
{
    static char buffer[16];
    static const char *const merged[] = {" t", "he", " the", "ab", "bc", "abc", "aa", "aaa"};
    (void)context;
    if (id < 256)
        buffer[0] = (char)id;
    *length = id < 256   ? 1
              : id < 264 ? (size_t)snprintf(buffer, sizeof buffer, "%s", merged[id - 256])
                         : (size_t)snprintf(buffer, sizeof buffer, "<%zu>", id);
    *bytes = buffer;
    return true;
}

static void expect_encoding(const struct whisper_vocabulary *v, const char *text, const int *expected, size_t count)
{
    int ids[IDS];
    int64_t got = whisper_vocabulary_encode(v, text, strlen(text), ids, IDS, NULL);
    assert_true(got >= 0);
    expect_ids(text, ids, (size_t)got, expected, count);
}

static void test_merges(void **state)
{
    (void)state;
    struct whisper_vocabulary *v = NULL;
    struct fault fault = {0};
    if (whisper_vocabulary_open(&v, 51865, small, NULL, "small", &fault))
        fail_msg("%s", fault.message);
    expect_encoding(v, "", NULL, 0);
    expect_encoding(v, " the", (const int[]){258}, 1);              /* a word that is a token */
    expect_encoding(v, "xabc", (const int[]){'x', 261}, 2);         /* ab, then abc */
    expect_encoding(v, "aaaaaaa", (const int[]){262, 262, 263}, 3); /* aa aa aa a, then the last grows */
    expect_encoding(v, "the the", (const int[]){'t', 257, 258}, 3); /* words do not merge with each other */
    expect_encoding(v, "\xFF", (const int[]){0xEF, 0xBF, 0xBD}, 3); /* ill-formed: U+FFFD */
    assert_int_equal(whisper_vocabulary_encode(v, "abab", 4, NULL, 0, NULL), 2); /* only counts */
    assert_int_equal(whisper_vocabulary_blank(v), ' ');
    whisper_vocabulary_close(&v);
}

/* A long word costs n log n: this would take hours otherwise. */
static void test_long_word(void **state)
{
    (void)state;
    enum { LENGTH = 1 << 18 };
    struct whisper_vocabulary *v = NULL;
    char *text = malloc(LENGTH);
    assert_non_null(text);
    memset(text, 'a', LENGTH);
    assert_int_equal(whisper_vocabulary_open(&v, 51865, small, NULL, "small", NULL), 0);
    assert_true(whisper_vocabulary_encode(v, text, LENGTH, NULL, 0, NULL) >= LENGTH / 3);
    free(text);
    whisper_vocabulary_close(&v);
}

static void test_languages(void **state)
{
    (void)state;
    struct whisper_vocabulary *v = NULL;
    assert_int_equal(whisper_vocabulary_open(&v, 51865, NULL, NULL, "made up", NULL), 0);
    const struct whisper_special *s = whisper_vocabulary_special(v);
    assert_int_equal(whisper_vocabulary_language_id(v, "en"), s->language_begin);
    assert_int_equal(whisper_vocabulary_language_id(v, "German"), s->language_begin + 2);
    assert_int_equal(whisper_vocabulary_language_id(v, "Castilian"), s->language_begin + 3);
    assert_int_equal(whisper_vocabulary_language_id(v, "yue"), -1); /* the hundredth, not in this size */
    assert_int_equal(whisper_vocabulary_language_id(v, "tlh"), -1);
    assert_string_equal(whisper_vocabulary_language_code(v, s->language_begin + 98), "su");
    assert_null(whisper_vocabulary_language_code(v, s->language_begin + 99));
    assert_null(whisper_vocabulary_language_code(v, s->sot));
    whisper_vocabulary_close(&v);
    assert_int_equal(whisper_vocabulary_open(&v, 51866, NULL, NULL, "made up", NULL), 0);
    assert_int_equal(whisper_vocabulary_language_id(v, "cantonese"), whisper_vocabulary_special(v)->translate - 1);
    whisper_vocabulary_close(&v);
    assert_int_equal(whisper_vocabulary_open(&v, 51864, NULL, NULL, "made up", NULL), 0);
    assert_false(whisper_vocabulary_multilingual(v));
    assert_int_equal(whisper_vocabulary_language_id(v, "en"), -1);
    whisper_vocabulary_close(&v);
}

static void test_made_up(void **state)
{
    (void)state;
    struct whisper_vocabulary *v = NULL;
    char text[16];
    int ids_of_no[2];
    struct fault fault = {0};
    assert_int_equal(whisper_vocabulary_open(&v, 51865, NULL, NULL, "made up", NULL), 0);
    const int ids[] = {117, whisper_vocabulary_special(v)->sot, -1, 1 << 30, 333, 51864};
    assert_int_equal(whisper_vocabulary_decode(v, ids, 6, text, sizeof text), 10);
    assert_string_equal(text, " w117 w333");
    assert_int_equal(whisper_vocabulary_decode(v, ids, 6, text, 4), 10);
    assert_string_equal(text, " w1");
    assert_int_equal(whisper_vocabulary_decode(v, ids, 6, NULL, 0), 10);
    assert_int_equal(whisper_vocabulary_encode(v, "no", 2, ids_of_no, 2, &fault), 2);
    assert_int_equal(ids_of_no[1], 'o' - ' ');
    assert_int_equal(whisper_vocabulary_encode(v, "\xc3\xa9", 2, NULL, 0, &fault), UTTER_ERROR_MODEL);
    whisper_vocabulary_close(&v);
}

static bool few(void *context, size_t id, const char **bytes, size_t *length)
{
    return id < 50255 && small(context, id, bytes, length);
}

static void test_refusals(void **state)
{
    (void)state;
    struct whisper_vocabulary *v = NULL;
    struct fault fault = {0};
    assert_int_equal(whisper_vocabulary_open(&v, 51867, NULL, NULL, "odd", &fault), UTTER_ERROR_UNSUPPORTED);
    fault_clear(&fault);
    assert_int_equal(whisper_vocabulary_open(&v, 51864, few, NULL, "few", &fault), UTTER_ERROR_MODEL);
    assert_non_null(strstr(fault.message, "50255"));
    assert_null(v);
}

/* {"model":{"vocab":{…}}} with every id in the letters of byte-level vocabularies: here only ASCII and Ġ. */
static void test_json(void **state)
{
    (void)state;
    struct whisper_vocabulary *v = NULL;
    struct fault fault = {0};
    char *json = malloc(FILE_SIZE), text[16];
    assert_non_null(json);
    size_t length = (size_t)sprintf(json, "{\"model\":{\"vocab\":{\"\xC4\xA0the\":0");
    for (int id = 1; id < 50256; id++)
        length += (size_t)sprintf(json + length, ",\"w%d\":%d", id, id);
    length += (size_t)sprintf(json + length, ",\"<|endoftext|>\":50257}}}");
    if (whisper_vocabulary_open_json(&v, 51865, json, length, "made.json", &fault))
        fail_msg("%s", fault.message);
    whisper_vocabulary_decode(v, (const int[]){0, 12, 50256}, 3, text, sizeof text);
    assert_string_equal(text, " thew12");
    whisper_vocabulary_close(&v);
    assert_int_equal(whisper_vocabulary_open_json(&v, 51865, json, length - 1, "cut.json", &fault), UTTER_ERROR_MODEL);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),    cmocka_unit_test(test_merges),  cmocka_unit_test(test_long_word),
        cmocka_unit_test(test_languages), cmocka_unit_test(test_made_up), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

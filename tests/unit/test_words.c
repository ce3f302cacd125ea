/* test_words.c - tokens to words: grouping, times, confidence. */
#include "decoder/search/words.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MARK        "\xE2\x96\x81"
#define REPLACEMENT "\xEF\xBF\xBD"

/* ids: 0 <unk>, 1 the mark, 2 _the, 3 _sea, 4 s, 5 comma, 6 _19, 7 87, 8 … bytes of e-acute, then U+2581 comma, pad */
static const char METASPACE[] =
    "{\"added_tokens\":[{\"id\":12,\"content\":\"<pad>\",\"special\":true}],\"decoder\":{\"type\":\"Sequence\","
    "\"decoders\":[{\"type\":\"ByteFallback\"},{\"type\":\"Metaspace\",\"replacement\":\"" MARK
    "\",\"prepend_scheme\":\"always\"}]},\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\",\"merges\":[],"
    "\"vocab\":{\"<unk>\":0,\"" MARK "\":1,\"" MARK "the\":2,\"" MARK "sea\":3,\"s\":4,\",\":5,\"" MARK
    "19\":6,\"87\":7,\"<0xC3>\":8,\"<0xA9>\":9,\"" MARK ",\":10,\"caf\":11}}}";

static struct tokenizer *open_json(const char *json)
{
    struct tokenizer *t = NULL;
    struct fault fault = {0};
    if (tokenizer_open(&t, json, strlen(json), "test", &fault))
        fail_msg("%s", fault.message);
    return t;
}

/* One token per id, every step frames, each one frame long and of the given probability. */
static struct word_list words_of(const struct tokenizer *t, const int *ids, size_t count, int step, double duration,
                                 double probability)
{
    struct ctc_token tokens[32];
    struct ctc_hypothesis h = {.tokens = tokens, .count = count};
    struct word_list list;
    struct fault fault = {0};
    for (size_t i = 0; i < count; i++)
        tokens[i] = (struct ctc_token){ids[i], (int)i * step, (int)i * step, (float)log(probability)};
    if (words_from_tokens(t, &h, 0.08, duration, &list, &fault))
        fail_msg("%s", fault.message);
    return list;
}

static void check_order(const struct word_list *list, double duration)
{
    double before = 0.0;
    for (size_t i = 0; i < list->count; i++) {
        const struct word *word = &list->words[i];
        assert_true(word->start >= before && word->end >= word->start && word->end <= duration);
        assert_true(word->confidence >= 0.0f && word->confidence <= 1.0f);
        assert_true(word->text[0] != 0 && word->text[0] != ' ');
        before = word->end;
    }
}

static void expect_words(const int *ids, size_t count, const char *const *expected, size_t expected_count)
{
    struct tokenizer *t = open_json(METASPACE);
    struct word_list list = words_of(t, ids, count, 3, 10.0, 0.9);
    check_order(&list, 10.0);
    assert_int_equal(list.count, expected_count);
    for (size_t i = 0; i < list.count; i++)
        assert_string_equal(list.words[i].text, expected[i]);
    words_free(&list);
    assert_null(list.words);
    tokenizer_close(&t);
}
#define EXPECT_WORDS(ids, ...)                                                                                         \
    do {                                                                                                               \
        const char *const expected_[] = {__VA_ARGS__};                                                                 \
        expect_words(ids, sizeof(ids) / sizeof *(ids), expected_, sizeof expected_ / sizeof *expected_);               \
    } while (0)

static void test_grouping(void **state)
{
    (void)state;
    const int plain[] = {2, 3, 4};
    EXPECT_WORDS(plain, "the", "seas");
    const int before_mark[] = {4, 4, 2};
    EXPECT_WORDS(before_mark, "ss", "the");
    const int lone_mark[] = {1, 11, 1, 4};
    EXPECT_WORDS(lone_mark, "caf", "s");
    const int punctuation[] = {2, 3, 5, 6, 7, 5};
    EXPECT_WORDS(punctuation, "the", "sea,", "1987,");
    const int bytes[] = {2, 1, 11, 8, 9, 3};
    EXPECT_WORDS(bytes, "the", "caf\xC3\xA9", "sea");
    const int half[] = {1, 11, 8, 3};
    EXPECT_WORDS(half, "caf" REPLACEMENT, "sea");
}

static void test_what_is_left_out(void **state)
{
    (void)state;
    const int strange[] = {-1, 12, 2, 9999, 12, 4, INT32_MIN, INT32_MAX, 3};
    EXPECT_WORDS(strange, "thes", "sea");
    expect_words((const int[]){12, 12, -7}, 3, NULL, 0);
    expect_words((const int[]){1, 1, 1}, 3, NULL, 0);
    expect_words(NULL, 0, NULL, 0);
}

static void test_times(void **state)
{
    (void)state;
    struct tokenizer *t = open_json(METASPACE);
    struct ctc_token tokens[] = {{2, 10, 11, -0.1f}, {4, 14, 14, -0.1f}, {3, 16, 16, -0.1f}, {2, 40, 41, -0.1f}};
    struct ctc_hypothesis h = {.tokens = tokens, .count = 4};
    struct word_list list;
    assert_int_equal(words_from_tokens(t, &h, 0.1, 4.25, &list, NULL), 0);
    assert_int_equal(list.count, 3);
    assert_true(fabs(list.words[0].start - 1.0) < 1e-9);
    assert_true(fabs(list.words[0].end - 1.6) < 1e-9); /* stretched to where the next begins, no further */
    assert_true(fabs(list.words[1].start - 1.6) < 1e-9);
    assert_true(list.words[1].end > 1.7 && list.words[1].end < 2.2); /* a few frames into a long blank */
    assert_true(fabs(list.words[2].start - 4.0) < 1e-9);
    assert_true(fabs(list.words[2].end - 4.25) < 1e-9); /* not beyond the sound */
    words_free(&list);
    assert_int_equal(words_from_tokens(t, &h, 0.1, 1.2, &list, NULL), 0);
    check_order(&list, 1.2);
    words_free(&list);
    assert_int_equal(words_from_tokens(t, &h, 0.1, NAN, &list, NULL), 0);
    check_order(&list, 0.0);
    words_free(&list);
    tokenizer_close(&t);
}

static void test_confidence(void **state)
{
    (void)state;
    struct tokenizer *t = open_json(METASPACE);
    struct ctc_token tokens[] = {
        {2, 0, 2, logf(0.5f)}, {4, 5, 5, logf(0.9f)}, {3, 6, 6, 1e-4f}, {2, 9, 9, -INFINITY}, {3, 12, 12, NAN}};
    struct ctc_hypothesis h = {.tokens = tokens, .count = 5};
    struct word_list list;
    assert_int_equal(words_from_tokens(t, &h, 0.08, 2.0, &list, NULL), 0);
    assert_int_equal(list.count, 4);
    check_order(&list, 2.0);
    assert_true(fabs(list.words[0].confidence - exp((3 * log(0.5) + log(0.9)) / 4)) < 1e-5);
    assert_true(list.words[1].confidence == 1.0f);
    assert_true(list.words[2].confidence == 0.0f);
    assert_true(list.words[3].confidence == 0.0f);
    words_free(&list);
    tokenizer_close(&t);
}

static void test_any_tokens_stay_in_order(void **state)
{
    (void)state;
    struct tokenizer *t = open_json(METASPACE);
    uint32_t seed = 5;
    for (int round = 0; round < 300; round++) {
        struct ctc_token tokens[30];
        struct ctc_hypothesis h = {.tokens = tokens, .count = 30};
        struct word_list list;
        int at = 0;
        for (int i = 0; i < 30; i++) {
            seed = seed * 1664525u + 1013904223u;
            at += (int)(seed >> 28);
            tokens[i] = (struct ctc_token){(int)(seed >> 8) % 15 - 1, at, at + (int)(seed >> 20) % 3,
                                           -(float)(seed >> 24) / 50.0f};
            at = tokens[i].last + 1;
        }
        double duration = 0.04 * at * (round % 3);
        assert_int_equal(words_from_tokens(t, &h, 0.08, duration, &list, NULL), 0);
        check_order(&list, duration);
        words_free(&list);
    }
    tokenizer_close(&t);
}

static void test_byte_level(void **state)
{
    (void)state;
    struct tokenizer *t =
        open_json("{\"decoder\":{\"type\":\"ByteLevel\"},\"model\":{\"type\":\"BPE\",\"merges\":[],"
                  "\"vocab\":{\"\xC4\xA0the\":0,\"s\":1,\"\xC3\x83\":2,\"\xC2\xA9\":3,\"\xC4\xA0\":4}}}");
    const int ids[] = {0, 1, 4, 2, 3, 0, 2};
    struct word_list list = words_of(t, ids, 7, 2, 5.0, 0.5);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.words[0].text, "thes");
    assert_string_equal(list.words[1].text, "\xC3\xA9");
    assert_string_equal(list.words[2].text, "the" REPLACEMENT);
    words_free(&list);
    tokenizer_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grouping),
        cmocka_unit_test(test_what_is_left_out),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_confidence),
        cmocka_unit_test(test_any_tokens_stay_in_order),
        cmocka_unit_test(test_byte_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_whisper_segments.c - cutting at timestamps as openai/whisper's transcribe() does, words, and their alignment
 * against openai-whisper's timing.py (tests/golden/make_whisper_align.py). */
#include "decoder/search/whisper_alignment.h"
#include "decoder/search/whisper_segments.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { VALUES = 1 << 17 };
#define T(hundredths) (50364 + (hundredths) / 2)

static const char *const pieces[] = {" Hello", ",",        " wor", "ld",           ".", " (",          "go",
                                     ")",      "\xE6\x97", "\xA5", "\xE6\x9C\xAC", " ", "\xE3\x80\x82"};

static bool small(void *context, size_t id, const char **bytes, size_t *length)
{
    static char buffer[32];
    (void)context;
    if (id < sizeof pieces / sizeof pieces[0])
        snprintf(buffer, sizeof buffer, "%s", pieces[id]);
    else
        snprintf(buffer, sizeof buffer, "<%zu>", id);
    *bytes = buffer;
    *length = strlen(buffer);
    return true;
}

static struct whisper_vocabulary *open_small(void)
{
    struct whisper_vocabulary *v = NULL;
    assert_int_equal(whisper_vocabulary_open(&v, 51865, small, NULL, "small", NULL), 0);
    return v;
}

struct expected {
    size_t first, count;
    double start, end;
};

static void check_cut(const int *tokens, size_t count, double duration, double seek, const struct expected *expected,
                      size_t segments)
{
    struct whisper_vocabulary *v = open_small();
    struct whisper_segment_list list;
    struct whisper_hypothesis h = {.tokens = (int *)(uintptr_t)tokens, .count = count};
    assert_int_equal(whisper_segments(v, &h, duration, &list, NULL), 0);
    assert_int_equal(list.count, segments);
    assert_true(fabs(list.seek - seek) < 1e-9);
    for (size_t i = 0; i < segments; i++) {
        assert_int_equal(list.segments[i].first, expected[i].first);
        assert_int_equal(list.segments[i].count, expected[i].count);
        assert_true(fabs(list.segments[i].start - expected[i].start) < 1e-9);
        assert_true(fabs(list.segments[i].end - expected[i].end) < 1e-9);
    }
    whisper_segments_free(&list);
    whisper_vocabulary_close(&v);
}

static void test_cuts(void **state)
{
    (void)state;
    const int pairs[] = {T(0), 0, T(200), T(250), 2, 3, T(500), T(500), 6};
    const int ending[] = {T(0), 0, T(200), T(250), 2, T(500)};
    const int single[] = {T(20), 0, T(400)}, open[] = {T(0), 0, 1}, plain[] = {0, 1}, empty[] = {T(0), T(100)};
    check_cut(pairs, 9, 30, 5.0, (struct expected[]){{0, 3, 0, 2}, {3, 4, 2.5, 5}}, 2); /* the rest is heard again */
    check_cut(ending, 6, 30, 30.0, (struct expected[]){{0, 3, 0, 2}, {3, 3, 2.5, 5}}, 2);
    check_cut(single, 3, 30, 30.0, (struct expected[]){{0, 3, 0, 4}}, 1);
    check_cut(open, 3, 12, 12.0, (struct expected[]){{0, 3, 0, 12}}, 1);
    check_cut(plain, 2, 12, 12.0, (struct expected[]){{0, 2, 0, 12}}, 1);
    check_cut(pairs, 9, 3, 3.0, (struct expected[]){{0, 3, 0, 2}, {3, 4, 2.5, 3}}, 2); /* not past the sound */
    check_cut(empty, 2, 30, 30.0, NULL, 0);
    check_cut(NULL, 0, 30, 30.0, NULL, 0);
}

static void check_words(const int *tokens, size_t count, const char *language, const char *expected)
{
    struct whisper_vocabulary *v = open_small();
    struct whisper_segment_list segments;
    struct word_list words;
    char text[256] = "";
    float scores[16];
    for (size_t i = 0; i < 16; i++)
        scores[i] = logf(0.5f);
    struct whisper_hypothesis h = {.tokens = (int *)(uintptr_t)tokens, .log_probabilities = scores, .count = count};
    struct whisper_words_params p = {.language = language, .duration = 10, .position_seconds = 0.02};
    assert_int_equal(whisper_segments(v, &h, 10, &segments, NULL), 0);
    assert_int_equal(whisper_words(v, &h, &segments, &p, &words, NULL), 0);
    double before = 0.0;
    for (size_t i = 0; i < words.count; i++) {
        const struct word *word = &words.words[i];
        size_t at = strlen(text);
        snprintf(text + at, sizeof text - at, "%s%s", word->joined ? "+" : "|", word->text);
        assert_true(word->start >= before && word->end >= word->start && word->end <= 10.0);
        assert_true(fabsf(word->confidence - 0.5f) < 1e-6f);
        before = word->end;
    }
    assert_string_equal(text, expected);
    words_free(&words);
    whisper_segments_free(&segments);
    whisper_vocabulary_close(&v);
}

static void test_words(void **state)
{
    (void)state;
    check_words((const int[]){T(0), 0, 1, 2, 3, 4, T(300), T(400), 5, 6, 7, T(600)}, 12, "en", "|Hello,|world.|(go)");
    check_words((const int[]){8, 9, 10, 12}, 4, "ja", "|日+本。");
    check_words((const int[]){0, 8, 9, 10, 11, 8}, 6, NULL, "|Hello日本|\xEF\xBF\xBD");
    check_words(NULL, 0, "en", "");
}

static void fill(uint32_t seed, int heads, int rows, int positions, float *out)
{
    for (int h = 0, i = 0; h < heads; h++)
        for (int r = 0; r < rows; r++)
            for (int p = 0; p < positions; p++, i++) {
                uint32_t v = ((uint32_t)i * 0x9E3779B1u ^ seed * 77777u) * 0x85EBCA6Bu;
                v = (v ^ v >> 15) * 0xC2B2AE35u;
                v ^= v >> 13;
                out[i] = (float)(v >> 8) * 0x1p-24f + (abs(p * rows - r * positions) < 4 * positions ? 1.0f : 0.0f);
            }
}

static void test_align_golden(void **state)
{
    (void)state;
    static float attention[VALUES];
    int seed, heads, rows, positions, used, expected, starts[64], cases = 0;
    FILE *golden = fopen(TEST_DATA "/golden/whisper/align.txt", "r");
    assert_non_null(golden);
    while (fscanf(golden, "%d %d %d %d %d", &seed, &heads, &rows, &positions, &used) == 5) {
        assert_true(heads * rows * positions <= VALUES && rows <= 64);
        fill((uint32_t)seed, heads, rows, positions, attention);
        assert_int_equal(whisper_align(attention, heads, rows, positions, used, 2, starts, NULL), 0);
        for (int i = 0; i < rows - 3; i++) {
            assert_int_equal(fscanf(golden, "%d", &expected), 1);
            if (starts[i] != expected)
                fail_msg("case %d: row %d begins at %d, not %d", seed, i, starts[i], expected);
        }
        cases++;
    }
    fclose(golden);
    assert_int_equal(cases, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_align_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

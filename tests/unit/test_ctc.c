/* test_ctc.c - CTC search and alignment on toy scores, against brute force over every alignment. */
#include "decoder/search/align.h"
#include "decoder/search/ctc.h"
#include "tests/unit/random_scores.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_FRAMES = 6, MOST_TEXTS = 2048 };

/* A token sequence with the sum and the best of its alignments. */
struct sum {
    int ids[MOST_FRAMES];
    size_t count;
    double total, best;
    int path[MOST_FRAMES]; /* the best alignment, a token per frame */
};

static size_t collapse(const int *path, int frames, int blank, int *ids)
{
    size_t count = 0;
    for (int t = 0; t < frames; t++)
        if (path[t] != blank && (t == 0 || path[t] != path[t - 1]))
            ids[count++] = path[t];
    return count;
}

static int by_total(const void *a, const void *b)
{
    const struct sum *x = a, *y = b;
    return (x->total < y->total) - (x->total > y->total);
}

/* Every one of vocabulary^frames paths. */
static size_t brute_force(const float *scores, int frames, int vocabulary, int blank, struct sum *sums)
{
    size_t count = 0;
    int path[MOST_FRAMES] = {0}, ids[MOST_FRAMES], t = 0;
    while (t >= 0) {
        double score = 0.0;
        for (t = 0; t < frames; t++)
            score += scores[t * vocabulary + path[t]];
        size_t length = collapse(path, frames, blank, ids), i = 0;
        while (i < count && (sums[i].count != length || memcmp(sums[i].ids, ids, length * sizeof *ids) != 0))
            i++;
        if (i == count) {
            assert_true(count < MOST_TEXTS);
            sums[count] = (struct sum){.count = length, .total = -INFINITY, .best = -INFINITY};
            memcpy(sums[count++].ids, ids, sizeof ids);
        }
        sums[i].total = add(sums[i].total, score);
        if (score > sums[i].best) {
            sums[i].best = score;
            memcpy(sums[i].path, path, sizeof path);
        }
        for (t = frames - 1; t >= 0 && ++path[t] == vocabulary; t--)
            path[t] = 0;
    }
    qsort(sums, count, sizeof *sums, by_total);
    return count;
}

static struct ctc_result decode(const float *scores, int frames, int vocabulary, struct ctc_params params)
{
    struct ctc_result result;
    struct fault fault = {0};
    if (ctc_decode(scores, frames, vocabulary, &params, &result, &fault))
        fail_msg("%s", fault.message);
    assert_true(result.count >= 1);
    return result;
}

/* Spans and means must be those of the best alignment that brute force found. */
static void check_spans(const float *scores, int frames, int vocabulary, int blank, const struct sum *sum,
                        const struct ctc_hypothesis *h)
{
    size_t u = 0;
    for (int t = 0; t < frames; t++) {
        if (sum->path[t] == blank || (t > 0 && sum->path[t] == sum->path[t - 1]))
            continue;
        int last = t;
        double mean = 0.0;
        while (last + 1 < frames && sum->path[last + 1] == sum->path[t])
            last++;
        for (int i = t; i <= last; i++)
            mean += scores[i * vocabulary + sum->path[t]] / (double)(last - t + 1);
        assert_int_equal(h->tokens[u].first, t);
        assert_int_equal(h->tokens[u].last, last);
        assert_true(fabs(h->tokens[u].log_probability - mean) < 1e-5);
        u++;
    }
    assert_int_equal(u, h->count);
}

static void check_against_brute_force(int frames, int vocabulary, int blank, double peaked)
{
    static struct sum sums[MOST_TEXTS];
    float scores[MOST_FRAMES * 5];
    fill(scores, frames, vocabulary, peaked);
    size_t count = brute_force(scores, frames, vocabulary, blank, sums);
    struct ctc_result r = decode(scores, frames, vocabulary,
                                 (struct ctc_params){.blank = blank, .beam = 256, .nbest = 256, .prune = 1000.0f});
    assert_int_equal(r.count, count < 256 ? count : 256);
    for (size_t i = 0; i < r.count && count <= 256; i++) {
        assert_true(fabs(r.best[i].score - sums[i].total) < 1e-9);
        assert_int_equal(r.best[i].count, sums[i].count);
        for (size_t u = 0; u < sums[i].count; u++)
            assert_int_equal(r.best[i].tokens[u].id, sums[i].ids[u]);
        check_spans(scores, frames, vocabulary, blank, &sums[i], &r.best[i]);
    }
    assert_true(fabs(r.best[0].score - sums[0].total) < 1e-9);
    ctc_free(&r);
}

static void test_beam_is_exact(void **state)
{
    (void)state;
    for (int round = 0; round < 24; round++) {
        double peaked = 1.0 + 0.2 * round; /* below where a blank is so certain that the search tries nothing else */
        check_against_brute_force(4, 3, 2, peaked);
        check_against_brute_force(5, 3, 0, peaked);
        check_against_brute_force(3, 5, 4, peaked);
        check_against_brute_force(6, 2, 1, peaked);
        check_against_brute_force(1, 4, 3, peaked);
    }
}

static void test_greedy_is_collapsed_argmax(void **state)
{
    (void)state;
    enum { FRAMES = 200, VOCABULARY = 37, BLANK = 36 };
    static float scores[FRAMES * VOCABULARY];
    int path[FRAMES], ids[FRAMES];
    double score = 0.0;
    fill(scores, FRAMES, VOCABULARY, 6.0);
    for (int t = 0; t < FRAMES; t++) {
        if (t % 3)
            scores[t * VOCABULARY + (t / 7 % 2 ? BLANK : t / 5 % VOCABULARY)] = -0.1f;
        path[t] = 0;
        for (int v = 1; v < VOCABULARY; v++)
            if (scores[t * VOCABULARY + v] > scores[t * VOCABULARY + path[t]])
                path[t] = v;
        score += scores[t * VOCABULARY + path[t]];
    }
    size_t count = collapse(path, FRAMES, BLANK, ids);
    for (int beam = 0; beam <= 1; beam++) {
        struct ctc_result r = decode(scores, FRAMES, VOCABULARY,
                                     (struct ctc_params){.blank = BLANK, .beam = beam, .nbest = 1, .prune = 0.0f});
        assert_int_equal(r.count, 1);
        assert_int_equal(r.best[0].count, count);
        assert_true(fabs(r.best[0].score - score) < 1e-9);
        for (size_t i = 0; i < count; i++) {
            const struct ctc_token *token = &r.best[0].tokens[i];
            assert_int_equal(token->id, ids[i]);
            for (int t = token->first; t <= token->last; t++)
                assert_int_equal(path[t], token->id);
            assert_true(token->first == 0 || path[token->first - 1] != token->id);
            assert_true(token->last == FRAMES - 1 || path[token->last + 1] != token->id);
        }
        ctc_free(&r);
    }
}

/* Scores where one path is nearly certain. */
static void spell(float *scores, const int *path, int frames, int vocabulary)
{
    for (int t = 0; t < frames; t++)
        for (int v = 0; v < vocabulary; v++)
            scores[t * vocabulary + v] = v == path[t] ? -0.01f : -6.0f;
}

static void test_repeats_need_a_blank(void **state)
{
    (void)state;
    const int path[] = {2, 0, 0, 2, 0, 2, 2, 1, 1, 1, 2};
    const int spans[][3] = {{0, 1, 2}, {0, 4, 4}, {1, 7, 9}};
    float scores[11 * 3];
    spell(scores, path, 11, 3);
    for (int beam = 1; beam <= 16; beam *= 4) {
        struct ctc_result r =
            decode(scores, 11, 3, (struct ctc_params){.blank = 2, .beam = beam, .nbest = 1, .prune = 0.0f});
        assert_int_equal(r.best[0].count, 3);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(r.best[0].tokens[i].id, spans[i][0]);
            assert_int_equal(r.best[0].tokens[i].first, spans[i][1]);
            assert_int_equal(r.best[0].tokens[i].last, spans[i][2]);
            assert_true(fabs(r.best[0].tokens[i].log_probability + 0.01) < 1e-6);
        }
        ctc_free(&r);
    }
}

/* The case beam search is for: each single path of a text is less likely than the blank path, their sum is not. */
static void test_beam_sums_alignments(void **state)
{
    (void)state;
    float scores[2 * 2] = {logf(0.4f), logf(0.6f), logf(0.4f), logf(0.6f)};
    struct ctc_result r = decode(scores, 2, 2, (struct ctc_params){.blank = 1, .beam = 1, .nbest = 1, .prune = 0.0f});
    assert_int_equal(r.best[0].count, 0);
    ctc_free(&r);
    r = decode(scores, 2, 2, (struct ctc_params){.blank = 1, .beam = 4, .nbest = 4, .prune = 0.0f});
    assert_int_equal(r.count, 2);
    assert_int_equal(r.best[0].count, 1);
    assert_true(fabs(exp(r.best[0].score) - 0.64) < 1e-6);
    assert_true(fabs(exp(r.best[1].score) - 0.36) < 1e-6);
    ctc_free(&r);
}

/* One frame, where the blank is a little likelier than the token: a penalty turns that, at any height of the scores. */
static void test_blank_penalty(void **state)
{
    (void)state;
    const float scores[] = {-0.9f, -0.5f};
    struct ctc_params params = {.blank = 1, .beam = 2, .nbest = 2};
    const double penalties[] = {0.0, 0.3, 0.5, -1.0};
    const size_t lengths[] = {0, 0, 1, 0};
    for (size_t i = 0; i < sizeof penalties / sizeof *penalties; i++) {
        struct ctc_result result;
        params.blank_penalty = penalties[i];
        assert_int_equal(ctc_decode(scores, 1, 2, &params, &result, NULL), 0);
        assert_int_equal(result.count, 2);
        assert_int_equal(result.best[0].count, lengths[i]);
        const struct ctc_hypothesis *silent = &result.best[lengths[i] ? 1 : 0];
        assert_float_equal(silent->score, -0.5 - penalties[i], 1e-6);
        assert_float_equal(silent->sound, -0.5, 1e-6);
        ctc_free(&result);
    }
}

static void test_nothing_to_decode(void **state)
{
    (void)state;
    for (int beam = 1; beam <= 8; beam += 7) {
        struct ctc_result r =
            decode(NULL, 0, 10, (struct ctc_params){.blank = 0, .beam = beam, .nbest = 1, .prune = 0.0f});
        assert_int_equal(r.best[0].count, 0);
        assert_true(r.best[0].score == 0.0);
        ctc_free(&r);
        float one = 0.0f; /* a vocabulary of the blank alone */
        r = decode(&one, 1, 1, (struct ctc_params){.blank = 0, .beam = beam, .nbest = beam, .prune = 0.0f});
        assert_int_equal(r.count, 1);
        assert_int_equal(r.best[0].count, 0);
        ctc_free(&r);
    }
}

static void test_scores_that_are_not_finite(void **state)
{
    (void)state;
    const int path[] = {0, 2, 2, 1, 2, 0, 2};
    const float bad[] = {NAN, -INFINITY, INFINITY};
    for (int beam = 1; beam <= 8; beam += 7)
        for (int kind = 0; kind < 3; kind++) {
            float scores[7 * 3];
            spell(scores, path, 7, 3);
            for (int v = 0; v < 3; v++)
                scores[2 * 3 + v] = bad[kind]; /* a frame without a finite score is a blank */
            scores[3 * 3 + 2] = bad[kind];
            scores[5 * 3 + 1] = bad[kind];
            struct ctc_result r =
                decode(scores, 7, 3, (struct ctc_params){.blank = 2, .beam = beam, .nbest = 1, .prune = 0.0f});
            assert_int_equal(r.best[0].count, 3);
            assert_true(isfinite(r.best[0].score));
            for (int i = 0; i < 3; i++) {
                assert_int_equal(r.best[0].tokens[i].id, i == 1);
                assert_int_equal(r.best[0].tokens[i].first, i == 0 ? 0 : i == 1 ? 3 : 5);
                assert_true(isfinite(r.best[0].tokens[i].log_probability));
            }
            ctc_free(&r);
        }
}

static void test_all_scores_bad(void **state)
{
    (void)state;
    float scores[50 * 20];
    for (int i = 0; i < 50 * 20; i++)
        scores[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? -INFINITY : INFINITY;
    for (int beam = 1; beam <= 256; beam += 51) {
        struct ctc_result r =
            decode(scores, 50, 20, (struct ctc_params){.blank = 3, .beam = beam, .nbest = beam, .prune = 0.0f});
        assert_int_equal(r.count, 1);
        assert_int_equal(r.best[0].count, 0);
        ctc_free(&r);
    }
}

static void test_huge_vocabulary(void **state)
{
    (void)state;
    enum { V = 262144, T = 6 };
    const int path[T] = {V - 1, 200000, V - 1, 17, 17, 200000};
    float *scores = malloc(sizeof *scores * V * T);
    assert_non_null(scores);
    spell(scores, path, T, V);
    for (int beam = 1; beam <= 8; beam += 7) {
        struct ctc_result r =
            decode(scores, T, V, (struct ctc_params){.blank = V - 1, .beam = beam, .nbest = 1, .prune = 0.0f});
        assert_int_equal(r.best[0].count, 3);
        assert_int_equal(r.best[0].tokens[0].id, 200000);
        assert_int_equal(r.best[0].tokens[1].id, 17);
        assert_int_equal(r.best[0].tokens[2].id, 200000);
        ctc_free(&r);
    }
    free(scores);
}

static void test_same_scores_same_result(void **state)
{
    (void)state;
    float flat[12 * 6]; /* every token as likely as every other: only the order of ids decides */
    for (int i = 0; i < 12 * 6; i++)
        flat[i] = logf(1.0f / 6.0f);
    struct ctc_result a = decode(flat, 12, 6, (struct ctc_params){.blank = 5, .beam = 16, .nbest = 16, .prune = 0.0f});
    struct ctc_result b = decode(flat, 12, 6, (struct ctc_params){.blank = 5, .beam = 16, .nbest = 16, .prune = 0.0f});
    assert_int_equal(a.count, b.count);
    for (size_t i = 0; i < a.count; i++) {
        assert_true(a.best[i].score == b.best[i].score && (i == 0 || a.best[i].score <= a.best[i - 1].score));
        assert_int_equal(a.best[i].count, b.best[i].count);
        assert_memory_equal(a.best[i].tokens, b.best[i].tokens, a.best[i].count * sizeof *a.best[i].tokens);
    }
    ctc_free(&a);
    ctc_free(&b);
}

/* A long recording is aligned around the births of its prefixes; the spikes are known. */
static void test_long_recording(void **state)
{
    (void)state;
    enum { T = 6000, V = 8, BLANK = 7 };
    static float scores[T * V];
    static int path[T], spikes[T];
    size_t count = 0;
    for (int t = 0; t < T; t++) {
        path[t] = t % 5 == 2 && (t / 500) % 4 != 1 ? (int)(draw() * 7.0) : BLANK;
        if (path[t] != BLANK)
            spikes[count++] = t;
    }
    spell(scores, path, T, V);
    struct ctc_result r =
        decode(scores, T, V, (struct ctc_params){.blank = BLANK, .beam = 4, .nbest = 2, .prune = 0.0f});
    assert_int_equal(r.best[0].count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(r.best[0].tokens[i].id, path[spikes[i]]);
        assert_int_equal(r.best[0].tokens[i].first, spikes[i]);
        assert_int_equal(r.best[0].tokens[i].last, spikes[i]);
    }
    ctc_free(&r);
}

/* A band as wide as the scores changes nothing; one that leaves the true place out finds no such alignment. */
static void test_align_band(void **state)
{
    (void)state;
    enum { T = 40, V = 6, U = 9 };
    float scores[T * V];
    for (int round = 0; round < 50; round++) {
        int ids[U], near[U];
        struct ctc_token whole[U], banded[U];
        double a, b;
        fill(scores, T, V, 5.0);
        for (int u = 0; u < U; u++) {
            ids[u] = (int)(draw() * 5.0);
            near[u] = 4 * u + 2;
        }
        assert_int_equal(ctc_align(scores, T, V, 5, ids, U, NULL, 0, whole, &a, NULL), 0);
        assert_int_equal(ctc_align(scores, T, V, 5, ids, U, near, T, banded, &b, NULL), 0);
        assert_true(a == b);
        assert_memory_equal(whole, banded, sizeof whole);
        assert_int_equal(ctc_align(scores, T, V, 5, ids, U, near, 2, banded, &b, NULL), 0);
        assert_true(b <= a);
        for (int u = 0; u < U; u++)
            assert_true(banded[u].first >= near[u] - 2 && banded[u].last <= near[u] + 2);
    }
}

static void expect_error(int code, int got, const struct fault *fault)
{
    assert_int_equal(got, code);
    assert_int_equal(fault->code, code);
    assert_true(fault->message[0] != 0);
}

static void test_align_errors(void **state)
{
    (void)state;
    float scores[3 * 3] = {0};
    struct ctc_token tokens[4];
    const int twice[] = {0, 0}, blank[] = {2}, outside[] = {3}, negative[] = {-1}, four[] = {0, 1, 0, 1};
    struct fault fault = {0};
    expect_error(UTTER_ERROR_ARGUMENT, ctc_align(scores, 2, 3, 2, twice, 2, NULL, 0, tokens, NULL, &fault), &fault);
    fault_clear(&fault);
    expect_error(UTTER_ERROR_ARGUMENT, ctc_align(scores, 3, 3, 2, four, 4, NULL, 0, tokens, NULL, &fault), &fault);
    fault_clear(&fault);
    expect_error(UTTER_ERROR_ARGUMENT, ctc_align(scores, 3, 3, 2, blank, 1, NULL, 0, tokens, NULL, &fault), &fault);
    fault_clear(&fault);
    expect_error(UTTER_ERROR_ARGUMENT, ctc_align(scores, 3, 3, 2, outside, 1, NULL, 0, tokens, NULL, &fault), &fault);
    fault_clear(&fault);
    expect_error(UTTER_ERROR_ARGUMENT, ctc_align(scores, 3, 3, 2, negative, 1, NULL, 0, tokens, NULL, &fault), &fault);
    assert_int_equal(ctc_align(scores, 3, 3, 2, twice, 2, NULL, 0, tokens, NULL, NULL), 0);
    assert_int_equal(ctc_align(scores, 3, 3, 2, NULL, 0, NULL, 0, NULL, NULL, NULL), 0);
    assert_int_equal(ctc_align(NULL, 0, 3, 2, NULL, 0, NULL, 0, NULL, NULL, NULL), 0);
}

static void test_bad_arguments(void **state)
{
    (void)state;
    const float scores[2] = {0};
    const struct ctc_params bad[] = {
        {.blank = -1, .beam = 1, .nbest = 1, .prune = 0.0f},      {.blank = 2, .beam = 1, .nbest = 1, .prune = 0.0f},
        {.blank = 0, .beam = -1, .nbest = 1, .prune = 0.0f},      {.blank = 0, .beam = 257, .nbest = 1, .prune = 0.0f},
        {.blank = 0, .beam = 2, .nbest = 3, .prune = 0.0f},       {.blank = 0, .beam = 2, .nbest = -1, .prune = 0.0f},
        {.blank = 0, .beam = 2, .nbest = 1, .prune = -1.0f},      {.blank = 0, .beam = 2, .nbest = 1, .prune = NAN},
        {.blank = 0, .beam = 2, .nbest = 1, .blank_penalty = NAN}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fault fault = {0};
        struct ctc_result result = {.count = 77};
        expect_error(UTTER_ERROR_ARGUMENT, ctc_decode(scores, 1, 2, &bad[i], &result, &fault), &fault);
        assert_int_equal(result.count, 77);
    }
    const struct ctc_params good = {.beam = 1, .nbest = 1};
    struct ctc_result result;
    assert_int_equal(ctc_decode(NULL, 1, 2, &good, &result, NULL), UTTER_ERROR_ARGUMENT);
    assert_int_equal(ctc_decode(scores, -1, 2, &good, &result, NULL), UTTER_ERROR_ARGUMENT);
    assert_int_equal(ctc_decode(scores, 1, 0, &good, &result, NULL), UTTER_ERROR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beam_is_exact),
        cmocka_unit_test(test_greedy_is_collapsed_argmax),
        cmocka_unit_test(test_repeats_need_a_blank),
        cmocka_unit_test(test_beam_sums_alignments),
        cmocka_unit_test(test_blank_penalty),
        cmocka_unit_test(test_nothing_to_decode),
        cmocka_unit_test(test_scores_that_are_not_finite),
        cmocka_unit_test(test_all_scores_bad),
        cmocka_unit_test(test_huge_vocabulary),
        cmocka_unit_test(test_same_scores_same_result),
        cmocka_unit_test(test_long_recording),
        cmocka_unit_test(test_align_band),
        cmocka_unit_test(test_align_errors),
        cmocka_unit_test(test_bad_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

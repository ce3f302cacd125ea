/* test_spotting.c - phrases found in scores: the lattice by what it lets pass and at which cost, its passes against
 * brute force over every path, and the text that comes out. */
#include "decoder/guide/boost_list.h"
#include "decoder/search/ctc.h"
#include "decoder/search/spotting_parts.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FRAMES = 5, BLANK = 0, TOKENS = 11 };

/* 1 ▁, 2 ▁an, 3 a, 4 d, 5 ▁d, 6 n, 7 e, 8 ▁b, 9 nn, 10 手. Token 0 writes nothing: the blank. */
static const char tokenizer_json[] =
    "{\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"▁\"},\"decoder\":{\"type\":\"Metaspace\","
    "\"replacement\":\"▁\"},\"added_tokens\":[{\"id\":0,\"content\":\"<unk>\",\"special\":true}],\"model\":{\"type\":"
    "\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"▁\",-1],[\"▁an\",-1],[\"a\",-1],[\"d\",-1],[\"▁d\",-1],"
    "[\"n\",-1],[\"e\",-1],[\"▁b\",-1],[\"nn\",-1],[\"手\",-1]]}}";

struct model {
    struct tokenizer *tokenizer;
    struct spelling *spelling;
    struct boost *boost;
    struct spotting *spotting;
};

static void open_model(struct model *m, const char *list, double weight)
{
    struct fault fault = {0};
    struct boost_list phrases;
    *m = (struct model){0};
    if (tokenizer_open(&m->tokenizer, tokenizer_json, strlen(tokenizer_json), "toy", &fault) ||
        spelling_open(&m->spelling, m->tokenizer, &fault) ||
        boost_list_parse(&phrases, list, strlen(list), "list", &fault) ||
        boost_open(&m->boost, m->spelling, NULL, phrases.phrases, phrases.count, weight, "list, line", &fault) ||
        spotting_open(&m->spotting, m->spelling, m->boost, phrases.phrases, phrases.count, &fault))
        fail_msg("%s", fault.message);
    boost_list_free(&phrases);
}

static void close_model(struct model *m)
{
    spotting_close(&m->spotting);
    boost_close(&m->boost);
    spelling_close(&m->spelling);
    tokenizer_close(&m->tokenizer);
}

/* ---- the lattice ---- */

/* What it costs to write the rest of the phrase by these tokens; infinity where they do not. */
static double cost_from(const struct spotting_lattice *l, int32_t node, const int *ids, int count)
{
    double least = count == 0 && node == l->nodes - 1 ? 0.0 : INFINITY;
    for (int32_t k = l->first[node]; count && k < l->first[node + 1]; k++)
        if (l->token[k] == ids[0])
            least = fmin(least, (double)l->cost[k] + cost_from(l, l->to[k], ids + 1, count - 1));
    return least;
}

#define COST(m, ...)                                                                                                   \
    cost_from(&(m)->spotting->phrases[0], 0, (const int[]){__VA_ARGS__},                                               \
              (int)(sizeof(int[]){__VA_ARGS__} / sizeof(int)))

static void test_spellings(void **state)
{
    (void)state;
    struct model m;
    open_model(&m, "Anda!\n", 1.0);
    assert_float_equal(COST(&m, 2, 4, 3), 0.0, 1e-6);       /* ▁an d a */
    assert_float_equal(COST(&m, 1, 3, 6, 4, 3), 0.0, 1e-6); /* ▁ a n d a */
    assert_float_equal(COST(&m, 2, 5, 3), 1.0, 1e-6);       /* ▁an ▁d a: a space within */
    assert_float_equal(COST(&m, 2, 4, 7), 2.0, 1e-6);       /* ▁an d e: another vowel */
    assert_float_equal(COST(&m, 2, 4), 3.0, 1e-6);          /* ▁an d: none */
    assert_true(isinf(COST(&m, 3, 6, 4, 3)));               /* a n d a: no beginning of a word */
    assert_true(isinf(COST(&m, 8, 6, 4, 3)));               /* ▁b n d a */
    assert_int_equal(m.spotting->phrases[0].token_count, 3);
    assert_int_equal(m.spotting->phrases[0].tokens[0], 2);
    close_model(&m);
    open_model(&m, "an da\n", 1.0);
    assert_float_equal(COST(&m, 2, 5, 3), 0.0, 1e-6);
    assert_float_equal(COST(&m, 2, 4, 3), 1.0, 1e-6); /* ▁an d a: no space where one belongs */
    close_model(&m);
    open_model(&m, "anna\n", 1.0);
    assert_float_equal(COST(&m, 2, 3), 1.0, 1e-6); /* ▁an a: one letter of two that are alike */
    assert_float_equal(COST(&m, 1, 3, 9, 3), 0.0, 1e-6);
    close_model(&m);
}

/* What cannot be looked for is left to the search. */
static void test_left_to_the_search(void **state)
{
    (void)state;
    struct model m;
    open_model(&m, "手\n", 1.0);
    assert_int_equal(m.spotting->count, 0);
    close_model(&m);
}

/* ---- passes ---- */

static uint32_t seed = 1;

static double draw(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (double)(seed >> 8) / 16777216.0;
}

static void fill(float *scores, int frames, double spread)
{
    for (int t = 0; t < frames; t++) {
        double sum = 0.0;
        for (int v = 0; v < TOKENS; v++) {
            scores[t * TOKENS + v] = (float)(spread * draw());
            sum += exp((double)scores[t * TOKENS + v]);
        }
        for (int v = 0; v < TOKENS; v++)
            scores[t * TOKENS + v] -= (float)log(sum);
    }
}

static int collapse(const int *path, int begin, int end, int *ids)
{
    int count = 0;
    for (int t = begin; t < end; t++)
        if (path[t] != BLANK && (t == begin || path[t] != path[t - 1]))
            ids[count++] = path[t];
    return count;
}

static double score_at(const struct spotting_walk *w, int frame, int token)
{
    return (double)w->scores[frame * TOKENS + token] - (token == BLANK ? w->blank_penalty : 0.0);
}

static double best_at(const struct spotting_walk *w, int frame)
{
    double best = -INFINITY;
    for (int v = 0; v < TOKENS; v++)
        best = fmax(best, score_at(w, frame, v));
    return best;
}

/* Of every path over frames [begin, end) the best; tight: it begins and ends within a token. */
static double best_path(const struct spotting_walk *w, const struct spotting_lattice *l, int begin, int end, bool tight)
{
    int path[FRAMES] = {0}, ids[FRAMES], t = begin;
    double best = -INFINITY;
    while (t >= begin) {
        double score = 0.0;
        for (t = begin; t < end; t++)
            score += score_at(w, t, path[t]) - best_at(w, t);
        if (!tight || (path[begin] != BLANK && path[end - 1] != BLANK))
            best = fmax(best, score - cost_from(l, 0, ids, collapse(path, begin, end, ids)));
        for (t = end - 1; t >= begin && ++path[t] == TOKENS; t--)
            path[t] = 0;
    }
    return best;
}

static void check_ends(struct spotting_walk *w, const struct spotting_lattice *l)
{
    spotting_find(w, l, -INFINITY);
    for (int end = 1; end <= FRAMES; end++) {
        double best = -INFINITY, at_start = -INFINITY;
        for (int begin = 0; begin < end; begin++) {
            double score = best_path(w, l, begin, end, true);
            best = fmax(best, score);
            at_start = begin == w->ends[end - 1].start ? score : at_start;
        }
        if (best == -INFINITY) {
            assert_true(w->ends[end - 1].score == -INFINITY);
            continue;
        }
        assert_float_equal(w->ends[end - 1].score, best, 1e-5);
        assert_float_equal(at_start, best, 1e-5);
    }
}

static void test_brute_force(void **state)
{
    (void)state;
    static const char *const lists[] = {"ad\n", "anda\n", "anna\n", "an da\n", "nan\n"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct model m;
        open_model(&m, lists[i], 1.0);
        assert_int_equal(m.spotting->count, 1);
        for (int round = 0; round < 2; round++) {
            float scores[FRAMES * TOKENS];
            struct spotting_walk w;
            struct fault fault = {0};
            fill(scores, FRAMES, 4.0);
            if (spotting_walk_open(&w, m.spotting, 0, scores, FRAMES, TOKENS, BLANK, 0.8 * round, &fault))
                fail_msg("%s", fault.message);
            double best = best_path(&w, &m.spotting->phrases[0], 1, FRAMES, false);
            assert_float_equal(spotting_fit(&w, &m.spotting->phrases[0], 1, FRAMES, -INFINITY), best, 1e-5);
            assert_true(spotting_fit(&w, &m.spotting->phrases[0], 1, FRAMES, best + 0.1) == -INFINITY);
            assert_true(spotting_bound(&w, &m.spotting->phrases[0]) >= best - 1e-5);
            check_ends(&w, &m.spotting->phrases[0]);
            spotting_walk_close(&w);
        }
        close_model(&m);
    }
}

/* What is left out because of a bound could not have come to anything: the same ends as without. Peaky scores over many
 * blocks, now and then damaged ones; blocks to end in that are worth more. */
static void test_bounds_lose_nothing(void **state)
{
    (void)state;
    enum { MANY = 7 * SPOTTING_BLOCK + 3 };
    struct model m;
    size_t found = 0, left_out = 0;
    open_model(&m, "anda\nbanned\nan da\nnan\n", 1.0);
    for (int round = 0; round < 200; round++) {
        float scores[MANY * TOKENS];
        struct spotting_walk w;
        struct spotting_reach all[MANY];
        struct fault fault = {0};
        const struct spotting_lattice *l = &m.spotting->phrases[(size_t)round % m.spotting->count];
        fill(scores, MANY, 12.0);
        for (int t = 0; t < MANY; t++)
            if (draw() < 0.5 || (round % 2 && t % 40 > 8 && t % 40 < 32)) /* and pauses of whole blocks */
                scores[t * TOKENS + BLANK] = 0.0f;
        for (int i = 0; i < (round % 4 == 3 ? 30 : 0); i++)
            scores[(int)(draw() * MANY * TOKENS)] = i % 2 ? -INFINITY : NAN;
        if (spotting_walk_open(&w, m.spotting, 0, scores, MANY, TOKENS, BLANK, 0.5, &fault))
            fail_msg("%s", fault.message);
        for (int b = 0; b < w.blocks; b++)
            w.bonus[b] = draw() < 0.3 ? (float)(6.0 * draw()) : 0.0f;
        double bound = spotting_bound(&w, l), least = -2.0 - 20.0 * draw();
        assert_true(spotting_find(&w, l, -INFINITY));
        memcpy(all, w.ends, sizeof all);
        const bool any = spotting_find(&w, l, least);
        size_t there = 0;
        for (int t = 0; t < MANY; t++) {
            const double score = (double)all[t].score + (double)w.bonus[t / SPOTTING_BLOCK];
            const bool worth = any && score >= least;
            assert_true(score <= bound + 1e-4);
            assert_true(any || score < least + 1e-4);
            if (any && fabs(score - least) > 1e-4)
                assert_true(worth ? w.ends[t].score == all[t].score : w.ends[t].score == -INFINITY);
            there += any && w.ends[t].score > -INFINITY;
            found += worth;
            left_out += !worth && all[t].score > -INFINITY;
        }
        assert_true(any == (there > 0));
        spotting_walk_close(&w);
    }
    assert_true(found > 100 && left_out > 100);
    close_model(&m);
}

/* ---- texts ---- */

/* Scores of frames that say one token each, as good as surely. */
static void say(float *scores, const int *ids, int frames)
{
    for (int t = 0; t < frames; t++)
        for (int v = 0; v < TOKENS; v++)
            scores[t * TOKENS + v] = v == ids[t] ? -0.001f : -30.0f;
}

static struct ctc_result decode(const struct model *m, const float *scores, int frames, int nbest, bool spot)
{
    struct guide guide = {.boost = m->boost, .spotting = spot ? m->spotting : NULL};
    struct ctc_params params = {.blank = BLANK, .beam = 16, .nbest = nbest, .guide = &guide, .spelling = m->spelling};
    struct ctc_result result = {0};
    struct fault fault = {0};
    if (ctc_decode(scores, frames, TOKENS, &params, &result, &fault))
        fail_msg("%s", fault.message);
    return result;
}

static void expect_tokens(const struct ctc_hypothesis *h, const int *ids, size_t count)
{
    assert_int_equal(h->count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(h->tokens[i].id, ids[i]);
}

/* "b an da b" is "b anda b" where that is listened for: its tokens lie where the words lay, and the others stay. */
static void test_takes_the_place_of_words(void **state)
{
    (void)state;
    static const int said[] = {0, 8, 7, 0, 2, 2, 0, 5, 3, 0, 8, 7};
    static const int heard[] = {8, 7, 2, 5, 3, 8, 7}, wanted[] = {8, 7, 2, 4, 3, 8, 7};
    float scores[12 * TOKENS];
    struct model m;
    say(scores, said, 12);
    open_model(&m, "anda\n", 9.0);
    struct ctc_result result = decode(&m, scores, 12, 1, false);
    expect_tokens(&result.best[0], heard, 7);
    assert_int_equal(result.plain.count, 0);
    ctc_free(&result);
    result = decode(&m, scores, 12, 3, true);
    expect_tokens(&result.best[0], wanted, 7);
    expect_tokens(&result.plain, heard, 7);
    assert_true(result.plain.sound > result.best[0].sound);
    assert_true(result.count >= 2 && result.best[0].score > result.best[1].score);
    expect_tokens(&result.best[1], heard, 7);
    const struct ctc_token *tokens = result.best[0].tokens;
    assert_int_equal(tokens[2].first, 4);
    for (int i = 1; i < 7; i++)
        assert_true(tokens[i].first > tokens[i - 1].last);
    assert_int_equal(tokens[5].first, 10);
    ctc_free(&result);
    result = decode(&m, scores, 12, 1, true);
    assert_int_equal(result.count, 1);
    expect_tokens(&result.best[0], wanted, 7);
    expect_tokens(&result.plain, heard, 7);
    ctc_free(&result);
    close_model(&m);
}

/* What fits so far from the phrase stays, as does the phrase where it is there already. */
static void test_leaves_other_words(void **state)
{
    (void)state;
    static const int other[] = {8, 7, 0, 8, 3, 4, 0}, same[] = {0, 2, 4, 3, 0, 8, 7};
    static const int other_text[] = {8, 7, 8, 3, 4}, same_text[] = {2, 4, 3, 8, 7};
    float scores[7 * TOKENS];
    struct model m;
    open_model(&m, "anda\n", 3.0);
    say(scores, other, 7);
    struct ctc_result result = decode(&m, scores, 7, 1, true);
    expect_tokens(&result.best[0], other_text, 5);
    ctc_free(&result);
    say(scores, same, 7);
    result = decode(&m, scores, 7, 1, true);
    expect_tokens(&result.best[0], same_text, 5);
    assert_int_equal(result.plain.count, 0);
    ctc_free(&result);
    close_model(&m);
}

/* Silence, and noise that might be a letter here and there, stay without text. */
static void test_adds_nothing_to_silence(void **state)
{
    (void)state;
    enum { LONG = 100 };
    static float scores[LONG * TOKENS];
    struct model m;
    open_model(&m, "anda\nnan\nbanda\ndanan ban\n", 1.5);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < LONG * TOKENS; i++)
            scores[i] = i % TOKENS == BLANK ? -0.05f : (float)(-5.0 - 4.0 * draw());
        struct ctc_result result = decode(&m, scores, LONG, 1, true);
        assert_int_equal(result.best[0].count, 0);
        ctc_free(&result);
    }
    struct ctc_result result = decode(&m, scores, 0, 1, true); /* no frames at all */
    assert_int_equal(result.best[0].count, 0);
    ctc_free(&result);
    close_model(&m);
}

/* Whatever the scores, tokens are in order and within them, and the score is the best. */
static void test_any_scores(void **state)
{
    (void)state;
    enum { LONG = 40 };
    static float scores[LONG * TOKENS];
    struct model m;
    open_model(&m, "anda\t9\nbanned\t9\nan da\t9\n", 1.5);
    for (int round = 0; round < 100; round++) {
        fill(scores, LONG, 12.0);
        if (round % 4 == 3)
            for (int i = 0; i < 60; i++)
                scores[(int)(draw() * LONG * TOKENS)] = i % 2 ? -INFINITY : NAN;
        struct ctc_result result = decode(&m, scores, LONG, 4, true);
        int last = -1;
        for (size_t i = 0; i < result.best[0].count; i++) {
            assert_true(result.best[0].tokens[i].first > last);
            last = result.best[0].tokens[i].last;
        }
        assert_true(last < LONG && result.count <= 4);
        for (size_t i = 1; i < result.count; i++)
            assert_true(result.best[i].score <= result.best[i - 1].score);
        ctc_free(&result);
    }
    close_model(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_left_to_the_search),
        cmocka_unit_test(test_brute_force),
        cmocka_unit_test(test_bounds_lose_nothing),
        cmocka_unit_test(test_takes_the_place_of_words),
        cmocka_unit_test(test_leaves_other_words),
        cmocka_unit_test(test_adds_nothing_to_silence),
        cmocka_unit_test(test_any_scores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

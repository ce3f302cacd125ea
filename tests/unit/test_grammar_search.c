/* test_grammar_search.c - searches that let only sentences of a grammar out, on toy scores, against brute force: every
 * alignment of every sequence of tokens whose text is a sentence. */
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

enum { FRAMES = 6, TOKENS = 5, BLANK = 5, VOCABULARY = 6, MOST_TEXTS = 20000 };

/* The third is the first half of "é", the fourth the second. */
static const char *const spelled[TOKENS] = {"a", " b", "\xC3", "\xA9", "ab"};
static const char *const grammars[] = {
    "root ::= \"a\" (\" \" root)? | \"b\" root?",
    "root ::= (\"ab\" | \"é\" | \" b\")+",
    "root ::= \"a\"{2,3} \"é\"?",
    "root ::= [^b]* | \"b é\"",
};

/* ---- brute force ---- */

struct sum {
    int ids[FRAMES];
    size_t count;
    double total;
};

static size_t collapse(const int *path, int *ids)
{
    size_t count = 0;
    for (int t = 0; t < FRAMES; t++)
        if (path[t] != BLANK && (t == 0 || path[t] != path[t - 1]))
            ids[count++] = path[t];
    return count;
}

static int by_total(const void *a, const void *b)
{
    const struct sum *x = a, *y = b;
    return (x->total < y->total) - (x->total > y->total);
}

/* Whether the tokens' text is a sentence, with a space in front or without it. */
static bool is_sentence(struct grammar_walk *w, const int *ids, size_t count)
{
    char text[FRAMES * 4 + 1] = "";
    for (size_t i = 0; i < count; i++)
        strcat(text, spelled[ids[i]]);
    int32_t begin = grammar_begin(w);
    bool with = grammar_may_end(w, grammar_next_bytes(w, begin, text, strlen(text)));
    bool without = text[0] == ' ' && grammar_may_end(w, grammar_next_bytes(w, begin, text + 1, strlen(text) - 1));
    return with || without;
}

static size_t brute_force(const float *scores, struct grammar_walk *w, struct sum *sums)
{
    size_t count = 0, kept = 0;
    int path[FRAMES] = {0}, ids[FRAMES] = {0}, t = 0;
    while (t >= 0) {
        double score = 0.0;
        for (t = 0; t < FRAMES; t++)
            score += (double)scores[t * VOCABULARY + path[t]];
        size_t length = collapse(path, ids), i = 0;
        while (i < count && (sums[i].count != length || memcmp(sums[i].ids, ids, length * sizeof *ids) != 0))
            i++;
        if (i == count) {
            assert_true(count < MOST_TEXTS);
            sums[count] = (struct sum){.count = length, .total = -INFINITY};
            memcpy(sums[count++].ids, ids, sizeof ids);
        }
        sums[i].total = add(sums[i].total, score);
        for (t = FRAMES - 1; t >= 0 && ++path[t] == VOCABULARY; t--)
            path[t] = 0;
    }
    for (size_t i = 0; i < count; i++)
        if (is_sentence(w, sums[i].ids, sums[i].count))
            sums[kept++] = sums[i];
    qsort(sums, kept, sizeof *sums, by_total);
    return kept;
}

/* ---- the search ---- */

struct set {
    struct token_trie *trie;
    struct grammar *grammar;
    struct grammar_walk *walk;
};

static struct set open_set(const char *text)
{
    struct set s = {0};
    struct fault fault = {0};
    if (token_trie_of_texts(&s.trie, spelled, TOKENS, &fault) ||
        grammar_open(&s.grammar, text, strlen(text), "g", s.trie, &fault) ||
        grammar_walk_open(&s.walk, s.grammar, s.trie, &fault))
        fail_msg("%s", fault.message);
    return s;
}

static void close_set(struct set *s)
{
    grammar_walk_close(&s->walk);
    grammar_close(&s->grammar);
    token_trie_close(&s->trie);
}

static struct ctc_result decode(const float *scores, const struct guide *guide, int beam)
{
    struct ctc_params params = {.blank = BLANK, .beam = beam, .nbest = beam, .guide = guide};
    struct ctc_result result = {0};
    struct fault fault = {0};
    if (ctc_decode(scores, FRAMES, VOCABULARY, &params, &result, &fault) || grammar_check(guide->grammar, &fault))
        fail_msg("%s", fault.message);
    return result;
}

/* All sentences with the mass of all of their alignments, in the right order; and with a beam as it is used, sentences
 * alone. */
static void test_against_brute_force(void **state)
{
    (void)state;
    static struct sum sums[MOST_TEXTS];
    for (size_t g = 0; g < sizeof grammars / sizeof *grammars; g++) {
        struct set s = open_set(grammars[g]), other = open_set(grammars[g]);
        struct guide guide = {.grammar = s.walk};
        float scores[FRAMES * VOCABULARY];
        for (int round = 0; round < 3; round++) {
            fill(scores, FRAMES, VOCABULARY, round * 9.0); /* the allowed are far below the likeliest, too */
            size_t count = brute_force(scores, other.walk, sums);
            struct ctc_result r = decode(scores, &guide, 256);
            assert_true(count > 0 && r.count > 0);
            for (size_t i = 0; i < r.count && i < count && i < 10; i++) {
                assert_true(fabs(r.best[i].score - sums[i].total) < 1e-6);
                assert_true(fabs(r.best[i].sound - sums[i].total) < 1e-6);
            }
            ctc_free(&r);
            r = decode(scores, &guide, 4);
            for (size_t i = 0; i < r.count; i++) {
                int ids[FRAMES];
                for (size_t k = 0; k < r.best[i].count; k++)
                    ids[k] = r.best[i].tokens[k].id;
                assert_true(is_sentence(other.walk, ids, r.best[i].count));
            }
            ctc_free(&r);
        }
        close_set(&s);
        close_set(&other);
    }
}

/* No sentence fits into the frames: no hypothesis, unless unfinished ones are asked for. */
static void test_nothing_fits(void **state)
{
    (void)state;
    struct set s = open_set("root ::= \"a\"{7}");
    struct guide guide = {.grammar = s.walk};
    float scores[FRAMES * VOCABULARY];
    fill(scores, FRAMES, VOCABULARY, 1.0);
    struct ctc_result r = decode(scores, &guide, 16);
    assert_int_equal(r.count, 0);
    ctc_free(&r);
    guide.unfinished = true;
    r = decode(scores, &guide, 16);
    assert_true(r.count > 0);
    ctc_free(&r);
    close_set(&s);
}

/* A frame that is all but certainly the blank may be the only place for a token that must come. */
static void test_certain_blanks(void **state)
{
    (void)state;
    struct set s = open_set("root ::= \"ab\"");
    struct guide guide = {.grammar = s.walk};
    float scores[FRAMES * VOCABULARY];
    for (int i = 0; i < FRAMES * VOCABULARY; i++)
        scores[i] = i % VOCABULARY == BLANK ? logf(0.9999f) : -14.0f;
    struct ctc_result r = decode(scores, &guide, 16);
    assert_int_equal(r.count, 1);
    assert_int_equal(r.best[0].count, 1);
    assert_int_equal(r.best[0].tokens[0].id, 4);
    ctc_free(&r);
    close_set(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_brute_force),
        cmocka_unit_test(test_nothing_fits),
        cmocka_unit_test(test_certain_blanks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_narrow_beam.c - beam search under a guide against the same search written plainly: no bounds, no heap, every
 * child of every sequence asked for in every frame. In a beam that is full what is left out for a bound's sake decides.
 */
#include "decoder/guide/boost_list.h"
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

enum { TOKENS = 24, BLANK = TOKENS, VOCABULARY = TOKENS + 1, FRAMES = 14, WIDEST = 8, CHOICES = 2 * WIDEST + 1 };

static const char tokenizer_json[] =
    "{\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"▁\"},\"decoder\":{\"type\":\"Metaspace\","
    "\"replacement\":\"▁\"},\"added_tokens\":[{\"id\":0,\"content\":\"<unk>\",\"special\":true}],\"model\":{\"type\":"
    "\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"▁\",-1],[\"▁an\",-1],[\"a\",-1],[\"d\",-1],[\"▁d\",-1],"
    "[\"n\",-1],[\"▁a\",-1],[\"t\",-1],[\"▁t\",-1],[\"e\",-1],[\"▁e\",-1],[\"an\",-1],[\"ten\",-1],[\"▁ten\",-1],"
    "[\"▁and\",-1],[\"da\",-1],[\"nd\",-1],[\"▁n\",-1],[\"ta\",-1],[\"ne\",-1],[\"▁date\",-1],[\"at\",-1],[\"'\",-1]]}"
    "}";
static const char arpa[] =
    "\\data\\\nngram 1=11\nngram 2=6\n\n\\1-grams:\n-99\t<s>\t-0.4\n-1.1\t</s>\n-0.7\ta\t-0.3\n-0.9\tan\t-0.2\n"
    "-1.2\tand\t-0.5\n-1.6\tten\t-0.1\n-1.9\tdate\t-0.3\n-2.2\ttend\n-2.0\tat\n-2.4\tneat\n-5.5\t<unk>\n\n"
    "\\2-grams:\n-0.5\t<s> a\n-0.3\ta date\n-0.2\tan and\n-0.6\tand ten\n-0.4\tten </s>\n-0.1\tdate at\n\n\\end\\\n";
static const char phrases[] = "tend\ndante\ndate and ten\nneat\t3\nan at\nendate\t0.5\n";

static struct tokenizer *tokenizer;
static struct spelling *spelling;
static struct ngram *ngram;
static void *ngram_bytes;
static struct fusion fusion;
static struct boost *boost;

static int open_guides(void **state)
{
    struct fault fault = {0};
    struct boost_list list;
    size_t size;
    (void)state;
    if (tokenizer_open(&tokenizer, tokenizer_json, strlen(tokenizer_json), "toy", &fault) ||
        spelling_open(&spelling, tokenizer, &fault) ||
        ngram_parse_arpa(arpa, strlen(arpa), "toy", false, &ngram_bytes, &size, &fault) ||
        ngram_open(&ngram, ngram_bytes, size, "toy", &fault) ||
        boost_list_parse(&list, phrases, strlen(phrases), "list", &fault)) {
        fprintf(stderr, "%s\n", fault.message);
        return -1;
    }
    fusion = (struct fusion){spelling, ngram, NULL, NULL, false};
    int code = boost_open(&boost, spelling, &fusion, list.phrases, list.count, 1.5, "list, line", &fault);
    boost_list_free(&list);
    return code;
}

static int close_guides(void **state)
{
    (void)state;
    boost_close(&boost);
    ngram_close(&ngram);
    spelling_close(&spelling);
    tokenizer_close(&tokenizer);
    free(ngram_bytes);
    return 0;
}

/* ---- the plain search ---- */

struct sequence {
    int ids[FRAMES], count;
    double blank, token, total; /* natural logs of the mass that ends in the blank, in the last token, in all */
    struct guided guided;
    double score;
};

static int by_score(const void *a, const void *b)
{
    const struct sequence *x = a, *y = b;
    return (x->score < y->score) - (x->score > y->score);
}

static const struct sequence *find(const struct sequence *beam, int count, const int *ids, int length)
{
    for (int i = 0; i < count; i++)
        if (beam[i].count == length && !memcmp(beam[i].ids, ids, (size_t)length * sizeof *ids))
            return &beam[i];
    return NULL;
}

/* What a sequence passes on to its child by a token. */
static double passed_on(const struct sequence *s, int token)
{
    return s->count && s->ids[s->count - 1] == token ? s->blank : s->total;
}

static struct sequence stay(const struct sequence *beam, int count, const struct sequence *s, const float *row,
                            double penalty)
{
    struct sequence next = *s;
    next.blank = s->total + (double)row[BLANK] - penalty;
    next.token = -INFINITY;
    if (s->count) {
        const int last = s->ids[s->count - 1];
        const struct sequence *parent = find(beam, count, s->ids, s->count - 1);
        next.token = add(s->token, parent ? passed_on(parent, last) : -INFINITY) + (double)row[last];
    }
    next.total = add(next.blank, next.token);
    next.score = next.total + next.guided.rank;
    return next;
}

/* False: the guide does not let it be. */
static bool grow(const struct guide *guide, const struct sequence *s, int token, const float *row,
                 struct sequence *child)
{
    struct guided parent = s->guided;
    *child = *s;
    child->ids[child->count++] = token;
    child->blank = -INFINITY;
    child->token = child->total = passed_on(s, token) + (double)row[token];
    guide_extend(guide, &parent, token, &child->guided);
    child->score = child->total + child->guided.rank;
    return child->total > -INFINITY && child->guided.rank > -INFINITY;
}

/* The frame's likeliest tokens, twice as many as the beam is wide and one: ctc_decode tries no others. */
static void choose(const float *row, int width, bool *chosen)
{
    memset(chosen, 0, TOKENS * sizeof *chosen);
    for (int k = 0; k < 2 * width + 1; k++) {
        int best = -1;
        for (int v = 0; v < TOKENS; v++)
            if (!chosen[v] && (best < 0 || row[v] > row[best]))
                best = v;
        if (best >= 0)
            chosen[best] = true;
    }
}

static int search_plainly(const float *scores, const struct ctc_params *params, struct sequence *beam)
{
    static struct sequence next[WIDEST * (1 + CHOICES)];
    int count = 1;
    beam[0] = (struct sequence){.token = -INFINITY};
    guide_begin(params->guide, &beam[0].guided);
    for (int t = 0; t < FRAMES; t++) {
        const float *row = scores + t * VOCABULARY;
        bool chosen[TOKENS];
        int made = 0;
        choose(row, params->beam, chosen);
        for (int i = 0; i < count; i++) {
            next[made++] = stay(beam, count, &beam[i], row, params->blank_penalty);
            for (int v = 0; v < TOKENS; v++) {
                int ids[FRAMES + 1];
                memcpy(ids, beam[i].ids, sizeof beam[i].ids);
                ids[beam[i].count] = v;
                if (chosen[v] && !find(beam, count, ids, beam[i].count + 1))
                    made += grow(params->guide, &beam[i], v, row, &next[made]);
            }
        }
        qsort(next, (size_t)made, sizeof *next, by_score);
        count = made < params->beam ? made : params->beam;
        memcpy(beam, next, (size_t)count * sizeof *next);
    }
    for (int i = 0; i < count; i++)
        beam[i].score = beam[i].total + guide_whole(params->guide, &beam[i].guided);
    qsort(beam, (size_t)count, sizeof *beam, by_score);
    return count;
}

/* ---- the comparison ---- */

static void expect_same(const float *scores, const struct ctc_params *params)
{
    static struct sequence beam[WIDEST];
    struct ctc_result r;
    struct fault fault = {0};
    const int count = search_plainly(scores, params, beam);
    if (ctc_decode(scores, FRAMES, VOCABULARY, params, &r, &fault))
        fail_msg("%s", fault.message);
    assert_int_equal(r.count, count);
    for (int i = 0; i < count; i++) {
        if (!(fabs(r.best[i].score - beam[i].score) < 1e-9))
            fail_msg("beam of %d, place %d: %.9f instead of %.9f", params->beam, i, r.best[i].score, beam[i].score);
        assert_int_equal(r.best[i].count, beam[i].count);
        for (int k = 0; k < beam[i].count; k++)
            assert_int_equal(r.best[i].tokens[k].id, beam[i].ids[k]);
    }
    ctc_free(&r);
}

static void compare(const struct guide *guide)
{
    static float scores[FRAMES * VOCABULARY];
    for (int round = 0; round < 400; round++) {
        const int width = 2 + round % (WIDEST - 1);
        const struct ctc_params params = {.blank = BLANK,
                                          .beam = width,
                                          .nbest = width,
                                          .prune = 1000.0f,
                                          .guide = guide,
                                          .blank_penalty = round % 3 ? 0.0 : 0.7};
        fill(scores, FRAMES, VOCABULARY, 0.5 + 0.015 * round);
        expect_same(scores, &params);
    }
}

static void test_language_model(void **state)
{
    (void)state;
    compare(
        &(struct guide){.fusion = &fusion, .weights = {.weight = 0.6, .bonus = 0.5, .unknown = -4.0, .letter = 0.3}});
}

static void test_phrases(void **state)
{
    (void)state;
    compare(&(struct guide){.boost = boost});
}

static void test_both(void **state)
{
    (void)state;
    compare(&(struct guide){.fusion = &fusion,
                            .weights = {.weight = 0.35, .bonus = 0.3, .unknown = -12.0, .letter = 0.25},
                            .boost = boost});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_language_model),
        cmocka_unit_test(test_phrases),
        cmocka_unit_test(test_both),
    };
    return cmocka_run_group_tests(tests, open_guides, close_guides);
}

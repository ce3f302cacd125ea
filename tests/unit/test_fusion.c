/* test_fusion.c - beam search with a language model on toy scores, against brute force over every alignment. */
#include "decoder/search/ctc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FRAMES = 5, TOKENS = 6, BLANK = 6, VOCABULARY = 7, TEXTS = 4096 };

static const char *const pieces[TOKENS] = {"<unk>",
                                           "\xE2\x96\x81",
                                           "\xE2\x96\x81"
                                           "an",
                                           "a",
                                           "d",
                                           "\xE2\x96\x81"
                                           "d"};
static const char tokenizer_json[] =
    "{\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"▁\"},\"decoder\":{\"type\":\"Metaspace\","
    "\"replacement\":\"▁\"},\"added_tokens\":[{\"id\":0,\"content\":\"<unk>\",\"special\":true}],\"model\":{\"type\":"
    "\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"▁\",-1],[\"▁an\",-1],[\"a\",-1],[\"d\",-1],[\"▁d\",-1]]}}";
static const char arpa[] =
    "\\data\\\nngram 1=7\nngram 2=4\nngram 3=1\n\n\\1-grams:\n-99\t<s>\t-0.3\n-1\t</s>\n-0.7\ta\t-0.2\n"
    "-0.9\tand\t-0.1\n-1.4\tan\t-0.3\n-1.7\tdad\n-2\t<unk>\t-0.4\n\n\\2-grams:\n-0.3\t<s> a\t-0.2\n"
    "-0.4\ta and\t-0.1\n-0.2\t<s> dad\n-0.1\tan and\n\n\\3-grams:\n-0.1\t<s> a and\n\n\\end\\\n";

struct model {
    struct tokenizer *tokenizer;
    struct ngram *ngram;
    struct spelling *spelling;
    struct ngram_prefix *starts;
    struct fusion fusion;
    void *bytes;
};

static void open_model_of(struct model *m, const char *text)
{
    struct fault fault = {0};
    size_t size;
    *m = (struct model){0};
    if (tokenizer_open(&m->tokenizer, tokenizer_json, strlen(tokenizer_json), "toy", &fault) ||
        ngram_parse_arpa(text, strlen(text), "toy", false, &m->bytes, &size, &fault) ||
        ngram_open(&m->ngram, m->bytes, size, "toy", &fault) || spelling_open(&m->spelling, m->tokenizer, &fault))
        fail_msg("%s", fault.message);
    m->starts = fusion_starts(m->spelling, m->ngram);
    assert_non_null(m->starts);
    m->fusion = (struct fusion){m->spelling, m->ngram, m->starts, NULL, false};
}

static void open_model(struct model *m)
{
    open_model_of(m, arpa);
}

static void close_model(struct model *m)
{
    free(m->starts);
    spelling_close(&m->spelling);
    ngram_close(&m->ngram);
    tokenizer_close(&m->tokenizer);
    free(m->bytes);
}

static double score_text(const struct model *m, const struct fusion_params *p, char *text)
{
    double sum = 0.0;
    struct ngram_state state;
    ngram_begin(m->ngram, &state);
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        uint32_t id = ngram_find(m->ngram, word, strlen(word));
        sum += p->bonus + (id ? 0.0 : p->unknown) + (id || p->letter < 0.0 ? p->letter * (double)strlen(word) : 0.0);
        sum += p->weight * log(10.0) * (double)ngram_score(m->ngram, &state, id, &state);
    }
    return sum;
}

/* What a sequence writes; unknown: for the token that writes nothing. */
static void write_ids(char *text, const int *ids, int count, const char *unknown)
{
    *text = 0;
    for (int i = 0; i < count; i++) {
        bool begins = strncmp(pieces[ids[i]], "\xE2\x96\x81", 3) == 0;
        strcat(text, begins ? " " : "");
        strcat(text, ids[i] == 0 ? unknown : pieces[ids[i]] + (begins ? 3 : 0));
    }
}

/* The sequence's words, by joining its pieces. */
static double score_ids(const struct model *m, const struct fusion_params *p, const int *ids, int count)
{
    char text[64];
    write_ids(text, ids, count, "");
    return score_text(m, p, text);
}

/* A model of the tokens themselves, but for "a". */
static const char pieces_arpa[] =
    "\\data\\\nngram 1=7\nngram 2=3\n\n\\1-grams:\n-99\t<s>\t-0.3\n-1\t</s>\n-0.7\t▁\t-0.2\n-0.9\t▁an\t-0.1\n"
    "-1.4\td\t-0.3\n-1.7\t▁d\n-2\t<unk>\t-0.4\n\n\\2-grams:\n-0.3\t<s> ▁an\n-0.2\t▁an d\n-0.1\t▁d <unk>\n\n\\end\\\n";

static double score_pieces(const struct model *m, const struct fusion_params *p, const int *ids, int count)
{
    double sum = 0.0;
    struct ngram_state state;
    ngram_begin(m->ngram, &state);
    for (int i = 0; i < count; i++) {
        uint32_t id = ngram_find(m->ngram, pieces[ids[i]], strlen(pieces[ids[i]]));
        if (ids[i] == 0)
            continue;
        const bool begins = pieces[ids[i]][0] == '\xE2';
        sum += (begins ? p->bonus : 0.0) + (id ? 0.0 : p->unknown);
        if (id || p->letter < 0.0)
            sum += p->letter * (double)strlen(pieces[ids[i]] + (begins ? 3 : 0));
        sum += p->weight * log(10.0) * (double)ngram_score(m->ngram, &state, id, &state);
    }
    return sum;
}

static double add(double a, double b)
{
    double high = a > b ? a : b, low = a > b ? b : a;
    return low == -INFINITY ? high : high + log1p(exp(low - high));
}

/* A sequence or, where those that write the same are one, a text. */
struct sum {
    char text[32];
    double total;
};

static int by_text(const void *a, const void *b)
{
    const struct sum *x = a, *y = b;
    return strcmp(x->text, y->text);
}

/* The best of the sums; those of equal texts are one. */
static double best_sum(struct sum *sums, int count, const struct model *m, const struct fusion_params *p)
{
    double best = -INFINITY;
    qsort(sums, (size_t)count, sizeof *sums, by_text);
    for (int i = 0, j; i < count; i = j) {
        char words[32];
        double total = sums[i].total;
        for (j = i + 1; j < count && strcmp(sums[j].text, sums[i].text) == 0; j++)
            total = add(total, sums[j].total);
        strcpy(words, sums[i].text);
        for (char *c = words; (c = strchr(c, '?'));)
            memmove(c, c + 1, strlen(c));
        total += score_text(m, p, words);
        best = total > best ? total : best;
    }
    return best;
}

/* Sums every path into its sequence, written in base VOCABULARY. together: what writes the same is one. */
static double best_of_all(const struct model *m, const struct fusion_params *p, const float *scores, bool together)
{
    static double sums[7 * 7 * 7 * 7 * 7 * 7];
    static struct sum texts[7 * 7 * 7 * 7 * 7 * 7];
    const int most = (int)(sizeof sums / sizeof *sums);
    double best = -INFINITY;
    int paths = 1, text_count = 0;
    for (int i = 0; i < most; i++)
        sums[i] = -INFINITY;
    for (int t = 0; t < FRAMES; t++)
        paths *= VOCABULARY;
    for (int path = 0; path < paths; path++) {
        double score = 0.0;
        int key = 0, before = BLANK, rest = path;
        for (int t = 0; t < FRAMES; t++, rest /= VOCABULARY) {
            int id = rest % VOCABULARY;
            score += scores[t * VOCABULARY + id];
            key = id != BLANK && id != before ? key * VOCABULARY + id + 1 : key;
            before = id;
        }
        sums[key] = add(sums[key], score);
    }
    for (int key = 0; key < most; key++) {
        int ids[FRAMES], count = 0, rest = key;
        if (sums[key] == -INFINITY)
            continue;
        for (; rest; rest /= VOCABULARY)
            count++;
        rest = key;
        for (int i = count - 1; i >= 0; i--, rest /= VOCABULARY)
            ids[i] = rest % VOCABULARY - 1;
        double total = sums[key] + (m->fusion.pieces ? score_pieces : score_ids)(m, p, ids, count);
        best = total > best ? total : best;
        texts[text_count].total = sums[key];
        write_ids(texts[text_count++].text, ids, count, "?");
    }
    return together ? best_sum(texts, text_count, m, p) : best;
}

static uint32_t seed = 5;

static void fill(float *scores)
{
    for (int t = 0; t < FRAMES; t++) {
        double sum = 0.0;
        for (int v = 0; v < VOCABULARY; v++) {
            seed = seed * 1664525u + 1013904223u;
            scores[t * VOCABULARY + v] = 4.0f * (float)(seed >> 8) / 16777216.0f;
            sum += exp(scores[t * VOCABULARY + v]);
        }
        for (int v = 0; v < VOCABULARY; v++)
            scores[t * VOCABULARY + v] -= (float)log(sum);
    }
}

static void test_brute_force(void **state)
{
    (void)state;
    static const struct fusion_params params[] = {{0.5, 1.0, -3.0, 0.0}, {1.0, 0.0, -1.0, 0.4}, {0.3, -0.5, 0.0, -0.3}};
    struct model m;
    open_model(&m);
    for (int round = 0; round < 30; round++) {
        float scores[FRAMES * VOCABULARY];
        fill(scores);
        const struct fusion_params *p = &params[round % 3];
        struct guide guide = {.fusion = &m.fusion, .weights = *p};
        struct ctc_params search = {.blank = BLANK, .beam = 256, .prune = 1000.0f, .guide = &guide};
        struct ctc_result result = {0};
        struct fault fault = {0};
        if (ctc_decode(scores, FRAMES, VOCABULARY, &search, &result, &fault))
            fail_msg("%s", fault.message);
        int ids[FRAMES];
        for (size_t i = 0; i < result.best[0].count; i++)
            ids[i] = result.best[0].tokens[i].id;
        double best = best_of_all(&m, p, scores, false);
        if (fabs(result.best[0].score - best) > 0.02)
            fail_msg("round %d: %g, not %g", round, result.best[0].score, best);
        assert_true(score_ids(&m, p, ids, (int)result.best[0].count) < 10.0);
        ctc_free(&result);
    }
    close_model(&m);
}

static struct ctc_result search_for(const float *scores, const struct ctc_params *params)
{
    struct ctc_result result = {0};
    struct fault fault = {0};
    if (ctc_decode(scores, FRAMES, VOCABULARY, params, &result, &fault))
        fail_msg("%s", fault.message);
    return result;
}

/* Sequences that write the same text are one hypothesis with the mass of all, whatever their last tokens are. */
static void test_texts_are_summed(void **state)
{
    (void)state;
    struct model m;
    open_model(&m);
    for (int round = 0; round < 12; round++) {
        float scores[FRAMES * VOCABULARY];
        fill(scores);
        const struct fusion_params p = {0.5, round % 2 ? 1.0 : 0.0, -3.0, 0.2 * (round % 3)};
        struct guide guide = {.fusion = &m.fusion, .weights = p};
        struct ctc_params search = {
            .blank = BLANK, .beam = 256, .nbest = 64, .prune = 1000.0f, .guide = &guide, .spelling = m.spelling};
        struct ctc_result result = search_for(scores, &search);
        static char texts[64][64];
        double best = best_of_all(&m, &p, scores, true);
        if (fabs(result.best[0].score - best) > 0.03)
            fail_msg("round %d: %g, not %g", round, result.best[0].score, best);
        for (size_t k = 0; k < result.count; k++) {
            int ids[FRAMES];
            for (size_t i = 0; i < result.best[k].count; i++)
                ids[i] = result.best[k].tokens[i].id;
            write_ids(texts[k], ids, (int)result.best[k].count, "?");
            for (size_t i = 0; i < k; i++)
                assert_string_not_equal(texts[i], texts[k]);
        }
        ctc_free(&result);
    }
    close_model(&m);
}

/* The best text stays about the best: it loses what would have come to it through prefixes that were dropped, since a
 * repeated token takes the mass behind the blank only. */
static void test_recombination(void **state)
{
    (void)state;
    struct model m;
    open_model(&m);
    for (int round = 0; round < 30; round++) {
        float scores[FRAMES * VOCABULARY];
        fill(scores);
        struct guide guide = {.fusion = &m.fusion, .weights = {0.5, 1.0, -3.0, 0.2}};
        struct ctc_params search = {
            .blank = BLANK, .beam = 256, .prune = 1000.0f, .guide = &guide, .spelling = m.spelling};
        struct ctc_result whole = search_for(scores, &search);
        search.recombine = true;
        search.beam = 64;
        struct ctc_result quick = search_for(scores, &search);
        assert_true(quick.best[0].score <= whole.best[0].score + 1e-9);
        assert_true(quick.best[0].score >= whole.best[0].score - 0.5);
        ctc_free(&whole);
        ctc_free(&quick);
    }
    close_model(&m);
}

static void test_pieces(void **state)
{
    (void)state;
    struct model m;
    struct fault fault = {0};
    uint32_t *words;
    open_model(&m);
    assert_int_equal(fusion_pieces(&words, m.spelling, m.ngram, &fault), 0);
    assert_null(words); /* a model of words */
    close_model(&m);
    open_model_of(&m, pieces_arpa);
    assert_int_equal(fusion_pieces(&words, m.spelling, m.ngram, &fault), 0);
    assert_non_null(words);
    assert_true(words[0] == 0 && words[1] && words[2] && words[3] == 0 && words[4] && words[5]);
    m.fusion.pieces = words;
    for (int round = 0; round < 12; round++) {
        float scores[FRAMES * VOCABULARY];
        fill(scores);
        const struct fusion_params p = {0.5, round % 3 ? 1.0 : -0.5, round % 2 ? -3.0 : 0.0, 0.2 * (round % 3)};
        struct guide guide = {.fusion = &m.fusion, .weights = p};
        struct ctc_params search = {
            .blank = BLANK, .beam = 256, .prune = 1000.0f, .guide = &guide, .spelling = m.spelling};
        struct ctc_result result = search_for(scores, &search);
        double best = best_of_all(&m, &p, scores, false);
        if (fabs(result.best[0].score - best) > 0.02)
            fail_msg("round %d: %g, not %g", round, result.best[0].score, best);
        ctc_free(&result);
    }
    free(words);
    close_model(&m);
}

/* Two words that sound alike: the model decides. */
static void test_decides(void **state)
{
    (void)state;
    struct model m;
    open_model(&m);
    float scores[3 * VOCABULARY];
    for (int i = 0; i < 3 * VOCABULARY; i++)
        scores[i] = -20.0f;
    scores[2] = scores[5] = logf(0.5f);      /* ▁an or ▁d */
    scores[VOCABULARY + 3] = logf(0.4f);     /* a … */
    scores[VOCABULARY + BLANK] = logf(0.6f); /* … or nothing */
    scores[2 * VOCABULARY + 4] = logf(1.0f); /* d */
    struct guide guide = {.fusion = &m.fusion, .weights = {0.5, 0.0, -5.0, 0.0}};
    struct ctc_params search = {.blank = BLANK, .beam = 16, .guide = &guide};
    struct ctc_result result = {0};
    struct fault fault = {0};
    if (ctc_decode(scores, 3, VOCABULARY, &search, &result, &fault))
        fail_msg("%s", fault.message);
    assert_int_equal(result.best[0].count, 3); /* dad: the best word after <s> */
    assert_int_equal(result.best[0].tokens[0].id, 5);
    ctc_free(&result);
    close_model(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_brute_force),   cmocka_unit_test(test_texts_are_summed),
        cmocka_unit_test(test_recombination), cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

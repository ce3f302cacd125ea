/* test_boost.c - phrases: the automaton against counting in the text, beam search with them against brute force over
 * every alignment, and lists that are wrong. */
#include "decoder/guide/boost_list.h"
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

enum { TOKENS = 13, FRAMES = 5, BLANK = 6, VOCABULARY = 7, KEYS = 7 * 7 * 7 * 7 * 7 * 7 };

static const char tokenizer_json[] =
    "{\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"▁\"},\"decoder\":{\"type\":\"Metaspace\","
    "\"replacement\":\"▁\"},\"added_tokens\":[{\"id\":0,\"content\":\"<unk>\",\"special\":true}],\"model\":{\"type\":"
    "\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"▁\",-1],[\"▁an\",-1],[\"a\",-1],[\"d\",-1],[\"▁d\",-1],"
    "[\"n\",-1],[\"A\",-1],[\",\",-1],[\"▁D\",-1],[\"手\",-1],[\"机\",-1],[\"'\",-1]]}}";
static const char arpa[] = "\\data\\\nngram 1=6\n\n\\1-grams:\n-99\t<s>\n-1\t</s>\n-0.7\ta\n-0.9\tan\n-1.9\tnad\n"
                           "-5.5\t<unk>\n\n\\end\\\n";

struct model {
    struct tokenizer *tokenizer;
    struct spelling *spelling;
    struct ngram *ngram;
    struct fusion fusion;
    struct boost *boost;
    void *bytes;
};

static void open_model(struct model *m, const char *list, double weight, bool fused)
{
    struct fault fault = {0};
    struct boost_list phrases;
    size_t size;
    *m = (struct model){0};
    if (tokenizer_open(&m->tokenizer, tokenizer_json, strlen(tokenizer_json), "toy", &fault) ||
        spelling_open(&m->spelling, m->tokenizer, &fault) ||
        ngram_parse_arpa(arpa, strlen(arpa), "toy", false, &m->bytes, &size, &fault) ||
        ngram_open(&m->ngram, m->bytes, size, "toy", &fault))
        fail_msg("%s", fault.message);
    m->fusion = (struct fusion){m->spelling, m->ngram, NULL, NULL, false};
    if (boost_list_parse(&phrases, list, strlen(list), "list", &fault) ||
        boost_open(&m->boost, m->spelling, fused ? &m->fusion : NULL, phrases.phrases, phrases.count, weight,
                   "list, line", &fault))
        fail_msg("%s", fault.message);
    boost_list_free(&phrases);
}

static void close_model(struct model *m)
{
    boost_close(&m->boost);
    ngram_close(&m->ngram);
    spelling_close(&m->spelling);
    tokenizer_close(&m->tokenizer);
    free(m->bytes);
}

/* ---- the automaton ---- */

/* What the sequence is worth when it ends, and, in *rank, while it grows. */
static double whole_of(const struct model *m, const int *ids, int count, double *rank)
{
    struct boosted state;
    boost_begin(m->boost, &state);
    for (int i = 0; i < count; i++) {
        struct boosted next;
        boost_extend(m->boost, &state, ids[i], &next);
        const struct boost_most bound = boost_most(m->boost, &state);
        const struct boost_gain gain = boost_gain(m->boost, ids[i]);
        double most = bound.behind + fmax((double)bound.begun[gain.length], gain.begins);
        if (next.rank > most + 1e-5)
            fail_msg("token %d brings %g, above the bound of %g", ids[i], next.rank, most);
        state = next;
    }
    if (rank)
        *rank = state.rank;
    return boost_whole(m->boost, &state);
}

#define WHOLE(m, rank, ...)                                                                                            \
    whole_of(m, (const int[]){__VA_ARGS__}, (int)(sizeof(int[]){__VA_ARGS__} / sizeof(int)), rank)

/* Three letters and a fourth, each beyond the second worth 2. */
static void test_grows_and_is_taken_back(void **state)
{
    (void)state;
    struct model m;
    double rank;
    open_model(&m, "anda\n", 2.0, false);
    assert_float_equal(WHOLE(&m, &rank, 2), 0.0, 1e-6); /* ▁an */
    assert_float_equal(rank, 0.0, 1e-6);
    assert_float_equal(WHOLE(&m, &rank, 2, 4), 0.0, 1e-6);
    assert_float_equal(rank, 1.0, 1e-6); /* half of it, unfinished */
    assert_float_equal(WHOLE(&m, &rank, 2, 4, 3), 4.0, 1e-6);
    assert_float_equal(rank, 4.0, 1e-6);
    assert_float_equal(WHOLE(&m, &rank, 2, 4, 4), 0.0, 1e-6); /* andd */
    assert_float_equal(rank, 0.0, 1e-6);
    assert_float_equal(WHOLE(&m, &rank, 2, 4, 3, 6), 0.0, 1e-6); /* andan: no end of a word */
    assert_float_equal(rank, 0.0, 1e-6);
    assert_float_equal(WHOLE(&m, &rank, 2, 4, 3, 1), 4.0, 1e-6);
    assert_float_equal(rank, 4.0, 1e-6);
    assert_float_equal(WHOLE(&m, &rank, 5, 2, 4, 3), 4.0, 1e-6);
    assert_float_equal(WHOLE(&m, &rank, 5, 3, 6, 4, 3), 0.0, 1e-6); /* danda: no beginning */
    close_model(&m);
}

/* Every way to write it, in any case and between punctuation. */
static void test_spellings(void **state)
{
    (void)state;
    struct model m;
    open_model(&m, "\xEF\xBB\xBF# a comment\r\nAn, DA!\t3\r\n", 1.0, false);
    assert_float_equal(WHOLE(&m, NULL, 2, 5, 3), 6.0, 1e-6);             /* ▁an ▁d a */
    assert_float_equal(WHOLE(&m, NULL, 1, 3, 6, 1, 4, 3), 6.0, 1e-6);    /* ▁ a n ▁ d a */
    assert_float_equal(WHOLE(&m, NULL, 1, 7, 6, 9, 7), 6.0, 1e-6);       /* ▁ A n ▁D A */
    assert_float_equal(WHOLE(&m, NULL, 2, 8, 1, 1, 5, 3, 8), 6.0, 1e-6); /* ▁an , ▁ ▁ ▁d a , */
    assert_float_equal(WHOLE(&m, NULL, 3, 6, 0, 5, 3), 6.0, 1e-6);       /* a text begins a word; <unk> is nothing */
    assert_float_equal(WHOLE(&m, NULL, 2, 12, 5, 3), 0.0, 1e-6);         /* an' da */
    assert_float_equal(WHOLE(&m, NULL, 2, 5, 3, 2, 5, 3), 12.0, 1e-6);
    close_model(&m);
}

static void test_without_spaces(void **state)
{
    (void)state;
    struct model m;
    open_model(&m, "手机机\nd手\n", 1.0, false);
    assert_float_equal(WHOLE(&m, NULL, 4, 10, 11, 11, 4), 2.0, 1e-6); /* d手机机d: of both; each is worth one */
    assert_float_equal(WHOLE(&m, NULL, 3, 10, 11, 11, 4), 1.0, 1e-6);
    assert_float_equal(WHOLE(&m, NULL, 3, 4, 10), 0.0, 1e-6); /* ad手 */
    assert_float_equal(WHOLE(&m, NULL, 10, 11), 0.0, 1e-6);
    close_model(&m);
}

static const char *const overlapping[] = {"an", "an da", "da", "da an", "and", "an an an", "a"};
static const double weights[] = {1.0, 2.0, 0.5, 3.0, 1.5, 0.25, 4.0};
enum { PHRASES = 7 };

static void join_overlapping(char *list)
{
    for (int i = 0; i < PHRASES; i++)
        list += sprintf(list, "%s\t%g\n", overlapping[i], weights[i]);
}

/* By looking for every phrase everywhere in the text. */
static double count_phrases(const int *ids, int count)
{
    static const char *const pieces[] = {"", " ", " an", "a", "d", " d", "n"};
    char text[128] = " ";
    double sum = 0.0;
    for (int i = 0; i < count; i++)
        strcat(text, text[strlen(text) - 1] == ' ' && pieces[ids[i]][0] == ' ' ? pieces[ids[i]] + 1 : pieces[ids[i]]);
    strcat(text, text[strlen(text) - 1] == ' ' ? "" : " ");
    for (int i = 0; i < PHRASES; i++) {
        char wanted[32];
        int letters = 0;
        sprintf(wanted, " %s ", overlapping[i]);
        for (const char *c = overlapping[i]; *c; c++)
            letters += *c != ' ';
        for (const char *at = text; (at = strstr(at, wanted)) != NULL; at++)
            sum += weights[i] * (letters > 3 ? letters - 2 : 1);
    }
    return sum;
}

static uint32_t seed = 5;

static uint32_t draw(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static void test_overlapping(void **state)
{
    (void)state;
    char list[256];
    struct model m;
    join_overlapping(list);
    open_model(&m, list, 1.0, false);
    for (int round = 0; round < 20000; round++) {
        int ids[12], count = (int)(draw() % 12);
        for (int i = 0; i < count; i++)
            ids[i] = (int)(draw() % 7);
        double found = whole_of(&m, ids, count, NULL), wanted = count_phrases(ids, count);
        if (fabs(found - wanted) > 1e-4)
            fail_msg("round %d: %g, not %g", round, found, wanted);
    }
    close_model(&m);
}

/* ---- beside a language model ---- */

/* A phrase's words count as known, wherever they are; no others do. */
static void test_vouches(void **state)
{
    (void)state;
    const struct fusion_params params = {1.0, 0.0, -20.0, 0.0};
    struct model m;
    struct guided a, b, c;
    open_model(&m, "dad and\n", 1.0, true);
    struct guide guide = {.fusion = &m.fusion, .weights = params, .boost = m.boost};
    guide_begin(&guide, &a);
    guide_extend(&guide, &a, 5, &b); /* ▁d */
    assert_float_equal(b.rank, -5.5 * log(10.0), 1e-3);
    guide_extend(&guide, &b, 3, &c);
    guide_extend(&guide, &c, 4, &b); /* dad: a third letter */
    assert_float_equal(b.rank, -5.5 * log(10.0) + 0.5, 1e-3);
    assert_float_equal(guide_whole(&guide, &b), -5.5 * log(10.0), 1e-3);
    guide_extend(&guide, &b, 4, &c); /* dadd */
    assert_float_equal(c.rank, -20.0, 1e-3);
    assert_float_equal(guide_whole(&guide, &c), -20.0 - 5.5 * log(10.0), 1e-3);
    close_model(&m);
}

/* What the language model expects anyway gains a quarter. */
static void test_expected(void **state)
{
    (void)state;
    struct model m;
    open_model(&m, "an\nad\n", 2.0, true);
    assert_float_equal(WHOLE(&m, NULL, 2), 0.5, 1e-6);
    assert_float_equal(WHOLE(&m, NULL, 3, 4), 2.0, 1e-6);
    close_model(&m);
}

/* Of a word that begins with an expected one only what stands behind that counts; an expected beginning of another
 * phrase, and one of two letters, change nothing. */
static void test_begins_as_expected(void **state)
{
    (void)state;
    struct model m;
    double rank;
    open_model(&m, "nadan\nanda\nnad da\n", 2.0, true);
    assert_float_equal(WHOLE(&m, &rank, 1, 6, 3, 4), 0.0, 1e-6); /* nad */
    assert_float_equal(rank, 1.0, 1e-6);                         /* half of a letter of "nad da" */
    assert_float_equal(WHOLE(&m, &rank, 1, 6, 3, 4, 3, 6), 4.0, 1e-6);
    assert_float_equal(WHOLE(&m, NULL, 2, 4, 3), 4.0, 1e-6);
    assert_float_equal(WHOLE(&m, NULL, 1, 6, 3, 4, 5, 3), 6.0, 1e-6);
    close_model(&m);
    open_model(&m, "nadan\n", 2.0, false);
    assert_float_equal(WHOLE(&m, NULL, 1, 6, 3, 4, 3, 6), 6.0, 1e-6);
    close_model(&m);
}

static double add(double a, double b)
{
    double high = a > b ? a : b, low = a > b ? b : a;
    return low == -INFINITY ? high : high + log1p(exp(low - high));
}

static double total_of(const struct guide *guide, const int *ids, int count)
{
    struct guided state, next;
    guide_begin(guide, &state);
    for (int i = 0; i < count; i++) {
        guide_extend(guide, &state, ids[i], &next);
        state = next;
    }
    return guide_whole(guide, &state);
}

/* Sums every path into its sequence, written in base VOCABULARY; what is added to it is the guide's, whose parts are
 * tested by themselves. */
static double best_of_all(const struct guide *guide, const float *scores)
{
    static double sums[KEYS];
    double best = -INFINITY;
    int paths = 1;
    for (int i = 0; i < KEYS; i++)
        sums[i] = -INFINITY;
    for (int t = 0; t < FRAMES; t++)
        paths *= VOCABULARY;
    for (int path = 0; path < paths; path++) {
        double score = 0.0;
        int key = 0, before = BLANK, rest = path;
        for (int t = 0; t < FRAMES; t++, rest /= VOCABULARY) {
            int id = rest % VOCABULARY;
            score += (double)scores[t * VOCABULARY + id];
            key = id != BLANK && id != before ? key * VOCABULARY + id + 1 : key;
            before = id;
        }
        sums[key] = add(sums[key], score);
    }
    for (int key = 0; key < KEYS; key++) {
        int ids[FRAMES], count = 0;
        if (sums[key] == -INFINITY)
            continue;
        for (int rest = key; rest; rest /= VOCABULARY)
            count++;
        for (int i = count - 1, rest = key; i >= 0; i--, rest /= VOCABULARY)
            ids[i] = rest % VOCABULARY - 1;
        best = fmax(best, sums[key] + total_of(guide, ids, count));
    }
    return best;
}

static void fill(float *scores)
{
    for (int t = 0; t < FRAMES; t++) {
        double sum = 0.0;
        for (int v = 0; v < VOCABULARY; v++) {
            scores[t * VOCABULARY + v] = 4.0f * (float)draw() / 16777216.0f;
            sum += exp((double)scores[t * VOCABULARY + v]);
        }
        for (int v = 0; v < VOCABULARY; v++)
            scores[t * VOCABULARY + v] -= (float)log(sum);
    }
}

static void test_brute_force(void **state)
{
    (void)state;
    struct model m;
    char list[256];
    join_overlapping(list);
    open_model(&m, list, 1.0, false);
    for (int round = 0; round < 30; round++) {
        float scores[FRAMES * VOCABULARY];
        struct guide guide = {
            .fusion = round % 2 ? &m.fusion : NULL, .weights = {0.5, 1.0, -3.0, 0.0}, .boost = m.boost};
        struct ctc_params search = {.blank = BLANK, .beam = 256, .prune = 1000.0f, .guide = &guide};
        struct ctc_result result = {0};
        struct fault fault = {0};
        fill(scores);
        if (ctc_decode(scores, FRAMES, VOCABULARY, &search, &result, &fault))
            fail_msg("%s", fault.message);
        double best = best_of_all(&guide, scores);
        if (fabs(result.best[0].score - best) > 0.02)
            fail_msg("round %d: %g, not %g", round, result.best[0].score, best);
        ctc_free(&result);
    }
    close_model(&m);
}

/* ---- lists that are wrong ---- */

static void refuse(const char *list, size_t length, const char *wanted)
{
    struct model m;
    struct boost_list phrases;
    struct fault fault = {0};
    struct boost *boost = NULL;
    open_model(&m, "a\n", 1.0, false);
    if (!boost_list_parse(&phrases, list, length, "list", &fault)) {
        boost_open(&boost, m.spelling, NULL, phrases.phrases, phrases.count, 1.0, "list, line", &fault);
        boost_list_free(&phrases);
    }
    assert_null(boost);
    assert_int_equal(fault.code, UTTER_ERROR_ARGUMENT);
    if (!strstr(fault.message, wanted))
        fail_msg("\"%s\" does not say \"%s\"", fault.message, wanted);
    close_model(&m);
}

static void test_refused(void **state)
{
    (void)state;
    static char huge[400];
    memset(huge, 'a', sizeof huge);
    refuse("", 0, "list: there is no phrase in it");
    refuse("# only\n", 7, "list: there is no phrase in it");
    refuse("a\n\nd\n", 5, "list, line 2: there is no phrase");
    refuse("a\n\t2\n", 5, "list, line 2: there is no phrase");
    refuse(" ,. \n", 5, "list, line 1: there is no phrase");
    refuse("an da\nd\nAn  DA.\n", 16, "list, line 3: the phrase is there already, as 1");
    refuse(huge, sizeof huge, "list, line 1: a phrase of 400 bytes, of which there may be 255");
    refuse("a\nd\xFF\n", 5, "list, line 2: the phrase is not valid UTF-8");
    refuse("a\ndad xand\n", 11, "list, line 2: the model cannot write \"x\"");
    refuse("a\tb\n", 4, "list, line 1: its weight must be a number above 0 and at most 20");
    refuse("a\t-1\n", 5, "list, line 1: its weight must be");
    refuse("a\t0\n", 4, "list, line 1: its weight must be");
    refuse("a\t20.5\n", 7, "list, line 1: its weight must be");
    refuse("a\tnan\n", 6, "list, line 1: its weight must be");
    refuse("a\t1.5.\n", 7, "list, line 1: its weight must be");
}

static void test_no_file(void **state)
{
    (void)state;
    struct boost_list list;
    struct fault fault = {0};
    assert_int_equal(boost_list_read(&list, "/nowhere/names.txt", &fault), UTTER_ERROR_IO);
    assert_non_null(strstr(fault.message, "names.txt: no such file"));
    fault_clear(&fault);
    assert_int_equal(boost_list_read(&list, SOURCE_DIR, &fault), UTTER_ERROR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows_and_is_taken_back),
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_without_spaces),
        cmocka_unit_test(test_overlapping),
        cmocka_unit_test(test_vouches),
        cmocka_unit_test(test_expected),
        cmocka_unit_test(test_begins_as_expected),
        cmocka_unit_test(test_brute_force),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

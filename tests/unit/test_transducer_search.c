/* test_transducer_search.c - greedy and beam over scores that are a hash of the tokens before and the frame, against a
 * plain loop and against summing over every alignment of every text. */
#include "decoder/search/transducer.h"
#include "src/base/threads.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SLOTS = 4096, MOST_TOKENS = 64, WINDOWS = 8, LONGEST = 12 };

static const int SHORT[] = {0, 1, 2}, LONG[] = {0, 1, 2, 3, 4}, NO_ZERO[] = {1, 3};

/* ---- a model: its window's number plus its seed is its sound ---- */

struct model {
    const struct transducer_search_params *params;
    uint32_t seed;
    float sharp; /* how far scores lie apart */
    bool quiet;  /* the blank is likely */
    uint32_t read[SLOTS];
    bool has_read[SLOTS];
    int steps, slots, joints; /* joints: the most that a step may have */
    int fail_at;              /* the step that fails, 0: none */
    bool nonsense;            /* scores that are no numbers here and there */
};

static uint32_t mix(uint32_t state, uint32_t token)
{
    uint32_t x = (state ^ token) * 0x9E3779B1u + 0x7F4A7C15u;
    x = (x ^ x >> 15) * 0x85EBCA6Bu;
    return x ^ x >> 13;
}

static void fill(float *out, int count, uint32_t state, float sharp, int likely)
{
    double sum = 0;
    for (int i = 0; i < count; i++) {
        out[i] = sharp * (float)(mix(state, (uint32_t)i) >> 8) * 0x1p-24f + (i == likely ? 0.5f * sharp : 0);
        sum += exp((double)out[i]);
    }
    for (int i = 0; i < count; i++)
        out[i] -= (float)log(sum);
}

static void score(const struct model *m, uint32_t read, int window, int frame, float *tokens, float *durations)
{
    uint32_t state = mix(mix(mix(read, (uint32_t)frame), (uint32_t)window), m->seed);
    fill(tokens, m->params->vocabulary, state, m->sharp, m->quiet ? m->params->blank : -1);
    fill(durations, m->params->duration_count, mix(state, 77), m->sharp, -1);
    if (m->nonsense && state % 5 == 0)
        for (int i = 0; i < m->params->vocabulary; i++)
            tokens[i] = state % 3 && i % 2 ? tokens[i] : i % 3 ? NAN : INFINITY;
    if (m->nonsense && state % 7 == 0)
        for (int i = 0; i < m->params->duration_count; i++)
            durations[i] = NAN;
}

static int step(void *context, const struct transducer_search_ask *ask, float *tokens, float *durations,
                struct fault *fault)
{
    struct model *m = context;
    uint32_t before[SLOTS];
    assert_true(ask->prediction_count + ask->joint_count > 0);
    assert_in_range(ask->joint_count, 0, m->joints);
    memcpy(before, m->read, sizeof before);
    for (int i = 0; i < ask->prediction_count; i++) {
        const struct transducer_search_prediction *p = &ask->predictions[i];
        assert_true(p->to >= 0 && p->to < m->slots && p->from < m->slots);
        assert_true(p->from < 0 ? p->token == m->params->blank : m->has_read[p->from]);
        for (int k = 0; k < i; k++) /* nothing is read that the step writes */
            assert_true(ask->predictions[k].to != p->from && ask->predictions[k].to != p->to);
        m->read[p->to] = p->from < 0 ? 1 : mix(before[p->from], (uint32_t)p->token + 3);
        m->has_read[p->to] = true;
    }
    for (int i = 0; i < ask->joint_count; i++) {
        const struct transducer_search_joint *j = &ask->joints[i];
        assert_true(m->has_read[j->slot]);
        score(m, m->read[j->slot], j->window, j->frame, tokens + i * m->params->vocabulary,
              durations + i * m->params->duration_count);
    }
    m->steps++;
    return m->steps == m->fail_at ? (fail)(fault, UTTER_ERROR_DEVICE, "the card is gone") : 0;
}

static void run(struct model *m, const int *lengths, int windows, struct ctc_result *results)
{
    struct fault fault = {0};
    m->steps = 0;
    m->slots = transducer_search_slots(m->params, windows);
    m->joints = transducer_search_joints(m->params, windows);
    memset(m->has_read, 0, sizeof m->has_read);
    assert_true(m->slots <= SLOTS);
    if (transducer_search(m->params, step, m, lengths, windows, results, &fault))
        fail_msg("%s", fault.message);
}

static void free_results(struct ctc_result *results, int windows)
{
    for (int i = 0; i < windows; i++)
        ctc_free(&results[i]);
}

static int smallest(const struct transducer_search_params *p)
{
    return !p->duration_count ? 1 : p->durations[0] ? p->durations[0] : p->durations[1];
}

/* ---- greedy, as the papers have it ---- */

static int best(const float *x, int count)
{
    int at = 0;
    for (int i = 1; i < count; i++)
        at = x[i] > x[at] ? i : at;
    return at;
}

static void expect_greedy(const struct model *m, int window, int length, const struct ctc_hypothesis *h)
{
    const struct transducer_search_params *p = m->params;
    float tokens[MOST_TOKENS], durations[16];
    uint32_t read = 1;
    size_t count = 0;
    double sum = 0;
    for (int t = 0, symbols = 0; t < length;) {
        score(m, read, window, t, tokens, durations);
        int token = best(tokens, p->vocabulary), d = p->duration_count ? best(durations, p->duration_count) : 0;
        int move = p->duration_count ? p->durations[d] : 0;
        sum += (double)tokens[token] + (p->duration_count ? (double)durations[d] : 0);
        if (token == p->blank) {
            t += move ? move : smallest(p);
            symbols = 0;
            continue;
        }
        assert_true(count < h->count);
        const struct ctc_token *got = &h->tokens[count++];
        assert_int_equal(got->id, token);
        assert_int_equal(got->first, t);
        assert_int_equal(got->last, t + (move ? move - 1 : 0) < length ? t + (move ? move - 1 : 0) : length - 1);
        assert_true(got->log_probability == tokens[token]);
        read = mix(read, (uint32_t)token + 3);
        symbols = move ? 0 : symbols + 1;
        if (symbols == p->max_symbols) {
            symbols = 0;
            move = 1;
        }
        t += move;
    }
    assert_int_equal(h->count, count);
    assert_true(fabs(h->score - sum) < 1e-9);
}

static void test_greedy(void **state)
{
    (void)state;
    const struct transducer_search_params kinds[] = {
        {.vocabulary = 5, .blank = 4, .max_symbols = 3},
        {.vocabulary = 5, .blank = 4, .max_symbols = 1, .ahead = 3},
        {.vocabulary = 40, .blank = 0, .max_symbols = 10, .ahead = 64},
        {.vocabulary = 5, .blank = 2, .max_symbols = 3, .duration_count = 3, .durations = SHORT},
        {.vocabulary = 40, .blank = 39, .max_symbols = 10, .duration_count = 5, .durations = LONG, .ahead = 17},
        {.vocabulary = 5, .blank = 2, .max_symbols = 3, .duration_count = 2, .durations = NO_ZERO, .ahead = 9},
    };
    const int lengths[] = {40, 1, 0, 200, 7};
    for (int round = 0; round < 60; round++) {
        static struct model m;
        struct ctc_result results[5];
        m = (struct model){.params = &kinds[round % 6], .seed = (uint32_t)round, .sharp = 4, .quiet = round % 2};
        run(&m, lengths, 5, results);
        for (int i = 0; i < 5; i++) {
            assert_int_equal(results[i].count, 1);
            expect_greedy(&m, i, lengths[i], &results[i].best[0]);
        }
        free_results(results, 5);
    }
}

/* Frames that lie ahead are scored in the same step: fewer steps, the same text. */
static void test_ahead_saves_steps(void **state)
{
    (void)state;
    static struct model m;
    struct transducer_search_params p = {.vocabulary = 9, .blank = 8, .max_symbols = 10};
    const int lengths[] = {300};
    struct ctc_result results[1];
    m = (struct model){.params = &p, .seed = 3, .sharp = 12, .quiet = true};
    run(&m, lengths, 1, results);
    int steps = m.steps, tokens = (int)results[0].best[0].count;
    free_results(results, 1);
    p.ahead = 16;
    run(&m, lengths, 1, results);
    assert_int_equal(results[0].best[0].count, tokens);
    assert_true(steps >= 300 && m.steps < steps * 3 / 4);
    free_results(results, 1);
}

/* ---- brute force: the forward variable of one text (Graves 2012, section 2.4; Xu et al. 2023, section 3) ---- */

static double add(double a, double b)
{
    double high = a > b ? a : b, low = a > b ? b : a;
    return low == -INFINITY ? high : high + log1p(exp(low - high));
}

/* A frame's events are counted: so many may stay in it. */
static double exact(const struct model *m, int window, int length, const int *ids, int count)
{
    enum { EVENTS = 8 };
    static double at[LONGEST + 8][LONGEST * 4][EVENTS];
    const struct transducer_search_params *p = m->params;
    const int durations = p->duration_count ? p->duration_count : 1;
    assert_true(length <= LONGEST && count < LONGEST * 4 && p->max_symbols <= EVENTS);
    for (int t = 0; t <= length; t++)
        for (int u = 0; u <= count; u++)
            for (int k = 0; k < EVENTS; k++)
                at[t][u][k] = -INFINITY;
    at[0][0][0] = 0;
    for (int t = 0; t < length; t++)
        for (int k = 0; k < p->max_symbols; k++) {
            uint32_t read = 1;
            for (int u = 0; u <= count; u++) {
                float tokens[MOST_TOKENS], moves[16] = {0};
                score(m, read, window, t, tokens, moves);
                for (int i = 0; i < durations; i++) {
                    int d = p->duration_count ? p->durations[i] : 0;
                    int blank = t + (d ? d : smallest(p)), token = t + d + (!d && k + 1 >= p->max_symbols);
                    double here = at[t][u][k] + (double)moves[i];
                    double *to = &at[blank < length ? blank : length][u][0];
                    *to = add(*to, here + (double)tokens[p->blank]);
                    if (u == count)
                        continue;
                    to = &at[token < length ? token : length][u + 1][token == t ? k + 1 : 0];
                    *to = add(*to, here + (double)tokens[ids[u]]);
                }
                read = u < count ? mix(read, (uint32_t)ids[u] + 3) : read;
            }
        }
    return at[length][count][0];
}

/* The id-th of all texts of so many tokens. */
static void spell(int number, int count, int blank, int *ids)
{
    for (int i = 0; i < count; i++, number /= 2) {
        ids[i] = number % 2;
        ids[i] += ids[i] >= blank;
    }
}

static bool same(const struct ctc_hypothesis *h, const int *ids, int count)
{
    bool same = h->count == (size_t)count;
    for (int i = 0; i < count && same; i++)
        same = h->tokens[i].id == ids[i];
    return same;
}

/* Every text of two tokens that can come has its sum in the list, and the list is in order. */
static void expect_all(const struct model *m, int length, int most, const struct ctc_result *result)
{
    size_t found = 0;
    double sum = 0;
    for (int count = 0; count <= most; count++)
        for (int number = 0; number < 1 << count; number++) {
            int ids[16];
            spell(number, count, m->params->blank, ids);
            double expected = exact(m, 0, length, ids, count);
            for (size_t i = 0; i < result->count; i++)
                if (same(&result->best[i], ids, count)) {
                    if (fabs(result->best[i].score - expected) > 1e-6)
                        fail_msg("text %d of %d: %.9f, not %.9f", number, count, result->best[i].score, expected);
                    found++;
                    sum += exp(expected);
                }
        }
    assert_int_equal(found, result->count);
    assert_true(fabs(sum - 1) < 1e-5); /* whatever was heard, some text was said */
    for (size_t i = 1; i < result->count; i++)
        assert_true(result->best[i].score <= result->best[i - 1].score);
}

static void test_beam_sums_alignments(void **state)
{
    (void)state;
    const struct {
        struct transducer_search_params params;
        int length, most;
    } kinds[] = {
        {{.vocabulary = 3, .blank = 2, .max_symbols = 2}, 2, 4},
        {{.vocabulary = 3, .blank = 0, .max_symbols = 1}, 4, 4},
        {{.vocabulary = 3, .blank = 1, .max_symbols = 4}, 1, 4},
        {{.vocabulary = 3, .blank = 2, .max_symbols = 1, .duration_count = 3, .durations = SHORT}, 4, 4},
        {{.vocabulary = 3, .blank = 1, .max_symbols = 2, .duration_count = 3, .durations = SHORT}, 2, 4},
        {{.vocabulary = 3, .blank = 2, .max_symbols = 4, .duration_count = 2, .durations = NO_ZERO}, 4, 4},
    };
    for (int round = 0; round < 120; round++) {
        static struct model m;
        struct transducer_search_params p = kinds[round % 6].params;
        struct ctc_result result;
        p.beam = p.nbest = TRANSDUCER_BEAM_MAXIMUM;
        p.prune = 1000;
        m = (struct model){.params = &p, .seed = (uint32_t)round, .sharp = 3};
        run(&m, &kinds[round % 6].length, 1, &result);
        expect_all(&m, kinds[round % 6].length, kinds[round % 6].most, &result);
        free_results(&result, 1);
    }
}

static double exact_of(const struct model *m, int length, const struct ctc_hypothesis *h)
{
    int ids[LONGEST * 4];
    for (size_t i = 0; i < h->count; i++)
        ids[i] = h->tokens[i].id;
    return exact(m, 0, length, ids, (int)h->count);
}

/* A narrow beam: never more than the sum, nearly all of it, and hardly ever a text that is worse than the greedy one.
 */
static void test_narrow_beam(void **state)
{
    (void)state;
    const int length = LONGEST;
    int worse = 0;
    double lost = 0;
    for (int round = 0; round < 60; round++) {
        static struct model m;
        struct ctc_result wide, greedy;
        struct transducer_search_params p = {.vocabulary = 12, .blank = 11, .max_symbols = 4};
        if (round % 2) {
            p.duration_count = 5;
            p.durations = LONG;
        }
        m = (struct model){.params = &p, .seed = (uint32_t)round, .sharp = 8, .quiet = true};
        run(&m, &length, 1, &greedy);
        p.beam = 8;
        run(&m, &length, 1, &wide);
        double sum = exact_of(&m, length, &wide.best[0]);
        assert_true(wide.best[0].score <= sum + 1e-6);
        lost += sum - wide.best[0].score;
        worse += sum < exact_of(&m, length, &greedy.best[0]) - 1e-9;
        free_results(&wide, 1);
        free_results(&greedy, 1);
    }
    assert_true(worse <= 1);
    assert_true(lost / 60 < 0.1);
}

/* ---- a batch, times ---- */

static void expect_times(const struct ctc_hypothesis *h, int length)
{
    int before = 0;
    for (size_t i = 0; i < h->count; i++) {
        assert_true(h->tokens[i].first >= before && h->tokens[i].last >= h->tokens[i].first);
        assert_true(h->tokens[i].last < length && h->tokens[i].log_probability <= 0);
        before = h->tokens[i].first;
    }
}

static void expect_equal(const struct ctc_result *a, const struct ctc_result *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_true(a->best[i].score == b->best[i].score);
        assert_int_equal(a->best[i].count, b->best[i].count);
        assert_memory_equal(a->best[i].tokens, b->best[i].tokens, a->best[i].count * sizeof *a->best[i].tokens);
    }
}

static void test_rows_give_the_same_alone(void **state)
{
    (void)state;
    struct thread_pool *threads;
    struct fault fault = {0};
    const int lengths[WINDOWS] = {50, 1, 0, 77, 30, 8, 100, 3};
    assert_int_equal(thread_pool_open(&threads, 3, &fault), 0);
    for (int round = 0; round < 12; round++) {
        static struct model m, one;
        struct ctc_result results[WINDOWS], alone[WINDOWS];
        struct transducer_search_params p = {.vocabulary = 70, .blank = 69, .max_symbols = 5, .threads = threads};
        p.duration_count = round % 2 ? 5 : 0;
        p.durations = round % 2 ? LONG : NULL;
        p.beam = round % 3 ? 4 << round % 3 : 1;
        p.nbest = round % 3 ? 3 : 1;
        m = (struct model){.params = &p, .seed = (uint32_t)round, .sharp = 9, .quiet = round % 4 < 2};
        run(&m, lengths, WINDOWS, results);
        for (int i = 0; i < WINDOWS; i++) { /* the last of as many windows, the others of which are empty */
            int only[WINDOWS] = {0};
            only[i] = lengths[i];
            one = m;
            run(&one, only, WINDOWS, alone);
            expect_equal(&results[i], &alone[i]);
            for (size_t k = 0; k < results[i].count; k++)
                expect_times(&results[i].best[k], lengths[i]);
            free_results(alone, WINDOWS);
        }
        free_results(results, WINDOWS);
    }
    thread_pool_close(&threads);
}

/* What is no number is impossible, and a joint that says nothing moves on. */
static void test_nonsense_scores(void **state)
{
    (void)state;
    for (int round = 0; round < 24; round++) {
        static struct model m;
        struct ctc_result result;
        const int length = 60;
        struct transducer_search_params p = {.vocabulary = 37, .blank = round % 37, .max_symbols = 5};
        p.duration_count = round % 2 ? 5 : 0;
        p.durations = round % 2 ? LONG : NULL;
        p.beam = round % 3 * 4;
        m = (struct model){.params = &p, .seed = (uint32_t)round, .sharp = 9, .nonsense = true};
        run(&m, &length, 1, &result);
        assert_int_equal(result.count, 1);
        expect_times(&result.best[0], length);
        assert_true(isfinite(result.best[0].score));
        free_results(&result, 1);
    }
}

/* ---- a guide ---- */

/* "▁an d" or "▁ d": the language model knows "and". */
static void test_guide_decides(void **state)
{
    (void)state;
    static const char json[] =
        "{\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"▁\"},\"decoder\":{\"type\":\"Metaspace\","
        "\"replacement\":\"▁\"},\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"▁a\",-1],"
        "[\"▁an\",-1],[\"d\",-1]]}}";
    static const char arpa[] =
        "\\data\\\nngram 1=4\n\n\\1-grams:\n-99\t<s>\n-1\t</s>\n-0.5\tand\n-3\t<unk>\n\n\\end\\\n";
    struct tokenizer *tokenizer;
    struct ngram *ngram = NULL;
    struct spelling *spelling = NULL;
    struct fault fault = {0};
    void *bytes = NULL;
    size_t size;
    if (tokenizer_open(&tokenizer, json, strlen(json), "toy", &fault) ||
        ngram_parse_arpa(arpa, strlen(arpa), "toy", false, &bytes, &size, &fault) ||
        ngram_open(&ngram, bytes, size, "toy", &fault) || spelling_open(&spelling, tokenizer, &fault))
        fail_msg("%s", fault.message);
    const struct fusion fusion = {.spelling = spelling, .ngram = ngram};
    const struct guide guide = {.fusion = &fusion, .weights = {2.0, 1.0, -9.0, 0.0}};
    int guided = 0, alone = 0;
    for (int round = 0; round < 40; round++) {
        static struct model m;
        struct ctc_result result;
        const int length = 4;
        struct transducer_search_params p = {.vocabulary = 5, .blank = 4, .max_symbols = 2, .beam = 16};
        m = (struct model){.params = &p, .seed = (uint32_t)round, .sharp = 4};
        run(&m, &length, 1, &result);
        alone += same(&result.best[0], (int[]){2, 3}, 2);
        free_results(&result, 1);
        p.guide = &guide;
        run(&m, &length, 1, &result);
        int ids[LONGEST];
        for (size_t i = 0; i < result.best[0].count; i++)
            ids[i] = result.best[0].tokens[i].id;
        bool and = same(&result.best[0], (int[]){2, 3}, 2);
        guided += and;
        double words = result.best[0].score - exact(&m, 0, length, ids, (int)result.best[0].count);
        if (and) /* one word: its bonus, and its probability; the rest of the sum may be lost to pruning */
            assert_true(fabs(words - (1.0 + 2.0 * log(10.0) * -0.5)) < 0.01);
        free_results(&result, 1);
    }
    assert_true(guided > alone + 5);
    spelling_close(&spelling);
    ngram_close(&ngram);
    tokenizer_close(&tokenizer);
    free(bytes);
}

/* ---- a grammar ---- */

enum { SPELLED = 5, SPEAKERS = 3 };
static const char *const spelled[SPELLED] = {"a", " b", "c", " ", "ab"};

struct set {
    struct token_trie *trie;
    struct grammar *grammar;
    struct grammar_walk *walks[SPEAKERS + 1]; /* the last one is the test's own */
};

static struct set open_set(const char *text)
{
    struct set s = {0};
    struct fault fault = {0};
    int code = token_trie_of_texts(&s.trie, spelled, SPELLED, &fault);
    code = code ? code : grammar_open(&s.grammar, text, strlen(text), "g", s.trie, &fault);
    for (int i = 0; i <= SPEAKERS && !code; i++)
        code = grammar_walk_open(&s.walks[i], s.grammar, s.trie, &fault);
    if (code)
        fail_msg("%s", fault.message);
    return s;
}

static void close_set(struct set *s)
{
    for (int i = 0; i <= SPEAKERS; i++)
        grammar_walk_close(&s->walks[i]);
    grammar_close(&s->grammar);
    token_trie_close(&s->trie);
}

static bool is_sentence(const struct set *s, const int *ids, int count)
{
    struct grammar_walk *walk = s->walks[SPEAKERS];
    int32_t state = grammar_begin(walk);
    for (int i = 0; i < count && state != GRAMMAR_DEAD; i++)
        state = grammar_next(walk, state, ids[i]);
    return state != GRAMMAR_DEAD && grammar_may_end(walk, state);
}

/* The likeliest of all sentences of at most three tokens. */
static double best_sentence(const struct model *m, const struct set *s, int window, int length)
{
    double best = -INFINITY;
    for (int count = 0, texts = 1; count <= 3; count++, texts *= SPELLED)
        for (int text = 0; text < texts; text++) {
            int ids[3], rest = text;
            for (int i = 0; i < count; i++, rest /= SPELLED)
                ids[i] = rest % SPELLED;
            double sum = is_sentence(s, ids, count) ? exact(m, window, length, ids, count) : -INFINITY;
            best = sum > best ? sum : best;
        }
    return best;
}

/* Only sentences come out, each window's its own and the likeliest by its sum. */
static void test_grammar(void **state)
{
    (void)state;
    static const char *const grammars[] = {"root ::= \"a\" (\" \" root)?", "root ::= (\"ab\" | \"c\")+ \" b\"?",
                                           "root ::= \"a\"? \"c\""};
    struct thread_pool *threads;
    struct fault fault = {0};
    const int lengths[SPEAKERS] = {3, 3, 2};
    assert_int_equal(thread_pool_open(&threads, 3, &fault), 0);
    for (int round = 0; round < 12; round++) {
        static struct model m;
        struct ctc_result results[SPEAKERS];
        struct set s = open_set(grammars[round % 3]);
        struct transducer_search_params p = {.vocabulary = 6,
                                             .blank = 5,
                                             .max_symbols = 1,
                                             .beam = 64,
                                             .nbest = 64,
                                             .prune = 1000,
                                             .walks = s.walks,
                                             .threads = threads};
        p.duration_count = round % 2 ? 3 : 0;
        p.durations = round % 2 ? SHORT : NULL;
        m = (struct model){.params = &p, .seed = (uint32_t)round, .sharp = 12, .quiet = true};
        run(&m, lengths, SPEAKERS, results);
        for (int i = 0; i < SPEAKERS; i++) {
            assert_true(results[i].count > 0);
            assert_true(fabs(results[i].best[0].score - best_sentence(&m, &s, i, lengths[i])) < 1e-6);
            assert_true(results[i].best[0].sound == results[i].best[0].score);
            for (size_t k = 0; k < results[i].count; k++) {
                int ids[LONGEST];
                for (size_t t = 0; t < results[i].best[k].count; t++)
                    ids[t] = results[i].best[k].tokens[t].id;
                assert_true(is_sentence(&s, ids, (int)results[i].best[k].count));
            }
            assert_int_equal(grammar_check(s.walks[i], &fault), 0);
        }
        free_results(results, SPEAKERS);
        close_set(&s);
    }
    thread_pool_close(&threads);
}

/* ---- refusals ---- */

static void refuse(struct transducer_search_params p, const int *lengths, int windows, const char *says)
{
    static struct model m;
    struct fault fault = {0};
    struct ctc_result results[4];
    m = (struct model){.params = &p};
    assert_int_equal(transducer_search(&p, step, &m, lengths, windows, results, &fault), UTTER_ERROR_ARGUMENT);
    if (!strstr(fault.message, says))
        fail_msg("'%s' does not say '%s'", fault.message, says);
}

static void test_refusals(void **state)
{
    (void)state;
    const int good[] = {5, 6}, bad[] = {5, -1}, falling[] = {0, 2, 1}, none[] = {0}, long_one[] = {1, 33};
    const struct transducer_search_params p = {.vocabulary = 5, .blank = 4, .max_symbols = 2};
    struct transducer_search_params q;
    refuse(p, good, 0, "nothing to decode");
    refuse(p, NULL, 1, "nothing to decode");
    refuse(p, bad, 2, "window 1 has -1");
#define REFUSE(change, says) (q = p, change, refuse(q, good, 2, says))
    REFUSE(q.blank = 5, "outside the vocabulary");
    REFUSE(q.vocabulary = 0, "nothing to decode");
    REFUSE(q.beam = 65, "between 1 and 64");
    REFUSE(q.nbest = 2, "cannot come from");
    REFUSE(q.max_symbols = 0, "max_symbols");
    REFUSE(q.prune = NAN, "pruning");
    REFUSE((q.duration_count = 3, q.durations = falling), "rise");
    REFUSE((q.duration_count = 2, q.durations = long_one), "rise");
    REFUSE((q.duration_count = 1, q.durations = none), "above 0");
    REFUSE(q.duration_count = 17, "17 durations");
}

static void test_step_fails(void **state)
{
    (void)state;
    for (int beam = 1; beam < 9; beam += 7) {
        static struct model m;
        struct fault fault = {0};
        struct ctc_result results[2] = {0};
        const struct transducer_search_params p = {.vocabulary = 5, .blank = 4, .max_symbols = 2, .beam = beam};
        const int lengths[] = {9, 5};
        m = (struct model){.params = &p, .sharp = 4, .fail_at = 3, .slots = 32, .joints = 16};
        assert_int_equal(transducer_search(&p, step, &m, lengths, 2, results, &fault), UTTER_ERROR_DEVICE);
        assert_string_equal(fault.message, "the card is gone");
        assert_null(results[0].best);
        assert_null(results[1].best);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_greedy),
        cmocka_unit_test(test_ahead_saves_steps),
        cmocka_unit_test(test_beam_sums_alignments),
        cmocka_unit_test(test_narrow_beam),
        cmocka_unit_test(test_rows_give_the_same_alone),
        cmocka_unit_test(test_nonsense_scores),
        cmocka_unit_test(test_guide_decides),
        cmocka_unit_test(test_grammar),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_step_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

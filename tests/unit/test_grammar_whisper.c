/* test_grammar_whisper.c - Whisper's search held to a grammar, over scores that are a hash of the tokens before: the
 * best sentence of all, by brute force over a finite language; and nothing but sentences, whatever the way of search.
 */
#include "decoder/search/whisper_rules.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 51864, ROWS = 128, LONGEST = 3 };

static uint32_t mix(uint32_t state, uint32_t token)
{
    uint32_t x = (state ^ token) * 0x9E3779B1u + 0x7F4A7C15u;
    x = (x ^ x >> 15) * 0x85EBCA6Bu;
    return x ^ x >> 13;
}

static float unit(uint32_t h)
{
    return (float)(h >> 8) * 0x1p-24f;
}

struct model {
    const struct whisper_special *special;
    bool timestamps;
    uint32_t rows[ROWS];
    int count;
};

static void scores(const struct model *m, uint32_t state, float *x)
{
    for (int i = 0; i < SIZE; i++)
        x[i] = 9.0f * unit(mix(state, (uint32_t)i));
    x[m->special->eot] = 12.0f * unit(mix(state, 1u << 20));
    for (int i = m->special->timestamp_begin; i < SIZE; i++)
        x[i] -= m->timestamps ? 4.0f : 60.0f;
}

static int step(void *context, const struct whisper_search_row *rows, int count, float *logits, struct fault *fault)
{
    struct model *m = context;
    uint32_t next[ROWS];
    (void)fault;
    assert_in_range(count, 1, ROWS);
    for (int i = 0; i < count; i++) {
        next[i] = rows[i].parent < 0 ? (uint32_t)rows[i].window : m->rows[rows[i].parent];
        for (int t = 0; t < rows[i].token_count; t++)
            next[i] = mix(next[i], (uint32_t)rows[i].tokens[t]);
        scores(m, next[i], logits + (size_t)i * SIZE);
    }
    memcpy(m->rows, next, sizeof next);
    m->count = count;
    return 0;
}

/* " w0", " w1" …, with the one real token that the rules ask for. */
static bool words(void *context, size_t id, const char **bytes, size_t *length)
{
    static char buffer[16];
    (void)context;
    *length = id == 220 ? (size_t)snprintf(buffer, sizeof buffer, " ") : (size_t)snprintf(buffer, 16, " w%zu.", id);
    *bytes = buffer;
    return true;
}

struct set {
    struct whisper_vocabulary *vocabulary;
    struct spelling *spelling;
    struct token_trie *trie;
    struct grammar *grammar;
};

static void open_set(struct set *s, const char *text)
{
    struct fault fault = {0};
    *s = (struct set){0};
    if (whisper_vocabulary_open(&s->vocabulary, SIZE, words, NULL, "words", &fault) ||
        spelling_open_whisper(&s->spelling, s->vocabulary, &fault) || token_trie_open(&s->trie, s->spelling, &fault) ||
        grammar_open(&s->grammar, text, strlen(text), "g", s->trie, &fault))
        fail_msg("%s", fault.message);
}

static void close_set(struct set *s)
{
    grammar_close(&s->grammar);
    token_trie_close(&s->trie);
    spelling_close(&s->spelling);
    whisper_vocabulary_close(&s->vocabulary);
}

static struct whisper_result search(const struct set *s, struct model *m, const struct whisper_search_params *p,
                                    int window)
{
    struct whisper_search_window task = {.window = window, .language = -1};
    struct whisper_result result;
    struct fault fault = {0};
    if (whisper_search(s->vocabulary, p, step, m, &task, 1, &result, &fault))
        fail_msg("%s", fault.message);
    assert_true(result.count >= 1);
    return result;
}

/* ---- against brute force ---- */

struct sentence {
    int ids[LONGEST];
    size_t count;
};

static const char language[] = "root ::= \"w5.\" (\" w6.\" | \" w7. w8.\")? | \"w9. w\" [0-9] \".\"";

/* What the model says of a sentence and its end, and how far below its own wishes that is. */
static void weigh(const struct set *s, struct model *m, const struct whisper_search_params *p, int window,
                  const struct sentence *sentence, double *sum, double *gap)
{
    struct whisper_rules rules;
    struct fault fault = {0};
    float *row = malloc(SIZE * sizeof *row);
    assert_non_null(row);
    assert_int_equal(whisper_rules_open(&rules, s->vocabulary, p, &fault), 0);
    uint32_t state = mix(mix((uint32_t)window, (uint32_t)m->special->sot), (uint32_t)m->special->no_timestamps);
    *sum = *gap = 0;
    for (size_t i = 0; i <= sentence->count; i++) {
        int token = i < sentence->count ? sentence->ids[i] : m->special->eot;
        scores(m, state, row);
        double all = whisper_rules_apply(&rules, row, sentence->ids, i), most = -INFINITY;
        for (int k = 0; k < SIZE; k++)
            most = (double)row[k] > most ? (double)row[k] : most;
        *sum += (double)row[token] - all;
        *gap += ((double)row[token] - most) / (double)(sentence->count + 1);
        state = mix(state, (uint32_t)token);
    }
    whisper_rules_close(&rules);
    free(row);
}

static void test_best_of_all(void **state)
{
    (void)state;
    struct sentence all[13] = {{{5}, 1}, {{5, 6}, 2}, {{5, 7, 8}, 3}};
    struct set s;
    open_set(&s, language);
    for (int digit = 0; digit < 10; digit++)
        all[3 + digit] = (struct sentence){{9, digit}, 2};
    struct model m = {.special = whisper_vocabulary_special(s.vocabulary)};
    struct whisper_search_params p = {.text_positions = 64,
                                      .beam = 32,
                                      .nbest = 13,
                                      .temperatures = 1,
                                      .no_speech = -1,
                                      .suppress_non_speech_off = true,
                                      .grammar = s.grammar,
                                      .trie = s.trie};
    for (int window = 0; window < 10; window++) {
        struct whisper_result result = search(&s, &m, &p, window);
        double best = -INFINITY, sum, gap, best_gap = 0, best_sum = 0;
        const struct sentence *winner = NULL;
        for (int i = 0; i < 13; i++) {
            weigh(&s, &m, &p, window, &all[i], &sum, &gap);
            if (sum / (double)all[i].count > best) {
                best = sum / (double)all[i].count;
                best_sum = sum;
                best_gap = gap;
                winner = &all[i];
            }
        }
        assert_int_equal(result.count, 13);
        assert_int_equal(result.verdict, WHISPER_FINE);
        assert_int_equal(result.best[0].count, winner->count);
        assert_memory_equal(result.best[0].tokens, winner->ids, winner->count * sizeof(int));
        assert_true(fabs(result.best[0].sum - best_sum) < 1e-4);
        assert_true(fabs(result.best[0].gap - best_gap) < 1e-4);
        whisper_result_free(&result);
    }
    close_set(&s);
}

/* ---- nothing else ---- */

static bool is_sentence(const struct set *s, const struct whisper_hypothesis *h)
{
    char text[1024];
    struct grammar_walk *w = NULL;
    struct fault fault = {0};
    assert_int_equal(grammar_walk_open(&w, s->grammar, s->trie, &fault), 0);
    whisper_vocabulary_decode(s->vocabulary, h->tokens, h->count, text, sizeof text);
    int32_t begin = grammar_begin(w);
    bool is = grammar_may_end(w, grammar_next_bytes(w, begin, text, strlen(text)));
    is = is || (text[0] == ' ' && grammar_may_end(w, grammar_next_bytes(w, begin, text + 1, strlen(text) - 1)));
    grammar_walk_close(&w);
    return is;
}

static void test_sentences_only(void **state)
{
    (void)state;
    static const char *const grammars[] = {language, "root ::= \"w\" [0-9]{1,3} \".\" (\" \" root)?",
                                           "root ::= \" w5.\" (\" w6.\" | \" w7.\"){3} (\" w8.\" | \" w9.\")*"};
    for (size_t g = 0; g < sizeof grammars / sizeof *grammars; g++) {
        struct set s;
        int finished = 0;
        open_set(&s, grammars[g]);
        for (int round = 0; round < 12; round++) {
            struct model m = {.special = whisper_vocabulary_special(s.vocabulary), .timestamps = round % 2};
            struct whisper_search_params p = {.text_positions = 48,
                                              .beam = round % 3 ? 5 : 1,
                                              .temperatures = 1,
                                              .temperature = {round % 4 == 3 ? 1.0 : 0.0},
                                              .timestamps = m.timestamps,
                                              .no_speech = -1,
                                              .grammar = s.grammar,
                                              .trie = s.trie};
            struct whisper_result result = search(&s, &m, &p, round);
            if (result.verdict == WHISPER_FINE) {
                assert_true(is_sentence(&s, &result.best[0]));
                finished++;
            } else {
                assert_int_equal(result.verdict, WHISPER_NO_SENTENCE);
            }
            whisper_result_free(&result);
        }
        assert_true(finished >= 6);
        close_set(&s);
    }
}

/* No room for a whole sentence: the verdict says so, unless a part of one is asked for. */
static void test_no_sentence(void **state)
{
    (void)state;
    struct set s;
    open_set(&s, "root ::= (\"w5.\" \" w6. \"){100}");
    struct model m = {.special = whisper_vocabulary_special(s.vocabulary)};
    struct whisper_search_params p = {
        .text_positions = 48, .beam = 3, .temperatures = 1, .no_speech = -1, .grammar = s.grammar, .trie = s.trie};
    struct whisper_result result = search(&s, &m, &p, 1);
    assert_int_equal(result.verdict, WHISPER_NO_SENTENCE);
    whisper_result_free(&result);
    p.unfinished = true;
    result = search(&s, &m, &p, 1);
    assert_int_equal(result.verdict, WHISPER_FINE);
    whisper_result_free(&result);
    close_set(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_best_of_all),
        cmocka_unit_test(test_sentences_only),
        cmocka_unit_test(test_no_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

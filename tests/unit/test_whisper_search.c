/* test_whisper_search.c - the search over scores that are a hash of the tokens before, against what openai-whisper's
 * DecodingTask makes of the same scores (tests/golden/make_whisper_search.py). */
#include "decoder/search/whisper_search.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 512, TOKENS = 512, SEEDS = 20 };

static uint32_t mix(uint32_t state, uint32_t token)
{
    uint32_t x = (state ^ token) * 0x9E3779B1u + 0x7F4A7C15u;
    x = (x ^ x >> 15) * 0x85EBCA6Bu;
    return x ^ x >> 13;
}

struct history {
    uint32_t state;
    int length;
};

/* A model: its window's number is its seed. */
struct model {
    const struct whisper_special *special;
    int size, begin, steps, asked; /* asked: the steps that wanted the likeliest alone */
    bool timestamps;
    struct history rows[ROWS];
    int count;
};

static float unit(uint32_t h)
{
    return (float)(h >> 8) * 0x1p-24f;
}

static void scores(const struct model *m, struct history h, float *x)
{
    int first = m->special->timestamp_begin;
    float length = (float)(h.length - m->begin), c = unit(mix(h.state, 2));
    for (int i = 0; i < m->size; i++) {
        uint32_t v = ((uint32_t)i * 0x9E3779B1u ^ h.state) * 0x85EBCA6Bu;
        v = (v ^ v >> 15) * 0xC2B2AE35u;
        v ^= v >> 13;
        x[i] = 4.0f * unit(v);
        if ((v & 2047) == 0)
            x[i] += 4.0f + 12.0f * unit(v);
        if (i >= first && m->timestamps)
            x[i] = 28.0f * c - 8.0f - 0.25f * fabsf((float)(i - first) - 12.0f * length) + unit(v);
        else if (i >= first)
            x[i] = -40.0f;
    }
    x[m->special->eot] = 24.0f * unit(mix(h.state, 1)) - 8.0f + 0.25f * length;
}

static int step(void *context, const struct whisper_search_row *rows, int count, float *logits, struct fault *fault)
{
    struct model *m = context;
    struct history next[ROWS];
    (void)fault;
    assert_in_range(count, 1, ROWS);
    for (int i = 0; i < count; i++) {
        assert_true(rows[i].parent < m->count && rows[i].token_count > 0);
        next[i] = rows[i].parent < 0 ? (struct history){(uint32_t)rows[i].window, 0} : m->rows[rows[i].parent];
        for (int t = 0; t < rows[i].token_count; t++, next[i].length++)
            next[i].state = mix(next[i].state, (uint32_t)rows[i].tokens[t]);
        scores(m, next[i], logits + (size_t)i * (size_t)m->size);
    }
    memcpy(m->rows, next, (size_t)count * sizeof *next);
    m->count = count;
    m->steps++;
    return 0;
}

/* The count largest of a range that are not barred, of equals the lower token, and the log of the sum. */
static void find_likeliest(const float *x, struct whisper_range range, const uint32_t *barred, int count, float *found)
{
    double sum = 0;
    for (int k = 0; k < count; k++) {
        found[1 + k] = -INFINITY;
        found[1 + count + k] = -1;
    }
    for (int i = range.begin; i < range.end; i++) {
        int at = count;
        if (barred[i / 32] >> i % 32 & 1)
            continue;
        sum += exp((double)x[i]);
        for (; at > 0 && x[i] > found[at]; at--)
            if (at < count) {
                found[at + 1] = found[at];
                found[1 + at + count] = found[at + count];
            }
        if (at < count) {
            found[1 + at] = x[i];
            found[1 + at + count] = (float)i;
        }
    }
    found[0] = (float)log(sum);
}

static int likeliest(void *context, const struct whisper_search_row *rows, int count, const struct whisper_ask *ask,
                     float *found, struct fault *fault)
{
    struct model *m = context;
    float *logits = malloc((size_t)count * (size_t)m->size * sizeof *logits);
    assert_non_null(logits);
    assert_in_range(ask->count, 1, WHISPER_LIKELIEST_MOST);
    int code = step(context, rows, count, logits, fault);
    m->asked++;
    for (int i = 0; i < count * WHISPER_RANGES; i++) {
        const struct whisper_range range = ask->ranges[i];
        assert_true(0 <= range.begin && range.begin <= range.end && range.end <= m->size);
        assert_true(i % WHISPER_RANGES == 0 || range.begin >= ask->ranges[i - 1].end);
        find_likeliest(logits + (size_t)(i / WHISPER_RANGES) * (size_t)m->size, range, ask->barred, ask->count,
                       found + (size_t)i * (1 + 2 * (size_t)ask->count));
    }
    free(logits);
    return code;
}

/* Made-up words with the one real token that the rules ask for. */
static bool words(void *context, size_t id, const char **bytes, size_t *length)
{
    static char buffer[16];
    (void)context;
    *length = id == 220 ? (size_t)snprintf(buffer, sizeof buffer, " ") : (size_t)snprintf(buffer, 16, "w%zu ", id);
    *bytes = buffer;
    return true;
}

static struct whisper_vocabulary *open_words(int size)
{
    struct whisper_vocabulary *v = NULL;
    struct fault fault = {0};
    if (whisper_vocabulary_open(&v, size, words, NULL, "words", &fault))
        fail_msg("%s", fault.message);
    return v;
}

static size_t read_ids(const char *text, int *ids)
{
    size_t count = 0;
    int used = 0;
    for (; count < TOKENS && sscanf(text, "%d%n", &ids[count], &used) == 1; text += used)
        count++;
    return count;
}

struct setting {
    int size, beam, prompt, timestamps, positions, tokens;
    double patience, penalty;
};

static void prepare(const struct setting *c, struct model *m, struct whisper_search_params *p,
                    const struct whisper_vocabulary *v)
{
    int used = c->prompt < c->positions / 2 - 1 ? c->prompt : c->positions / 2 - 1;
    *m = (struct model){whisper_vocabulary_special(v), c->size, .timestamps = c->timestamps};
    m->begin = (used ? used + 1 : 0) + 1 + (c->size > 51864 ? 2 : 0) + !c->timestamps;
    *p = (struct whisper_search_params){.text_positions = c->positions,
                                        .maximum_tokens = c->tokens,
                                        .beam = c->beam,
                                        .patience = c->patience,
                                        .length_penalty = c->penalty,
                                        .temperatures = 1,
                                        .timestamps = c->timestamps};
}

static void expect(const char *line, const struct whisper_result *r)
{
    int expected[TOKENS], used = 0, seed = 0;
    double mean = 0.0, no_speech = 0.0;
    assert_int_equal(sscanf(line, "%d %lf %lf%n", &seed, &mean, &no_speech, &used), 3);
    size_t count = read_ids(line + used, expected);
    const struct whisper_hypothesis *h = &r->best[0];
    for (size_t i = 0; i < count && i < h->count; i++)
        if (h->tokens[i] != expected[i])
            fail_msg("seed %d: token %zu is %d, not %d", seed, i, h->tokens[i], expected[i]);
    assert_int_equal(h->count, count);
    assert_true(fabs(h->mean - mean) < 1e-4);
    assert_true(fabs(r->no_speech - no_speech) <= 1e-4 * no_speech);
}

/* All seeds of a setting at once, as windows of one search; and again with the likeliest tokens for rows. */
static void check_setting(const char *line, FILE *golden, int (*suppress)[TOKENS], const size_t *suppress_count)
{
    static struct model m;
    static char text[8192];
    static int prompts[SEEDS][TOKENS];
    struct setting c;
    struct whisper_search_params p;
    struct whisper_search_window windows[SEEDS];
    struct whisper_result results[SEEDS];
    struct fault fault = {0};
    assert_int_equal(sscanf(line, "config %d %d %lf %lf %d %d %d %d", &c.size, &c.beam, &c.patience, &c.penalty,
                            &c.prompt, &c.timestamps, &c.positions, &c.tokens),
                     8);
    struct whisper_vocabulary *v = open_words(c.size);
    prepare(&c, &m, &p, v);
    p.suppress = suppress[c.size > 51864];
    p.suppress_count = suppress_count[c.size > 51864];
    for (int i = 0; i < SEEDS; i++) {
        for (int t = 0; t < c.prompt; t++)
            prompts[i][t] = (int)(mix((uint32_t)i + 1, 1000u + (uint32_t)t) % 50000u);
        windows[i] = (struct whisper_search_window){i + 1, whisper_vocabulary_language_id(v, "de"), prompts[i],
                                                    (size_t)c.prompt};
    }
    const long here = ftell(golden);
    for (int asks = 0; asks < 2; asks++) {
        p.likeliest = asks ? likeliest : NULL;
        m.count = m.steps = m.asked = 0;
        if (whisper_search(v, &p, step, &m, windows, SEEDS, results, &fault))
            fail_msg("%s", fault.message);
        assert_int_equal(m.asked,
                         asks && c.beam < WHISPER_LIKELIEST_MOST ? m.steps - 2 + (c.size <= 51864 && c.timestamps) : 0);
        assert_int_equal(fseek(golden, here, SEEK_SET), 0);
        for (int i = 0; i < SEEDS; i++) {
            assert_non_null(fgets(text, sizeof text, golden));
            expect(text, &results[i]);
            whisper_result_free(&results[i]);
        }
    }
    whisper_vocabulary_close(&v);
}

static void test_golden(void **state)
{
    (void)state;
    static char line[8192];
    static int suppress[2][TOKENS];
    size_t counts[2] = {0}, lists = 0, settings = 0;
    FILE *golden = fopen(TEST_DATA "/golden/whisper/search.txt", "r");
    assert_non_null(golden);
    while (fgets(line, sizeof line, golden)) {
        if (strncmp(line, "suppress ", 9) == 0 && lists < 2) {
            counts[lists] = read_ids(line + 9, suppress[lists]);
            lists++;
        } else {
            check_setting(line, golden, suppress, counts);
            settings++;
        }
    }
    fclose(golden);
    assert_int_equal(settings, 8);
}

static void run_one(const struct whisper_vocabulary *v, struct whisper_search_params *p, const int *numbers, int count,
                    struct whisper_result *results)
{
    static struct model m;
    struct whisper_search_window windows[8];
    struct fault fault = {0};
    m = (struct model){whisper_vocabulary_special(v), 51865, .begin = 3, .timestamps = true};
    for (int i = 0; i < count; i++)
        windows[i] = (struct whisper_search_window){numbers[i], whisper_vocabulary_language_id(v, "en"), NULL, 0};
    if (whisper_search(v, p, step, &m, windows, count, results, &fault))
        fail_msg("%s", fault.message);
}

/* Samples do not depend on which windows share the batch, and depend on the seed; a failing window falls back. */
static void test_samples(void **state)
{
    (void)state;
    struct whisper_vocabulary *v = open_words(51865);
    struct whisper_result batch[3], alone, other;
    struct whisper_search_params p = {.text_positions = 448,
                                      .maximum_tokens = 20,
                                      .temperatures = 2,
                                      .temperature = {0, 0.8},
                                      .timestamps = true,
                                      .seed = 7,
                                      .log_probability = -1e-9};
    run_one(v, &p, (const int[]){3, 4, 5}, 3, batch);
    run_one(v, &p, (const int[]){4}, 1, &alone);
    assert_int_equal(batch[1].best[0].count, alone.best[0].count);
    assert_memory_equal(batch[1].best[0].tokens, alone.best[0].tokens, alone.best[0].count * sizeof(int));
    assert_true(alone.temperature == 0.8);
    assert_int_equal(alone.verdict, WHISPER_DOUBTFUL);
    p.seed = 8;
    run_one(v, &p, (const int[]){4}, 1, &other);
    assert_true(other.best[0].count != alone.best[0].count ||
                memcmp(other.best[0].tokens, alone.best[0].tokens, alone.best[0].count * sizeof(int)) != 0);
    for (int i = 0; i < 3; i++)
        whisper_result_free(&batch[i]);
    whisper_result_free(&alone);
    whisper_result_free(&other);
    whisper_vocabulary_close(&v);
}

static void test_forced_and_nbest(void **state)
{
    (void)state;
    struct whisper_vocabulary *v = open_words(51865);
    struct whisper_result r;
    struct whisper_search_params p = {.text_positions = 448, .beam = 4, .nbest = 3, .force_tokens = 30};
    run_one(v, &p, (const int[]){1}, 1, &r);
    assert_int_equal(r.best[0].count, 30);
    assert_int_equal(r.count, 3);
    assert_true(r.best[0].mean >= r.best[1].mean && r.best[1].mean >= r.best[2].mean);
    assert_int_equal(whisper_search_rows(&p, 3), 12);
    whisper_result_free(&r);
    whisper_vocabulary_close(&v);
}

/* Where the rules and the caller together allow nothing, nothing comes out: no token with a probability that is none.
 */
static void test_nothing_is_allowed(void **state)
{
    (void)state;
    static int times[51865 - 50364];
    struct whisper_vocabulary *v = open_words(51865);
    const int begin = whisper_vocabulary_special(v)->timestamp_begin, count = 51865 - begin;
    assert_in_range(count, 1, (int)(sizeof times / sizeof *times));
    for (int i = 0; i < count; i++)
        times[i] = begin + i;
    for (int i = 0; i < 6; i++) {
        struct whisper_result r;
        struct whisper_search_params p = {.text_positions = 448,
                                          .beam = i % 3 == 1 ? 4 : 1,
                                          .temperatures = 1,
                                          .temperature = {i % 3 == 2 ? 0.8 : 0},
                                          .timestamps = true,
                                          .suppress = times,
                                          .suppress_count = (size_t)count,
                                          .likeliest = i < 3 ? NULL : likeliest};
        run_one(v, &p, (const int[]){1}, 1, &r);
        assert_int_equal(r.best[0].count, 0);
        assert_true(isfinite(r.best[0].sum) && isfinite(r.best[0].mean));
        whisper_result_free(&r);
    }
    whisper_vocabulary_close(&v);
}

enum { FIRST_WORD = 1000, WORDS = 600 };

/* How many of the words that the phrases are come in the best texts of some windows; boost NULL: no phrases. */
static int count_words(const struct whisper_vocabulary *v, struct whisper_search_params *p, const struct boost *boost)
{
    int found = 0;
    struct whisper_result results[4];
    struct guide guide = {.boost = boost};
    p->guide = &guide;
    run_one(v, p, (const int[]){1, 2, 3, 4}, 4, results);
    for (int i = 0; i < 4; i++) {
        const struct whisper_hypothesis *h = &results[i].best[0];
        for (size_t t = 0; t < h->count; t++) {
            found += h->tokens[t] >= FIRST_WORD && h->tokens[t] < FIRST_WORD + WORDS;
            assert_true(h->log_probabilities[t] < 1e-3f); /* what phrases add is not in them */
        }
        whisper_result_free(&results[i]);
    }
    return found;
}

/* Phrases that weigh enough come into the text: greedily, in a beam, in samples. */
static void test_boost(void **state)
{
    (void)state;
    static const int beams[] = {1, 4, 1}, temperatures[] = {0, 0, 1};
    struct whisper_vocabulary *v = open_words(51865);
    struct spelling *spelling = NULL;
    struct boost *boost = NULL;
    struct fault fault = {0};
    struct boost_phrase phrases[WORDS];
    char texts[WORDS][16];
    for (int i = 0; i < WORDS; i++)
        phrases[i] = (struct boost_phrase){texts[i], (size_t)sprintf(texts[i], "W%d", FIRST_WORD + i), 0, 0};
    assert_int_equal(spelling_open_whisper(&spelling, v, &fault), 0);
    assert_int_equal(boost_open(&boost, spelling, NULL, phrases, WORDS, 5.0, "phrase", &fault), 0);
    for (int i = 0; i < 3; i++) {
        struct whisper_search_params p = {.text_positions = 448,
                                          .maximum_tokens = 24,
                                          .beam = beams[i],
                                          .temperatures = 1,
                                          .temperature = {temperatures[i]}};
        int before = count_words(v, &p, NULL), after = count_words(v, &p, boost);
        if (after < before + 10)
            fail_msg("beam %d, temperature %d: %d words, then %d", beams[i], temperatures[i], before, after);
    }
    boost_close(&boost);
    spelling_close(&spelling);
    whisper_vocabulary_close(&v);
}

static void test_language_and_ratio(void **state)
{
    (void)state;
    static struct model m;
    struct whisper_vocabulary *v = open_words(51865), *english = open_words(51864);
    int languages[2], windows[2] = {1, 2};
    float probabilities[2];
    m = (struct model){whisper_vocabulary_special(v), 51865, .begin = 3};
    assert_int_equal(whisper_detect_language(v, step, &m, windows, 2, languages, probabilities, NULL), 0);
    assert_non_null(whisper_vocabulary_language_code(v, languages[1]));
    assert_true(probabilities[0] > 0.0f && probabilities[0] <= 1.0f);
    assert_int_equal(whisper_detect_language(english, step, &m, windows, 2, languages, probabilities, NULL),
                     UTTER_ERROR_ARGUMENT);
    assert_true(whisper_compression_ratio("", 0) == 0.0);
    assert_true(fabs(whisper_compression_ratio("hello", 5) - 5.0 / 13.0) < 1e-9);
    whisper_vocabulary_close(&v);
    whisper_vocabulary_close(&english);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_forced_and_nbest),
        cmocka_unit_test(test_nothing_is_allowed),
        cmocka_unit_test(test_boost),
        cmocka_unit_test(test_language_and_ratio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_fusion_whisper.c - Whisper's searches with a language model on toy scores, against the best of all texts by
 * enumeration, whose words are found by reading the whole text. */
#include "decoder/search/whisper_rules.h"
#include "decoder/search/whisper_search.h"

#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 51864, ALIVE = 4, DEEPEST = 5, TEXT = 128 };

/* Text tokens by id; the others are made up, and never likely. */
static const char *const pieces[] = {" the", "The", " cat", "s",  " don",     "'t", ".",          " 26", " \"",
                                     "'",    " a",  "t",    "at", " dog s's", "!'", " S\xC3\xA9", ", ",  " zebra"};
enum { PIECES = sizeof pieces / sizeof *pieces, BLANK_TOKEN = 220 };

static const char arpa[] =
    "\\data\\\nngram 1=11\nngram 2=5\nngram 3=1\n\n\\1-grams:\n-99\t<s>\t-0.3\n-1\t</s>\n-0.7\tthe\t-0.2\n"
    "-0.9\tcat\t-0.1\n-1.4\tcats\t-0.3\n-1.7\tdon't\n-2.5\tdon\n-1.1\ta\t-0.3\n-1.2\tat\n-1.9\tdog\t-0.1\n"
    "-2\t<unk>\t-0.4\n\n\\2-grams:\n-0.3\t<s> the\t-0.2\n-0.4\tthe cat\t-0.1\n-0.2\tthe cats\n-0.1\ta cat\n"
    "-0.5\tdon't the\n\n\\3-grams:\n-0.1\t<s> the cat\n\n\\end\\\n";

/* The same in capitals, and a model that has both and is asked for words as they are spelt. */
static void to_upper(char *text)
{
    char *unigrams = strstr(text, "-99");
    for (char *c = unigrams; *c; c++)
        if (*c == '\t' || *c == ' ')
            for (char *letter = c + 1; islower(*letter) || *letter == '\''; letter++)
                *letter = (char)toupper(*letter);
}

static bool bytes_of(void *context, size_t id, const char **bytes, size_t *length)
{
    static char buffer[16];
    (void)context;
    *bytes = id < PIECES ? pieces[id] : buffer;
    if (id >= PIECES)
        snprintf(buffer, sizeof buffer, id == BLANK_TOKEN ? " " : "w%zu ", id);
    *length = strlen(*bytes);
    return true;
}

struct toy {
    struct whisper_vocabulary *vocabulary;
    struct spelling *spelling, *prose;
    struct ngram *ngram;
    void *bytes;
    struct fusion fusion;
    enum letter_case letters;
};

static void open_toy(struct toy *t, const char *text)
{
    struct fault fault = {0};
    size_t size;
    *t = (struct toy){0};
    if (whisper_vocabulary_open(&t->vocabulary, SIZE, bytes_of, NULL, "toy", &fault) ||
        spelling_open_whisper(&t->spelling, t->vocabulary, &fault) ||
        ngram_parse_arpa(text, strlen(text), "toy", false, &t->bytes, &size, &fault) ||
        ngram_open(&t->ngram, t->bytes, size, "toy", &fault))
        fail_msg("%s", fault.message);
    t->letters = fusion_letters(t->ngram);
    assert_int_equal(spelling_open_prose(&t->prose, t->spelling, t->letters, &fault), 0);
    t->fusion = (struct fusion){.spelling = t->prose, .ngram = t->ngram, .prose = true};
}

static void close_toy(struct toy *t)
{
    spelling_close(&t->prose);
    spelling_close(&t->spelling);
    ngram_close(&t->ngram);
    whisper_vocabulary_close(&t->vocabulary);
    free(t->bytes);
}

/* ---- what a text is worth, from its characters ---- */

/* Lower case or capitals, spaces for marks; accents of the one accented word by hand. */
static void fold(const struct toy *t, const char *text, char *out)
{
    for (; *text; text++) {
        if (text[0] == '\'' && text[1] == '\'')
            continue; /* several apostrophes are one */
        if (strchr(" \".,!", *text))
            *out++ = ' ';
        else if (t->letters == LETTERS_LOWER)
            *out++ = (unsigned char)*text == 0x89 ? (char)0xA9 : (char)tolower((unsigned char)*text);
        else if (t->letters == LETTERS_UPPER)
            *out++ = (unsigned char)*text == 0xA9 ? (char)0x89 : (char)toupper((unsigned char)*text);
        else
            *out++ = *text;
    }
    *out = 0;
}

static double score_word(const struct toy *t, const struct fusion_params *p, char *word, struct ngram_state *state)
{
    while (*word == '\'')
        word++;
    for (size_t end = strlen(word); end && word[end - 1] == '\''; end--)
        word[end - 1] = 0;
    if (!*word)
        return 0.0;
    uint32_t id = ngram_find(t->ngram, word, strlen(word));
    bool foreign = !strchr("acdtACDT", *word); /* no word of the model begins like that */
    double score = (double)ngram_score(t->ngram, state, id, state), letters = 0.0;
    for (const char *at = word; *at; at++)
        letters += ((unsigned char)*at & 0xC0) != 0x80;
    return p->bonus + (id || foreign || p->letter < 0.0 ? p->letter * letters : 0.0) +
           (id || foreign ? 0.0 : p->unknown) + p->weight * log(10.0) * score;
}

static double score_text(const struct toy *t, const struct fusion_params *p, const int *tokens, size_t count)
{
    char text[TEXT] = "", folded[TEXT];
    const char *end;
    struct ngram_state state;
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        strcat(text, tokens[i] < PIECES ? pieces[tokens[i]] : "");
    fold(t, text, folded);
    ngram_begin(t->ngram, &state);
    for (char *at = folded; *at; at = *end ? (char *)(uintptr_t)end + 1 : (char *)(uintptr_t)end) {
        char word[TEXT] = "";
        end = at + strcspn(at, " ");
        memcpy(word, at, (size_t)(end - at));
        sum += score_word(t, p, word, &state);
    }
    return sum;
}

/* ---- scores, and the best of all texts ---- */

struct model {
    int tokens[ALIVE + 1]; /* that may come, the end with them */
    int alive;
    uint32_t seed;
    struct {
        int tokens[DEEPEST + 8];
        int count;
    } rows[1024];
};

static void logits_of(const struct model *m, const int *tokens, int count, float *out)
{
    uint32_t x = m->seed;
    for (int i = 0; i < count; i++)
        x = (x ^ (uint32_t)tokens[i] ^ (uint32_t)i << 24) * 0x9E3779B1u;
    for (int i = 0; i < SIZE; i++)
        out[i] = -INFINITY;
    for (int i = 0; i < m->alive; i++) {
        x = x * 1664525u + 1013904223u;
        x ^= x >> 15;
        out[m->tokens[i]] = 5.0f * (float)(x >> 8) / 16777216.0f;
    }
}

static int step(void *context, const struct whisper_search_row *rows, int count, float *logits, struct fault *fault)
{
    static struct model before;
    struct model *m = context;
    (void)fault;
    before = *m;
    for (int i = 0; i < count; i++) {
        m->rows[i].count = 0;
        if (rows[i].parent >= 0)
            m->rows[i] = before.rows[rows[i].parent];
        for (int k = 0; k < rows[i].token_count; k++)
            m->rows[i].tokens[m->rows[i].count++] = rows[i].tokens[k];
        /* What is sampled: behind <|startoftranscript|> and, without times, <|notimestamps|>. */
        int skip = m->rows[i].count > 1 && m->rows[i].tokens[1] == SIZE - 1502 ? 2 : 1;
        logits_of(m, m->rows[i].tokens + skip, m->rows[i].count > skip ? m->rows[i].count - skip : 0,
                  logits + (size_t)i * SIZE);
    }
    return 0;
}

struct best {
    const struct toy *toy;
    const struct model *model;
    const struct whisper_rules *rules;
    const struct whisper_search_params *params;
    int deepest;
    int tokens[DEEPEST];
    double score; /* of the best so far */
    int texts;
};

static void consider(struct best *b, double sum, int count)
{
    double whole = sum + score_text(b->toy, &b->params->guide->weights, b->tokens, (size_t)count);
    double rank = b->params->length_penalty > 0 ? whole / pow((5.0 + count) / 6.0, b->params->length_penalty)
                                                : whole / (double)count;
    b->texts++;
    b->score = rank > b->score ? rank : b->score;
}

static void visit(struct best *b, double sum, int count)
{
    float *logits = malloc(SIZE * sizeof *logits);
    const int end = b->rules->special->eot;
    assert_non_null(logits);
    logits_of(b->model, b->tokens, count, logits);
    double all = whisper_rules_apply(b->rules, logits, b->tokens, (size_t)count);
    for (int i = 0; i < b->model->alive; i++) {
        int token = b->model->tokens[i];
        double score = (double)logits[token] - all;
        if (!(logits[token] > -INFINITY))
            continue;
        if (token == end) {
            consider(b, sum + score, count);
            continue;
        }
        b->tokens[count] = token;
        if (count + 1 == b->deepest)
            consider(b, sum + score, count + 1);
        else
            visit(b, sum + score, count + 1);
    }
    free(logits);
}

static double best_of_all(const struct toy *t, const struct model *m, const struct whisper_search_params *p)
{
    struct whisper_rules rules;
    struct fault fault = {0};
    assert_int_equal(whisper_rules_open(&rules, t->vocabulary, p, &fault), 0);
    struct best b = {t, m, &rules, p, p->maximum_tokens, {0}, -INFINITY, 0};
    visit(&b, 0.0, 0);
    assert_in_range(b.texts, 2, WHISPER_BEAM_MAXIMUM);
    whisper_rules_close(&rules);
    return b.score;
}

/* Some tokens of text, with times two of these, and the end. */
static void choose(const struct toy *t, struct model *m, uint32_t seed, bool times)
{
    const struct whisper_special *special = whisper_vocabulary_special(t->vocabulary);
    int text = times ? 2 : seed % 3 ? 3 : 2;
    *m = (struct model){.seed = seed * 2654435761u};
    for (int i = 0; i < text; i++)
        m->tokens[m->alive++] = (int)((seed * 7u + (uint32_t)i * (1u + seed % 5u) * 3u) % PIECES);
    for (int i = 0; times && i < 2; i++)
        m->tokens[m->alive++] = special->timestamp_begin + i * 3;
    m->tokens[m->alive++] = special->eot;
    for (int i = 0; i < text; i++)
        for (int k = 0; k < i; k++)
            if (m->tokens[k] == m->tokens[i]) /* each once */
                m->tokens[i] = (m->tokens[i] + 1) % PIECES;
}

static void check_beam(const struct toy *t, uint32_t seed, bool times)
{
    static const struct fusion_params weights[] = {
        {0.5, 1.0, -3.0, 0.0}, {1.0, 0.0, -1.0, 0.2}, {0.3, -0.5, 0.0, -0.3}};
    static struct model m;
    struct guide guide = {.fusion = &t->fusion, .weights = weights[seed % 3]};
    struct whisper_search_window window = {.language = -1};
    struct whisper_result result;
    struct fault fault = {0};
    choose(t, &m, seed, times);
    struct whisper_search_params p = {.text_positions = 64,
                                      .maximum_tokens = m.alive == 3 ? 5 : 3,
                                      .beam = WHISPER_BEAM_MAXIMUM,
                                      .patience = 2,
                                      .length_penalty = seed % 2 ? 0.0 : 0.7,
                                      .temperatures = 1,
                                      .timestamps = times,
                                      .suppress_non_speech_off = true,
                                      .guide = &guide};
    double best = best_of_all(t, &m, &p);
    if (whisper_search(t->vocabulary, &p, step, &m, &window, 1, &result, &fault))
        fail_msg("%s", fault.message);
    const struct whisper_hypothesis *h = &result.best[0];
    double whole = h->sum + score_text(t, &guide.weights, h->tokens, h->count);
    double rank =
        whole / (p.length_penalty > 0 ? pow((5.0 + (double)h->count) / 6.0, p.length_penalty) : (double)h->count);
    if (fabs(rank - best) > 1e-4)
        fail_msg("seed %u: a text of %g, and the best is %g", seed, rank, best);
    whisper_result_free(&result);
}

static void test_all_texts(void **state)
{
    (void)state;
    struct toy t;
    open_toy(&t, arpa);
    assert_int_equal(t.letters, LETTERS_LOWER);
    for (uint32_t seed = 1; seed <= 60; seed++)
        check_beam(&t, seed, seed % 4 == 0);
    close_toy(&t);
}

/* A model in capitals says the same; one in both cases is asked for words as they are spelt. */
static void test_letters(void **state)
{
    (void)state;
    struct toy lower, upper, both;
    char capitals[sizeof arpa], mixed[sizeof arpa];
    strcpy(capitals, arpa);
    to_upper(capitals);
    strcpy(mixed, arpa);
    *strstr(mixed, "dog") = 'D';
    open_toy(&lower, arpa);
    open_toy(&upper, capitals);
    open_toy(&both, mixed);
    assert_int_equal(upper.letters, LETTERS_UPPER);
    assert_int_equal(both.letters, LETTERS_AS_SPELT);
    for (uint32_t seed = 1; seed <= 12; seed++) {
        check_beam(&upper, seed, false);
        check_beam(&both, seed, false);
    }
    const struct fusion_params p = {1.0, 0.0, -1.0, 0.0};
    const int text[] = {1, 2, 3, 6}; /* The cats. */
    assert_true(fabs(score_text(&lower, &p, text, 4) - score_text(&upper, &p, text, 4)) < 1e-6);
    assert_true(score_text(&both, &p, text, 4) < score_text(&lower, &p, text, 4));
    close_toy(&lower);
    close_toy(&upper);
    close_toy(&both);
}

/* What is added to a sequence, a token after the other, is what its text is worth: to every text of four tokens. */
static void test_token_by_token(void **state)
{
    (void)state;
    struct toy t;
    const struct fusion_params p = {0.7, 0.4, -2.0, 0.3};
    open_toy(&t, arpa);
    struct guide guide = {.fusion = &t.fusion, .weights = p};
    for (int text = 0; text < PIECES * PIECES * PIECES * PIECES; text += 7) {
        int tokens[4], rest = text;
        struct guided now, next;
        guide_begin(&guide, &now);
        for (int i = 0; i < 4; i++, rest /= PIECES, now = next) {
            tokens[i] = rest % PIECES;
            guide_extend(&guide, &now, tokens[i], &next);
        }
        double whole = guide_whole(&guide, &now), wanted = score_text(&t, &p, tokens, 4);
        if (fabs(whole - wanted) > 1e-5)
            fail_msg("\"%s%s%s%s\": %g, not %g", pieces[tokens[0]], pieces[tokens[1]], pieces[tokens[2]],
                     pieces[tokens[3]], whole, wanted);
    }
    close_toy(&t);
}

/* A model that is all but even between two words follows the language model: greedily, in samples, in a beam; and log
 * probabilities stay its own. */
static void test_decides(void **state)
{
    (void)state;
    static struct model m;
    static const int beams[] = {1, 4};
    struct toy t;
    open_toy(&t, arpa);
    for (int i = 0; i < 4; i++) {
        struct guide guide = {.fusion = &t.fusion, .weights = {i < 2 ? 2.0 : 1e-9, 0.0, i < 2 ? -20.0 : 0.0, 0.0}};
        struct whisper_search_window windows[3] = {{0, -1, NULL, 0}, {1, -1, NULL, 0}, {2, -1, NULL, 0}};
        struct whisper_result results[3];
        struct fault fault = {0};
        struct whisper_search_params p = {.text_positions = 64,
                                          .maximum_tokens = 1,
                                          .beam = beams[i % 2],
                                          .temperatures = 1,
                                          .suppress_non_speech_off = true,
                                          .guide = &guide};
        m = (struct model){.tokens = {17, 0}, .alive = 2, .seed = 3}; /* zebra, which it does not know, or the */
        float *logits = malloc(SIZE * sizeof *logits);
        assert_non_null(logits);
        logits_of(&m, NULL, 0, logits);
        int likelier = logits[17] > logits[0] ? 17 : 0;
        free(logits);
        if (likelier == 0) {
            m.tokens[0] = 0;
            m.tokens[1] = 17;
        }
        assert_int_equal(whisper_search(t.vocabulary, &p, step, &m, windows, 3, results, &fault), 0);
        for (int k = 0; k < 3; k++) {
            assert_int_equal(results[k].best[0].tokens[0], i < 2 ? 0 : 17);
            assert_true(results[k].best[0].sum <= 0.0 && results[k].best[0].sum > -10.0);
            whisper_result_free(&results[k]);
        }
    }
    close_toy(&t);
}

/* A model whose words are the tokens, as byte-level BPE writes them. */
static void test_tokens(void **state)
{
    (void)state;
    static const char text[] =
        "\\data\\\nngram 1=10\nngram 2=1\n\n\\1-grams:\n-99\t<s>\t-0.3\n-1\t</s>\n-0.7\tĠthe\t-0.2\n-0.9\tĠcat\n"
        "-1.4\tĠSÃ©\n-2\tĠ26\n-2\tĠa\n-2\tĠdon\n-2\ts\n-2\t<unk>\n\n\\2-grams:\n-0.3\tĠthe Ġcat\n\n\\end\\\n";
    struct toy t;
    struct fault fault = {0};
    uint32_t *words;
    open_toy(&t, text);
    assert_int_equal(fusion_pieces(&words, t.spelling, t.ngram, &fault), 0);
    assert_non_null(words);
    assert_true(words[0] && words[2] && words[3] && words[15] && !words[1] && !words[17]);
    free(words);
    close_toy(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token_by_token), cmocka_unit_test(test_all_texts), cmocka_unit_test(test_letters),
        cmocka_unit_test(test_decides),        cmocka_unit_test(test_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

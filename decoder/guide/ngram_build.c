/* ngram_build.c - see ngram_build.h. */
#include "decoder/guide/ngram_build.h"

#include "decoder/guide/ngram_format.h"
#include "src/base/memory.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

static const float NO_UNKNOWN = -100.0f; /* KenLM's, for a model without <unk> */

static size_t record_size(int n)
{
    return offsetof(struct ngram_record, words) + (size_t)n * sizeof(uint32_t);
}

/* A record of order n; only its first n words may be touched. */
static struct ngram_record *record_at(const struct ngram_build *b, int n, size_t i)
{
    return (struct ngram_record *)(void *)(b->records[n - 1] + i * record_size(n));
}

void ngram_build_free(struct ngram_build *b)
{
    for (size_t i = 0; i < b->word_count; i++)
        free(b->words[i].text);
    free(b->words);
    for (int n = 0; n < NGRAM_ORDER_MAXIMUM; n++)
        free(b->records[n]);
    *b = (struct ngram_build){0};
}

/* ---- words ---- */

int ngram_build_word(struct ngram_build *b, const char *text, float probability, float back_off, struct fault *fault)
{
    void *words = b->words;
    bool grown = memory_grow(&words, &b->word_capacity, b->word_count + 1, sizeof *b->words);
    b->words = words;
    char *copy = grown ? memory_text(text, strlen(text)) : NULL;
    if (!copy)
        return fail_memory(fault, "a vocabulary");
    b->words[b->word_count++] = (struct ngram_word){copy, probability, back_off};
    if (b->word_count >= NGRAM_WORDS_MAXIMUM)
        return fail(fault, UTTER_ERROR_MODEL, "%s: too many words", b->name);
    return 0;
}

/* <unk> is kept as the empty text, which no ARPA file can have, and so comes first. */
static int by_text(const void *a, const void *b)
{
    const struct ngram_word *x = a, *y = b;
    return strcmp(x->text, y->text);
}

int ngram_build_vocabulary(struct ngram_build *b, struct fault *fault)
{
    bool unknown = false;
    for (size_t i = 0; i < b->word_count; i++)
        if (strcmp(b->words[i].text, "<unk>") == 0 || strcmp(b->words[i].text, "<UNK>") == 0) {
            b->words[i].text[0] = '\0';
            unknown = true;
        }
    if (!unknown && ngram_build_word(b, "", NO_UNKNOWN, 0.0f, fault))
        return fault->code;
    qsort(b->words, b->word_count, sizeof *b->words, by_text);
    for (size_t i = 1; i < b->word_count; i++)
        if (strcmp(b->words[i].text, b->words[i - 1].text) == 0)
            return fail(fault, UTTER_ERROR_MODEL, "%s: the word '%.100s' is there twice", b->name,
                        i == 1 ? "<unk>" : b->words[i].text);
    return 0;
}

int64_t ngram_build_find(const struct ngram_build *b, const char *text)
{
    struct ngram_word key = {.text = (char *)(uintptr_t)text};
    if (strcmp(text, "<unk>") == 0 || strcmp(text, "<UNK>") == 0)
        return NGRAM_UNKNOWN;
    const struct ngram_word *found = bsearch(&key, b->words, b->word_count, sizeof *b->words, by_text);
    return found ? found - b->words : -1;
}

/* ---- n-grams ---- */

int ngram_build_add(struct ngram_build *b, int n, const struct ngram_record *record, struct fault *fault)
{
    void *records = b->records[n - 1];
    size_t at = b->counts[n - 1];
    bool grown = memory_grow(&records, &b->capacities[n - 1], at + 1, record_size(n));
    b->records[n - 1] = records;
    if (!grown)
        return fail_memory(fault, "the n-grams of a language model");
    memcpy(record_at(b, n, at), record, record_size(n));
    b->counts[n - 1] = at + 1;
    return 0;
}

static int compare_words(const struct ngram_record *a, const struct ngram_record *b, int n)
{
    for (int i = 0; i < n; i++)
        if (a->words[i] != b->words[i])
            return a->words[i] < b->words[i] ? -1 : 1;
    return 0;
}

/* qsort hands its comparison nothing but the two records, so there is one for each order. */
#define BY_WORDS(n)                                                                                                    \
    static int by_words_##n(const void *a, const void *b)                                                              \
    {                                                                                                                  \
        return compare_words(a, b, n);                                                                                 \
    }
BY_WORDS(2)
BY_WORDS(3)
BY_WORDS(4)
BY_WORDS(5)
BY_WORDS(6)
BY_WORDS(7)
BY_WORDS(8)
static int (*const by_words[NGRAM_ORDER_MAXIMUM + 1])(const void *, const void *) = {
    NULL, NULL, by_words_2, by_words_3, by_words_4, by_words_5, by_words_6, by_words_7, by_words_8};

static int sort_records(struct ngram_build *b, int n, struct fault *fault)
{
    if (b->counts[n - 1] < 2)
        return 0;
    qsort(b->records[n - 1], b->counts[n - 1], record_size(n), by_words[n]);
    for (size_t i = 1; i < b->counts[n - 1]; i++)
        if (compare_words(record_at(b, n, i - 1), record_at(b, n, i), n) == 0)
            return fail(fault, UTTER_ERROR_MODEL, "%s: a %d-gram that ends in '%.100s' is there twice", b->name, n,
                        b->words[record_at(b, n, i)->words[0]].text);
    return 0;
}

static const struct ngram_record *find_record(const struct ngram_build *b, int n, const uint32_t *words)
{
    struct ngram_record key = {0};
    memcpy(key.words, words, (size_t)n * sizeof *words);
    return b->counts[n - 1] ? bsearch(&key, b->records[n - 1], b->counts[n - 1], record_size(n), by_words[n]) : NULL;
}

/* ---- suffixes that pruning left out ---- */

/* Adds, to order n - 1, what the n-grams of order n end with and is not there, with a probability that is not a number.
 */
static int add_suffixes(struct ngram_build *b, int n, struct fault *fault)
{
    size_t known = b->counts[n - 2], at = 0, before = known;
    for (size_t i = 0; i < b->counts[n - 1]; i++) {
        const struct ngram_record *record = record_at(b, n, i);
        while (at < known && compare_words(record_at(b, n - 1, at), record, n - 1) < 0)
            at++;
        if (at < known && compare_words(record_at(b, n - 1, at), record, n - 1) == 0)
            continue;
        if (before != b->counts[n - 2] && compare_words(record_at(b, n - 1, b->counts[n - 2] - 1), record, n - 1) == 0)
            continue; /* the one added last */
        struct ngram_record suffix = {.probability = NAN};
        memcpy(suffix.words, record->words, (size_t)(n - 1) * sizeof *suffix.words);
        if (ngram_build_add(b, n - 1, &suffix, fault))
            return fault->code;
    }
    return sort_records(b, n - 1, fault);
}

static float probability_of(const struct ngram_build *b, int n, const uint32_t *words)
{
    return n == 1 ? b->words[words[0]].probability : find_record(b, n, words)->probability;
}

static float back_off_of(const struct ngram_build *b, int n, const uint32_t *words)
{
    const struct ngram_record *record = n > 1 ? find_record(b, n, words) : NULL;
    return n == 1 ? b->words[words[0]].back_off : record ? record->back_off : 0.0f;
}

/* Backing off gives the same with them as without, as long as they have no back-off of their own (lower orders first).
 */
static void fill_suffixes(struct ngram_build *b, int n)
{
    for (size_t i = 0; i < b->counts[n - 1]; i++) {
        struct ngram_record *record = record_at(b, n, i);
        if (isnan(record->probability))
            record->probability = probability_of(b, n - 1, record->words) + back_off_of(b, n - 1, record->words + 1);
    }
}

static int complete(struct ngram_build *b, struct fault *fault)
{
    for (int n = 2; n <= b->order; n++)
        if (sort_records(b, n, fault))
            return fault->code;
    for (int n = b->order; n > 2; n--)
        if (add_suffixes(b, n, fault))
            return fault->code;
    for (int n = 2; n < b->order; n++)
        fill_suffixes(b, n);
    return 0;
}

/* ---- writing ---- */

struct writer {
    const struct ngram_build *build;
    unsigned char *bytes;
    struct ngram_header header;
    struct ngram_layout layout;
};

static float value_of(const struct ngram_build *b, int n, size_t i, bool back_off)
{
    if (n == 1)
        return back_off ? b->words[i].back_off : b->words[i].probability;
    const struct ngram_record *record = record_at(b, n, i);
    return back_off ? record->back_off : record->probability;
}

static int write_table(struct writer *w, int n, bool back_off, float *table, struct fault *fault)
{
    size_t count = (size_t)w->layout.levels[n - 1].count;
    float *values = memory_new(count + 1, sizeof *values);
    if (!values)
        return fail_memory(fault, "the values of a language model");
    for (size_t i = 0; i < count; i++)
        values[i] = value_of(w->build, n, i, back_off);
    ngram_levels(values, count, table);
    free(values);
    memcpy(w->bytes + w->layout.levels[n - 1].tables + (back_off ? NGRAM_LEVELS * sizeof(float) : 0), table,
           NGRAM_LEVELS * sizeof(float));
    return 0;
}

static uint64_t encode(const struct writer *w, const float *table, float value)
{
    uint32_t bits;
    if (w->header.quantized)
        return ngram_nearest(table, value);
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Where the children of the n-gram begin, which were before it at *child. */
static void skip_to_child(const struct ngram_build *b, int n, size_t i, size_t *child)
{
    if (n == 1) {
        while (*child < b->counts[1] && record_at(b, 2, *child)->words[0] < i)
            ++*child;
        return;
    }
    while (*child < b->counts[n] && compare_words(record_at(b, n + 1, *child), record_at(b, n, i), n) < 0)
        ++*child;
}

static void write_row(struct writer *w, int n, size_t i, const float *table)
{
    const struct ngram_level *level = &w->layout.levels[n - 1];
    unsigned char *rows = w->bytes + level->rows;
    uint64_t bit = i * level->row_bits;
    ngram_put(rows, bit, n > 1 ? record_at(w->build, n, i)->words[n - 1] : 0);
    ngram_put(rows, bit + level->word_bits, encode(w, table, value_of(w->build, n, i, false)));
}

static void write_child(struct writer *w, int n, size_t i, uint64_t back_off, size_t *child)
{
    const struct ngram_level *level = &w->layout.levels[n - 1];
    unsigned char *rows = w->bytes + level->rows;
    uint64_t bit = i * level->row_bits + level->word_bits + level->value_bits;
    if (i < level->count)
        skip_to_child(w->build, n, i, child);
    ngram_put(rows, bit, back_off);
    ngram_put(rows, bit + level->value_bits, *child);
}

static int write_level(struct writer *w, int n, struct fault *fault)
{
    const struct ngram_level *level = &w->layout.levels[n - 1];
    float probabilities[NGRAM_LEVELS], back_offs[NGRAM_LEVELS];
    bool last = n == w->build->order;
    if (w->header.quantized &&
        (write_table(w, n, false, probabilities, fault) || (!last && write_table(w, n, true, back_offs, fault))))
        return fault->code;
    size_t child = 0;
    for (size_t i = 0; i < level->count; i++) {
        write_row(w, n, i, probabilities);
        if (!last)
            write_child(w, n, i, encode(w, back_offs, value_of(w->build, n, i, true)), &child);
    }
    if (!last) {
        child = w->build->counts[n];
        write_child(w, n, (size_t)level->count, 0, &child);
    }
    return 0;
}

static void write_texts(struct writer *w)
{
    uint32_t at = 0;
    unsigned char *texts = w->bytes + w->layout.texts;
    for (size_t i = 0; i <= w->build->word_count; i++) {
        memcpy(texts + i * sizeof at, &at, sizeof at);
        if (i == w->build->word_count)
            break;
        size_t length = strlen(w->build->words[i].text);
        memcpy(w->bytes + w->layout.letters + at, w->build->words[i].text, length);
        at += (uint32_t)length;
    }
}

static int fill_header(struct writer *w, bool quantize, struct fault *fault)
{
    const struct ngram_build *b = w->build;
    int64_t begin = ngram_build_find(b, "<s>"), end = ngram_build_find(b, "</s>");
    w->header = (struct ngram_header){.magic = NGRAM_MAGIC,
                                      .version = NGRAM_VERSION,
                                      .order = (uint32_t)b->order,
                                      .quantized = quantize,
                                      .words = (uint32_t)b->word_count,
                                      .begin = begin > 0 ? (uint32_t)begin : NGRAM_UNKNOWN,
                                      .end = end > 0 ? (uint32_t)end : NGRAM_UNKNOWN};
    for (size_t i = 0; i < b->word_count; i++)
        w->header.letters += strlen(b->words[i].text);
    w->header.counts[0] = b->word_count;
    for (int n = 1; n < b->order; n++)
        w->header.counts[n] = b->counts[n];
    if (w->header.letters > UINT32_MAX)
        return fail(fault, UTTER_ERROR_MODEL, "%s: too many words", b->name);
    ngram_lay_out(&w->header, &w->layout);
    w->bytes = memory_new((size_t)w->layout.size, 1);
    return w->bytes ? 0 : fail_memory(fault, "a language model");
}

int ngram_build_finish(struct ngram_build *b, bool quantize, void **bytes, size_t *size, struct fault *fault)
{
    struct writer w = {.build = b};
    if (complete(b, fault) || fill_header(&w, quantize, fault))
        return fault->code;
    memcpy(w.bytes, &w.header, sizeof w.header);
    write_texts(&w);
    for (int n = 1; n <= b->order; n++)
        if (write_level(&w, n, fault)) {
            free(w.bytes);
            return fault->code;
        }
    *bytes = w.bytes;
    *size = (size_t)w.layout.size;
    return 0;
}

/* ngram.c - queries of a language model, and the opening of one that somebody else may have written. */
#include "decoder/guide/ngram.h"

#include "decoder/guide/ngram_format.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>

static const float NOTHING_KNOWN = -100.0f; /* of <unk>, in a model that has none */

struct ngram {
    const unsigned char *bytes;
    struct ngram_header header;
    struct ngram_layout layout;
    uint32_t first[257]; /* [byte]: the first word that does not begin with a lower one */
    float *best; /* a tree of unigram probabilities: [words, 2 * words) are the words', i the larger of 2i and 2i + 1 */
};

/* ---- opening ---- */

static int check_header(const struct ngram_header *h, const char *name, struct fault *fault)
{
    if (memcmp(h->magic, NGRAM_MAGIC, sizeof h->magic) != 0)
        return fail(fault, UTTER_ERROR_MODEL, "%s: not a language model", name);
    if (h->version != NGRAM_VERSION)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s: a language model of version %u, and only %d is known", name,
                    (unsigned)h->version, NGRAM_VERSION);
    if (h->order < 1 || h->order > NGRAM_ORDER_MAXIMUM || h->quantized > 1 || h->words < 1 ||
        h->words > NGRAM_WORDS_MAXIMUM || h->begin >= h->words || h->end >= h->words || h->letters > UINT32_MAX ||
        h->counts[0] != h->words)
        return fail(fault, UTTER_ERROR_MODEL, "%s: the header of the language model is damaged", name);
    for (unsigned n = 0; n < h->order; n++)
        if (h->counts[n] > NGRAM_COUNT_MAXIMUM)
            return fail(fault, UTTER_ERROR_MODEL, "%s: the header of the language model is damaged", name);
    return 0;
}

static uint32_t text_at(const struct ngram *g, uint32_t word)
{
    uint32_t at;
    memcpy(&at, g->bytes + g->layout.texts + (uint64_t)word * sizeof at, sizeof at);
    return at;
}

/* The words' texts are all that is looked through: everything else is bounded where it is read. */
static int check_texts(const struct ngram *g, const char *name, struct fault *fault)
{
    uint32_t before = 0;
    for (uint32_t word = 0; word <= g->header.words; word++) {
        uint32_t at = text_at(g, word);
        if (at < before || at > g->header.letters)
            return fail(fault, UTTER_ERROR_MODEL, "%s: the vocabulary of the language model is damaged", name);
        before = at;
    }
    return 0;
}

static float value_of(const struct ngram *g, unsigned n, unsigned which, uint64_t bits)
{
    float value;
    const struct ngram_level *level = &g->layout.levels[n];
    if (g->header.quantized) {
        memcpy(&value, g->bytes + level->tables + (which * NGRAM_LEVELS + bits) * sizeof value, sizeof value);
    } else {
        uint32_t raw = (uint32_t)bits;
        memcpy(&value, &raw, sizeof value);
    }
    return value <= 1000.0f && value >= -1000.0f ? value : NOTHING_KNOWN;
}

static float probability_at(const struct ngram *g, unsigned n, uint64_t row)
{
    const struct ngram_level *level = &g->layout.levels[n];
    return value_of(g, n, 0,
                    ngram_get(g->bytes + level->rows, row * level->row_bits + level->word_bits, level->value_bits));
}

static int fill_best(struct ngram *g, struct fault *fault)
{
    uint32_t words = g->header.words;
    g->best = memory_new(2 * (size_t)words, sizeof *g->best);
    if (!g->best)
        return fail_memory(fault, "a language model");
    for (uint32_t word = 0; word < words; word++) {
        bool spoken = word != NGRAM_UNKNOWN && word != g->header.begin && word != g->header.end;
        g->best[words + word] = spoken ? probability_at(g, 0, word) : -INFINITY;
    }
    for (uint32_t i = words - 1; i > 0; i--)
        g->best[i] = g->best[2 * i] > g->best[2 * i + 1] ? g->best[2 * i] : g->best[2 * i + 1];
    return 0;
}

static void fill_first(struct ngram *g);

int ngram_open(struct ngram **ngram, const void *bytes, size_t size, const char *name, struct fault *fault)
{
    struct ngram_header header;
    if (size < sizeof header)
        return fail(fault, UTTER_ERROR_MODEL, "%s: not a language model", name);
    memcpy(&header, bytes, sizeof header);
    if (check_header(&header, name, fault))
        return fault->code;
    struct ngram *g = memory_new(1, sizeof *g);
    if (!g)
        return fail_memory(fault, "a language model");
    g->bytes = bytes;
    g->header = header;
    ngram_lay_out(&header, &g->layout);
    if (g->layout.size != size)
        fail(fault, UTTER_ERROR_MODEL, "%s: the language model has %zu bytes, and its header says %llu", name, size,
             (unsigned long long)g->layout.size);
    else if (!check_texts(g, name, fault) && !fill_best(g, fault))
        fill_first(g);
    if (fault->code)
        ngram_close(&g);
    else
        *ngram = g;
    return fault->code;
}

void ngram_close(struct ngram **ngram)
{
    if (!*ngram)
        return;
    free((*ngram)->best);
    free(*ngram);
    *ngram = NULL;
}

int ngram_order(const struct ngram *g)
{
    return (int)g->header.order;
}

uint32_t ngram_words(const struct ngram *g)
{
    return g->header.words;
}

uint64_t ngram_count(const struct ngram *g, int order)
{
    return order >= 1 && order <= (int)g->header.order ? g->header.counts[order - 1] : 0;
}

uint32_t ngram_end_of_sentence(const struct ngram *g)
{
    return g->header.end;
}

/* ---- words ---- */

static size_t word_length(const struct ngram *g, uint32_t word)
{
    return text_at(g, word + 1) - text_at(g, word);
}

/* How the word's bytes from skip on compare with text: as memcmp, where a word that goes on with text counts as equal.
 * Texts are a few bytes, too few for a call. */
static int compare(const struct ngram *g, uint32_t word, size_t skip, const unsigned char *text, size_t length)
{
    size_t own = word_length(g, word);
    const unsigned char *letters = g->bytes + g->layout.letters + text_at(g, word) + skip;
    own = own > skip ? own - skip : 0;
    for (size_t i = 0; i < own && i < length; i++)
        if (letters[i] != text[i])
            return letters[i] < text[i] ? -1 : 1;
    return own < length ? -1 : 0;
}

/* The first word of [begin, end) that is not before text. */
static uint32_t not_before(const struct ngram *g, uint32_t begin, uint32_t end, size_t skip, const unsigned char *text,
                           size_t length)
{
    while (begin < end) {
        uint32_t middle = begin + (end - begin) / 2;
        if (compare(g, middle, skip, text, length) < 0)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

static void fill_first(struct ngram *g)
{
    for (int byte = 0; byte < 256; byte++) {
        const unsigned char letter = (unsigned char)byte;
        g->first[byte] = not_before(g, byte ? g->first[byte - 1] : 0, g->header.words, 0, &letter, 1);
    }
    g->first[256] = g->header.words;
}

/* The first word of [begin, end) that does not go on with text, where all before it do: mostly there are few, so they
 * are passed in strides that double (Bentley and Yao, IPL 5(3), 1976). */
static uint32_t behind(const struct ngram *g, uint32_t begin, uint32_t end, size_t skip, const unsigned char *text,
                       size_t length)
{
    uint32_t stride = 1;
    while (begin < end) {
        stride = stride < end - begin ? stride : end - begin;
        if (compare(g, begin + stride - 1, skip, text, length) == 0) {
            begin += stride;
            stride *= 2;
        } else if (stride == 1) {
            break;
        } else {
            end = begin + stride - 1;
            stride = 1;
        }
    }
    return begin;
}

struct ngram_prefix ngram_narrow(const struct ngram *g, struct ngram_prefix prefix, const char *text, size_t length)
{
    const unsigned char *letters = (const unsigned char *)text;
    struct ngram_prefix next = prefix;
    next.end = prefix.end < g->header.words ? prefix.end : g->header.words;
    if (prefix.length == 0 && length > 0) {
        uint32_t first = g->first[letters[0]], end = g->first[letters[0] + 1];
        next.begin = first > next.begin ? first : next.begin;
        next.end = end < next.end ? end : next.end;
    }
    next.begin = not_before(g, next.begin, next.end, prefix.length, letters, length);
    next.end = behind(g, next.begin, next.end, prefix.length, letters, length);
    next.length = prefix.length + (uint32_t)length;
    return next;
}

uint32_t ngram_whole(const struct ngram *g, struct ngram_prefix prefix)
{
    /* The shortest of a range comes first. <unk> is the empty text, and so is no prefix of more than that. */
    uint32_t word = prefix.begin;
    if (prefix.begin >= prefix.end || word == g->header.begin || word == g->header.end)
        return NGRAM_UNKNOWN;
    return word_length(g, word) == prefix.length ? word : NGRAM_UNKNOWN;
}

uint32_t ngram_find(const struct ngram *g, const char *word, size_t length)
{
    struct ngram_prefix range = ngram_narrow(g, (struct ngram_prefix){0, g->header.words, 0}, word, length);
    return range.begin < range.end && word_length(g, range.begin) == length ? range.begin : NGRAM_UNKNOWN;
}

float ngram_best(const struct ngram *g, struct ngram_prefix prefix)
{
    float best = -INFINITY;
    uint32_t low = prefix.begin + g->header.words, high = prefix.end + g->header.words;
    for (; low < high; low /= 2, high /= 2) {
        if (low & 1) {
            best = g->best[low] > best ? g->best[low] : best;
            low++;
        }
        if (high & 1) {
            high--;
            best = g->best[high] > best ? g->best[high] : best;
        }
    }
    return best;
}

/* ---- n-grams ---- */

struct row {
    float probability, back_off;
    uint64_t begin, end; /* its children in the next order */
};

/* The n-gram's numbers. Children are bounded by their order's count, whatever the file says. */
static struct row read_row(const struct ngram *g, unsigned n, uint64_t index)
{
    const struct ngram_level *level = &g->layout.levels[n];
    const unsigned char *rows = g->bytes + level->rows;
    uint64_t bit = index * level->row_bits + level->word_bits;
    struct row row = {.probability = value_of(g, n, 0, ngram_get(rows, bit, level->value_bits))};
    if (!level->child_bits && n + 1 == g->header.order)
        return row;
    uint64_t most = g->layout.levels[n + 1].count;
    bit += level->value_bits;
    row.back_off = value_of(g, n, 1, ngram_get(rows, bit, level->value_bits));
    bit += level->value_bits;
    row.begin = ngram_get(rows, bit, level->child_bits);
    row.end = ngram_get(rows, bit + level->row_bits, level->child_bits);
    row.end = row.end < most ? row.end : most;
    return row;
}

/* The child of a row by the word before; level n is the child's. */
static bool find_child(const struct ngram *g, unsigned n, uint64_t begin, uint64_t end, uint32_t word, uint64_t *found)
{
    const struct ngram_level *level = &g->layout.levels[n];
    const unsigned char *rows = g->bytes + level->rows;
    while (begin < end) {
        uint64_t middle = begin + (end - begin) / 2;
        uint64_t there = ngram_get(rows, middle * level->row_bits, level->word_bits);
        if (there == word) {
            *found = middle;
            return true;
        }
        if (there < word)
            begin = middle + 1;
        else
            end = middle;
    }
    return false;
}

void ngram_begin(const struct ngram *g, struct ngram_state *state)
{
    *state = (struct ngram_state){0};
    if (g->header.begin == NGRAM_UNKNOWN || g->header.order < 2)
        return;
    state->count = 1;
    state->words[0] = g->header.begin;
    state->back_off[0] = read_row(g, 0, g->header.begin).back_off;
}

float ngram_score(const struct ngram *g, const struct ngram_state *state, uint32_t word, struct ngram_state *after)
{
    struct ngram_state next = {0};
    unsigned most = g->header.order - 1;
    struct row row = read_row(g, 0, word < g->header.words ? word : NGRAM_UNKNOWN);
    uint64_t index;
    int matched = 0; /* words of the context that the longest n-gram has */
    for (unsigned n = 0; n < most; n++) {
        next.words[n] = n ? state->words[n - 1] : word;
        next.back_off[n] = row.back_off;
        next.count = (int)n + 1;
        if ((int)n >= state->count || !find_child(g, n + 1, row.begin, row.end, state->words[n], &index))
            break;
        row = read_row(g, n + 1, index);
        matched = (int)n + 1;
    }
    float score = row.probability;
    for (int i = matched; i < state->count; i++)
        score += state->back_off[i];
    *after = next;
    return score;
}

/* ngram_format.h - the bytes of a language model, for its reader and its writer.
 *
 *   struct ngram_header
 *   texts     (words + 1) uint32: where each word's bytes begin in the next part; words are sorted by bytes, but <unk>,
 *             which is word 0, comes first and is the empty text
 *   letters   the words' bytes, one after another
 *   per order  the table of 256 probabilities, then that of 256 back-offs (float32; where quantized; no back-offs in
 * the highest order), then its n-grams as a row of bits, 8 bytes of padding behind
 *
 * Every part begins at a multiple of 8. Of order 1 an n-gram is {probability, back-off, first child}, above {word,
 * probability, back-off, first child}, in the highest {word, probability}: word, child and value bits wide. The first
 * child is the index of the first n-gram of the next order that this one is the end of; behind the last n-gram one more
 * has the end of the children. Little-endian, as all machines that we build for. */
#ifndef DECODER_NGRAM_FORMAT_H
#define DECODER_NGRAM_FORMAT_H

#include "decoder/guide/ngram.h"

#include <string.h>

#define NGRAM_MAGIC   "UTTERLM"
#define NGRAM_PADDING 8u
enum { NGRAM_VERSION = 1, NGRAM_LEVELS = 256, NGRAM_UNKNOWN = 0 };

struct ngram_header {
    char magic[8];
    uint32_t version, order;
    uint32_t quantized; /* 1: values are 8 bits, 0: 32 bits, a float's own */
    uint32_t words;
    uint32_t begin, end; /* ids of <s> and </s>; 0: it has none */
    uint64_t letters;    /* bytes */
    uint64_t counts[NGRAM_ORDER_MAXIMUM];
};

/* Where things lie within the block. */
struct ngram_level {
    uint64_t tables, rows; /* bytes from the beginning */
    uint64_t count;        /* without the one behind the last */
    unsigned word_bits, value_bits, child_bits, row_bits;
};

struct ngram_layout {
    uint64_t texts, letters, size;
    struct ngram_level levels[NGRAM_ORDER_MAXIMUM];
};

static inline unsigned ngram_bits(uint64_t most)
{
    unsigned bits = 0;
    for (; most; most >>= 1)
        bits++;
    return bits;
}

static inline uint64_t ngram_aligned(uint64_t at)
{
    return (at + 7) / 8 * 8;
}

/* Bounds that a header keeps, so that nothing below overflows. */
enum { NGRAM_WORDS_MAXIMUM = 1 << 28 };
#define NGRAM_COUNT_MAXIMUM ((uint64_t)1 << 40)

static inline void ngram_lay_out(const struct ngram_header *h, struct ngram_layout *out)
{
    uint64_t at = ngram_aligned(sizeof *h);
    out->texts = at;
    out->letters = at += ngram_aligned(((uint64_t)h->words + 1) * sizeof(uint32_t));
    at += ngram_aligned(h->letters);
    for (unsigned n = 0; n < h->order; n++) {
        struct ngram_level *level = &out->levels[n];
        bool last = n + 1 == h->order;
        level->tables = at;
        at += h->quantized ? NGRAM_LEVELS * sizeof(float) * (last ? 1 : 2) : 0;
        level->rows = at;
        level->count = h->counts[n];
        level->word_bits = n ? ngram_bits(h->words - 1) : 0;
        level->value_bits = h->quantized ? 8 : 32;
        level->child_bits = last ? 0 : ngram_bits(h->counts[n + 1]);
        level->row_bits = level->word_bits + level->value_bits * (last ? 1 : 2) + level->child_bits;
        at += ngram_aligned(((level->count + 1) * level->row_bits + 7) / 8) + NGRAM_PADDING;
    }
    out->size = at;
}

/* Up to 57 bits at any bit of a row of bits. */
static inline uint64_t ngram_get(const unsigned char *rows, uint64_t bit, unsigned width)
{
    uint64_t value;
    memcpy(&value, rows + bit / 8, sizeof value);
    return value >> bit % 8 & (((uint64_t)1 << width) - 1);
}

static inline void ngram_put(unsigned char *rows, uint64_t bit, uint64_t bits)
{
    uint64_t value;
    memcpy(&value, rows + bit / 8, sizeof value);
    value |= bits << bit % 8;
    memcpy(rows + bit / 8, &value, sizeof value);
}

#endif

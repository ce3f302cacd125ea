/* ngram_build.h - n-grams in any order of appearance to the block of bytes that ngram.h opens. */
#ifndef DECODER_NGRAM_BUILD_H
#define DECODER_NGRAM_BUILD_H

#include "decoder/guide/ngram.h"

/* One n-gram, the last word first. Only the first n words are there: records of an order lie side by side. */
struct ngram_record {
    float probability, back_off; /* log10 */
    uint32_t words[NGRAM_ORDER_MAXIMUM];
};

struct ngram_word {
    char *text; /* owned */
    float probability, back_off;
};

struct ngram_build {
    const char *name; /* what messages call it */
    int order;
    struct ngram_word *words; /* sorted, <unk> first, once ngram_build_vocabulary was called */
    size_t word_count, word_capacity;
    unsigned char *records[NGRAM_ORDER_MAXIMUM]; /* [order - 1], of order 2 and above */
    size_t counts[NGRAM_ORDER_MAXIMUM], capacities[NGRAM_ORDER_MAXIMUM];
};

void ngram_build_free(struct ngram_build *build);

/* Adds a word; text is copied. Errors: MODEL (too many), MEMORY. */
int ngram_build_word(struct ngram_build *build, const char *text, float probability, float back_off,
                     struct fault *fault);
/* Gives the words their ids, once all are there; adds <unk> where it is missing. Errors: MODEL (a word twice), MEMORY.
 */
int ngram_build_vocabulary(struct ngram_build *build, struct fault *fault);
/* The word's id, or -1. */
int64_t ngram_build_find(const struct ngram_build *build, const char *text);
/* Adds an n-gram of order n >= 2. Errors: MEMORY. */
int ngram_build_add(struct ngram_build *build, int n, const struct ngram_record *record, struct fault *fault);
/* Puts everything together. Errors: MODEL (an n-gram twice), MEMORY. */
int ngram_build_finish(struct ngram_build *build, bool quantize, void **bytes, size_t *size, struct fault *fault);

/* ngram_quantize.c: a table of 256 values, ascending, for count values (which get sorted), and the nearest one's
 * number. */
void ngram_levels(float *values, size_t count, float *table);
unsigned ngram_nearest(const float *table, float value);

#endif

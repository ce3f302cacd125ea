/* ngram.h - back-off n-gram language models of words (Katz 1987), of any order up to NGRAM_ORDER_MAXIMUM.
 *
 * A model is one block of bytes, the same in memory and in a file, so that a file is mapped and used where it lies. It
 * is a trie of reversed n-grams (Heafield 2011, "KenLM: Faster and Smaller Language Model Queries", section 3.2): one
 * walk from the last word backwards finds the longest n-gram that matches and, on its way, every back-off that later
 * words may need. Probabilities and back-offs are log10, as in ARPA files. */
#ifndef DECODER_NGRAM_H
#define DECODER_NGRAM_H

#include "src/base/error.h"

#include <stdbool.h>

enum { NGRAM_ORDER_MAXIMUM = 8 };

/* What a word's probability depends on: the words before it, the last one first, as far back as the model knows them.
 */
struct ngram_state {
    int count;
    uint32_t words[NGRAM_ORDER_MAXIMUM - 1];
    float back_off[NGRAM_ORDER_MAXIMUM - 1]; /* of the last 1, 2, … words */
};

struct ngram; /* immutable; any thread */

/* A range of the vocabulary, which is sorted by bytes: the words that begin with the same length bytes. */
struct ngram_prefix {
    uint32_t begin, end; /* words [begin, end) */
    uint32_t length;
};

/* Opens a model of this format over size bytes, which must stay where they are until it is closed. Only what every
 * query relies on is checked here, in time that does not grow with the file; a query meets no number in it unchecked.
 * name: what messages call it. Errors: MODEL, UNSUPPORTED (another version), MEMORY. */
int ngram_open(struct ngram **ngram, const void *bytes, size_t size, const char *name, struct fault *fault);

/* Reads an ARPA file, plain or compressed by gzip, into a block of its own (*bytes, free): probabilities quantized to 8
 * bits (quantize) or as they are. Suffixes that pruning left out are put back with the probability that backing off
 * gives. Errors: IO, MODEL (with the line), UNSUPPORTED (an order too high), MEMORY. */
int ngram_read_arpa(const char *path, bool quantize, void **bytes, size_t *size, struct fault *fault);
/* The same from memory, which need not end in a NUL. */
int ngram_parse_arpa(const void *text, size_t length, const char *name, bool quantize, void **bytes, size_t *size,
                     struct fault *fault);

void ngram_close(struct ngram **ngram);

int ngram_order(const struct ngram *ngram);
uint32_t ngram_words(const struct ngram *ngram); /* <unk>, <s> and </s> included */
uint64_t ngram_count(const struct ngram *ngram, int order);

/* The word's id; that of <unk>, which is 0, for one that is not known. */
uint32_t ngram_find(const struct ngram *ngram, const char *word, size_t length);
/* The words that begin as prefix's do and go on with text; an empty range where there are none. Begin with
 * {0, ngram_words, 0}. */
struct ngram_prefix ngram_narrow(const struct ngram *ngram, struct ngram_prefix prefix, const char *text,
                                 size_t length);
/* The word that is just the prefix; 0 where there is none. <s>, </s> and <unk> are no words here. */
uint32_t ngram_whole(const struct ngram *ngram, struct ngram_prefix prefix);
/* The best unigram log10 probability of the range; -infinity where it is empty. */
float ngram_best(const struct ngram *ngram, struct ngram_prefix prefix);

void ngram_begin(const struct ngram *ngram, struct ngram_state *state); /* after <s> */
/* log10 probability of word after state; *after (which may be state itself) is what comes then. A model without <unk>
 * gives it -100, as KenLM does. */
float ngram_score(const struct ngram *ngram, const struct ngram_state *state, uint32_t word, struct ngram_state *after);
uint32_t ngram_end_of_sentence(const struct ngram *ngram);

#endif

/* unigram.h - the unigram language model of SentencePiece (Kudo, ACL 2018): the likeliest cut of a text into pieces. */
#ifndef DECODER_UNIGRAM_H
#define DECODER_UNIGRAM_H

#include "decoder/tokens/bpe.h"

struct unigram {
    double *scores; /* [vocabulary.size] natural log-probabilities */
    double lowest;  /* of all scores */
    size_t longest; /* piece, in bytes */
    int unknown;    /* -1: none */
    bool byte_fallback;
    int bytes[256];
};

void unigram_free(struct unigram *unigram);

/* Appends the ids of one word: Viterbi over its bytes. Errors: MODEL (no piece for unknown text), MEMORY. */
int unigram_encode(const struct unigram *u, const struct vocabulary *v, const char *word, size_t length,
                   struct ids *out, struct fault *fault);

#endif

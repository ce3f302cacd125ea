/* fusion.h - a word language model beside the scores of subword tokens: shallow fusion (Gulcehre et al. 2015, arXiv
 * 1503.03535, section 4.1), as in Hannun et al. 2014 (arXiv 1408.2873, equation 6): log p(tokens | sound)
 * + weight * log p(words) + bonus * words.
 *
 * The model is asked when a word is complete: when a token begins the next one, or at the end. Until then a word counts
 * as the likeliest 1-gram that it can still become, found in the sorted vocabulary (look-ahead: Ortmanns, Ney and
 * Eiden, ICSLP 1996), and one that can become no known word pays for that at once. */
#ifndef DECODER_FUSION_H
#define DECODER_FUSION_H

#include "decoder/ngram.h"
#include "decoder/tokenizer.h"

struct fusion_params {
    double weight;  /* of the language model's natural logarithms */
    double bonus;   /* natural log, for each word */
    double unknown; /* natural log, for each word that is not in the vocabulary: 0 or below */
};

/* How a vocabulary of tokens spells words. Immutable; any thread. */
struct fusion;

/* tokenizer and ngram are borrowed. Errors: MEMORY. */
int fusion_open(struct fusion **fusion, const struct tokenizer *tokenizer, const struct ngram *ngram,
                struct fault *fault);
void fusion_close(struct fusion **fusion);

/* What the model says of a sequence of tokens. */
struct fused {
    double rank;   /* to be added to the sequence's score while it grows: its word counts as what it may become */
    double before; /* of the words before the last one */
    double whole;  /* with the last word as it stands, once completed */
    struct ngram_prefix word; /* the last word so far; length 0: none has begun */
    bool unknown;             /* it can become no known word */
    bool completed;
    struct ngram_state after; /* once completed: behind the last word */
    int32_t context;          /* the caller's number for the sequence behind whose last word this word stands */
};

/* The empty sequence, completed. */
void fusion_begin(const struct fusion *fusion, struct fused *out);
bool fusion_begins_word(const struct fusion *fusion, int token);
/* parent and a token more. parent must be completed where the token begins a word; number is parent's. */
void fusion_extend(const struct fusion *fusion, const struct fusion_params *params, const struct fused *parent,
                   int32_t number, int token, struct fused *out);
/* Fills whole and after. context: state behind the word before, that is after of the sequence numbered f->context. */
void fusion_complete(const struct fusion *fusion, const struct fusion_params *params, const struct ngram_state *context,
                     struct fused *f);

#endif

/* guide.h - what a search asks about a sequence of tokens beside the model's own scores: what is added to its score
 * while it grows, what it is worth when it ends, and whether it may be at all. A guide joins the parts that are given;
 * a search knows none of them:
 *
 *   guide_begin            the empty sequence
 *   guide_extend           a sequence and a token more: .rank is added to the score while it competes; it is -infinity
 *                          where no allowed sequence begins like this
 *   guide_whole            what is added, in place of rank, to a sequence that ends here
 *   guide_most, …          bounds of a child's rank that cost less than the child, so that most are never asked for
 *
 * A rank may count on what has not come yet, as the likeliest word that an open one can become; guide_whole takes back
 * what did not. */
#ifndef DECODER_GUIDE_H
#define DECODER_GUIDE_H

#include "decoder/guide/boost.h"
#include "decoder/guide/fusion.h"
#include "decoder/guide/grammar.h"

/* NULL: there is no such part. All are borrowed, and immutable but for the walk, which is one search's alone. */
struct guide {
    const struct fusion *fusion; /* a word language model */
    struct fusion_params weights;
    const struct boost *boost;       /* phrases, whose words the language model is to take for known ones */
    const struct spotting *spotting; /* of a CTC search: the same phrases, to be found in the scores as well */
    struct grammar_walk *grammar;    /* what may be said */
    bool unfinished;                 /* sequences may end within a sentence of the grammar, too */
};

/* Whether there is anything to ask. guide may be NULL. */
bool guide_asks(const struct guide *guide);

/* A sequence of tokens: plain data, to be copied at will. */
struct guided {
    double rank;
    struct fused words;
    struct boosted phrases;
    int32_t place; /* in the grammar */
};

void guide_begin(const struct guide *guide, struct guided *out);
/* What is found out about the parent on the way stays in it, for its other children: its rank does not change. */
void guide_extend(const struct guide *guide, struct guided *parent, int token, struct guided *out);
double guide_whole(const struct guide *guide, struct guided *state);

/* Whether what it says depends on the tokens, not only on the text that they write. guide may be NULL. */
bool guide_reads_tokens(const struct guide *guide);

/* Whether all that may follow adds the same to both. Every part of a guide must have its say here. */
bool guide_same(const struct guide *guide, const struct guided *a, const struct guided *b);

/* Where the grammar says which tokens may follow: those, valid until more is asked. NULL: there is none, and any may.
 */
const struct grammar_token *guide_allowed(const struct guide *guide, const struct guided *state, size_t *count);

/* No child ranks higher than what the sequence and the token have … */
struct guide_most {
    double most;                /* but for phrases that it is within … */
    float begun[BOOST_LENGTHS]; /* … with those: as boost_most has it */
};
struct guide_gain {
    double letters; /* of the token, as its score */
    struct boost_gain phrases;
};
struct guide_most guide_most(const struct guide *guide, struct guided *state);
struct guide_gain guide_gain(const struct guide *guide, int token);
/* … together … */
static inline double guide_most_by(const struct guide_most *most, const struct guide_gain *gain)
{
    const double begun = (double)most->begun[gain->phrases.length];
    return most->most + gain->letters + (begun > gain->phrases.begins ? begun : gain->phrases.begins);
}
/* … than this, by any token … */
double guide_most_of_any(const struct guide *guide, struct guided *state);
/* … or than this. */
double guide_most_with(const struct guide *guide, struct guided *state, int token);

#endif

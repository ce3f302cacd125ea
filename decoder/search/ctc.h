/* ctc.h - from CTC scores to token sequences (Graves et al., ICML 2006): greedy (best path) and prefix beam search
 * (Hannun et al. 2014, arXiv 1408.2873, algorithm 1). Host floats only. */
#ifndef DECODER_CTC_H
#define DECODER_CTC_H

#include "decoder/guide/guide.h"

enum { CTC_BEAM_MAXIMUM = 256 };

/* One emitted token. */
struct ctc_token {
    int id;
    int first, last;       /* frames [first, last] that it spans on the best alignment */
    float log_probability; /* its mean over those frames */
};

struct ctc_hypothesis {
    double score; /* natural log probability: of the path (greedy), of all its alignments (beam); what the guide adds
                     included */
    double sound; /* … and not included, nor what the penalty on the blank took (beam: by its best alignment) */
    struct ctc_token *tokens;
    size_t count;
};

struct ctc_result {
    struct ctc_hypothesis *best; /* best first */
    size_t count;
    struct ctc_hypothesis plain; /* beam: the best before phrases were spotted in it (spotting.h), or empty */
};

struct ctc_params {
    int blank;
    int beam;                  /* 0 or 1: greedy; at most CTC_BEAM_MAXIMUM */
    int nbest;                 /* 1 to beam; 0: 1. There may be fewer */
    float prune;               /* beam: tokens this far (natural log) below the frame's best are not tried; 0: 8 */
    const struct guide *guide; /* beam: what is asked beside the scores; NULL: nothing. Borrowed */
    double blank_penalty; /* beam: natural log, taken from the blank's score in every frame, finite; 0: nothing. For
                             models that leave out more than they make up: trained to be sure of the blank, they
                             give it mass that belongs to tokens, and a guide can only choose among what is there */
    /* beam: what tokens write, so that sequences that write the same text are one hypothesis, of their likeliest tokens
     * and the mass of all; NULL: every sequence is one of its own. Borrowed */
    const struct spelling *spelling;
    /* beam: of hypotheses that end in the same token and that the guide takes for the same from there on, only the best
     * goes on: as good as a wider beam for the best text, but the other texts are no longer the next best */
    bool recombine;
};

/* scores [frames, vocabulary]: natural log-probabilities. One that is not finite counts as impossible, a frame without
 * any finite one as a certain blank. Equal scores are ordered by the lower id, so the same scores give the same result
 * everywhere. The beam tries no new tokens in frames where the blank has more than 0.999, but for a guide with a
 * grammar: then it tries all that may follow in every frame, however unlikely. There is at least one hypothesis, which
 * may have no tokens, but for a guide that lets none end. Errors: ARGUMENT, MEMORY (*result untouched). The result is
 * freed with ctc_free. */
int ctc_decode(const float *scores, int frames, int vocabulary, const struct ctc_params *params,
               struct ctc_result *result, struct fault *fault);
void ctc_free(struct ctc_result *result);

#endif

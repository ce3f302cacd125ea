/* ctc.h - from CTC scores to token sequences (Graves et al., ICML 2006): greedy (best path) and prefix beam search
 * (Hannun et al. 2014, arXiv 1408.2873, algorithm 1). Host floats only. */
#ifndef DECODER_CTC_H
#define DECODER_CTC_H

#include "src/base/error.h"

/* One emitted token. */
struct ctc_token {
    int id;
    int first, last;     /* frames [first, last] that it spans on the best alignment */
    float log_probability; /* its mean over those frames */
};

struct ctc_hypothesis {
    double score;              /* natural log probability: of the path (greedy), of all its alignments (beam) */
    struct ctc_token *tokens;
    size_t count;
};

struct ctc_result {
    struct ctc_hypothesis *best; /* best first */
    size_t count;
};

struct ctc_params {
    int blank;
    int beam;        /* 1: greedy; at most 256 */
    int nbest;       /* 1 to beam */
    float prune;     /* beam: tokens this far (natural log) below the frame's best are not tried; 0: 12 */
};

/* scores [frames, vocabulary]: log-probabilities. Errors: ARGUMENT, MEMORY. The result is freed with ctc_free. */
int ctc_decode(const float *scores, int frames, int vocabulary, const struct ctc_params *params,
               struct ctc_result *result, struct fault *fault);
void ctc_free(struct ctc_result *result);

#endif

/* align.h - forced alignment: the frames that the tokens of a known text span. */
#ifndef DECODER_ALIGN_H
#define DECODER_ALIGN_H

#include "decoder/search/ctc.h"

/* The best alignment of ids[count] with scores [frames, vocabulary] (log-probabilities): Viterbi through the CTC
 * trellis of 2 * count + 1 states, a blank before, between and after the tokens (Graves et al., ICML 2006, section 4).
 *
 * near    NULL: the whole trellis is searched, frames * (2 * count + 1) bytes of memory. Otherwise a frame per token,
 *         not decreasing: only alignments that keep each token within reach frames of it are searched, which makes the
 *         work linear in the length of a recording.
 * tokens  count of them, filled: id, frames, mean log-probability. score: of the best alignment; may be NULL.
 * Errors: ARGUMENT (an id outside the vocabulary or the blank, or no alignment exists, as for more tokens than
 * frames), MEMORY. */
int ctc_align(const float *scores, int frames, int vocabulary, int blank, const int *ids, size_t count, const int *near,
              int reach, struct ctc_token *tokens, double *score, struct fault *fault);

#endif

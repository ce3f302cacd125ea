/* beam.h - the CTC prefix beam search behind ctc_decode. */
#ifndef DECODER_BEAM_H
#define DECODER_BEAM_H

#include "decoder/search/ctc.h"

/* As ctc_decode, for params->beam > 1 and arguments already checked. On failure the result still needs ctc_free. */
int ctc_beam(const float *scores, int frames, int vocabulary, const struct ctc_params *params,
             struct ctc_result *result, struct fault *fault);

#endif

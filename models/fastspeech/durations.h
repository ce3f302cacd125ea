/* durations.h - from what the predictor says of the tokens of a row to frames, on the host. */
#ifndef MODELS_FASTSPEECH_DURATIONS_H
#define MODELS_FASTSPEECH_DURATIONS_H

#include "src/base/error.h"

#include <stdint.h>

/* logarithms [count]: ln(1 + frames) of each token; rate [count] or NULL; speed: the model's own factor.
 * durations [count]: whole frames, as transformers rounds them where the rate is 1; *frames: their sum, at least 1, for
 * a row whose every duration is 0 gets 1 each. row: what messages call it. Errors: MODEL (a sum beyond max_frames; not
 * finite). */
int fastspeech_round(const float *logarithms, const float *rate, float speed, int count, int max_frames, int row,
                     int *durations, int *frames, struct fault *fault);

/* The length regulator (Ren et al. 2019, section 3.2): token [frames] gets first + i where the frame is token i's. What
 * lies behind the durations' sum, up to room, becomes first. */
void fastspeech_spread(const int *durations, int count, int first, int *token, int room);

#endif

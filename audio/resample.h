/* resample.h - any rate to any other, streaming: by libsoxr at its high quality, or, where the sound is awaited, by
 * speexdsp, which hands out what it has at once. One channel. */
#ifndef AUDIO_RESAMPLE_H
#define AUDIO_RESAMPLE_H

#include "src/base/error.h"

struct resampler;

/* Rates in Hz, 1000 to 768000. Equal rates pass through. Errors: ARGUMENT, MEMORY. */
int resampler_open(struct resampler **resampler, int from, int to, struct fault *fault);
/* For live sound: lags by 16 ms or less, where soxr, which works in blocks, lags by up to half a second. Stop
 * band below -70 dB. The same calls otherwise. */
int resampler_open_live(struct resampler **resampler, int from, int to, struct fault *fault);
void resampler_close(struct resampler **resampler);
void resampler_reset(struct resampler *resampler);

/* At most this many samples come out of one call that feeds count samples. */
int64_t resampler_bound(const struct resampler *resampler, int64_t count);

/* Feeds count samples and writes what is ready to out, which holds resampler_bound(count). Returns how many were
 * written, or a negative error (MEMORY, STATE after finish). The output does not depend on how the input is cut. */
int64_t resampler_feed(struct resampler *resampler, const float *in, int64_t count, float *out, struct fault *fault);

/* Ends the stream: writes what is left (call until it returns 0), so that in all round(count · to / from) samples come
 * out. out holds resampler_bound(0). */
int64_t resampler_finish(struct resampler *resampler, float *out, struct fault *fault);

#endif

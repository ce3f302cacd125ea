/* logmel_internal.h - what the whole-file and the streaming side of the log-mel features share. */
#ifndef AUDIO_LOGMEL_INTERNAL_H
#define AUDIO_LOGMEL_INTERNAL_H

#include "audio/fft.h"
#include "audio/logmel.h"
#include "audio/mel.h"

struct logmel {
    struct logmel_params params;
    struct fft *fft;
    struct mel_bank bank;
    float *window; /* [window] */
};

/* Part of a recording: samples[i] is sample base + i. count is the recording's length, INT64_MAX while it grows. */
struct logmel_view {
    const float *samples;
    int64_t base, count;
};

/* One frame's raw log-mel into out [mels]. The view holds every sample that the frame's window touches, the one before
 * it (preemphasis), and what the edges reflect. The same operations in the same order for every caller: this is why
 * whole-file and streaming agree bit for bit. */
void logmel_frame(const struct logmel *logmel, const struct logmel_view *view, int64_t frame, float *out,
                  void *scratch);

/* Clears what logmel_frame expects to be zero in a fresh scratch. */
void logmel_scratch_prepare(const struct logmel *logmel, void *scratch);

/* Whether the numbers make sense together; name: what messages call their source. Errors: code. */
int logmel_params_check(const struct logmel_params *params, const char *name, int code, struct fault *fault);

#endif

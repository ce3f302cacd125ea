/* intake.h - a session's way in: interleaved samples of any rate and number of channels become windows at 16 kHz. */
#ifndef SRC_INTAKE_H
#define SRC_INTAKE_H

#include "src/cutter.h"

enum { INTAKE_CHANNELS = 64, INTAKE_RATE_MIN = 1000, INTAKE_RATE_MAX = 768000 };

struct intake;

/* cutting: how windows are cut; NULL: not at all, and all sound comes in windows of about a tenth of a second.
 * Errors: ARGUMENT, MEMORY. */
int intake_open(struct intake **intake, int sample_rate, int channel_count, enum utter_channels channels,
                const struct cutter_params *cutting, struct fault *fault);
void intake_close(struct intake **intake);
void intake_reset(struct intake *intake);

/* Channels that windows come from: 1 when mixed. */
int intake_channels(const struct intake *intake);

/* Where fed samples lie: floats, or 16-bit integers when floats is NULL. */
struct intake_samples {
    const float *floats;
    const int16_t *integers;
};

/* Feeds frames sample frames; windows that they complete go to sink. Errors: MEMORY, and sink's. */
int intake_feed(struct intake *intake, struct intake_samples samples, size_t frames, window_sink sink, void *context,
                struct fault *fault);
int intake_finish(struct intake *intake, window_sink sink, void *context, struct fault *fault);

/* Wall time so far: resampling, and voice activity with cutting (sink's time left out). */
double intake_resample_seconds(const struct intake *intake);
double intake_activity_seconds(const struct intake *intake);

#endif

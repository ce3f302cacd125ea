/* intake.h - a session's way in: interleaved samples of any rate and number of channels become windows at 16 kHz. */
#ifndef SRC_INTAKE_H
#define SRC_INTAKE_H

#include "src/cutter.h"

enum { INTAKE_CHANNELS = 64, INTAKE_RATE_MIN = 1000, INTAKE_RATE_MAX = 768000 };

struct intake;

struct intake_params {
    int sample_rate, channel_count;
    enum utter_channels channels;
    const struct cutter_params *cutting; /* how windows are cut; NULL: not at all, and all sound comes in windows of a
                                            block, about a tenth of a second */
    bool live;                           /* blocks of 20 ms, and a resampler that does not wait */
};

/* Errors: ARGUMENT, MEMORY. */
int intake_open(struct intake **intake, const struct intake_params *params, struct fault *fault);
void intake_close(struct intake **intake);
void intake_reset(struct intake *intake);

/* Channels that windows come from: 1 when mixed. */
int intake_channels(const struct intake *intake);

/* Where fed samples lie: in the first of these that is not NULL. */
struct intake_samples {
    const float *floats;
    const int16_t *integers;
    const uint8_t *ulaw, *alaw;
};

/* Feeds frames sample frames; windows that they complete go to sink. Errors: MEMORY, and sink's. */
int intake_feed(struct intake *intake, struct intake_samples samples, size_t frames, window_sink sink, void *context,
                struct fault *fault);
int intake_finish(struct intake *intake, window_sink sink, void *context, struct fault *fault);
/* Ends open windows; the sound goes on. What has not filled a block waits for the rest of it. */
int intake_flush(struct intake *intake, window_sink sink, void *context, struct fault *fault);

/* Seconds of the stream in the blocks that have come in, the one in progress counted in. */
double intake_seconds(const struct intake *intake);

/* Samples so far that were no numbers; and blocks a twentieth of whose samples are at full scale: too loud to be held.
 */
struct intake_faults {
    int64_t not_finite, clipped_blocks;
};
struct intake_faults intake_get_faults(const struct intake *intake);

/* Wall time so far: resampling, and voice activity with cutting (sink's time left out). */
double intake_resample_seconds(const struct intake *intake);
double intake_activity_seconds(const struct intake *intake);

#endif

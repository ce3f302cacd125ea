/* activity.h - where the speech is: an energy-based voice activity detector with an adaptive noise floor, and the
 * quiet points at which a long recording is cut. Works at 16 kHz, in frames of 10 ms, streaming. */
#ifndef AUDIO_ACTIVITY_H
#define AUDIO_ACTIVITY_H

#include "src/base/error.h"

#include <stdbool.h>

enum { ACTIVITY_RATE = 16000, ACTIVITY_HOP = 160 };

struct activity_params {
    float floor_dbfs;     /* a frame under this level is not speech, however quiet the rest: -60 */
    float above_noise_db; /* speech stands this far above the noise floor: 6 */
    int hangover_frames;  /* kept after speech ends: 30 */
    int lead_frames;      /* kept before speech begins: 20 */
    int minimum_frames;   /* shorter bursts are clicks: 4 */
};
void activity_params_default(struct activity_params *params);

struct activity;
/* Errors: ARGUMENT, MEMORY. */
int activity_open(struct activity **activity, const struct activity_params *params, struct fault *fault);
void activity_close(struct activity **activity);
void activity_reset(struct activity *activity);

/* One 10 ms frame's verdict; count / ACTIVITY_HOP of them in all. The verdicts lag behind the samples by lead + minimum
 * frames, and at the start by the half second from which the noise floor is learnt; after finish all are there.
 * level_dbfs: of the whole frame less its mean, 0 for a square wave at full scale, -120 for silence and for samples
 * that are no numbers. */
struct activity_frame {
    float level_dbfs;
    bool speech;
};

/* The level of a frame's ACTIVITY_HOP samples, as above. */
float activity_level(const float *frame);

/* Feeds samples in any chunks. Errors: MEMORY, STATE (after finish, before reset). */
int activity_feed(struct activity *activity, const float *samples, int64_t count, struct fault *fault);
void activity_finish(struct activity *activity);
/* Up to count verdicts into out, oldest first; returns how many. Chunking does not change them. */
int activity_take(struct activity *activity, struct activity_frame *out, int count);

/* The best place to cut frames [begin, end): the frame in the middle of the quietest stretch of about 100 ms, longer
 * and later silences preferred. */
int activity_quietest(const struct activity_frame *frames, int begin, int end);

#endif

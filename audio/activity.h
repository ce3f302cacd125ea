/* activity.h - where the speech is: an energy-based voice activity detector with an adaptive noise floor, and the
 * quiet points at which a long recording is cut. Works at 16 kHz, in frames of 10 ms, streaming. */
#ifndef AUDIO_ACTIVITY_H
#define AUDIO_ACTIVITY_H

#include "src/base/error.h"

#include <stdbool.h>

enum { ACTIVITY_RATE = 16000, ACTIVITY_HOP = 160 };

struct activity_params {
    float floor_dbfs;      /* nothing under this level is speech, however quiet the rest: -60 */
    float above_noise_db;  /* speech stands this far above the noise floor: 6 … */
    int hangover_frames;   /* kept after speech ends */
    int lead_frames;       /* kept before speech begins */
    int minimum_frames;    /* shorter bursts are clicks */
};
void activity_params_default(struct activity_params *params);

struct activity;
int activity_open(struct activity **activity, const struct activity_params *params, struct fault *fault);
void activity_close(struct activity **activity);
void activity_reset(struct activity *activity);

/* One 10 ms frame's verdict. The verdicts lag behind the samples by lead + minimum frames, until finish. */
struct activity_frame {
    float level_dbfs;
    bool speech;
};

/* Feeds samples in any chunks. Errors: MEMORY. */
int activity_feed(struct activity *activity, const float *samples, int64_t count, struct fault *fault);
void activity_finish(struct activity *activity);
/* Up to count verdicts into out, oldest first; returns how many. Chunking does not change them. */
int activity_take(struct activity *activity, struct activity_frame *out, int count);

/* The best place to cut frames [begin, end): the frame in the middle of the quietest stretch of about 100 ms, longer
 * and later silences preferred. */
int activity_quietest(const struct activity_frame *frames, int begin, int end);

#endif

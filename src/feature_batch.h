/* feature_batch.h - what a model hears of the windows of a pass: normalised log-mel. For a FastConformer each window is
 * filled up to the longest, for a Whisper to the one length that its encoder hears. One thread at a time. */
#ifndef SRC_FEATURE_BATCH_H
#define SRC_FEATURE_BATCH_H

#include "src/model.h"
#include "src/window.h"

struct feature_batch {
    const struct utter_model *model;
    int rows;               /* windows of a pass at most */
    int64_t samples;        /* of a window that memory is taken for at the first pass */
    unsigned char *scratch; /* [threads, scratch_size] */
    size_t scratch_size;
    float *padded;   /* of a Whisper: [threads, samples of a whole window] */
    float *features; /* [count, frames, mels] */
    size_t capacity;
    int *lengths; /* [rows]: frames of each window that are heard, at least as many as a network needs */

    struct window *const *windows; /* of the pass */
    int count, frames;
};

/* rows: windows of a pass at most. samples: the length of a window that memory is taken for at the first pass; a longer
 * one makes it grow. Errors: MEMORY; closed all the same. */
int feature_batch_open(struct feature_batch *batch, const struct utter_model *model, int rows, int64_t samples,
                       struct fault *fault);
void feature_batch_close(struct feature_batch *batch);

/* The features of 1 to rows windows, one window per thread. Errors: MEMORY. */
int feature_batch_compute(struct feature_batch *batch, struct window *const *windows, int count, struct fault *fault);

/* Whether a window is long enough to say anything. */
bool feature_batch_says(const struct feature_batch *batch, int row);
/* The most frames that a pass of the promised windows has, at least those of this one. */
int feature_batch_most_frames(const struct feature_batch *batch);

/* Samples of the longest window that a Whisper hears whole. */
int64_t feature_batch_whole(const struct utter_model *model);

/* Makes *floats hold at least needed; what was in it is lost. Errors: MEMORY, naming what. */
int need_floats(float **floats, size_t *capacity, size_t needed, const char *what, struct fault *fault);

#endif

/* feature_batch.h - what a FastConformer hears of the windows of a pass: normalised log-mel, each window filled up to
 * the longest. */
#ifndef SRC_FEATURE_BATCH_H
#define SRC_FEATURE_BATCH_H

#include "src/model.h"
#include "src/window.h"

struct feature_batch {
    const struct utter_model *model;
    unsigned char *scratch; /* [threads, scratch_size] */
    size_t scratch_size;
    float *features; /* [count, frames, mels] */
    size_t capacity;
    int *lengths; /* [rows]: frames of each window, at least as many as a network needs */

    struct window *const *windows; /* of the pass in progress */
    int count, frames;
};

/* rows: windows of a pass at most. Errors: MEMORY; closed all the same. */
int feature_batch_open(struct feature_batch *batch, const struct utter_model *model, int rows, struct fault *fault);
void feature_batch_close(struct feature_batch *batch);

/* In this order: lengths and frames; memory for so many; the features, one window per thread. */
void feature_batch_begin(struct feature_batch *batch, struct window *const *windows, int count);
int feature_batch_reserve(struct feature_batch *batch, int rows, int frames, struct fault *fault);
void feature_batch_compute(struct feature_batch *batch);

/* Whether a window is long enough to say anything. */
bool feature_batch_says(const struct feature_batch *batch, int row);

/* Makes *floats hold at least needed; what was in it is lost. Errors: MEMORY, naming what. */
int need_floats(float **floats, size_t *capacity, size_t needed, const char *what, struct fault *fault);

#endif

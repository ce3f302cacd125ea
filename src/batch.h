/* batch.h - one forward pass over several windows, in its three stages: features, scores, words. */
#ifndef SRC_BATCH_H
#define SRC_BATCH_H

#include "src/model.h"
#include "src/window.h"

struct batch;

/* rows: the most windows of one pass. samples: the length of a window that memory is taken for at the first pass; a
 * longer one makes it grow. beam: 1 is greedy. Errors: MEMORY. */
int batch_open(struct batch **batch, const struct utter_model *model, int rows, int64_t samples, int beam,
               struct fault *fault);
void batch_close(struct batch **batch);

/* The three stages, to be called in this order with the same count windows (1 to rows). Features and search run one
 * window per thread. Errors: MEMORY, DEVICE. */
int batch_features(struct batch *batch, struct window *const *windows, int count, struct fault *fault);
int batch_forward(struct batch *batch, struct fault *fault);
/* Fills the windows' words, in seconds of the stream. */
int batch_search(struct batch *batch, struct fault *fault);

/* Bytes of the forward pass's arena, and FLOPs of its last run. */
size_t batch_bytes(const struct batch *batch);
double batch_flops(const struct batch *batch);

#endif

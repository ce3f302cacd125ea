/* batch.h - one forward pass over several windows, in its three stages: features, scores, words. One thread at a time.
 */
#ifndef SRC_BATCH_H
#define SRC_BATCH_H

#include "src/decoding.h"
#include "src/window.h"

struct batch;

/* rows: the most windows of one pass. samples: the length of a window that memory is taken for at the first pass; a
 * longer one makes it grow. decoding is borrowed. Errors: MEMORY. */
int batch_open(struct batch **batch, const struct utter_model *model, int rows, int64_t samples,
               const struct decoding *decoding, struct fault *fault);
void batch_close(struct batch **batch);
/* Forgets the language that was heard. */
void batch_reset(struct batch *batch);
/* Searches from here on as decoding says, which is borrowed and, of a Whisper, asks for no more rows than the one it
 * was opened with. */
void batch_decode(struct batch *batch, const struct decoding *decoding);

/* Windows that a pass of the model takes at most when throughput counts, of at most wanted: a Whisper's cached keys and
 * values are bounded by it. */
int batch_rows(const struct utter_model *model, const struct decoding *decoding, int wanted);
/* Samples of the longest window that the model hears whole; 0: no bound of its own. */
int64_t batch_longest(const struct utter_model *model);

/* The three stages of a pass over count windows (1 to rows), to be called in this order. Features run one window per
 * thread, and so does the search of a CTC head. Errors: MEMORY, DEVICE. */
int batch_features(struct batch *batch, struct window *const *windows, int count, struct fault *fault);
int batch_forward(struct batch *batch, struct fault *fault);
/* Fills the windows' words, in seconds of the stream, and what else window.h says the search fills. */
int batch_search(struct batch *batch, struct fault *fault);

/* Between batch_features and batch_forward: which windows the next pass will be of. Where a device of its own computes
 * this one, the processors make their features meanwhile, and the next batch_features, if it is of the same list, has
 * nothing left to do. The list and its windows must last until then. 0 windows: it is not known, or not any more. */
void batch_announce(struct batch *batch, struct window *const *windows, int count);

/* The language heard so far: its code, or "" while it is not known. Lives with the model. */
const char *batch_language(const struct batch *batch);

/* Bytes of the forward pass's arena, FLOPs of its last run, and decoder steps of the last search. */
size_t batch_bytes(const struct batch *batch);
double batch_flops(const struct batch *batch);
int batch_steps(const struct batch *batch);

#endif

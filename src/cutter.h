/* cutter.h - cuts one channel's sound into windows that a model can take: at pauses where there are any, in running
 * speech at the quietest point with both sides overlapping; what is not speech is dropped. Streaming; where it cuts
 * does not depend on how the sound is fed. */
#ifndef SRC_CUTTER_H
#define SRC_CUTTER_H

#include "src/window.h"

/* All in frames of 10 ms. */
struct cutter_params {
    int longest;     /* no window is longer, overlap included */
    int context;     /* of non-speech that a window keeps before and after its speech */
    int long_pause;  /* one that ends any window */
    int short_pause; /* one that ends a window of at least settled frames */
    int settled;
    int overlap; /* that windows reach beyond a seam in running speech */
};
void cutter_params_default(struct cutter_params *params);

struct cutter;
int cutter_open(struct cutter **cutter, const struct cutter_params *params, int channel, struct fault *fault);
void cutter_close(struct cutter **cutter);
void cutter_reset(struct cutter *cutter);

/* Feeds samples at 16 kHz; windows that they complete go to sink. Errors: MEMORY, and sink's. */
int cutter_feed(struct cutter *cutter, const float *samples, int64_t count, window_sink sink, void *context,
                struct fault *fault);
/* The end of the sound: the last window goes to sink. */
int cutter_finish(struct cutter *cutter, window_sink sink, void *context, struct fault *fault);

#endif

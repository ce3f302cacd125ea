/* recognizer.h - a session's way through the model: windows wait until a batch of them is worth a forward pass, and
 * come out as segments. One thread at a time. */
#ifndef SRC_RECOGNIZER_H
#define SRC_RECOGNIZER_H

#include "src/decoding.h"
#include "src/dropped.h"
#include "src/nbest.h"
#include "src/segment.h"
#include "src/window.h"
#include "src/writing.h"

struct recognizer_params {
    int lanes;                       /* channels that windows come from */
    int batch;                       /* windows per forward pass; 0: chosen for throughput */
    const struct decoding *decoding; /* borrowed, … */
    struct writing *writing;         /* … as is this; NULL: words are handed out as they were heard */
    int64_t longest; /* samples of the longest window to come; those of sequential mode find their own */
    /* Asked before every forward pass; nonzero ends the call with CANCELLED. May be NULL. */
    int (*poll)(void *context);
    void *poll_context;
};

struct recognizer;

/* Errors: ARGUMENT, MEMORY. */
int recognizer_open(struct recognizer **recognizer, const struct utter_model *model,
                    const struct recognizer_params *params, struct fault *fault);
void recognizer_close(struct recognizer **recognizer);
/* Forgets windows and segments. */
void recognizer_reset(struct recognizer *recognizer);

/* Takes a window over, and runs the model when enough are waiting: which run together depends on the windows alone.
 * A window_sink. Errors: MEMORY, DEVICE, CANCELLED. */
int recognizer_take(void *recognizer, struct window *window, struct fault *fault);
/* No more windows: runs what is waiting. */
int recognizer_finish(struct recognizer *recognizer, struct fault *fault);

/* Finished segments, in order of time within a channel. */
struct segment_queue *recognizer_segments(struct recognizer *recognizer);

/* What was heard and not given out. */
struct dropped_queue *recognizer_dropped(struct recognizer *recognizer);

/* What else windows might have said. */
struct nbest_queue *recognizer_nbest(struct recognizer *recognizer);

/* The language heard so far, "" while it is not known; of models that speak one, "". Lives with the model. */
const char *recognizer_language(const struct recognizer *recognizer);

/* Whether windows wait, and the second of the stream that is recognized up to, as near as that can be said. */
bool recognizer_waiting(const struct recognizer *recognizer);
double recognizer_reached(const struct recognizer *recognizer);

/* Adds the wall time of the stages so far to features, model and search. */
void recognizer_add_timings(const struct recognizer *recognizer, struct utter_timings *timings);

#endif

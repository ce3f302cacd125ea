/* cutter.h - cuts one channel's sound into windows that a model can take: at pauses where there are any, in running
 * speech at the quietest point with both sides overlapping; what is not speech is dropped. Streaming; where it cuts
 * does not depend on how the sound is fed. */
#ifndef SRC_CUTTER_H
#define SRC_CUTTER_H

#include "src/window.h"

struct voice;

/* All in frames of 10 ms. */
struct cutter_params {
    int longest;     /* no window is longer, overlap included */
    int context;     /* of non-speech that a window keeps before and after its speech */
    int long_pause;  /* one that ends any window */
    int short_pause; /* one that ends a window of at least settled frames */
    int settled;
    int overlap; /* that windows reach beyond a seam in running speech */
    /* What tells speech from the rest: NULL: audio/activity.h with its lead and hangover, which are silence that the
     * pauses here do not count; else a live detector (voice.h), and frames from threshold on are speech. */
    const struct voice *voice;
    float threshold;
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
/* Ends the open window, if there is one, where the verdicts have got to; the sound goes on. */
int cutter_flush(struct cutter *cutter, window_sink sink, void *context, struct fault *fault);

/* The window that is open, for who cannot wait for its end. */
struct cutter_view {
    bool open;
    int64_t begin;        /* in the stream, samples */
    int64_t speech;       /* where its first speech begins, samples … */
    int64_t speech_end;   /* … and where the last one ends, so far */
    const float *samples; /* [count] from begin on, all that was fed; the cutter's, until it is next called */
    int64_t count;
    int64_t heard; /* samples of the stream that have a verdict, windows open or not */
};
struct cutter_view cutter_look(const struct cutter *cutter);

#endif

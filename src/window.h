/* window.h - the unit that a model hears: a stretch of one channel with speech in it, at 16 kHz. */
#ifndef SRC_WINDOW_H
#define SRC_WINDOW_H

#include "decoder/words.h"

#include <stdbool.h>

enum { WINDOW_RATE = 16000 };

/* Neighbours that a cut in running speech parted overlap around the seam, so that each hears the words there whole;
 * words.h's list is filled by the search, with times from the beginning of the stream. */
struct window {
    float *samples; /* [count], owned */
    int64_t count;
    int64_t begin; /* in the stream, samples */
    int channel;
    bool seam_before, seam_after; /* does the speech run on across this edge? */
    int64_t seam;                 /* where, in the stream, samples: of the edge after */
    struct word_list words;
};

void window_free(struct window *window);

/* Takes a finished window over (owning it whether or not it fails) and returns 0 or an error. */
typedef int (*window_sink)(void *context, struct window *window, struct fault *fault);

#endif

/* window.h - the unit that a model hears: a stretch of one channel with speech in it, at 16 kHz. */
#ifndef SRC_WINDOW_H
#define SRC_WINDOW_H

#include "decoder/search/presence.h"
#include "decoder/search/words.h"

#include <stdbool.h>

enum { WINDOW_RATE = 16000 };

/* Neighbours that a cut in running speech parted overlap around the seam, so that each hears the words there whole;
 * words.h's list is filled by the search, with times from the beginning of the stream. */
struct window {
    float *samples; /* [count], owned */
    int64_t count;
    int64_t begin; /* in the stream, samples */
    int channel;
    int64_t speech_end;           /* where its last speech ends, in the stream, samples; not known of uncut sound */
    bool seam_before, seam_after; /* does the speech run on across this edge? */
    bool ended;                   /* at a pause, or with the sound: not because it was as long as it may be */
    int64_t seam;                 /* where, in the stream, samples: of the edge after */
    struct word_list words;

    /* Where a grammar says what may be said: */
    bool sentence;    /* the window is one sentence, whole as it is */
    float confidence; /* of it, in [0, 1] */

    /* Where a CTC model found words, and the window is whole: what they are judged by. */
    struct presence_evidence evidence;

    /* What the search of a Whisper fills besides, and, where there is a grammar or the model tells noise from speech,
     * any. Reason other than none: words is empty, and dropped the text that is not given out. */
    enum utter_reason reason;
    char *dropped; /* owned */
    double seek;   /* seconds of the window after which the next one begins in sequential mode */
    double temperature;
    int *tokens; /* [token_count], owned: of the text that is kept, timestamps included */
    size_t token_count;
    struct nbest *nbest; /* owned (nbest.h); NULL where none is wanted */
    const int *prompt;   /* [prompt_count], borrowed: of the text before; set by whoever runs windows one by one */
    size_t prompt_count;
};

void window_free(struct window *window);

/* Takes a finished window over (owning it whether or not it fails) and returns 0 or an error. */
typedef int (*window_sink)(void *context, struct window *window, struct fault *fault);

#endif

/* mark.h - the marks of a speech: when its sentences, words and phones are said. */
#ifndef SRC_SPEAK_MARK_H
#define SRC_SPEAK_MARK_H

#include "src/speak/utterance.h"

struct mark {
    struct utter_mark public; /* text points behind the struct */
};

/* Marks in order. A sentence of several breaths lasts until the last one has been rendered, so its marks are held back
 * until then. Zeroed: empty. */
struct mark_queue {
    struct mark **marks;
    size_t first, count, capacity; /* marks[first … count) */
    size_t held;                   /* from here on they belong to the sentence that is not complete */
};

/* Adds the marks of an utterance that has been rendered: it begins at start, and its frames follow each other every
 * frame_seconds. timed: whether its tokens have frames; else only its sentence is marked, until end, and marks of
 * the user's are at its start. Errors: MEMORY. */
int mark_utterance(struct mark_queue *queue, const struct utterance *utterance, double start, double end,
                   double frame_seconds, bool timed, struct fault *fault);
/* Adds a mark of the user's behind all that has been said, at `time` seconds. Errors: MEMORY. */
int mark_named(struct mark_queue *queue, const struct spoken_mark *mark, double time, struct fault *fault);
/* The oldest that may be handed out, the caller's (free); NULL: none. */
struct mark *mark_take(struct mark_queue *queue);
void mark_clear(struct mark_queue *queue);

#endif

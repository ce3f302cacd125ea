/* segment.h - finished segments in the form that the public header promises, and a queue of them. */
#ifndef SRC_SEGMENT_H
#define SRC_SEGMENT_H

#include "decoder/search/words.h"

#include <stdbool.h>

/* One block of memory with everything that the segment points to. */
struct segment {
    struct segment *next;
    struct utter_segment public;
    float acoustic; /* mean of the words', weighted by their durations */
};

/* From words (copied), of which there is at least one. NULL when memory ran out. Freed with free(). */
struct segment *segment_new(const struct word *words, size_t count, int channel);

/* Whether these few words that a CTC model itself does not believe are better taken for a sound that is no speech (a
 * door, a dog). Measured with a half-trained default model on 400 sounds without speech and 207 utterances: of 86
 * segments made of noise 60 go, and 6 of 1728 words of speech. */
bool segment_unsure(const struct segment *segment);

struct segment_queue {
    struct segment *first, *last;
    size_t count;
};

void segment_queue_add(struct segment_queue *queue, struct segment *segment);
struct segment *segment_queue_take(struct segment_queue *queue); /* the oldest; NULL when empty */
void segment_queue_clear(struct segment_queue *queue);

#endif

/* event.h - a live session's events in the form that the public header promises, and a queue of them. */
#ifndef SRC_EVENT_H
#define SRC_EVENT_H

#include "src/segment.h"

struct event {
    struct event *next;
    struct segment *segment; /* owned, or NULL; public.segment points into it */
    struct utter_event public;
};

struct event_queue {
    struct event *first, *last;
};

/* An event with a segment (taken over, may be NULL) or without. Errors: MEMORY, with the segment freed. */
int event_add(struct event_queue *queue, enum utter_event_kind kind, int channel, double time, struct segment *segment,
              struct event **out, struct fault *fault);
/* Takes a tentative text out that nobody has taken and that is out of date. */
void event_drop_tentative(struct event_queue *queue, int channel);
struct event *event_take(struct event_queue *queue); /* the oldest; NULL when empty */
void event_free(struct event *event);
void event_clear(struct event_queue *queue);

#endif

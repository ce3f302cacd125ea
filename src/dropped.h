/* dropped.h - text that was heard and not given out, with its reason, and a queue of it. */
#ifndef SRC_DROPPED_H
#define SRC_DROPPED_H

#include "src/window.h"

/* One block of memory with the text. */
struct dropped {
    struct dropped *next;
    struct utter_dropped public;
};

/* Of a window whose reason is set. NULL when memory ran out. Freed with free(). */
struct dropped *dropped_new(const struct window *window);

struct dropped_queue {
    struct dropped *first, *last;
    size_t count;
};

void dropped_queue_add(struct dropped_queue *queue, struct dropped *dropped);
struct dropped *dropped_queue_take(struct dropped_queue *queue); /* the oldest; NULL when empty */
void dropped_queue_clear(struct dropped_queue *queue);

#endif

/* redacted.h - stretches of sound whose text was redacted, and a queue of them. */
#ifndef SRC_REDACTED_H
#define SRC_REDACTED_H

#include "src/base/error.h"

struct redacted {
    struct redacted *next;
    struct utter_redacted public;
};

struct redacted_queue {
    struct redacted *first, *last;
    size_t count;
};

/* Errors: MEMORY. */
int redacted_queue_add(struct redacted_queue *queue, const struct utter_redacted *redacted, struct fault *fault);
/* The oldest, 1 and *redacted; 0 when empty. */
int redacted_queue_take(struct redacted_queue *queue, struct utter_redacted *redacted);
void redacted_queue_clear(struct redacted_queue *queue);

#endif

#include "src/redacted.h"

#include "src/base/memory.h"

#include <stdlib.h>

int redacted_queue_add(struct redacted_queue *queue, const struct utter_redacted *redacted, struct fault *fault)
{
    struct redacted *new = memory_new(1, sizeof *new);
    if (!new)
        return fail_memory(fault, "what was redacted");
    new->public = *redacted;
    if (queue->last)
        queue->last->next = new;
    else
        queue->first = new;
    queue->last = new;
    queue->count++;
    return 0;
}

int redacted_queue_take(struct redacted_queue *queue, struct utter_redacted *redacted)
{
    struct redacted *first = queue->first;
    if (!first)
        return 0;
    *redacted = first->public;
    queue->first = first->next;
    if (!queue->first)
        queue->last = NULL;
    queue->count--;
    free(first);
    return 1;
}

void redacted_queue_clear(struct redacted_queue *queue)
{
    struct utter_redacted redacted;
    while (redacted_queue_take(queue, &redacted))
        continue;
}

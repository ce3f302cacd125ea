#include "src/dropped.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

struct dropped *dropped_new(const struct window *window)
{
    const char *text = window->dropped ? window->dropped : "";
    size_t size = strlen(text) + 1;
    struct dropped *dropped = memory_new(sizeof *dropped + size, 1);
    if (!dropped)
        return NULL;
    dropped->public = (struct utter_dropped){.start = (double)window->begin / WINDOW_RATE,
                                             .end = (double)(window->begin + window->count) / WINDOW_RATE,
                                             .channel = window->channel,
                                             .reason = window->reason,
                                             .confidence = window->sentence ? window->confidence : 0.0f,
                                             .text = memcpy((char *)(dropped + 1), text, size)};
    return dropped;
}

void dropped_queue_add(struct dropped_queue *queue, struct dropped *dropped)
{
    dropped->next = NULL;
    if (queue->last)
        queue->last->next = dropped;
    else
        queue->first = dropped;
    queue->last = dropped;
    queue->count++;
}

struct dropped *dropped_queue_take(struct dropped_queue *queue)
{
    struct dropped *dropped = queue->first;
    if (!dropped)
        return NULL;
    queue->first = dropped->next;
    if (!queue->first)
        queue->last = NULL;
    queue->count--;
    return dropped;
}

void dropped_queue_clear(struct dropped_queue *queue)
{
    for (struct dropped *dropped; (dropped = dropped_queue_take(queue));)
        free(dropped);
}

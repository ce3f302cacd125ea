#include "src/event.h"

#include "src/base/memory.h"

#include <stdlib.h>

int event_add(struct event_queue *queue, enum utter_event_kind kind, int channel, double time, struct segment *segment,
              struct event **out, struct fault *fault)
{
    struct event *event = memory_new(1, sizeof *event);
    if (!event) {
        free(segment);
        return fail_memory(fault, "an event");
    }
    event->segment = segment;
    event->public = (struct utter_event){.struct_size = sizeof event->public,
                                         .kind = kind,
                                         .channel = channel,
                                         .time = time,
                                         .segment = {.channel = channel, .text = ""},
                                         .message = ""};
    if (segment)
        event->public.segment = segment->public;
    if (queue->last)
        queue->last->next = event;
    else
        queue->first = event;
    queue->last = event;
    if (out)
        *out = event;
    return 0;
}

void event_drop_tentative(struct event_queue *queue, int channel)
{
    struct event *before = NULL;
    for (struct event *event = queue->first, *next; event; event = next) {
        next = event->next;
        if (event->public.kind != UTTER_EVENT_TENTATIVE || event->public.channel != channel) {
            before = event;
            continue;
        }
        if (before)
            before->next = next;
        else
            queue->first = next;
        if (!next)
            queue->last = before;
        event_free(event);
    }
}

struct event *event_take(struct event_queue *queue)
{
    struct event *event = queue->first;
    if (!event)
        return NULL;
    queue->first = event->next;
    if (!queue->first)
        queue->last = NULL;
    return event;
}

void event_free(struct event *event)
{
    if (event)
        free(event->segment);
    free(event);
}

void event_clear(struct event_queue *queue)
{
    for (struct event *event; (event = event_take(queue));)
        event_free(event);
}

#include "src/transcript.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

struct transcript {
    struct utter_transcript public;
    struct segment_queue owned; /* the memory that the segments point into */
    struct utter_segment *segments;
    struct dropped_queue owned_dropped;
    struct utter_dropped *dropped;
    struct nbest_queue owned_nbest;
    struct utter_nbest *nbest;
    struct utter_redacted *redacted;
    char *text, *language, *warning;
};

int transcript_open(struct transcript **transcript, const char *language, const char *warning, struct fault *fault)
{
    struct transcript *t = memory_new(1, sizeof *t);
    if (!t)
        return fail_memory(fault, "a transcript");
    t->language = memory_text(language, strlen(language));
    t->warning = memory_text(warning, strlen(warning));
    if (!t->language || !t->warning) {
        struct utter_transcript *public = &t->public;
        utter_transcript_free(&public);
        return fail_memory(fault, "a transcript");
    }
    t->public.language = t->language;
    t->public.warning = t->warning;
    t->public.text = "";
    *transcript = t;
    return 0;
}

static int by_start(const void *a, const void *b)
{
    const struct utter_segment *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->channel - y->channel;
}

int transcript_fill(struct transcript *t, struct segment_queue *segments, struct fault *fault)
{
    size_t count = 0, length = 1;
    for (const struct segment *s = segments->first; s; s = s->next)
        length += strlen(s->public.text) + 1;
    t->segments = memory_new(segments->count, sizeof *t->segments);
    t->text = memory_new(length, 1);
    if (!t->segments || !t->text)
        return fail_memory(fault, "a transcript");
    for (const struct segment *s = segments->first; s; s = s->next)
        t->segments[count++] = s->public;
    qsort(t->segments, count, sizeof *t->segments, by_start);
    char *end = t->text;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(t->segments[i].text);
        if (i)
            *end++ = ' ';
        memcpy(end, t->segments[i].text, size + 1);
        end += size;
    }
    t->owned = *segments;
    *segments = (struct segment_queue){0};
    t->public.segments = t->segments;
    t->public.segment_count = count;
    t->public.text = t->text;
    return 0;
}

static int by_dropped_start(const void *a, const void *b)
{
    const struct utter_dropped *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->channel - y->channel;
}

int transcript_fill_dropped(struct transcript *t, struct dropped_queue *dropped, struct fault *fault)
{
    size_t count = 0;
    t->dropped = memory_new(dropped->count, sizeof *t->dropped);
    if (!t->dropped)
        return fail_memory(fault, "a transcript");
    for (const struct dropped *d = dropped->first; d; d = d->next)
        t->dropped[count++] = d->public;
    qsort(t->dropped, count, sizeof *t->dropped, by_dropped_start);
    t->owned_dropped = *dropped;
    *dropped = (struct dropped_queue){0};
    t->public.dropped = t->dropped;
    t->public.dropped_count = count;
    return 0;
}

static int by_nbest_start(const void *a, const void *b)
{
    const struct utter_nbest *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->channel - y->channel;
}

int transcript_fill_nbest(struct transcript *t, struct nbest_queue *nbest, struct fault *fault)
{
    size_t count = 0;
    t->nbest = memory_new(nbest->count, sizeof *t->nbest);
    if (!t->nbest)
        return fail_memory(fault, "a transcript");
    for (const struct nbest *n = nbest->first; n; n = n->next)
        t->nbest[count++] = n->public;
    qsort(t->nbest, count, sizeof *t->nbest, by_nbest_start);
    t->owned_nbest = *nbest;
    *nbest = (struct nbest_queue){0};
    t->public.nbest = t->nbest;
    t->public.nbest_count = count;
    return 0;
}

static int by_redacted_start(const void *a, const void *b)
{
    const struct utter_redacted *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->channel - y->channel;
}

int transcript_fill_redacted(struct transcript *t, struct redacted_queue *redacted, double duration,
                             struct fault *fault)
{
    size_t count = 0;
    if (!redacted || !redacted->count)
        return 0;
    t->redacted = memory_new(redacted->count, sizeof *t->redacted);
    if (!t->redacted)
        return fail_memory(fault, "a transcript");
    for (; redacted_queue_take(redacted, &t->redacted[count]); count++)
        if (t->redacted[count].end > duration && t->redacted[count].start < duration)
            t->redacted[count].end = duration;
    qsort(t->redacted, count, sizeof *t->redacted, by_redacted_start);
    t->public.redacted = t->redacted;
    t->public.redacted_count = count;
    return 0;
}

struct utter_transcript *transcript_public(struct transcript *t)
{
    return &t->public;
}

void utter_transcript_free(struct utter_transcript **transcript)
{
    if (!transcript || !*transcript)
        return;
    struct transcript *t = (struct transcript *)*transcript;
    segment_queue_clear(&t->owned);
    dropped_queue_clear(&t->owned_dropped);
    nbest_queue_clear(&t->owned_nbest);
    free(t->segments);
    free(t->dropped);
    free(t->nbest);
    free(t->redacted);
    free(t->text);
    free(t->language);
    free(t->warning);
    free(t);
    *transcript = NULL;
}

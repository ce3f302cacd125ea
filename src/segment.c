#include "src/segment.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { UNSURE_WORDS = 3 };
static const float unsure_acoustic = 0.45f;

/* Copies text to *at, moves *at behind its NUL, and returns the copy. */
static char *put(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*at, text, size);
    *at += size;
    return copy;
}

/* The words' mean weighted by their durations; where none has any, the plain mean. */
static float mean_acoustic(const struct word *words, size_t count)
{
    double weighted = 0, duration = 0, plain = 0;
    for (size_t i = 0; i < count; i++) {
        double length = words[i].end - words[i].start;
        weighted += (double)words[i].acoustic * length;
        duration += length;
        plain += (double)words[i].acoustic;
    }
    return (float)(duration > 0 ? weighted / duration : plain / (double)count);
}

/* The share of the words that are likely right. */
static float mean_confidence(const struct word *words, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)words[i].confidence;
    return (float)(sum / (double)count);
}

struct segment *segment_new(const struct word *words, size_t count, int channel)
{
    size_t text_size = 0;
    for (size_t i = 0; i < count; i++)
        text_size += strlen(words[i].text) + 1;
    size_t words_size = count * sizeof(struct utter_word);
    struct segment *segment = memory_new(sizeof *segment + words_size + 2 * text_size, 1);
    if (!segment)
        return NULL;
    struct utter_word *public_words = (struct utter_word *)(segment + 1);
    char *at = (char *)(segment + 1) + words_size, *joined = at + text_size;
    char *end = joined;
    for (size_t i = 0; i < count; i++) {
        if (i && words[i].joined)
            end--;
        put(&end, words[i].text);
        end[-1] = ' ';
        public_words[i] = (struct utter_word){.text = put(&at, words[i].text),
                                              .start = words[i].start,
                                              .end = words[i].end,
                                              .confidence = words[i].confidence};
    }
    end[-1] = 0;
    segment->public = (struct utter_segment){.start = words[0].start,
                                             .end = words[count - 1].end,
                                             .channel = channel,
                                             .confidence = mean_confidence(words, count),
                                             .text = joined,
                                             .words = public_words,
                                             .word_count = count};
    segment->acoustic = mean_acoustic(words, count);
    return segment;
}

bool segment_unsure(const struct segment *segment)
{
    return segment->public.word_count <= UNSURE_WORDS && segment->acoustic < unsure_acoustic;
}

void segment_queue_add(struct segment_queue *queue, struct segment *segment)
{
    segment->next = NULL;
    if (queue->last)
        queue->last->next = segment;
    else
        queue->first = segment;
    queue->last = segment;
    queue->count++;
}

struct segment *segment_queue_take(struct segment_queue *queue)
{
    struct segment *segment = queue->first;
    if (!segment)
        return NULL;
    queue->first = segment->next;
    if (!queue->first)
        queue->last = NULL;
    queue->count--;
    return segment;
}

void segment_queue_clear(struct segment_queue *queue)
{
    for (struct segment *segment; (segment = segment_queue_take(queue));)
        free(segment);
}

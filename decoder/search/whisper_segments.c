#include "decoder/search/whisper_segments.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

static const double timestamp_seconds = 0.02;

static double seconds_of(const struct whisper_special *s, int token, double duration)
{
    double seconds = (token - s->timestamp_begin) * timestamp_seconds;
    return seconds < 0 ? 0 : seconds < duration ? seconds : duration;
}

static bool has_text(const struct whisper_special *s, const int *tokens, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        if (tokens[i] < s->eot)
            return true;
    return false;
}

/* A segment of tokens [first, end), which begins and ends with a timestamp. One of no length is one that the model gave
 * up on. */
static void add_pair(const struct whisper_special *s, const int *tokens, size_t first, size_t end, double duration,
                     struct whisper_segment_list *out)
{
    double start = seconds_of(s, tokens[first], duration), stop = seconds_of(s, tokens[end - 1], duration);
    if (stop > start && has_text(s, tokens, first, end))
        out->segments[out->count++] = (struct whisper_segment){first, end - first, start, stop};
}

/* No pair of timestamps in the middle: all is one segment, up to its last timestamp if that says more than 0. */
static void add_whole(const struct whisper_special *s, const struct whisper_hypothesis *h, double duration,
                      struct whisper_segment_list *out)
{
    double end = duration;
    for (size_t i = h->count; i-- > 0;)
        if (h->tokens[i] >= s->timestamp_begin) {
            if (h->tokens[i] > s->timestamp_begin)
                end = seconds_of(s, h->tokens[i], duration);
            break;
        }
    if (end > 0 && has_text(s, h->tokens, 0, h->count))
        out->segments[out->count++] = (struct whisper_segment){0, h->count, 0, end};
}

int whisper_segments(const struct whisper_vocabulary *vocabulary, const struct whisper_hypothesis *h, double duration,
                     struct whisper_segment_list *out, struct fault *fault)
{
    const struct whisper_special *s = whisper_vocabulary_special(vocabulary);
    *out = (struct whisper_segment_list){.seek = duration};
    out->segments = memory_new(h->count + 1, sizeof *out->segments);
    if (!out->segments)
        return fail_memory(fault, "a window's segments");
    size_t first = 0, n = h->count;
    int begin = s->timestamp_begin;
    bool closed = n >= 1 && h->tokens[n - 1] >= begin && !(n >= 2 && h->tokens[n - 2] >= begin);
    for (size_t i = 1; i < n; i++)
        if (h->tokens[i - 1] >= begin && h->tokens[i] >= begin) {
            add_pair(s, h->tokens, first, i, duration, out);
            first = i;
        }
    if (!first) {
        add_whole(s, h, duration, out);
    } else if (closed && n >= 2) {
        add_pair(s, h->tokens, first, n, duration, out);
    } else {
        double seek = seconds_of(s, h->tokens[first - 1], duration);
        out->seek = seek > 0 ? seek : duration; /* or it would hear the same for ever */
    }
    return 0;
}

void whisper_segments_free(struct whisper_segment_list *list)
{
    free(list->segments);
    *list = (struct whisper_segment_list){0};
}

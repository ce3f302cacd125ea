/* cues.c - see cues.h. */
#include "cues.h"

#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A silence this long, or the end of a sentence after one full line, begins a new cue. Shorter cues than a second are
 * left on the screen until then where nothing follows. */
#define PAUSE_SECONDS 1.0
#define LEAST_SECONDS 1.0

/* Columns of words [begin, end) and the spaces between them. */
static size_t width_of(const struct utter_word *words, size_t begin, size_t end)
{
    size_t width = end > begin ? end - begin - 1 : 0;
    for (size_t i = begin; i < end; i++)
        width += utf8_length(words[i].text);
    return width;
}

/* Where to break count words into two lines that are as even as can be: count where they fit on one line, 0 where
 * they do not fit on two. */
static size_t find_break(const struct utter_word *words, size_t count, size_t reserved)
{
    if (width_of(words, 0, count) + reserved <= CUE_COLUMNS || count == 1)
        return count;
    size_t best = 0, best_width = CUE_COLUMNS + 1;
    for (size_t at = 1; at < count; at++) {
        size_t first = width_of(words, 0, at) + reserved, second = width_of(words, at, count);
        size_t widest = first > second ? first : second;
        if (widest < best_width) {
            best = at;
            best_width = widest;
        }
    }
    return best;
}

static bool ends_sentence(const struct utter_word *word)
{
    size_t length = strlen(word->text);
    return length && strchr(".?!", word->text[length - 1]);
}

/* How many words from the first on make one cue. */
static size_t take(const struct utter_word *words, size_t count, size_t reserved)
{
    size_t taken = 1;
    while (taken < count) {
        const struct utter_word *last = &words[taken - 1], *next = &words[taken];
        if (next->end - words[0].start > CUE_SECONDS || next->start - last->end >= PAUSE_SECONDS)
            break;
        if (ends_sentence(last) && width_of(words, 0, taken) + reserved > CUE_COLUMNS)
            break;
        if (find_break(words, taken + 1, reserved) == 0)
            break;
        taken++;
    }
    return taken;
}

static int by_start(const void *a, const void *b)
{
    const struct cue *first = a, *second = b;
    if (first->start != second->start)
        return first->start < second->start ? -1 : 1;
    return (first->channel > second->channel) - (first->channel < second->channel);
}

/* Repairs times that a reader of subtitles would trip over: cues that end before they begin, that flash by, that
 * overlap the next of their channel. */
static void mend_times(struct cue *cues, size_t count, double duration)
{
    for (size_t i = count; i-- > 0;) {
        struct cue *cue = &cues[i];
        double limit = fmax(duration, cue->end);
        for (size_t next = i + 1; next < count; next++)
            if (cues[next].channel == cue->channel) {
                limit = cues[next].start;
                break;
            }
        cue->end = fmin(cue->end, cue->start + CUE_SECONDS);
        cue->end = fmax(cue->end, cue->start + LEAST_SECONDS);
        cue->end = fmax(fmin(cue->end, limit), cue->start + 0.001);
    }
}

size_t cues_make(const struct utter_transcript *transcript, size_t reserved, struct cue **cues)
{
    size_t room = 0, count = 0;
    for (size_t i = 0; i < transcript->segment_count; i++)
        room += transcript->segments[i].word_count + 1; /* no more cues than words; one where there are none */
    struct cue *made = calloc(room + 1, sizeof *made);
    if (!made)
        return (size_t)-1;
    for (size_t i = 0; i < transcript->segment_count; i++) {
        const struct utter_segment *segment = &transcript->segments[i];
        if (segment->word_count == 0 && *segment->text)
            made[count++] = (struct cue){segment->start, segment->end, segment->channel, NULL, 0, 0, segment->text};
        for (size_t at = 0; at < segment->word_count;) {
            const struct utter_word *words = segment->words + at;
            size_t taken = take(words, segment->word_count - at, reserved);
            size_t line_break = find_break(words, taken, reserved);
            made[count++] = (struct cue){words[0].start,
                                         words[taken - 1].end,
                                         segment->channel,
                                         words,
                                         taken,
                                         line_break ? line_break : taken,
                                         NULL};
            at += taken;
        }
    }
    qsort(made, count, sizeof *made, by_start);
    mend_times(made, count, transcript->duration);
    *cues = made;
    return count;
}

/* split.c - the pre-tokenizer steps of a tokenizer.json: a text into the words that the model sees one by one. */
#include "decoder/tokens/tokenizer_parts.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* A stretch of a text; delimiter: it matched the pattern (or, inverted, did not). */
struct segment {
    size_t begin, end;
    bool delimiter;
};

struct segments {
    struct segment *list;
    size_t count, capacity;
};

static bool add_segment(struct segments *s, size_t begin, size_t end, bool delimiter)
{
    void *grown = s->list;
    if (begin == end)
        return true;
    if (!memory_grow(&grown, &s->capacity, s->count + 1, sizeof *s->list))
        return false;
    s->list = grown;
    s->list[s->count++] = (struct segment){begin, end, delimiter};
    return true;
}

/* Cuts the text at the matches. */
static int find_segments(const struct pattern *pattern, bool invert, const char *text, size_t length,
                         struct segments *out, struct fault *fault)
{
    struct matches *matches = NULL;
    size_t done = 0, begin = 0, end = 0;
    bool fine = true;
    int more = matches_open(&matches, pattern, text, length, fault);
    if (more)
        return more;
    while (fine && (more = matches_next(matches, &begin, &end, fault)) > 0) {
        fine = add_segment(out, done, begin, invert) && add_segment(out, begin, end, !invert);
        done = end;
    }
    fine = fine && add_segment(out, done, length, invert);
    matches_close(&matches);
    return fine ? more : fail_memory(fault, "the words of a text");
}

/* Joins segments in place as the behavior asks. A delimiter joins one neighbour; of several in a row only the one that
 * touches the neighbour does. */
static void merge_segments(struct segments *s, enum split_behavior behavior)
{
    size_t kept = 0;
    bool delimiter_before = false;
    for (size_t i = 0; i < s->count; i++) {
        struct segment now = s->list[i];
        bool joins = false;
        if (behavior == SPLIT_REMOVED && now.delimiter)
            continue;
        if (behavior == SPLIT_CONTIGUOUS)
            joins = kept > 0 && s->list[kept - 1].delimiter == now.delimiter;
        else if (behavior == SPLIT_MERGED_WITH_PREVIOUS)
            joins = kept > 0 && now.delimiter && !delimiter_before;
        else if (behavior == SPLIT_MERGED_WITH_NEXT)
            joins = kept > 0 && delimiter_before && !now.delimiter;
        delimiter_before = now.delimiter;
        if (joins)
            s->list[kept - 1].end = now.end;
        else
            s->list[kept++] = now;
    }
    s->count = kept;
}

/* Appends the text cut up, or whole without a pattern. bytes: as letters for bytes. */
static int cut(const struct pattern *pattern, bool invert, enum split_behavior behavior, bool bytes, const char *text,
               size_t length, struct pieces *out, struct fault *fault)
{
    struct segments s = {0};
    int error = 0;
    if (pattern)
        error = find_segments(pattern, invert, text, length, &s, fault);
    else if (!add_segment(&s, 0, length, false))
        error = fail_memory(fault, "the words of a text");
    merge_segments(&s, behavior);
    for (size_t i = 0; i < s.count && !error; i++) {
        for (size_t j = s.list[i].begin; bytes && j < s.list[i].end; j++)
            text_add_code(&out->text, byte_to_letter((unsigned char)text[j]));
        if (!bytes)
            text_add(&out->text, text + s.list[i].begin, s.list[i].end - s.list[i].begin);
        pieces_end(out);
    }
    free(s.list);
    return error;
}

/* Spaces as the mark, and the mark before the first word. */
static void add_marks(const struct step *step, const char *text, size_t length, bool at_start, struct text *out)
{
    size_t size = strlen(step->content);
    bool begins = length > 0 && (text[0] == ' ' || (length >= size && memcmp(text, step->content, size) == 0));
    if (!begins && (step->prepend == PREPEND_ALWAYS || (step->prepend == PREPEND_FIRST && at_start)))
        text_add(out, step->content, size);
    for (size_t i = 0; i < length; i++)
        if (text[i] == ' ')
            text_add(out, step->content, size);
        else
            text_add(out, text + i, 1);
}

static int split_piece(const struct step *step, const char *text, size_t length, bool at_start, struct pieces *out,
                       struct fault *fault)
{
    struct text changed = {0};
    int error;
    if (step->kind == STEP_SPLIT)
        return cut(step->pattern, step->invert, step->behavior, false, text, length, out, fault);
    if (step->kind == STEP_METASPACE) {
        add_marks(step, text, length, at_start, &changed);
    } else {
        if (step->add_space && length > 0 && text[0] != ' ')
            text_add(&changed, " ", 1);
        text_add(&changed, text, length);
    }
    if (changed.failed)
        error = fail_memory(fault, "the words of a text");
    else if (step->kind == STEP_METASPACE)
        error = cut(step->pattern, false, SPLIT_MERGED_WITH_NEXT, false, changed.bytes, changed.length, out, fault);
    else
        error = cut(step->pattern, false, SPLIT_ISOLATED, true, changed.bytes, changed.length, out, fault);
    text_free(&changed);
    return error;
}

int split(const struct steps *steps, const char *text, size_t length, bool at_start, struct pieces *out,
          struct fault *fault)
{
    struct pieces next = {0};
    int error = 0;
    if (length == 0)
        return 0;
    text_add(&out->text, text, length);
    pieces_end(out);
    for (size_t i = 0; i < steps->count && !error; i++) {
        for (size_t j = 0; j < out->count && !error; j++) {
            size_t begin = piece_begin(out, j);
            if (out->ends[j] > begin)
                error = split_piece(&steps->steps[i], out->text.bytes + begin, out->ends[j] - begin, at_start && j == 0,
                                    &next, fault);
        }
        next.text.failed |= out->text.failed;
        struct pieces swap = *out;
        *out = next;
        next = swap;
        pieces_clear(&next);
    }
    pieces_free(&next);
    return error ? error : out->text.failed ? fail_memory(fault, "the words of a text") : 0;
}

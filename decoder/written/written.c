#include "decoder/written/written.h"

#include "decoder/written/written_rules.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void draft_put(struct draft *draft, size_t heard, const char *text)
{
    if (draft->count == DRAFT_PIECES)
        return;
    text_add_string(&draft->text, text);
    draft->pieces[draft->count++] = (struct piece){.heard = heard, .end = draft->text.length};
}

void draft_keep(struct draft *draft)
{
    if (draft->count < DRAFT_PIECES)
        draft->pieces[draft->count++] = (struct piece){.heard = 1, .end = draft->text.length, .same = true};
}

bool before_in(const struct stretch *s, size_t at, size_t n, const char *list)
{
    for (size_t i = 1; i <= n && s->begin + i <= at; i++)
        if (heard_in(word_at(s, at - i), list))
            return true;
    return false;
}

/* ---- words out ---- */

struct writer {
    const struct word *words;
    const struct heard_list *heard;
    const struct written_params *params;
    struct draft draft;
    struct text scratch;
    struct written *out;
    size_t capacity, sources_capacity;
};

static float mean_confidence(const struct word *words, size_t count)
{
    double sum = 0, weights = 0;
    for (size_t i = 0; i < count; i++) {
        const double weight = words[i].end - words[i].start + 1e-3, confidence = (double)words[i].confidence;
        sum += weight * log(confidence > 1e-6 ? confidence : 1e-6);
        weights += weight;
    }
    const double mean = exp(sum / weights);
    return count == 1 ? words[0].confidence : (float)(mean < 1 ? mean : 1);
}

/* A word for the source words [first, end): text, length bytes. */
static int add_word(struct writer *w, size_t first, size_t end, const char *text, size_t length, struct fault *fault)
{
    struct written *out = w->out;
    void *words = out->words.words, *sources = out->sources;
    const bool grown = memory_grow(&words, &w->capacity, out->words.count + 1, sizeof *out->words.words);
    out->words.words = words;
    const bool both = grown && memory_grow(&sources, &w->sources_capacity, out->words.count + 2, sizeof *out->sources);
    out->sources = sources;
    char *copy = both ? memory_text(text, length) : NULL;
    if (!copy)
        return fail_memory(fault, "the words of a recording");
    struct word *word = &out->words.words[out->words.count];
    *word = w->words[first];
    word->text = copy;
    word->end = w->words[end - 1].end;
    word->confidence = mean_confidence(w->words + first, end - first);
    out->sources[out->words.count++] = first;
    out->sources[out->words.count] = end;
    return 0;
}

/* Text for the source words [first, end), between the marks at their edges. */
static int add_marked(struct writer *w, size_t first, size_t end, const char *text, size_t length, struct fault *fault)
{
    const char *begin = w->words[first].text, *last = w->words[end - 1].text;
    const size_t suffix = heard_suffix(last);
    w->scratch.length = 0;
    text_add(&w->scratch, begin, heard_prefix(begin));
    text_add(&w->scratch, text, length);
    const size_t same = suffix && length && text[length - 1] == '.' && last[strlen(last) - suffix] == '.'; /* "p.m." */
    text_add(&w->scratch, last + strlen(last) - suffix + same, suffix - same);
    if (w->scratch.failed)
        return fail_memory(fault, "the words of a recording");
    return add_word(w, first, end, w->scratch.bytes, w->scratch.length, fault);
}

static int keep_word(struct writer *w, size_t at, struct fault *fault)
{
    const char *text = w->words[at].text;
    return add_word(w, at, at + 1, text, strlen(text), fault);
}

/* ---- masked ---- */

static size_t part_end(const struct heard *heard, size_t at)
{
    while (at < heard->length && heard->text[at] != '-')
        at++;
    return at;
}

/* The word, or a part of one with hyphens. */
static bool is_masked(const struct writer *w, const struct heard *heard)
{
    for (size_t at = 0, end; w->params->mask && at < heard->length; at = end + 1) {
        end = part_end(heard, at);
        if (mask_has(w->params->mask, heard->text + at, end - at))
            return true;
    }
    return false;
}

/* Its parts that are in the list, between its marks. */
static int write_masked(struct writer *w, size_t at, const struct heard *heard, struct fault *fault)
{
    const char *given = w->words[at].text + heard_prefix(w->words[at].text);
    char *word = memory_text(given, heard->length);
    size_t length = 0;
    if (!word)
        return fail_memory(fault, "the words of a recording");
    for (size_t from = 0, end; from < heard->length; from = end + 1) {
        end = part_end(heard, from);
        memmove(word + length, given + from, end - from);
        if (mask_has(w->params->mask, heard->text + from, end - from))
            length += mask_word(word + length, end - from);
        else
            length += end - from;
        if (end < heard->length)
            word[length++] = '-';
    }
    const int code = add_marked(w, at, at + 1, word, length, fault);
    free(word);
    return code;
}

/* ---- written ---- */

static written_rule *const rules[] = {write_address,  write_letters, write_house,   write_date,     write_decade,
                                      write_past,     write_clock,   write_money,   write_range,    write_digits,
                                      write_quantity, write_year,    write_ordinal, write_cardinal, write_day};

/* Words that do not begin or end where a piece does cannot be written in it. */
static bool fits_words(const struct stretch *s, size_t at, const struct draft *draft)
{
    for (size_t i = 0; i < draft->count; i++) {
        const size_t last = at + draft->pieces[i].heard - 1;
        if (last >= s->end || !word_at(s, at)->begins || !word_at(s, last)->ends)
            return false;
        at = last + 1;
    }
    return draft->count > 0;
}

static bool find_rule(struct writer *w, const struct stretch *s, size_t at)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        w->draft.count = w->draft.text.length = 0;
        if (rules[i](s, at, &w->draft) && fits_words(s, at, &w->draft))
            return true;
    }
    return false;
}

/* The pieces of the draft, from an item of the stretch on; how many items they take in *taken. */
static int add_draft(struct writer *w, const struct stretch *s, size_t at, size_t *taken, struct fault *fault)
{
    const struct draft *draft = &w->draft;
    size_t begin = 0;
    *taken = 0;
    if (draft->text.failed)
        return fail_memory(fault, "the words of a recording");
    for (size_t i = 0; i < draft->count; i++) {
        const struct piece *piece = &draft->pieces[i];
        const size_t first = word_at(s, at + *taken)->word, end = word_at(s, at + *taken + piece->heard - 1)->word + 1;
        const int code = piece->same ? keep_word(w, first, fault)
                                     : add_marked(w, first, end, draft->text.bytes + begin, piece->end - begin, fault);
        if (code)
            return code;
        begin = piece->end;
        *taken += piece->heard;
    }
    return 0;
}

/* Items of one word. */
static size_t parts_of_word(const struct stretch *s, size_t at)
{
    size_t n = 1;
    while (at + n < s->end && !word_at(s, at + n)->begins)
        n++;
    return n;
}

static int write_stretch(struct writer *w, const struct stretch *s, struct fault *fault)
{
    for (size_t at = s->begin, taken; at < s->end; at += taken) {
        const struct heard *heard = word_at(s, at);
        int code;
        taken = parts_of_word(s, at);
        if (is_masked(w, heard))
            code = write_masked(w, heard->word, heard, fault);
        else if (w->params->numbers && find_rule(w, s, at))
            code = add_draft(w, s, at, &taken, fault);
        else
            code = keep_word(w, heard->word, fault);
        if (code)
            return code;
    }
    return 0;
}

/* A bracket before a number belongs to it: "(555) 0199". */
static int add_tag(struct writer *w, const struct redaction *redaction, struct fault *fault)
{
    const char *last = w->words[redaction->end - 1].text;
    w->scratch.length = 0;
    text_add_string(&w->scratch, redact_tag(redaction->kind));
    text_add_string(&w->scratch, last + strlen(last) - heard_suffix(last));
    if (w->scratch.failed)
        return fail_memory(fault, "the words of a recording");
    return add_word(w, redaction->first, redaction->end, w->scratch.bytes, w->scratch.length, fault);
}

/* Where the stretch that begins at `at` ends: at a mark, or before source word `limit`. */
static size_t stretch_end(const struct heard_list *heard, size_t at, size_t limit)
{
    size_t end = at + 1;
    while (end < heard->count && !heard->items[end].apart && heard->items[end].word < limit)
        end++;
    return end;
}

int write_words(const struct word *words, size_t count, const struct heard_list *heard,
                const struct redaction *redactions, size_t redaction_count, const struct written_params *params,
                struct written *out, struct fault *fault)
{
    struct writer w = {.words = words, .heard = heard, .params = params, .out = out};
    *out = (struct written){0};
    int code = 0;
    for (size_t at = 0, next = 0; at < heard->count && !code;) {
        const struct redaction *redaction = next < redaction_count ? &redactions[next] : NULL;
        if (redaction && heard->items[at].word >= redaction->first) {
            code = add_tag(&w, redaction, fault);
            while (at < heard->count && heard->items[at].word < redaction->end)
                at++;
            next++;
            continue;
        }
        const struct stretch s = {heard, at, stretch_end(heard, at, redaction ? redaction->first : count)};
        code = write_stretch(&w, &s, fault);
        at = s.end;
    }
    text_free(&w.draft.text);
    text_free(&w.scratch);
    if (code)
        written_free(out);
    return code;
}

void written_free(struct written *written)
{
    words_free(&written->words);
    free(written->sources);
    *written = (struct written){0};
}

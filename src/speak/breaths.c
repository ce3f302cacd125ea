#include "src/speak/breaths.h"

#include <stdint.h>

/* Seconds between sentences and paragraphs, beside what the voice itself leaves there. */
static const double sentence_gap = 0.15, paragraph_gap = 0.6;

static void append(struct breaths *breaths, struct utterance *utterance)
{
    if (breaths->last)
        breaths->last->next = utterance;
    else
        breaths->first = utterance;
    breaths->last = utterance;
}

/* The utterance gets the marks before the byte `end`, which the breaths no longer have. */
static int take_marks(struct breaths *breaths, struct utterance *utterance, size_t end, struct fault *fault)
{
    struct mark_list *list = &breaths->marks;
    while (list->taken < list->count && list->marks[list->taken].at < end && !fault->code)
        if (!utterance_add_mark(utterance, &list->marks[list->taken], fault))
            list->taken++;
    return fault->code;
}

/* Where the marks of the next breath begin. */
static size_t end_of_marks(const struct breath *breath)
{
    return breath->end < breath->sentence->count ? breath->sentence->items[breath->end].begin : SIZE_MAX;
}

/* One breath: items of one speaker without a break among them. It counts only where something in it can be said; *made:
 * the last one of the sentence that does. */
static int add_one(struct breaths *breaths, const struct utter_voice *voice, const struct breath *breath,
                   struct utterance **made, struct fault *fault)
{
    struct utterance *utterance = utterance_new();
    if (!utterance)
        return fail_memory(fault, "a sentence");
    if (voice->family->spell(voice, breath, utterance, fault) || !utterance->count ||
        take_marks(breaths, utterance, end_of_marks(breath), fault)) {
        utterance_free(utterance);
        return fault->code;
    }
    utterance->silence = breaths->pause + breaths->gap;
    breaths->pause = breaths->gap = 0;
    utterance->speaker = breath->sentence->items[breath->first].prosody.speaker;
    utterance->opens = !*made;
    utterance->begin = breath->sentence->begin;
    utterance->end = breath->sentence->end;
    append(breaths, utterance);
    *made = utterance;
    return 0;
}

/* Where the breath ends that begins with this item: before a break, or before another speaks. */
static size_t end_of_breath(const struct spoken_sentence *sentence, size_t first)
{
    const int speaker = sentence->items[first].prosody.speaker;
    size_t end = first;
    while (end < sentence->count && sentence->items[end].kind != SPOKEN_BREAK &&
           sentence->items[end].prosody.speaker == speaker)
        end++;
    return end;
}

/* The parts of a sentence between its breaks. */
static int add_parts(struct breaths *breaths, const struct utter_voice *voice, const struct spoken_sentence *sentence,
                     const struct pronunciation *pronunciation, struct utterance **made, struct fault *fault)
{
    for (size_t i = 0; i < sentence->count && !fault->code;) {
        struct breath breath = {sentence, pronunciation, i, end_of_breath(sentence, i)};
        if (breath.end > i)
            add_one(breaths, voice, &breath, made, fault);
        for (i = breath.end; i < sentence->count && sentence->items[i].kind == SPOKEN_BREAK; i++)
            breaths->pause += sentence->items[i].pause;
    }
    return fault->code;
}

static int keep_marks(struct breaths *breaths, const struct spoken_sentence *sentence, struct fault *fault)
{
    mark_list_drop(&breaths->marks);
    for (size_t i = 0; i < sentence->mark_count; i++)
        if (!mark_list_add(&breaths->marks, sentence->marks[i].name, sentence->marks[i].at))
            return fail_memory(fault, "a sentence's marks");
    return 0;
}

int breaths_add(struct breaths *breaths, const struct utter_voice *voice, const struct spoken_sentence *sentence,
                struct fault *fault)
{
    struct utterance *made = NULL;
    struct pronunciation pronunciation = {0};
    if (keep_marks(breaths, sentence, fault) || !sentence->count)
        return fault->code;
    if (!voice->pronouncer || !pronounce(voice->pronouncer, sentence, &pronunciation, fault))
        add_parts(breaths, voice, sentence, &pronunciation, &made, fault);
    pronunciation_free(&pronunciation);
    if (made) {
        made->closes = true;
        breaths->gap = sentence->paragraph ? paragraph_gap : sentence_gap;
    }
    return fault->code;
}

struct utterance *breaths_take(struct breaths *breaths)
{
    struct utterance *utterance = breaths->first;
    if (!utterance)
        return NULL;
    breaths->first = utterance->next;
    if (!breaths->first)
        breaths->last = NULL;
    utterance->next = NULL;
    return utterance;
}

void breaths_clear(struct breaths *breaths)
{
    struct utterance *utterance;
    while ((utterance = breaths_take(breaths)))
        utterance_free(utterance);
    mark_list_free(&breaths->marks);
    breaths->pause = breaths->gap = 0;
}

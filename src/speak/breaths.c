#include "src/speak/breaths.h"

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

/* One breath: items without a break among them. It counts only where something in it can be said; *made: the last one
 * of the sentence that does. */
static int add_one(struct breaths *breaths, const struct utter_voice *voice, const struct spoken_sentence *sentence,
                   size_t first, size_t end, struct utterance **made, struct fault *fault)
{
    struct utterance *utterance = utterance_new();
    if (!utterance)
        return fail_memory(fault, "a sentence");
    if (voice->family->spell(voice, sentence, first, end, utterance, fault) || !utterance->count) {
        utterance_free(utterance);
        return fault->code;
    }
    utterance->silence = breaths->pause + breaths->gap;
    breaths->pause = breaths->gap = 0;
    utterance->opens = !*made;
    utterance->begin = sentence->begin;
    utterance->end = sentence->end;
    append(breaths, utterance);
    *made = utterance;
    return 0;
}

int breaths_add(struct breaths *breaths, const struct utter_voice *voice, const struct spoken_sentence *sentence,
                struct fault *fault)
{
    struct utterance *made = NULL;
    for (size_t i = 0; i < sentence->count && !fault->code;) {
        size_t end = i;
        while (end < sentence->count && sentence->items[end].kind != SPOKEN_BREAK)
            end++;
        if (end > i)
            add_one(breaths, voice, sentence, i, end, &made, fault);
        for (i = end; i < sentence->count && sentence->items[i].kind == SPOKEN_BREAK; i++)
            breaths->pause += sentence->items[i].pause;
    }
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
    breaths->pause = breaths->gap = 0;
}

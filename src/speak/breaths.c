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
static int add_one(struct breaths *breaths, const struct utter_voice *voice, const struct breath *breath,
                   struct utterance **made, struct fault *fault)
{
    struct utterance *utterance = utterance_new();
    if (!utterance)
        return fail_memory(fault, "a sentence");
    if (voice->family->spell(voice, breath, utterance, fault) || !utterance->count) {
        utterance_free(utterance);
        return fault->code;
    }
    utterance->silence = breaths->pause + breaths->gap;
    breaths->pause = breaths->gap = 0;
    utterance->opens = !*made;
    utterance->begin = breath->sentence->begin;
    utterance->end = breath->sentence->end;
    append(breaths, utterance);
    *made = utterance;
    return 0;
}

/* The parts of a sentence between its breaks. */
static int add_parts(struct breaths *breaths, const struct utter_voice *voice, const struct spoken_sentence *sentence,
                     const struct pronunciation *pronunciation, struct utterance **made, struct fault *fault)
{
    for (size_t i = 0; i < sentence->count && !fault->code;) {
        struct breath breath = {sentence, pronunciation, i, i};
        while (breath.end < sentence->count && sentence->items[breath.end].kind != SPOKEN_BREAK)
            breath.end++;
        if (breath.end > i)
            add_one(breaths, voice, &breath, made, fault);
        for (i = breath.end; i < sentence->count && sentence->items[i].kind == SPOKEN_BREAK; i++)
            breaths->pause += sentence->items[i].pause;
    }
    return fault->code;
}

int breaths_add(struct breaths *breaths, const struct utter_voice *voice, const struct spoken_sentence *sentence,
                struct fault *fault)
{
    struct utterance *made = NULL;
    struct pronunciation pronunciation = {0};
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
    breaths->pause = breaths->gap = 0;
}

/* pronounce.c - utter_voice_pronounce: how a voice would say each word of a text. */
#include "decoder/spoken/ipa.h"
#include "src/message.h"
#include "src/speak/sentences.h"
#include "src/speak/voice.h"

#include <stdlib.h>

struct visit {
    int (*visit)(void *context, const struct utter_pronunciation *word);
    void *context;
    struct text phones, ipa; /* of the word that is visited */
    int sentence;
};

static int spell(struct visit *visit, const unsigned char *phones, size_t count, struct fault *fault)
{
    visit->phones.length = visit->ipa.length = 0;
    for (size_t i = 0; i < count; i++) {
        text_add_string(&visit->phones, i ? " " : "");
        text_add_string(&visit->phones, phone_name(phones[i]));
    }
    ipa_write(phones, count, &visit->ipa);
    text_add(&visit->phones, "", 1); /* the NULs */
    text_add(&visit->ipa, "", 1);
    return visit->phones.failed || visit->ipa.failed ? fail_memory(fault, "a pronunciation") : 0;
}

static int visit_sentence(struct visit *visit, const struct spoken_sentence *sentence,
                          const struct pronunciation *pronunciation, struct fault *fault)
{
    for (size_t i = 0; i < sentence->count; i++) {
        const struct spoken_item *item = &sentence->items[i];
        const struct pronounced_item *said = &pronunciation->items[i];
        if (item->kind == SPOKEN_BREAK)
            continue;
        if (spell(visit, pronunciation->phones + said->first, said->count, fault))
            return fault->code;
        struct utter_pronunciation word = {.text = item->text,
                                           .phones = visit->phones.bytes,
                                           .ipa = visit->ipa.bytes,
                                           .text_begin = item->begin,
                                           .text_end = item->end,
                                           .sentence = visit->sentence};
        if (visit->visit(visit->context, &word))
            return fail(fault, UTTER_ERROR_CANCELLED, "the walk was cancelled by its visitor");
    }
    visit->sentence++;
    return 0;
}

static int visit_sentences(const struct utter_voice *voice, struct sentences *sentences, struct visit *visit,
                           struct fault *fault)
{
    struct spoken_sentence sentence;
    struct pronunciation pronunciation = {0};
    while (!fault->code && sentences_next(sentences, &sentence, fault) > 0)
        if (!pronounce(voice->pronouncer, &sentence, &pronunciation, fault))
            visit_sentence(visit, &sentence, &pronunciation, fault);
    pronunciation_free(&pronunciation);
    return fault->code;
}

static int pronounce_text(const struct utter_voice *voice, enum utter_markup markup, const char *text, size_t size,
                          struct visit *visit, struct fault *fault)
{
    const struct prosody prosody = {.rate = 1};
    struct sentences sentences = {0};
    if (!voice->pronouncer)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "the voice %.200s is given letters, not phones", voice->name);
    if (!sentences_open(&sentences, voice, markup, &prosody, fault) && !sentences_feed(&sentences, text, size, fault) &&
        !sentences_finish(&sentences, fault))
        visit_sentences(voice, &sentences, visit, fault);
    sentences_close(&sentences);
    text_free(&visit->phones);
    text_free(&visit->ipa);
    return fault->code;
}

int utter_voice_pronounce(const utter_voice *voice, enum utter_markup markup, const char *text, size_t size,
                          int (*visit)(void *context, const struct utter_pronunciation *word), void *context)
{
    struct fault fault = {0};
    struct visit walk = {.visit = visit, .context = context};
    if (!visit)
        fail(&fault, UTTER_ERROR_ARGUMENT, "visit is NULL");
    if (!fault.code && !need_pointer(voice, "voice", &fault) && (!size || !need_pointer(text, "text", &fault)))
        pronounce_text(voice, markup, text, size, &walk, &fault);
    return message_publish(&fault);
}

#include "src/speak/sentences.h"

int sentences_open(struct sentences *sentences, const struct utter_voice *voice, enum utter_markup markup,
                   const struct prosody *prosody, struct fault *fault)
{
    const struct spoken_options options = {
        .markup = markup == UTTER_MARKUP_SSML ? SPOKEN_SSML : SPOKEN_PLAIN,
        .verbatim = !voice->english,
        .prosody = *prosody,
        .voice = {voice->speakers, (const char *const *)voice->speaker_names, voice->speaker_hertz},
        .rules = voice->rules,
    };
    switch (markup) {
    case UTTER_MARKUP_PLAIN:
    case UTTER_MARKUP_SSML:
        return spoken_reader_open(&sentences->text, &options, fault);
    case UTTER_MARKUP_PHONEMES:
        return phoneme_reader_open(&sentences->phonemes, prosody, fault);
    }
    return fail(fault, UTTER_ERROR_ARGUMENT, "markup is %d, which is none", (int)markup);
}

void sentences_close(struct sentences *sentences)
{
    spoken_reader_close(&sentences->text);
    phoneme_reader_close(&sentences->phonemes);
}

static void reset_reader(struct sentences *sentences)
{
    if (sentences->text)
        spoken_reader_reset(sentences->text);
    else
        phoneme_reader_reset(sentences->phonemes);
}

void sentences_reset(struct sentences *sentences)
{
    reset_reader(sentences);
    sentences->fed = sentences->base = 0;
}

void sentences_continue(struct sentences *sentences)
{
    reset_reader(sentences);
    sentences->base += sentences->fed;
    sentences->fed = 0;
}

int sentences_feed(struct sentences *sentences, const char *text, size_t size, struct fault *fault)
{
    sentences->fed += size;
    return sentences->text ? spoken_reader_feed(sentences->text, text, size, fault)
                           : phoneme_reader_feed(sentences->phonemes, text, size, fault);
}

int sentences_finish(struct sentences *sentences, struct fault *fault)
{
    return sentences->text ? spoken_reader_finish(sentences->text, fault)
                           : phoneme_reader_finish(sentences->phonemes, fault);
}

static void move(struct spoken_sentence *sentence, size_t base)
{
    sentence->begin += base;
    sentence->end += base;
    for (size_t i = 0; i < sentence->count; i++) {
        sentence->items[i].begin += base;
        sentence->items[i].end += base;
    }
}

int sentences_next(struct sentences *sentences, struct spoken_sentence *sentence, struct fault *fault)
{
    int got = sentences->text ? spoken_reader_next(sentences->text, sentence, fault)
                              : phoneme_reader_next(sentences->phonemes, sentence, fault);
    if (got > 0 && sentences->base)
        move(sentence, sentences->base);
    return got;
}

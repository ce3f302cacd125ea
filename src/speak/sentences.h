/* sentences.h - the text of a speech, in one of three notations, as sentences. */
#ifndef SRC_SPEAK_SENTENCES_H
#define SRC_SPEAK_SENTENCES_H

#include "decoder/spoken/spoken_phonemes.h"
#include "decoder/spoken/spoken_text.h"
#include "src/speak/voice.h"

/* One of the two readers is set. */
struct sentences {
    struct spoken_reader *text;
    struct phoneme_reader *phonemes;
    size_t fed;  /* bytes, since the reader began … */
    size_t base; /* … which was so many bytes into the text */
};

/* For a voice, which must outlive it. */
int sentences_open(struct sentences *sentences, const struct utter_voice *voice, enum utter_markup markup,
                   const struct prosody *prosody, struct fault *fault);
void sentences_close(struct sentences *sentences);
void sentences_reset(struct sentences *sentences);
int sentences_feed(struct sentences *sentences, const char *text, size_t size, struct fault *fault);
/* The text ends here. */
int sentences_finish(struct sentences *sentences, struct fault *fault);
/* After finish and the last sentence: another text begins, whose bytes are counted on. */
void sentences_continue(struct sentences *sentences);
/* 1 and a sentence, valid until the next call; 0: more text is needed; or an error. */
int sentences_next(struct sentences *sentences, struct spoken_sentence *sentence, struct fault *fault);

#endif

/* whisper_vocabulary_parts.h - what a Whisper vocabulary is made of, for the files that read it and run it. */
#ifndef DECODER_WHISPER_VOCABULARY_PARTS_H
#define DECODER_WHISPER_VOCABULARY_PARTS_H

#include "decoder/pattern.h"
#include "decoder/tokens/bpe.h"
#include "decoder/tokens/vocabulary.h"
#include "decoder/tokens/whisper_vocabulary.h"

enum { WHISPER_LANGUAGES_MAXIMUM = 100 };

struct whisper_vocabulary {
    struct vocabulary pieces; /* the bytes of the text tokens; BPE ranks are the ids */
    size_t longest;           /* bytes of the longest of them */
    struct whisper_special special;
    int size;
    bool multilingual;
    struct pattern *words; /* GPT-2's division of a text, before any merge */
    struct ids non_speech; /* sorted */
    int blank;             /* " "; -1: there is none */
};

/* whisper_vocabulary.c: an empty vocabulary of this size, to be filled by whisper_vocabulary_add with ids in [0, eot)
 * and then finished. On an error it is closed. */
int whisper_vocabulary_new(struct whisper_vocabulary **vocabulary, int size, const char *name, struct fault *fault);
int whisper_vocabulary_add(struct whisper_vocabulary *v, const char *bytes, size_t length, int id, const char *name,
                           struct fault *fault);
/* Ends a whisper_vocabulary_open function: with no error so far finishes v and hands it out, else closes it. */
int whisper_vocabulary_hand_out(struct whisper_vocabulary **vocabulary, struct whisper_vocabulary *v, int error,
                                const char *name, struct fault *fault);
int whisper_vocabulary_finish(struct whisper_vocabulary *v, const char *name, struct fault *fault);

/* whisper_bpe.c: appends the ids of a text. Errors: MODEL (a byte without a token), UNSUPPORTED, MEMORY. */
int whisper_bpe(const struct whisper_vocabulary *v, const char *text, size_t length, struct ids *out,
                struct fault *fault);
/* whisper_non_speech.c: fills non_speech and blank. Errors: MEMORY. */
int whisper_find_non_speech(struct whisper_vocabulary *v, struct fault *fault);

/* whisper_languages.c: the place of a language in the order of the tokens, by code or name; -1: none such. */
int whisper_language_find(const char *language);
const char *whisper_language_code(int index); /* NULL: no such place */

#endif

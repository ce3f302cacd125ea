/* spelling.h - what each token of a vocabulary writes: the bytes that it adds to a text, a space where it begins a
 * word. What asks about words (fusion.h, boost.h) reads tokens here, whatever tokenizer they come from. */
#ifndef DECODER_SPELLING_H
#define DECODER_SPELLING_H

#include "decoder/guide/plain_text.h"
#include "decoder/tokens/tokenizer.h"
#include "decoder/tokens/whisper_vocabulary.h"

/* length 0: a special token, or none at all, which writes nothing. Bytes may be a part of a UTF-8 character. */
struct spelled {
    const char *bytes; /* not terminated */
    size_t length;
    bool begins; /* a word: the first byte is a space */
    int letters; /* characters, without spaces; one is counted where its first byte is */
};

struct spelling; /* immutable; any thread */

/* The vocabulary is not kept. Errors: MEMORY. */
int spelling_open(struct spelling **spelling, const struct tokenizer *tokenizer, struct fault *fault);
int spelling_open_whisper(struct spelling **spelling, const struct whisper_vocabulary *vocabulary, struct fault *fault);
/* The tokens of another one, of which nothing is kept, as a model of words reads prose: in plain form, with letters in
 * that case. A token may have spaces anywhere then. */
int spelling_open_prose(struct spelling **spelling, const struct spelling *of, enum letter_case letters,
                        struct fault *fault);
void spelling_close(struct spelling **spelling);

int spelling_size(const struct spelling *spelling);    /* tokens */
int spelling_longest(const struct spelling *spelling); /* the most letters of a token */
struct spelled spelling_of(const struct spelling *spelling, int token);
/* The same in plain form (plain_text.h). */
struct spelled spelling_plain(const struct spelling *spelling, int token);
/* Whether tokens can write this character of plain text. */
bool spelling_writes(const struct spelling *spelling, const char *character, size_t length);

#endif

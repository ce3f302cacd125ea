/* phone_vocabulary.h - the tokens of a voice that is given ARPAbet: a phone, or a mark of punctuation, each, as the
 * vocab.json of Hugging Face's FastSpeech2ConformerTokenizer lists them. */
#ifndef DECODER_PHONE_VOCABULARY_H
#define DECODER_PHONE_VOCABULARY_H

#include "decoder/spoken/arpabet.h"

struct phone_vocabulary {
    int phones[PHONE_COUNT]; /* the token of each; -1: the voice cannot say it */
    int marks[128];          /* … and of each ASCII mark */
    int end;                 /* "<sos/eos>", which ends every text */
    int size;                /* the largest token and 1 */
};

/* Reads vocab.json's text, {"AH0": 2, …}. A vowel that it lacks with one stress is said with another.
 * name: what messages call the file. Errors: MODEL (not of that form, no phones, no end), MEMORY. */
int phone_vocabulary_read(struct phone_vocabulary *vocabulary, const char *json, size_t length, const char *name,
                          struct fault *fault);

/* A made-up one, for random weights: token 1 and on for the phones, then the marks, size - 1 the end. */
void phone_vocabulary_make(struct phone_vocabulary *vocabulary, int size);

/* The token of a mark, or of the one that is nearest to it in what it does to the voice; -1: there is none. */
int phone_vocabulary_mark(const struct phone_vocabulary *vocabulary, char mark);

#endif

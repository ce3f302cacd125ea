/* sentencepiece.h - SentencePiece's own model files (Kudo and Richardson, EMNLP 2018): their pieces, and for models of
 * characters the ids of a text. */
#ifndef DECODER_SENTENCEPIECE_H
#define DECODER_SENTENCEPIECE_H

#include "src/base/error.h"

#include <stdbool.h>

/* By the numbers of sentencepiece_model.proto. */
enum sentencepiece_model { SENTENCEPIECE_UNIGRAM = 1, SENTENCEPIECE_BPE, SENTENCEPIECE_WORD, SENTENCEPIECE_CHARACTERS };
enum sentencepiece_type {
    SENTENCEPIECE_NORMAL = 1,
    SENTENCEPIECE_UNKNOWN,
    SENTENCEPIECE_CONTROL, /* "<s>": no text gives it */
    SENTENCEPIECE_USER,    /* found in a text before anything else is */
    SENTENCEPIECE_UNUSED,
    SENTENCEPIECE_BYTE
};

struct sentencepiece;

/* Reads the bytes of a model file. name: what messages call it. Errors: MODEL (damaged), MEMORY. Immutable; any thread.
 */
int sentencepiece_open(struct sentencepiece **model, const void *bytes, size_t length, const char *name,
                       struct fault *fault);
void sentencepiece_close(struct sentencepiece **model);

enum sentencepiece_model sentencepiece_model(const struct sentencepiece *model);
int sentencepiece_size(const struct sentencepiece *model);
/* id: 0 to size - 1. */
const char *sentencepiece_piece(const struct sentencepiece *model, int id);
float sentencepiece_score(const struct sentencepiece *model, int id);
enum sentencepiece_type sentencepiece_type(const struct sentencepiece *model, int id);
int sentencepiece_find(const struct sentencepiece *model, const char *piece); /* id, or -1 */
int sentencepiece_unknown(const struct sentencepiece *model);                 /* id; every model has one */

/* Text to ids, as SentencePieceProcessor's encode: normalised by the model's rules, white space as "▁" with one in
 * front where the model wants it, then character by character; several unknown ones in a row are one. Bytes that are
 * not UTF-8 count as U+FFFD. Returns how many ids the text has (capacity may be less), or a negative error: UNSUPPORTED
 * (a model that is not of characters), MEMORY. */
int64_t sentencepiece_encode(const struct sentencepiece *model, const char *text, size_t length, int *ids,
                             size_t capacity, struct fault *fault);

#endif

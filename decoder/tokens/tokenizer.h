/* tokenizer.h - Hugging Face tokenizer.json: BPE and Unigram vocabularies, ids to text and text to ids. */
#ifndef DECODER_TOKENIZER_H
#define DECODER_TOKENIZER_H

#include "src/base/error.h"

#include <stdbool.h>

struct tokenizer;

/* Reads the text of a tokenizer.json. name: what messages call it. Errors: MODEL (damaged), UNSUPPORTED (another model
 * type, an unknown normaliser, pre-tokenizer or decoder that would change the text), MEMORY. Immutable; any thread. */
int tokenizer_open(struct tokenizer **tokenizer, const char *json, size_t length, const char *name,
                   struct fault *fault);
void tokenizer_close(struct tokenizer **tokenizer);

int tokenizer_size(const struct tokenizer *tokenizer);                    /* largest id + 1, added tokens included */
const char *tokenizer_piece(const struct tokenizer *tokenizer, int id);   /* raw: "▁the"; NULL: no such id */
int tokenizer_find(const struct tokenizer *tokenizer, const char *piece); /* id, or -1 */
bool tokenizer_special(const struct tokenizer *tokenizer, int id);
/* Whether the piece begins a word ("▁the"; for byte-level BPE "Ġthe"). */
bool tokenizer_begins_word(const struct tokenizer *tokenizer, int id);

/* Ids to text, special tokens left out, as tokenizers' decode(skip_special_tokens=True). Writes at most size bytes with
 * the NUL and returns the length that the whole text has, as snprintf does. */
size_t tokenizer_decode(const struct tokenizer *tokenizer, const int *ids, size_t count, char *text, size_t size);

/* Text to ids, as tokenizers' encode(add_special_tokens=False). Returns how many ids the text has (capacity may be
 * less), or a negative error. */
int64_t tokenizer_encode(const struct tokenizer *tokenizer, const char *text, size_t length, int *ids, size_t capacity,
                         struct fault *fault);

#endif

/* whisper_vocabulary.h - Whisper's tokens: byte-level BPE and, behind it, the special tokens, whose ids follow from the
 * size of the vocabulary (Radford et al. 2022; openai/whisper's tokenizer.py fixes the order). */
#ifndef DECODER_WHISPER_VOCABULARY_H
#define DECODER_WHISPER_VOCABULARY_H

#include "src/base/error.h"

#include <stdbool.h>

struct whisper_vocabulary;

/* Hands out the bytes of text token id; false: there is no such token. */
typedef bool (*whisper_token_bytes)(void *context, size_t id, const char **bytes, size_t *length);

/* size: the model's vocabulary: 51864 English only, 51865 multilingual with 99 languages, 51866 with 100. Tokens by id,
 * as a checkpoint carries them; BPE ranks are the ids. get NULL: the printable characters of ASCII, then made-up
 * words (" w117"), for models of random weights.
 * Errors: MODEL (fewer text tokens than the size needs), UNSUPPORTED (another size), MEMORY. Immutable; any thread. */
int whisper_vocabulary_open(struct whisper_vocabulary **vocabulary, int size, whisper_token_bytes get, void *context,
                            const char *name, struct fault *fault);
/* The text of a .tiktoken file: lines of base64 bytes and a rank. */
int whisper_vocabulary_open_tiktoken(struct whisper_vocabulary **vocabulary, int size, const char *text, size_t length,
                                     const char *name, struct fault *fault);
/* The text of a Hugging Face tokenizer.json of a Whisper model. */
int whisper_vocabulary_open_json(struct whisper_vocabulary **vocabulary, int size, const char *text, size_t length,
                                 const char *name, struct fault *fault);
void whisper_vocabulary_close(struct whisper_vocabulary **vocabulary);

int whisper_vocabulary_size(const struct whisper_vocabulary *vocabulary);
bool whisper_vocabulary_multilingual(const struct whisper_vocabulary *vocabulary);

/* Special ids. Text tokens are [0, eot). timestamp 0.00 is timestamp_begin, each 0.02 s later the next id. */
struct whisper_special {
    int eot, sot, translate, transcribe, sot_lm, sot_prev, no_speech, no_timestamps, timestamp_begin;
    int language_begin, languages; /* ids [language_begin, language_begin + languages) */
};
const struct whisper_special *whisper_vocabulary_special(const struct whisper_vocabulary *vocabulary);

/* Languages by code ("en", "yue"); -1 / NULL: none such. Names as "english" are understood by _language_id too. */
int whisper_vocabulary_language_id(const struct whisper_vocabulary *vocabulary, const char *language);
const char *whisper_vocabulary_language_code(const struct whisper_vocabulary *vocabulary, int id);

/* Bytes of a text token, "" for special ones. Not terminated; may be a part of a UTF-8 character. */
const char *whisper_vocabulary_bytes(const struct whisper_vocabulary *vocabulary, int id, size_t *length);
/* Text tokens (special ones left out) to UTF-8, ill-formed parts as U+FFFD. As snprintf: writes at most size bytes with
 * the NUL, returns the whole length. */
size_t whisper_vocabulary_decode(const struct whisper_vocabulary *vocabulary, const int *ids, size_t count, char *text,
                                 size_t size);
/* Text to tokens, as tiktoken with GPT-2's pattern. Returns how many ids the text has, or a negative error. */
int64_t whisper_vocabulary_encode(const struct whisper_vocabulary *vocabulary, const char *text, size_t length,
                                  int *ids, size_t capacity, struct fault *fault);

/* The tokens of openai/whisper's non_speech_tokens(): suppressed by default. Sorted; lives with the vocabulary. */
const int *whisper_vocabulary_non_speech(const struct whisper_vocabulary *vocabulary, size_t *count);
/* Tokens of " " and eot: never the first token of a sequence. */
int whisper_vocabulary_blank(const struct whisper_vocabulary *vocabulary);

#endif

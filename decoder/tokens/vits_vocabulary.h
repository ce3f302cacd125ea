/* vits_vocabulary.h - from text, or from phones, to a VITS model's tokens: one per character, as Hugging Face's
 * VitsTokenizer maps them. What comes before that, romanizing and phonemizing, is the caller's, and the rules say
 * whether the model was trained behind it. models/vits/MODEL.md has the page on the whole of it. */
#ifndef DECODER_VITS_VOCABULARY_H
#define DECODER_VITS_VOCABULARY_H

#include "src/base/error.h"

#include <stdbool.h>

/* What tokenizer_config.json says. */
struct vits_rules {
    const char *language; /* "eng", or "" where it is not told; lives as long as the vocabulary */
    bool add_blank;       /* token 0 stands before, between and behind the characters */
    bool normalize;       /* the text is lowercased, and characters that the vocabulary lacks are left out */
    bool phonemize;       /* tokens stand for IPA, as espeak writes it with stress and punctuation, not for letters */
    bool is_uroman;       /* text beyond ASCII is to be romanized (uroman) first */
};

/* A token and the character of the text that it stands for: a blank goes with the character behind it. */
struct vits_token {
    int id;
    size_t begin; /* byte of the text; its length behind the last character */
};

struct vits_vocabulary;

/* vocab: vocab.json, an object of symbols and their ids. config: tokenizer_config.json, or NULL for the defaults that
 * the reference has (blanks, normalized, phonemized). name: what messages call the files. Immutable; any thread.
 * Errors: MODEL, MEMORY. */
int vits_vocabulary_open(struct vits_vocabulary **vocabulary, const char *vocab, size_t length, const char *config,
                         size_t config_length, const char *name, struct fault *fault);
void vits_vocabulary_close(struct vits_vocabulary **vocabulary);

const struct vits_rules *vits_vocabulary_rules(const struct vits_vocabulary *vocabulary);
/* The largest id and 1: the rows that the model's embedding has at least. */
int vits_vocabulary_size(const struct vits_vocabulary *vocabulary);
/* The id of a symbol, or -1. */
int vits_vocabulary_find(const struct vits_vocabulary *vocabulary, const char *symbol, size_t length);

/* text: length bytes of UTF-8, ill-formed ones left out. With rules.phonemize it is IPA already, and is not lowercased.
 * A character that the vocabulary lacks is left out; where the text is not normalized and vocab.json has the unknown
 * token, it becomes that. *tokens: for the caller to free, NULL where *count is 0. Errors: MEMORY. */
int vits_vocabulary_encode(const struct vits_vocabulary *vocabulary, const char *text, size_t length,
                           struct vits_token **tokens, size_t *count, struct fault *fault);

#endif

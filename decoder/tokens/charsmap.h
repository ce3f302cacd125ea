/* charsmap.h - SentencePiece's compiled normalizer: a double-array trie from characters to their replacements. */
#ifndef DECODER_CHARSMAP_H
#define DECODER_CHARSMAP_H

#include "decoder/pattern.h"

struct charsmap;

/* base64: "precompiled_charsmap". Errors: MODEL (damaged), MEMORY. Immutable; any thread. */
int charsmap_open(struct charsmap **map, const char *base64, const char *name, struct fault *fault);
/* The same from the bytes themselves, as a model file of SentencePiece has them. */
int charsmap_open_bytes(struct charsmap **map, const char *bytes, size_t length, const char *name, struct fault *fault);
void charsmap_close(struct charsmap **map);
/* Appends the normalized text: grapheme clusters of up to five bytes are looked up whole, and what is not found then
 * character by character, as tokenizers does. Errors: UNSUPPORTED, MEMORY. */
int charsmap_apply(const struct charsmap *map, const char *text, size_t length, struct text *out, struct fault *fault);
/* How much of the beginning of the text has a replacement, the longest that has one, as SentencePiece itself looks;
 * 0: none. The replacement is terminated and lives as long as the map. */
size_t charsmap_longest(const struct charsmap *map, const char *text, size_t length, const char **replacement);

#endif

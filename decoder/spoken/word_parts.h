/* word_parts.h - how a word is said that is made of common words of the lexicon: behind a prefix, or two of them. */
#ifndef DECODER_WORD_PARTS_H
#define DECODER_WORD_PARTS_H

#include "decoder/spoken/lexicon.h"

/* Appends the phones of a word in lower case: "dishonourable" is dis and honourable, "bearskin" bear and skin. The word
 * itself is not looked up. False, and nothing is appended, where it has no such parts, or memory ran out
 * (phones->failed). */
bool word_from_parts(const struct lexicon *lexicon, const char *word, size_t length, struct phones *phones);

#endif

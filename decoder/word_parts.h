/* word_parts.h - how a word is said that is made of words of the lexicon: endings, prefixes, compounds. */
#ifndef DECODER_WORD_PARTS_H
#define DECODER_WORD_PARTS_H

#include "decoder/lexicon.h"

/* Appends the phones of a word in lower case that the lexicon has not itself but can be taken apart into words that it
 * has: "unfollowed" is un + follow + ed. The endings of a plural, a possessive and a past tense follow the sound before
 * them. The word itself is not looked up. False, and nothing is appended, where it has no such parts, or memory ran out
 * (phones->failed). */
bool word_from_parts(const struct lexicon *lexicon, const char *word, size_t length, struct phones *phones);

/* Appends "s" as it sounds behind the phones from begin on: S, Z or IH0 Z. */
void phones_add_s(struct phones *phones, size_t begin);

/* The variant of an entry that is said where it is one of parts (enum speech_part, or'ed); the usual where none is. */
const struct lexicon_variant *lexicon_variant_of(const struct lexicon_entry *entry, unsigned parts);

#endif

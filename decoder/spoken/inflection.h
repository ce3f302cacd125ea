/* inflection.h - how the form of a word is said whose base the lexicon has: plurals, possessives, tenses, contractions.
 */
#ifndef DECODER_INFLECTION_H
#define DECODER_INFLECTION_H

#include "decoder/spoken/lexicon.h"

/* Appends the phones of a word in lower case that the lexicon has not itself, but without its ending: "blogged" is blog
 * and a D. The endings of a plural, a possessive and a past tense follow the sound before them. The word itself is not
 * looked up. False, and nothing is appended, where there is no such base, or memory ran out (phones->failed). */
bool inflection_of_known(const struct lexicon *lexicon, const char *word, size_t length, struct phones *phones);

/* Appends "s" as it sounds behind the phones from begin on: S, Z or IH0 Z. */
void phones_add_s(struct phones *phones, size_t begin);

#endif

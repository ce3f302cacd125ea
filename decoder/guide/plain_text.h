/* plain_text.h - text as it is compared when only its words matter: lower case, and one space for whatever stands
 * between words. "O'Neil, Mc-Gee!" is "o'neil mc gee ". */
#ifndef DECODER_PLAIN_TEXT_H
#define DECODER_PLAIN_TEXT_H

#include "decoder/text.h"

/* Appends the plain form of any bytes, which may begin or end within a character: such parts, and what is no UTF-8, are
 * copied. White space and punctuation are a space, however many there are; the apostrophe and all other signs belong to
 * words. */
void plain_text_add(struct text *text, const char *bytes, size_t length);

/* The same with capitals in another case than the lower one, or as they are. */
enum letter_case { LETTERS_LOWER, LETTERS_UPPER, LETTERS_AS_SPELT };
void plain_text_add_in(struct text *text, const char *bytes, size_t length, enum letter_case letters);

/* Whether the character belongs to a script that puts no spaces between words: a word may begin and end at each. */
bool plain_text_unspaced(uint32_t code);

#endif

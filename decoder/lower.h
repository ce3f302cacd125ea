/* lower.h - characters in lower and in upper case, by Unicode's tables and not by the locale's. */
#ifndef DECODER_LOWER_H
#define DECODER_LOWER_H

#include "decoder/text.h"

/* Writes the lower case of one well-formed character and returns its bytes, at most LOWER_BYTES; a character that has
 * none is copied. Letters beyond ASCII are PCRE2's to know (its \L); U+0130, the dotted capital I, becomes two. Returns
 * 0 when memory ran out. */
enum { LOWER_BYTES = 8 };
size_t lower_character(const char *bytes, size_t length, char out[LOWER_BYTES]);
/* The same in upper case. */
size_t upper_character(const char *bytes, size_t length, char out[LOWER_BYTES]);

#endif

/* fold.h - a word's letters as English spells them. */
#ifndef DECODER_FOLD_H
#define DECODER_FOLD_H

#include "decoder/text.h"

/* Appends a to z and apostrophes: capitals in lower case, Latin letters without their marks ("café", "Łódź", "ﬁ" as
 * cafe, lodz, fi), curly apostrophes as straight ones; all else is left out. Out of memory: out->failed. */
void fold_word(const char *word, size_t length, struct text *out);

#endif

/* unknown_word.h - how a word is said that the lexicon has in no form: by its letters, or by its parts. */
#ifndef DECODER_UNKNOWN_WORD_H
#define DECODER_UNKNOWN_WORD_H

#include "decoder/spoken/letter_to_sound.h"
#include "decoder/spoken/lexicon.h"

/* Appends the phones of a word of a to z and apostrophes: as the network reads its letters, or, where that is not sure,
 * by its parts (word_parts.h), if it has any. Errors: MEMORY. */
int unknown_word(const struct lexicon *lexicon, const struct letter_to_sound *network, const char *word, size_t length,
                 struct phones *phones, struct fault *fault);

#endif

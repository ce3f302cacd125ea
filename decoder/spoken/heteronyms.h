/* heteronyms.h - which of its readings a word has in its sentence, from the words around it.
 *
 * No corpus with parts of speech is behind it: rules over the classes of the neighbours (word_class.h) vote for each
 * part of speech, and words beside a few heteronyms vote for what they mean ("bass" beside "lake"). */
#ifndef DECODER_HETERONYMS_H
#define DECODER_HETERONYMS_H

#include "decoder/spoken/lexicon.h"
#include "decoder/spoken/spoken.h"

/* The variant of the entry of items[at]'s word, which is a heteronym. */
const struct lexicon_variant *heteronym_variant(const struct lexicon_entry *entry,
                                                const struct spoken_sentence *sentence, size_t at);

#endif

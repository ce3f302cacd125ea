/* pronounce.h - the phones of a sentence of English: a user's own lexicon, letters by name, heteronyms by their place
 * in the sentence, the lexicon, forms of words that it has, and a network that reads letters for the rest. */
#ifndef DECODER_PRONOUNCE_H
#define DECODER_PRONOUNCE_H

#include "decoder/spoken/arpabet.h"
#include "decoder/spoken/spoken.h"

/* Of a longer word the rest is not said: no word is, but a text may be anything. */
enum { PRONOUNCE_LONGEST = 80 /* letters */ };

struct pronouncer; /* immutable; any thread */

/* From a lexicon (models/default/lexicon/en.bin), which is mapped, and a user's list of words (user_lexicon.h) or NULL.
 * Errors: IO, MODEL, UNSUPPORTED, MEMORY, and ARGUMENT for a line of the user's list. */
int pronouncer_open(struct pronouncer **pronouncer, const char *lexicon_path, const char *user_lexicon_path,
                    struct fault *fault);
void pronouncer_close(struct pronouncer **pronouncer);

struct pronounced_item {
    size_t first, count; /* into the pronunciation's phones */
};

/* Zeroed before the first use; used again, it keeps its memory. */
struct pronunciation {
    unsigned char *phones; /* [count], arpabet.h */
    size_t count;
    struct pronounced_item *items; /* [item_count]: of each item of the sentence */
    size_t item_count;
    size_t phones_capacity, items_capacity;
};

/* Pronounces a sentence, in place of what was in out. A word without a letter has no phones, nor has a break. Errors:
 * ARGUMENT (given phones that are none; the message names them), MEMORY. */
int pronounce(const struct pronouncer *pronouncer, const struct spoken_sentence *sentence, struct pronunciation *out,
              struct fault *fault);
void pronunciation_free(struct pronunciation *pronunciation);

#endif

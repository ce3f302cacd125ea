/* letter_to_sound.h - how a word is said that no lexicon has: a small network of our own.
 *
 * It reads the letters in both directions (two layers of GRU, Cho et al. 2014, with reset after the product, as PyTorch
 * has it) and writes for each letter a chunk: no phone, one, or some, knowing the chunk before. A beam of BEAM keeps
 * the likeliest words so far. Weights are 8 bits, activations 16, sums exact, so that every machine says the same. */
#ifndef DECODER_LETTER_TO_SOUND_H
#define DECODER_LETTER_TO_SOUND_H

#include "decoder/spoken/arpabet.h"

#include <stdint.h>

enum { LETTER_TO_SOUND_LONGEST = 40 }; /* letters; what follows is said as a word of its own */

struct network_matrix {
    const float *scales;   /* [rows] */
    const int8_t *weights; /* [rows, columns] */
    int rows, columns;
};

struct network_gru {
    struct network_matrix input, state;       /* [3 state, input], [3 state, state] */
    const float *input_biases, *state_biases; /* [3 state] */
};

struct letter_to_sound {
    int chunks, embedded, reading, writing;
    const unsigned char *chunk_phones;
    struct network_matrix letters, before, says;
    struct network_gru readers[2][2]; /* [layer][backwards] */
    struct network_gru writer;
    const float *says_biases;
};

/* Over size bytes, aligned to 8, which must stay where they are; nothing is allocated. Errors: MODEL, UNSUPPORTED
 * (another version). */
int letter_to_sound_open(struct letter_to_sound *network, const void *bytes, size_t size, const char *name,
                         struct fault *fault);

/* Appends the phones of a word of a to z and apostrophes; other bytes are passed over. One vowel at least bears the
 * stress, if there is one. Nothing where there is no letter. *score (or NULL): the natural logarithm of how likely the
 * network holds them to be. Takes about a millisecond. Errors: MEMORY. */
int letter_to_sound(const struct letter_to_sound *network, const char *word, size_t length, struct phones *phones,
                    float *score, struct fault *fault);

#endif

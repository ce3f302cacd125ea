/* letter_to_sound_format.h - the bytes of a letter-to-sound network, as models/training/lexicon.py packs them.
 *
 *   struct network_header
 *   chunks   per chunk 8 bytes: how many phones, then up to 7 of them
 *   letters  matrix [27, embedded]: the apostrophe, a to z
 *   before   matrix [chunks + 1, embedded]: the chunk before; the last row where there is none
 *   four GRUs that read: first layer forwards, backwards (input: embedded), second layer forwards, backwards (input: 2
 *            reading); state: reading
 *   the GRU that writes (input: 2 reading + embedded; state: writing)
 *   says     matrix [chunks, writing], then float biases [chunks]
 *
 * A matrix [rows, columns] is a float scale for each row, then the rows in int8. A GRU is the matrices of its input [3
 * state, input] and of its state [3 state, state], gates in the order reset, update, new, then the float biases of
 * both. Every part (of a matrix, both) begins at a multiple of 8. Little-endian, as all machines that we build for. */
#ifndef DECODER_LETTER_TO_SOUND_FORMAT_H
#define DECODER_LETTER_TO_SOUND_FORMAT_H

#include <stdint.h>

#define NETWORK_MAGIC "UTTERLS"
enum {
    NETWORK_VERSION = 1,
    NETWORK_LETTERS = 27,
    NETWORK_CHUNK = 8, /* bytes */
    /* Bounds that a header keeps: sums of products stay within 32 bits, and a state on the stack. */
    NETWORK_CHUNKS_MAXIMUM = 512,
    NETWORK_EMBEDDED_MAXIMUM = 64,
    NETWORK_STATE_MAXIMUM = 256
};

struct network_header {
    char magic[8];
    uint32_t version;
    uint32_t chunks, embedded, reading, writing;
    uint32_t zero;
};

#endif

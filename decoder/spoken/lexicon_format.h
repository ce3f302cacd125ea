/* lexicon_format.h - the bytes of a lexicon, as models/training/lexicon.py packs them.
 *
 *   struct lexicon_header
 *   chunks   per chunk 8 bytes: how many phones, then up to 7 of them (arpabet.h)
 *   lengths  per letter 16 uint16: how many codes of 1, 2, … 16 bits its chunks have
 *   codes    uint16 chunks: of all letters, one after another, each letter's in the order of its codes, which are
 *            canonical Huffman codes
 *   blocks   uint32: the bit at which each block of 16 words begins; a block's first word is whole
 *   bits     the entries, highest bit of each byte first
 *   network  the letter-to-sound network (letter_to_sound.h)
 *
 * Every part begins at a multiple of 8. A letter is 1 for the apostrophe, 2 to 27 for a to z. An entry, of words sorted
 * by letters, is: 4 bits how many letters it shares with the word before; 5 bits for each further letter and 5 zeros; 1
 * bit whether it is common in texts; 1 bit whether it is a heteronym; 2 bits the number of variants less one; then of
 * each variant, in a heteronym, 6 bits of enum speech_part, and the chunk of each letter. Little-endian, as all
 * machines that we build for. */
#ifndef DECODER_LEXICON_FORMAT_H
#define DECODER_LEXICON_FORMAT_H

#include "decoder/spoken/lexicon.h"

#define LEXICON_MAGIC "UTTERLX"
enum {
    LEXICON_VERSION = 1,
    LEXICON_BLOCK = 16,     /* words */
    LEXICON_CHUNK = 8,      /* bytes */
    LEXICON_CODE_BITS = 16, /* the longest code */
    LEXICON_CHUNKS_MAXIMUM = 1 << 14,
    LEXICON_WORDS_MAXIMUM = 1 << 24
};

struct lexicon_header {
    char magic[8];
    uint32_t version;
    uint32_t words, chunks, codes;
    uint32_t bits;    /* bytes of the entries */
    uint32_t network; /* bytes */
};

#endif

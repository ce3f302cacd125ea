/* lexicon.h - a compiled lexicon: words and how each is said, in some four bytes a word, read where it lies.
 *
 * A pronunciation is kept as what each letter of the word stands for, in Huffman codes of the letter's own, so that a
 * word said as it is written takes next to nothing. */
#ifndef DECODER_LEXICON_H
#define DECODER_LEXICON_H

#include "decoder/spoken/arpabet.h"

#include <stdint.h>

enum { LEXICON_ALPHABET = 27, LEXICON_LETTERS = 40, LEXICON_VARIANTS = 4, LEXICON_PHONES = 64 };

/* What a word is in its sentence, for those that are said by it; also which words of the same part are meant. */
enum speech_part {
    PART_NOUN = 1,
    PART_VERB = 2,      /* the base and what follows "to" */
    PART_ADJECTIVE = 4, /* and adverbs */
    PART_PAST = 8,      /* past tense and participle */
    PART_OTHER = 16,  /* another word of the same spelling, told by the words around it: decoder/spoken/heteronyms.c */
    PART_DEFAULT = 32 /* where nothing tells */
};

struct lexicon_variant {
    unsigned char phones[LEXICON_PHONES];
    unsigned char count;
    unsigned char parts; /* of a heteronym: enum speech_part, or'ed; else 0 */
};

struct lexicon_entry {
    int count; /* variants, the usual one first */
    bool heteronym;
    bool common; /* seldom seen words are none that others are made of */
    struct lexicon_variant variants[LEXICON_VARIANTS];
};

struct lexicon {
    const unsigned char *chunks, *lengths, *codes, *blocks, *bits, *network;
    uint32_t first_code[LEXICON_ALPHABET]; /* of each letter's, among codes */
    uint32_t words, chunk_count, code_count, bit_bytes, network_size;
};

/* Over size bytes, aligned to 8, which must stay where they are; nothing is allocated. Only the tables are looked
 * through; an entry is checked when it is read. name: what messages call it. Errors: MODEL, UNSUPPORTED (another
 * version). */
int lexicon_open(struct lexicon *lexicon, const void *bytes, size_t size, const char *name, struct fault *fault);

/* The entry of a word in lower case, a to z and apostrophes; false where there is none, or where it is damaged. */
bool lexicon_find(const struct lexicon *lexicon, const char *word, size_t length, struct lexicon_entry *entry);

/* The index-th word in alphabetical order, into word (LEXICON_LETTERS + 1 bytes), and its entry; false past the end, or
 * where it is damaged. */
bool lexicon_at(const struct lexicon *lexicon, uint32_t index, char *word, struct lexicon_entry *entry);

#endif

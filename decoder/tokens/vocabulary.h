/* vocabulary.h - pieces by id and ids by piece. */
#ifndef DECODER_VOCABULARY_H
#define DECODER_VOCABULARY_H

#include "decoder/text.h"

/* No published vocabulary is larger; a bound, so that one absurd id cannot ask for gigabytes. */
enum { VOCABULARY_IDS = 1 << 22 };

struct entry {
    size_t offset; /* of the piece in the strings, terminated */
    uint32_t length;
    bool known; /* there is a piece of this id */
};

struct vocabulary {
    struct text strings;
    struct entry *entries; /* [size] by id */
    size_t capacity;
    int size;          /* largest id + 1 */
    uint32_t *buckets; /* open addressing: id + 1, or 0; bucket_count is a power of two */
    size_t bucket_count, filled;
};

enum vocabulary_result { VOCABULARY_DONE, VOCABULARY_MEMORY, VOCABULARY_TAKEN };

/* Adds a piece under an id in [0, VOCABULARY_IDS). TAKEN: the id has another piece already. A piece that is there
 * under two ids is found under the later. */
enum vocabulary_result vocabulary_add(struct vocabulary *v, const char *piece, size_t length, int id);
int vocabulary_find(const struct vocabulary *v, const char *piece, size_t length); /* id, or -1 */
const char *vocabulary_piece(const struct vocabulary *v, int id);                  /* NULL: no such id */
size_t vocabulary_length(const struct vocabulary *v, int id);                      /* of the piece of a known id */
void vocabulary_free(struct vocabulary *v);

/* FNV-1a, 64 bits, byte by byte, so that the hashes of all prefixes of a text cost one pass. */
#define HASH_SEED UINT64_C(0xcbf29ce484222325)
static inline uint64_t hash_byte(uint64_t hash, char byte)
{
    return (hash ^ (unsigned char)byte) * UINT64_C(0x100000001b3);
}
int vocabulary_find_hashed(const struct vocabulary *v, const char *piece, size_t length, uint64_t hash);

#endif

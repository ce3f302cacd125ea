/* bpe.h - byte pair encoding (Sennrich et al., ACL 2016, section 3.2) over a ranked list of merges. */
#ifndef DECODER_BPE_H
#define DECODER_BPE_H

#include "decoder/tokens/vocabulary.h"
#include "src/base/error.h"

struct merge {
    uint64_t pair; /* left id << 32 | right id */
    uint32_t rank;
    int32_t id; /* of the merged piece; -1: an empty place */
};

struct bpe {
    struct merge *merges; /* open addressing; merge_places is a power of two */
    size_t merge_places, merge_count;
    char *prefix, *suffix; /* of pieces that continue and that end a word; NULL: none */
    bool has_unknown, fuse_unknown, byte_fallback, ignore_merges;
    int unknown;    /* -1: named, but not in the vocabulary */
    int bytes[256]; /* "<0x00>" …, or -1 */
};

/* The ids of a word, as they are appended. */
struct ids {
    int *ids;
    size_t count, capacity;
    bool failed;
};
void ids_add(struct ids *ids, int id);

/* Room for count merges. */
bool bpe_reserve(struct bpe *bpe, size_t count);
/* A later merge of the same pair takes the place of the earlier. */
void bpe_add_merge(struct bpe *bpe, int left, int right, uint32_t rank, int merged);
void bpe_free(struct bpe *bpe);

/* Appends the ids of one word. n log n in its length. Errors: MODEL (no piece for unknown text), MEMORY. */
int bpe_encode(const struct bpe *bpe, const struct vocabulary *v, const char *word, size_t length, struct ids *out,
               struct fault *fault);

/* Fills bytes[256] with the ids of "<0x00>" to "<0xFF>". */
void find_byte_pieces(const struct vocabulary *v, int *bytes);

#endif

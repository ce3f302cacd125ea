/* merge_heap.h - the merges that byte pair encoding may make, the lowest rank and then the leftmost on top. */
#ifndef DECODER_MERGE_HEAP_H
#define DECODER_MERGE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A merge that may be made at a place. */
struct chance {
    uint32_t rank;
    int id;     /* of the merged piece */
    size_t at;  /* of its left part */
    size_t end; /* whisper_bpe.c: where its right part must still end */
};

struct merge_heap {
    struct chance *items; /* the owner's, with room for all that will be there at once */
    size_t count;
};

void merge_heap_push(struct merge_heap *heap, struct chance chance);
struct chance merge_heap_pop(struct merge_heap *heap); /* of one that is not empty */

#endif

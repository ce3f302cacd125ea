/* prefixes.h - the token sequences that a beam has met, as a trie, each with what a guide says of it. A node is made
 * once and kept, so that a prefix that left the beam and comes back finds its children again. */
#ifndef DECODER_PREFIXES_H
#define DECODER_PREFIXES_H

#include "decoder/guide/guide.h"

enum { PREFIX_NONE = -1, PREFIX_ROOT = 0 };

struct prefix {
    int32_t parent, token;
    int32_t child, sibling; /* the first child; the next child of the same parent */
    int32_t place;          /* the caller's, PREFIX_NONE at first: where it is in the beam */
    int32_t depth;          /* tokens */
};

struct prefixes {
    struct prefix *nodes;
    size_t count, capacity;
    const struct guide *guide; /* borrowed; NULL: there is nothing to ask */
    struct guided *guided;     /* [count] where there is a guide */
    size_t guided_capacity;
};

/* guide may be NULL. Begins with the empty prefix. False: no memory; freed all the same with prefixes_free. */
bool prefixes_open(struct prefixes *prefixes, const struct guide *guide);
void prefixes_free(struct prefixes *prefixes);

/* The child of a node by a token, made where there is none; PREFIX_NONE: no memory. */
int32_t prefixes_child(struct prefixes *prefixes, int32_t node, int32_t token);
int32_t prefixes_find(const struct prefixes *prefixes, int32_t node, int32_t token); /* PREFIX_NONE: there is none */

/* What the guide adds to a node, to a child of it (where it matters, that is above bar: else anything below), at most
 * to any child, and to the node as a whole sequence. 0 without a guide, -infinity where nothing allowed is left. */
double prefixes_rank(const struct prefixes *prefixes, int32_t node);
double prefixes_rank_with(struct prefixes *prefixes, int32_t node, int32_t token, double bar);
double prefixes_most(struct prefixes *prefixes, int32_t node);
double prefixes_whole(struct prefixes *prefixes, int32_t node);

#endif

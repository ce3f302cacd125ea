/* boost_parts.h - the automaton, for the files that build it and run it. */
#ifndef DECODER_BOOST_PARTS_H
#define DECODER_BOOST_PARTS_H

#include "decoder/guide/boost.h"

enum { BOOST_NONE = -1, BOOST_ROOT = 0 };

/* What was written last, as far back as it is the beginning of a pattern: a phrase, or one of its words alone, each
 * behind the space that its first word needs. */
struct boost_node {
    int32_t first;  /* its children are nodes first, first + 1, …, by their bytes */
    int32_t fail;   /* the longest other node that its bytes end with */
    int32_t space;  /* the node after a space */
    uint16_t count; /* of children, at most 256 */
    bool begins;    /* its last word is how a pattern's begins … */
    bool is;        /* … and is one */
    float partial;  /* what counts while the sequence ends here */
    float word_end; /* of the phrases that end here, if the word does */
    float here;     /* of the phrases that end here, whatever follows */
};

/* Where a token leads, and what it ends on its way. */
struct boost_leap {
    int32_t node;
    float ended;
    int32_t first; /* the node after its first byte … */
    char byte;     /* … which is this */
    int8_t length; /* as boost_gain has it */
    bool silent;   /* it writes nothing */
};

struct boost {
    const struct spelling *spelling;
    struct boost_node *nodes;
    unsigned char *bytes; /* of each node, the last */
    float *reaches;       /* [count, BOOST_LENGTHS] no token of that length leads to more of partial from the node */
    int32_t count;
    int32_t start; /* the node that a text begins in: as if a space had gone before */
    int tokens;
    struct boost_leap *leaps; /* of each token, from the root; also from where its first byte leads to the same */
    double gain;              /* the most of any token */
    double jump;              /* the most that one token can end of phrases beside those that end before it */
};

/* The node after a byte. */
int32_t boost_step(const struct boost *boost, int32_t node, unsigned char byte);
/* The same for all of a token's. */
struct boost_leap boost_walk(const struct boost *boost, int32_t node, int token);

#endif

/* spotting_parts.h - the lattices of phrases, for the files that build them, walk them, and put phrases into texts. */
#ifndef DECODER_SPOTTING_PARTS_H
#define DECODER_SPOTTING_PARTS_H

#include "decoder/search/spotting.h"

/* Node 0 is the beginning, node 1 + n is behind n bytes of the phrase, spaces not counted. An arc is a token that
 * writes what stands between two nodes, or something that sounds like it. Number lies beside number for vectors. */
struct spotting_lattice {
    int32_t *first;      /* [nodes + 1] where the arcs of each node begin */
    int32_t *token, *to; /* [arcs] */
    float *cost;         /* [arcs] natural log, 0 or above: of writing it otherwise than it is spelled */
    int32_t nodes;       /* the last one is the end */
    int32_t *tokens;     /* [token_count] the fewest that spell the phrase as it is */
    size_t token_count;
    double worth; /* what the search adds for the phrase (boost.h) … */
    double taken; /* … and what of that does not count here */
};

struct spotting {
    const struct spelling *spelling;
    const struct boost *boost;
    struct spotting_lattice *phrases;
    size_t count;
    int32_t most_nodes, most_arcs; /* of any phrase */
};

/* Where a path through a lattice has come to. */
struct spotting_reach {
    float score;
    int32_t start; /* the frame where it began */
};

/* What is held of a node: paths that stand behind it in the blank, and the best two that have just arrived by
 * different tokens. */
struct spotting_place {
    struct spotting_reach blank, best, other;
    int32_t token; /* of best */
    bool live;     /* there is something at the node, or on an arc from it */
};

/* Passes of Viterbi through lattices, CTC's way: a token may last, a blank may stand between any two and must between
 * two that are the same (Graves et al., ICML 2006, section 4). All scores are differences to the frames' best, 0 or
 * below. One thread's. */
struct spotting_walk {
    const float *scores; /* [frames, vocabulary] */
    int frames, vocabulary, blank;
    double blank_penalty;
    float *gaps;   /* [frames, vocabulary] the differences */
    float *speech; /* [frames] the most that a token but the blank has */

    struct spotting_place *places; /* [nodes] */
    float *on;                     /* [arcs] the best path within the arc's token */
    int32_t *start;                /* [arcs] the frame where it began */
    float *least;                  /* [arcs] a path that goes on with less is not worth its while */
    bool *starts;                  /* [frames] whether a path worth its while may leave the beginning there */
    struct spotting_reach *ends;   /* [frames] of the phrase in hand: the best that ends there */

    int blocks;                             /* of SPOTTING_BLOCK frames; filled up with empty ones for vectors */
    float *bonus;                           /* [blocks] what a path that ends in the block has beside, 0 or above */
    float *loudest;                         /* [vocabulary, blocks] the most that a token has in any frame of a block */
    float *idle;                            /* [blocks] the most that a path has that goes along no arc in a block */
    const struct spotting_lattice *bounded; /* whose bounds these are */
    float *still;          /* [nodes, blocks] no path that stands there in a block has more from there on … */
    float *leaving;        /* [nodes, blocks] … nor one that goes on in that block */
    float *waits, *leaves; /* [nodes] both for the block in hand */
};

/* Frames in a block, of which shorter ones bound more tightly and take longer to; blocks in a vector. */
enum { SPOTTING_BLOCK = 4, SPOTTING_VECTOR = 8 };

/* tokens: of the longest lattice beside those of spotting that it is to go through. scores are borrowed. Errors:
 * MEMORY; closed all the same. */
int spotting_walk_open(struct spotting_walk *walk, const struct spotting *spotting, int32_t tokens, const float *scores,
                       int frames, int vocabulary, int blank, double blank_penalty, struct fault *fault);
void spotting_walk_close(struct spotting_walk *walk);

/* ---- what a path can still come to (spotting_bounds.c) ---- */

/* Fills what does not depend on a lattice, from the gaps. */
void spotting_bounds_begin(struct spotting_walk *walk);

/* Fills walk->still and walk->leaving, by walk->bonus, too; no path through the lattice has more than what is returned,
 * bonus and all. None gets more of a token than where that is likeliest in a block of frames, and one that waits for a
 * token to come up passes speech as a blank, or silence as a token. */
double spotting_bound(struct spotting_walk *walk, const struct spotting_lattice *lattice);

/* Fills walk->waits, walk->leaves and walk->least for a block's frames: by the bounds if they are the lattice's, or
 * else such that any path goes on. */
void spotting_enter(struct spotting_walk *walk, const struct spotting_lattice *lattice, int block, double least);

/* ---- passes ---- */

/* Fills walk->ends: for every frame the best path through the lattice whose last token is said in it, wherever it
 * began, without the bonus; -infinity where it is below least with it. False: it is that
 * everywhere, whatever walk->ends has. */
bool spotting_find(struct spotting_walk *walk, const struct spotting_lattice *lattice, double least);

/* The best path that fills frames [begin, end), blanks before and behind it included. */
double spotting_fit(struct spotting_walk *walk, const struct spotting_lattice *lattice, int begin, int end,
                    double least);

#endif

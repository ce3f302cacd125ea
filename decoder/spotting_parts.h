/* spotting_parts.h - the lattices of phrases, for the files that build them, walk them, and put phrases into texts. */
#ifndef DECODER_SPOTTING_PARTS_H
#define DECODER_SPOTTING_PARTS_H

#include "decoder/spotting.h"

/* A token that writes what stands between two nodes, or something that sounds like it. */
struct spotting_arc {
    int32_t token;
    int32_t to;
    float cost; /* natural log, 0 or above: of writing it otherwise than it is spelled */
};

/* Node 0 is the beginning, node 1 + n is behind n bytes of the phrase, spaces not counted. */
struct spotting_lattice {
    struct spotting_arc *arcs; /* by the node that they leave */
    int32_t *first;            /* [nodes + 1] where the arcs of each node begin */
    int32_t nodes;             /* the last one is the end */
    int32_t *tokens;           /* [token_count] the fewest that spell the phrase as it is */
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
    double score;
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
    struct spotting_place *places; /* [nodes] */
    struct spotting_reach *on;     /* [arcs] within the token of each arc */
    const float *scores;           /* [frames, vocabulary] */
    int frames, vocabulary, blank;
    double blank_penalty;
    double *ahead;  /* [nodes] of the lattice in hand: no path from there to the end has more */
    double *behind; /* [nodes] … nor from the beginning to there */
    double *after;  /* [nodes] … nor from behind the token that leaves there */
    float *speech;  /* [frames] the most that a token but the blank has */
    struct spotting_lattice thinned;
    float *gaps;                 /* [frames, vocabulary] the differences */
    float *likeliest;            /* [vocabulary] the most that a token has in any frame */
    struct spotting_reach *ends; /* [frames] of the phrase in hand: the best that ends there */
};

/* tokens: of the longest lattice beside those of spotting that it is to go through. scores are borrowed. Errors:
 * MEMORY; closed all the same. */
int spotting_walk_open(struct spotting_walk *walk, const struct spotting *spotting, int32_t tokens, const float *scores,
                       int frames, int vocabulary, int blank, double blank_penalty, struct fault *fault);
void spotting_walk_close(struct spotting_walk *walk);

/* No path through the lattice has more than this, for none gets more of a token than where that is likeliest. Fills
 * walk->ahead, which lets the passes leave out nearly all. */
double spotting_bound(struct spotting_walk *walk, const struct spotting_lattice *lattice);

/* Fills walk->ends: for every frame the best path through the lattice whose last token is said in it, wherever it
 * began; -infinity where it is below least. */
void spotting_find(struct spotting_walk *walk, const struct spotting_lattice *lattice, double least);

/* The best path that fills frames [begin, end), blanks before and behind it included. */
double spotting_fit(struct spotting_walk *walk, const struct spotting_lattice *lattice, int begin, int end,
                    double least);

#endif

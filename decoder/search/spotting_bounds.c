/* spotting_bounds.c - what a path through a phrase's lattice can still come to: a phrase is seldom said, and a pass
 * that knows early that it is not leaves out nearly all. No bound is below what a path may have, so nothing that is
 * worth its while is lost. */
#include "decoder/search/spotting_parts.h"

#include <float.h>
#include <math.h>

static float larger(float a, float b)
{
    return a > b ? a : b;
}

/* ---- of a recording ---- */

/* The most of a path that goes along no arc in the frames: its token lasts for some, the blank for those that are left.
 */
static float idle_in(const struct spotting_walk *w, int begin, int end)
{
    float token = 0.0f, blank = -INFINITY;
    for (int t = begin; t < end; t++) {
        blank = larger(blank, token) + w->gaps[(size_t)t * (size_t)w->vocabulary + (size_t)w->blank];
        token += w->speech[t];
    }
    return larger(blank, token);
}

void spotting_bounds_begin(struct spotting_walk *w)
{
    const size_t blocks = (size_t)w->blocks, vocabulary = (size_t)w->vocabulary;
    for (size_t i = 0; i < vocabulary * blocks; i++)
        w->loudest[i] = -INFINITY;
    for (size_t t = 0; t < (size_t)w->frames; t++)
        for (size_t i = 0; i < vocabulary; i++) {
            float *loudest = &w->loudest[i * blocks + t / SPOTTING_BLOCK];
            *loudest = larger(*loudest, w->gaps[t * vocabulary + i]);
        }
    for (int b = 0, begin = 0; b < w->blocks; b++, begin += SPOTTING_BLOCK)
        w->idle[b] = idle_in(w, begin, begin + SPOTTING_BLOCK < w->frames ? begin + SPOTTING_BLOCK : w->frames);
}

/* ---- of a lattice ---- */

/* What paths may have that leave by one arc, in every block. */
static void leave_by(int blocks, const float *restrict loudest, float cost, const float *restrict still,
                     float *restrict leaving)
{
    for (int b = 0; b < blocks; b += SPOTTING_VECTOR)
        for (int i = b; i < b + SPOTTING_VECTOR; i++)
            leaving[i] = larger(leaving[i], loudest[i] - cost + still[i]);
}

/* From the last block to the first: what stands at the node in a block leaves it there, or comes into the next one. It
 * has passed all of that if it came from the one before, but perhaps only some of its own. */
static void stay(int blocks, const float *restrict leaving, const float *restrict idle, float *restrict still)
{
    float next = -INFINITY;
    for (int b = blocks; b-- > 0;) {
        still[b] = larger(leaving[b], next);
        next = larger(leaving[b], next + idle[b]);
    }
}

double spotting_bound(struct spotting_walk *w, const struct spotting_lattice *l)
{
    const size_t blocks = (size_t)w->blocks;
    float most = -INFINITY;
    for (int32_t n = l->nodes; n-- > 0;) {
        float *leaving = w->leaving + (size_t)n * blocks, *still = w->still + (size_t)n * blocks;
        for (size_t b = 0; b < blocks; b++)
            leaving[b] = n == l->nodes - 1 ? w->bonus[b] : -INFINITY;
        for (int32_t k = l->first[n]; k < l->first[n + 1]; k++)
            leave_by(w->blocks, w->loudest + (size_t)l->token[k] * blocks, l->cost[k],
                     w->still + (size_t)l->to[k] * blocks, leaving);
        stay(w->blocks, leaving, w->idle, still);
    }
    for (size_t b = 0; b < blocks; b++)
        most = larger(most, w->leaving[b]);
    w->bounded = l;
    return (double)most;
}

void spotting_enter(struct spotting_walk *w, const struct spotting_lattice *l, int block, double least)
{
    for (size_t n = 0; n < (size_t)l->nodes; n++) {
        const size_t at = n * (size_t)w->blocks + (size_t)block;
        w->waits[n] = w->bounded == l ? w->still[at] : 0.0f;
        w->leaves[n] = w->bounded == l ? w->leaving[at] : 0.0f;
    }
    for (int32_t k = 0; k < l->first[l->nodes]; k++) {
        const float need = (float)least - w->waits[l->to[k]];
        w->least[k] = need >= -FLT_MAX ? need : -FLT_MAX; /* NaN too: -infinity on both sides */
    }
}

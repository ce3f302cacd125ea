/* ctc_scores.h - how one frame of scores is read, the same in greedy, beam and alignment.
 *
 * A score that is not finite counts as impossible. A frame without any finite score says nothing: it counts as a
 * certain blank, so that one damaged frame does not make every hypothesis impossible. */
#ifndef DECODER_CTC_SCORES_H
#define DECODER_CTC_SCORES_H

#include <float.h>
#include <math.h>
#include <stddef.h>

static inline double score_of(const float *row, int id)
{
    float x = row[id];
    return x >= -FLT_MAX && x <= FLT_MAX ? (double)x : -INFINITY;
}

/* The blank's score of a frame of vocabulary scores; 0 where nothing in the frame is finite. */
static inline double score_of_blank(const float *row, int vocabulary, int blank)
{
    double own = score_of(row, blank);
    if (own > -INFINITY)
        return own;
    for (int i = 0; i < vocabulary; i++)
        if (score_of(row, i) > -INFINITY)
            return -INFINITY;
    return 0.0;
}

/* log(exp(a) + exp(b)) */
static inline double score_add(double a, double b)
{
    double high = a > b ? a : b, low = a > b ? b : a;
    return low == -INFINITY ? high : high + log1p(exp(low - high));
}

enum { ROW_LANES = 32 };

/* The row's largest score, NaN left out. Thirty-two running maxima, so that the compiler may use vector registers
 * without being allowed to reorder floats; with sixteen, gcc unrolls them all and then finds no vectors. */
static inline float row_maximum(const float *row, int vocabulary)
{
    float lanes[ROW_LANES], best = -INFINITY;
    int i = 0;
    for (int j = 0; j < ROW_LANES; j++)
        lanes[j] = -INFINITY;
    for (; i + ROW_LANES <= vocabulary; i += ROW_LANES)
        for (int j = 0; j < ROW_LANES; j++)
            lanes[j] = row[i + j] > lanes[j] ? row[i + j] : lanes[j];
    for (int j = 0; j < ROW_LANES; j++)
        best = lanes[j] > best ? lanes[j] : best;
    for (; i < vocabulary; i++)
        best = row[i] > best ? row[i] : best;
    return best;
}

/* Whether any of ROW_LANES scores is at least bar. */
static inline int row_reaches(const float *row, float bar)
{
    int hits = 0;
    for (int j = 0; j < ROW_LANES; j++)
        hits += row[j] >= bar;
    return hits;
}

#endif

/* random_scores.h - made-up CTC scores for the tests of searches, and sums of logs to hold against theirs. */
#ifndef TESTS_UNIT_RANDOM_SCORES_H
#define TESTS_UNIT_RANDOM_SCORES_H

#include <math.h>
#include <stdint.h>

static uint32_t seed = 1; /* a test may set its own */

/* Uniform in [0, 1). */
static inline double draw(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) / 16777216.0;
}

/* scores [frames, vocabulary]: log-softmax of random numbers; peaked: how far apart they are (natural log). */
static inline void fill(float *scores, int frames, int vocabulary, double peaked)
{
    for (int t = 0; t < frames; t++) {
        float *row = scores + t * vocabulary;
        double sum = 0.0;
        for (int v = 0; v < vocabulary; v++)
            sum += exp((double)(row[v] = (float)(peaked * draw())));
        for (int v = 0; v < vocabulary; v++)
            row[v] = (float)((double)row[v] - log(sum));
    }
}

/* log(exp(a) + exp(b)). */
static inline double add(double a, double b)
{
    double high = a > b ? a : b, low = a > b ? b : a;
    return low == -INFINITY ? high : high + log1p(exp(low - high));
}

#endif

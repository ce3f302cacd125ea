/* bench_ctc.c - CTC search over an hour of scores: [45000, 1025], 12.5 frames a second; spikes between blanks, as a
 * trained model gives them, and the flat scores of an untrained one. */
#include "decoder/search/ctc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FRAMES = 45000, VOCABULARY = 1025, BLANK = VOCABULARY - 1 };

static uint32_t seed = 7;
static float draw(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / 16777216.0f;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* height: how far the winner of a frame stands above the others; one frame in three is a token, and of these one in
 * four hesitates between two. */
static void fill(float *scores, float height)
{
    for (int t = 0; t < FRAMES; t++) {
        float *row = scores + (size_t)t * VOCABULARY;
        double sum = 0.0;
        for (int v = 0; v < VOCABULARY; v++)
            row[v] = 3.0f * draw();
        row[t % 3 ? BLANK : (int)(draw() * BLANK)] += height;
        if (t % 12 == 0)
            row[(int)(draw() * BLANK)] += height - 0.5f;
        for (int v = 0; v < VOCABULARY; v++)
            sum += exp(row[v]);
        for (int v = 0; v < VOCABULARY; v++)
            row[v] -= (float)log(sum);
    }
}

static void report(const char *what, const float *scores, int beam)
{
    const struct ctc_params params = {.blank = BLANK, .beam = beam, .nbest = 1};
    double best = INFINITY;
    size_t tokens = 0;
    for (int i = 0; i < 3; i++) {
        struct ctc_result result;
        double begin = seconds();
        if (ctc_decode(scores, FRAMES, VOCABULARY, &params, &result, NULL))
            exit(1);
        double took = seconds() - begin;
        best = took < best ? took : best;
        tokens = result.best[0].count;
        ctc_free(&result);
    }
    printf("%-8s beam %3d  %8.1f ms  %6zu tokens\n", what, beam, 1e3 * best, tokens);
}

int main(void)
{
    float *scores = malloc(sizeof *scores * FRAMES * VOCABULARY);
    if (!scores)
        return 1;
    const float heights[] = {18.0f, 11.0f, 0.0f};
    const char *const names[] = {"certain", "unsure", "flat"};
    for (int i = 0; i < 3; i++) {
        fill(scores, heights[i]);
        report(names[i], scores, 1);
        report(names[i], scores, 8);
        report(names[i], scores, 64);
    }
    free(scores);
    return 0;
}

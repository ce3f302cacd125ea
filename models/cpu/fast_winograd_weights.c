/* fast_winograd_weights.c - the weights of fast_winograd.c's convolutions: taps become the values of their polynomial
 * at the points 0, ±1, ±2, ±1/2, ±3/4 (of ten) and ∞, divided by what winograd_template.h leaves out of the input's. */
#include "models/cpu/fast_winograd.h"

#include "models/cpu/device.h"
#include "models/cpu/kernels.h"
#include "src/base/memory.h"
#include "src/base/pages.h"

#include <stdlib.h>

enum {
    LEAST_KERNEL = 3,
    LEAST_CHANNELS = 16,
    MOST_DILATION = 64, /* a piece is of whole dilations, and would not stay in the cache */
    MOST_TAPS = 7,
    TRANSPOSED_POINTS = 8,
    TRANSPOSED_TAPS = 2,      /* of a phase */
    MOST_TRANSPOSED = 1 << 20 /* weights: there are four times as many for it, read for few steps */
};

bool winograd_suits(const struct device *d, const struct convolution *k)
{
    if (((const struct cpu_device *)d)->level == CPU_PLAIN || k->groups != 1 || k->in < LEAST_CHANNELS ||
        k->out < LEAST_CHANNELS)
        return false;
    if (k->transposed)
        return k->kernel == TRANSPOSED_TAPS * k->stride && k->dilation == 1 &&
               k->in * k->out * k->kernel <= MOST_TRANSPOSED;
    return k->stride == 1 && k->kernel >= LEAST_KERNEL && k->dilation <= MOST_DILATION;
}

/* ---- the shape ---- */

/* Ten points make fewer products, with three times the rounding error, and larger ends: they are for long kernels. */
static const struct way {
    int points, least_taps, most_taps;
} ways[] = {{8, 3, 5}, {10, 5, MOST_TAPS}};

static int parts_of(int kernel, int taps)
{
    return (kernel + taps - 1) / taps;
}

/* Products for an output, times what is the same for every way to divide a kernel. */
static double cost_of(int kernel, int points, int taps)
{
    return (double)(parts_of(kernel, taps) * points) / (points + 1 - taps);
}

static void choose_way(struct winograd *w, int kernel)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        for (int taps = ways[i].least_taps; taps <= ways[i].most_taps; taps++)
            if (!w->points || cost_of(kernel, ways[i].points, taps) < cost_of(kernel, w->points, w->taps)) {
                w->points = ways[i].points;
                w->taps = taps;
            }
}

/* ---- packing ---- */

struct job {
    const struct winograd *w;
    const struct convolution *k;
    const float *weight;
};

/* The tap at a place of the kernel of channel o of the products: of channel o mod out of phase o / out. */
static double tap_of(const struct job *j, int64_t o, int64_t i, int64_t place)
{
    const struct convolution *k = j->k;
    const int64_t phase = o / k->out, channel = o % k->out;
    const int64_t tap = k->transposed ? phase + (j->w->taps - 1 - place) * k->stride : place;
    if (phase >= j->w->phases || i >= k->in || tap >= k->kernel)
        return 0;
    const int64_t at = k->transposed ? i * k->out + channel : channel * k->in + i;
    const float value = j->weight[at * k->kernel + tap];
    return k->type == TENSOR_BF16 ? bf16_to_float(bf16_from_float(value)) : value;
}

enum { PAIRS = 4 }; /* of points p and -p: with ten points all, with eight the first three */

static const double pairs[PAIRS] = {1, 2, 0.5, 0.75};

/* The product of q² - p² over all other pairs q, p being pair `except`, or 0 where there is no such pair. */
static double differences(int count, int except)
{
    const double p = except < count ? pairs[except] : 0;
    double product = 1;
    for (int i = 0; i < count; i++)
        product *= i == except ? 1 : p * p - pairs[i] * pairs[i];
    return product;
}

/* The factors of some taps, `apart` floats apart: the values of their polynomial, each divided by what the input's row
 * of the point is at the point. Of p and -p the even and the odd taps are taken once. */
static void put_factors(float *out, int64_t apart, const double taps[MOST_TAPS], const struct winograd *w)
{
    const int count = (w->points - 2) / 2;
    out[0] = (float)(taps[0] / (count == PAIRS ? differences(count, count) : 1));
    for (int i = 0; i < count; i++) {
        const double p = pairs[i], p2 = p * p, share = 1 / (2 * p2 * differences(count, i));
        const double even = taps[0] + p2 * (taps[2] + p2 * (taps[4] + p2 * taps[6]));
        const double odd = p * (taps[1] + p2 * (taps[3] + p2 * taps[5]));
        out[(2 * i + 1) * apart] = (float)(share * (even + odd));
        out[(2 * i + 2) * apart] = (float)(share * (even - odd));
    }
    out[(w->points - 1) * apart] = (float)taps[w->taps - 1];
}

/* The panels' rows `at` of a block. */
static void pack_row(const struct job *j, int64_t block, int64_t at)
{
    const struct winograd *w = j->w;
    const int64_t apart = w->depth * w->blocks * w->columns, part = at / j->k->in, i = at % j->k->in;
    const int64_t first = at / WINOGRAD_DEPTH * WINOGRAD_DEPTH, left = w->depth - first;
    const int64_t deep = left < WINOGRAD_DEPTH ? left : WINOGRAD_DEPTH;
    float *to = w->weight + (first * w->blocks + block * deep + at - first) * w->columns;
    for (int64_t o = 0; o < w->columns; o++) {
        double taps[MOST_TAPS] = {0};
        for (int tap = 0; tap < w->taps && part < w->parts; tap++)
            taps[tap] = tap_of(j, block * w->columns + o, i, part * w->taps + tap);
        put_factors(to + o, apart, taps, w);
    }
}

static void pack_blocks(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct job *j = context;
    for (int64_t block = begin; block < end; block++)
        for (int64_t at = 0; at < j->w->depth; at++)
            pack_row(j, block, at);
}

static void shape(struct winograd *w, const struct cpu_kernels *kernels, const struct convolution *k)
{
    if (k->transposed) {
        w->points = TRANSPOSED_POINTS;
        w->taps = TRANSPOSED_TAPS;
    } else
        choose_way(w, k->kernel);
    w->parts = k->transposed ? 1 : parts_of(k->kernel, w->taps);
    w->phases = k->transposed ? k->stride : 1;
    w->outputs = w->points + 1 - w->taps;
    w->depth = (w->parts * k->in + 3) / 4 * 4;
    w->columns = kernels->wide.columns;
    w->blocks = (w->phases * k->out + w->columns - 1) / w->columns;
}

struct winograd *winograd_new(const struct device *d, const struct convolution *k, const float *weight)
{
    struct winograd *w = memory_new(1, sizeof *w);
    if (!w)
        return NULL;
    shape(w, ((const struct cpu_device *)d)->kernels, k);
    w->weight = pages_new((size_t)(w->points * w->depth * w->blocks * w->columns) * sizeof *w->weight);
    w->bias = memory_new((size_t)(k->out + w->columns), sizeof *w->bias);
    if (!w->weight || !w->bias) {
        winograd_free(w);
        return NULL;
    }
    struct job job = {w, k, weight};
    thread_pool_run(d->threads, w->blocks, 1, pack_blocks, &job);
    for (int64_t o = 0; k->bias && o < k->out; o++)
        w->bias[o] = k->bias[o];
    return w;
}

void winograd_free(struct winograd *w)
{
    if (!w)
        return;
    pages_free(w->weight);
    free(w->bias);
    free(w);
}

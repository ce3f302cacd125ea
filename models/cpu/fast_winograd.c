/* fast_winograd.c - convolutions over time of stride 1 by Toom and Cook's (Winograd's) algorithm on eight points: a few
 * outputs of a few taps take eight products instead of outputs times taps (Winograd 1980; Lavin and Gray 2016, arXiv
 * 1509.09308, in one dimension; winograd_template.h has the formulas).
 *
 * Six outputs share the factors of eight inputs under three taps, five under four, four under five. A kernel of more
 * taps is several such parts, the last filled up with zeros: 3 taps take 1.33 products for an output, 7 take 3.2 and
 * 11 take 4.8. With dilation d a bundle's outputs are d steps apart, and so are the inputs of its parts. Of a piece of
 * time a worker makes the factors [8][bundles][parts · in], multiplies each point's with its weights, [8][bundles]
 * [out], and makes the outputs of the sums. Rounding errors are some three times a direct sum's.
 *
 * Where a bundle begins depends on the row's beginning only: a row gives in a batch what it gives alone. */
#include "models/cpu/fast_winograd.h"

#include "models/cpu/device.h"
#include "models/cpu/fast_input.h"
#include "models/cpu/kernels.h"
#include "models/cpu/scratch.h"

enum {
    FACTOR_BYTES = 256 * 1024, /* of a piece: half of a usual second-level cache, … */
    LEAST_BUNDLES = 48,        /* … or what makes the most of weights that are read */
    LINE = 16                  /* floats of a line of the cache */
};

struct job {
    struct context *c;
    const struct cpu_kernels *kernels;
    struct tensor out;
    const struct convolution *k;
    const struct winograd *w;
    const struct convolved *how;
    struct input input;
    int64_t span;      /* steps of a piece: outputs · dilation · a whole number */
    int64_t pieces;    /* of a row */
    int64_t bundles;   /* of a piece */
    int64_t tall;      /* bundles, rounded up to whole tiles */
    int64_t out_width; /* blocks · columns */
    /* Floats from a bundle's factors to the next, and from one factor, or sum, of a bundle to its next: never a
     * multiple of 4096 bytes, whose rows would all lie in the same few lines of the first-level cache. */
    int64_t step, factors_apart, sums_apart;
};

/* The first step of a bundle of a piece: bundles are numbered along the steps of one dilation first. */
static int64_t step_of(const struct job *j, int64_t bundle)
{
    const int64_t d = j->k->dilation;
    return bundle / d * j->w->outputs * d + bundle % d;
}

/* factors [WINOGRAD_POINTS][tall][depth], in steps, of the input x of a piece. */
static void make_factors(const struct job *j, float *factors, const float *x)
{
    const int64_t in = j->k->in, step = j->k->dilation * in;
    for (int64_t bundle = 0; bundle < j->bundles; bundle++)
        for (int64_t part = 0; part < j->w->parts; part++)
            j->kernels->winograd_input(factors + bundle * j->step + part * in, j->factors_apart,
                                       x + step_of(j, bundle) * in + j->w->taps * part * step, step, in);
}

/* sums [WINOGRAD_POINTS][tall][out_width]. Panels are read in the order in which they lie in memory. */
static void multiply_factors(const struct job *j, float *sums, const float *factors)
{
    const struct winograd *w = j->w;
    struct cpu_winograd_products p = {.rows = j->tall, .factors_step = j->step, .sums_step = j->out_width};
    p.weight = w->weight;
    for (int64_t point = 0; point < WINOGRAD_POINTS; point++)
        for (int64_t at = 0; at < w->depth; at += WINOGRAD_DEPTH) {
            p.depth = w->depth - at < WINOGRAD_DEPTH ? w->depth - at : WINOGRAD_DEPTH;
            p.more = at > 0;
            p.factors = factors + point * j->factors_apart + at;
            for (int64_t block = 0; block < w->blocks; block++, p.weight += p.depth * w->columns) {
                p.sums = sums + point * j->sums_apart + block * w->columns;
                j->kernels->winograd_multiply(&p);
            }
        }
}

/* The steps of a bundle that are steps of out: first, first + d, … below end. */
static int steps_below(int64_t first, int64_t d, int64_t end, int outputs)
{
    const int64_t steps = first < end ? (end - first + d - 1) / d : 0;
    return (int)(steps < outputs ? steps : outputs);
}

static void make_outputs(const struct job *j, int64_t row, int64_t first, const float *sums)
{
    const int64_t d = j->k->dilation, time = j->out.shape[1];
    struct convolution_tile t = {.bias = j->w->bias, .width = j->k->out, .out_step = d * j->k->out};
    t.after = j->how->after;
    t.factor = j->how->factor;
    t.out_type = j->out.type;
    for (int64_t bundle = 0; bundle < j->bundles; bundle++) {
        const int64_t step = first + step_of(j, bundle), at = (row * time + step) * j->k->out;
        const int steps = steps_below(step, d, time, j->w->outputs);
        if (!steps)
            continue;
        t.out = element_at(&j->out, at);
        t.residual = j->how->after == CONVOLUTION_ADD ? (const float *)j->how->residual.data + at : NULL;
        j->kernels->winograd_output(&t, sums + bundle * j->out_width, j->sums_apart, j->w->outputs, steps);
    }
}

static size_t input_bytes(const struct job *j)
{
    return scratch_part((size_t)(j->input.steps * j->k->in) * sizeof(float));
}

static size_t factor_bytes(const struct job *j)
{
    return scratch_part((size_t)(WINOGRAD_POINTS * j->factors_apart) * sizeof(float));
}

static size_t sum_bytes(const struct job *j)
{
    return scratch_part((size_t)(WINOGRAD_POINTS * j->sums_apart) * sizeof(float));
}

static void convolve_pieces(void *context, int64_t begin, int64_t end, int worker)
{
    const struct job *j = context;
    unsigned char *scratch = scratch_worker(j->c, worker);
    float *x = (float *)(void *)scratch, *factors = (float *)(void *)(scratch + input_bytes(j));
    float *sums = (float *)(void *)(scratch + input_bytes(j) + factor_bytes(j));
    const int64_t behind = (j->tall - j->bundles) * j->step; /* rows of the last tile that are dropped */
    for (int64_t f = 0; f < WINOGRAD_POINTS; f++)
        memset(factors + f * j->factors_apart + j->bundles * j->step, 0, (size_t)behind * sizeof *factors);
    for (int64_t item = begin; item < end; item++) {
        const int64_t row = item / j->pieces, first = item % j->pieces * j->span;
        input_bring(&j->input, x, row, first - j->k->padding);
        make_factors(j, factors, x);
        multiply_factors(j, sums, factors);
        make_outputs(j, row, first, sums);
    }
}

/* How a row is divided: by what stays in the cache, but so that every worker has some. */
static void divide(struct job *j)
{
    const int64_t d = j->k->dilation, rows = j->kernels->wide.rows, time = j->out.shape[1];
    const int64_t fitting = FACTOR_BYTES / (WINOGRAD_POINTS * j->w->depth * (int64_t)sizeof(float));
    const int64_t shares = (2 * thread_pool_size(j->c->device->threads) + j->out.shape[0] - 1) / j->out.shape[0];
    const int64_t share = (time + j->w->outputs * shares - 1) / (j->w->outputs * shares);
    int64_t bundles = fitting > LEAST_BUNDLES ? fitting : LEAST_BUNDLES;
    bundles = bundles < share ? bundles : share;
    bundles = (bundles + rows - 1) / rows * rows;
    bundles = bundles > d ? bundles / d * d : d;
    j->bundles = bundles;
    j->tall = (bundles + rows - 1) / rows * rows;
    j->span = j->w->outputs * bundles;
    j->pieces = (time + j->span - 1) / j->span;
    j->step = j->w->depth + LINE;
    j->factors_apart = j->tall * j->step + LINE;
    j->sums_apart = j->tall * j->out_width + LINE;
    j->input.steps = j->span + d * (j->w->taps * j->w->parts - 1);
}

void winograd_convolve(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                       const struct winograd *w, const struct convolved *how)
{
    const struct cpu_kernels *kernels = cpu_of(c)->kernels;
    struct job j = {.c = c, .kernels = kernels, .out = out, .k = k, .w = w, .how = how};
    j.input = (struct input){.kernels = kernels, .x = x, .how = how};
    j.out_width = w->blocks * w->columns;
    divide(&j);
    if (scratch_reserve(c, 0, input_bytes(&j) + factor_bytes(&j) + sum_bytes(&j)))
        thread_pool_run(c->device->threads, x.shape[0] * j.pieces, 1, convolve_pieces, &j);
}

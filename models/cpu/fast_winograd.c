/* fast_winograd.c - convolutions over time of stride 1 by F(4, 3): four outputs of three taps take six products instead
 * of twelve (Winograd 1980; Lavin and Gray 2016, arXiv 1509.09308, in one dimension).
 *
 * A kernel of more taps is several of three, the last filled up with zeros; with dilation d the four outputs are d
 * steps apart, and so are the six inputs of three taps. Four outputs are a quad. Of a piece of time a worker makes the
 * six factors [6][quads][parts · in], multiplies each with its transformed weights, [6][quads][out], and makes the
 * outputs of the sums. Rounding errors are some ten times a direct sum's, about 1e-6 of the outputs' size.
 *
 * Where a quad begins depends on the row's beginning only: a row gives in a batch what it gives alone. */
#include "models/cpu/fast_winograd.h"

#include "models/cpu/device.h"
#include "models/cpu/fast_input.h"
#include "models/cpu/kernels.h"
#include "models/cpu/scratch.h"
#include "src/base/memory.h"

#include <stdlib.h>

enum {
    OUTPUTS = 4,
    TAPS = 3,
    FACTORS = OUTPUTS + TAPS - 1,
    FACTOR_BYTES = 256 * 1024, /* of a piece: half of a usual second-level cache, … */
    LEAST_QUADS = 24,          /* … or what makes the most of weights that are read */
    LEAST_CHANNELS = 16,
    LINE = 16 /* floats of a line of the cache */
};

struct winograd {
    int64_t parts;  /* of three taps */
    int64_t blocks; /* of output channels */
    float *weight;  /* [factor][block][parts · in][columns] */
    float *bias;    /* [blocks · columns] */
    float *zeros;   /* [columns] */
};

bool winograd_suits(const struct device *d, const struct convolution *k)
{
    return ((const struct cpu_device *)d)->level > CPU_PLAIN && !k->transposed && k->groups == 1 && k->stride == 1 &&
           k->kernel >= TAPS && k->in >= LEAST_CHANNELS && k->out >= LEAST_CHANNELS;
}

/* ---- packing ---- */

/* Factor f of three taps. */
static double factor_of(int f, double a, double b, double c)
{
    switch (f) {
    case 0:
        return a / 4;
    case 1:
        return -(a + b + c) / 6;
    case 2:
        return -(a - b + c) / 6;
    case 3:
        return (a + 2 * b + 4 * c) / 24;
    case 4:
        return (a - 2 * b + 4 * c) / 24;
    default:
        return c;
    }
}

static double tap_of(const struct convolution *k, const float *weight, int64_t o, int64_t i, int64_t tap)
{
    if (o >= k->out || tap >= k->kernel)
        return 0;
    const float value = weight[(o * k->in + i) * k->kernel + tap];
    return k->type == TENSOR_BF16 ? bf16_to_float(bf16_from_float(value)) : value;
}

static void pack(const struct winograd *w, const struct convolution *k, const float *weight, int64_t columns)
{
    float *to = w->weight;
    for (int f = 0; f < FACTORS; f++)
        for (int64_t first = 0; first < w->blocks * columns; first += columns)
            for (int64_t part = 0; part < w->parts; part++)
                for (int64_t i = 0; i < k->in; i++)
                    for (int64_t o = first; o < first + columns; o++)
                        *to++ = (float)factor_of(f, tap_of(k, weight, o, i, TAPS * part),
                                                 tap_of(k, weight, o, i, TAPS * part + 1),
                                                 tap_of(k, weight, o, i, TAPS * part + 2));
}

struct winograd *winograd_new(const struct device *d, const struct convolution *k, const float *weight)
{
    const int64_t columns = ((const struct cpu_device *)d)->kernels->wide.columns;
    struct winograd *w = memory_new(1, sizeof *w);
    if (!w)
        return NULL;
    w->parts = (k->kernel + TAPS - 1) / TAPS;
    w->blocks = (k->out + columns - 1) / columns;
    w->weight = memory_aligned((size_t)(FACTORS * w->blocks * w->parts * k->in * columns) * sizeof *w->weight);
    w->bias = memory_new((size_t)(w->blocks * columns), sizeof *w->bias);
    w->zeros = memory_new((size_t)columns, sizeof *w->zeros);
    if (!w->weight || !w->bias || !w->zeros) {
        winograd_free(w);
        return NULL;
    }
    pack(w, k, weight, columns);
    for (int64_t o = 0; k->bias && o < k->out; o++)
        w->bias[o] = k->bias[o];
    return w;
}

void winograd_free(struct winograd *w)
{
    if (!w)
        return;
    free(w->weight);
    free(w->bias);
    free(w->zeros);
    free(w);
}

/* ---- the op ---- */

struct job {
    struct context *c;
    const struct cpu_kernels *kernels;
    struct tensor out;
    const struct convolution *k;
    const struct winograd *w;
    const struct convolved *how;
    struct input input;
    int64_t span;      /* steps of a piece: OUTPUTS · dilation · a whole number */
    int64_t pieces;    /* of a row */
    int64_t quads;     /* of a piece */
    int64_t tall;      /* quads, rounded up to whole tiles */
    int64_t depth;     /* parts · in */
    int64_t out_width; /* blocks · columns */
    /* Floats from a quad's factors to the next, and from one factor, or sum, of a quad to its next: never a multiple of
     * 4096 bytes, whose rows would all lie in the same few lines of the first-level cache. */
    int64_t step, factors_apart, sums_apart;
};

/* The first step of a quad of a piece: quads are numbered along the steps of one dilation first. */
static int64_t step_of(const struct job *j, int64_t quad)
{
    const int64_t d = j->k->dilation;
    return quad / d * OUTPUTS * d + quad % d;
}

/* factors [FACTORS][tall][depth], in steps, of the input x of a piece. */
static void make_factors(const struct job *j, float *factors, const float *x)
{
    const int64_t in = j->k->in, step = j->k->dilation * in;
    for (int64_t quad = 0; quad < j->quads; quad++)
        for (int64_t part = 0; part < j->w->parts; part++)
            j->kernels->winograd_input(factors + quad * j->step + part * in, j->factors_apart,
                                       x + step_of(j, quad) * in + TAPS * part * step, step, in);
}

/* sums [FACTORS][tall][out_width] */
static void multiply_factors(const struct job *j, float *sums, const float *factors)
{
    const struct cpu_convolution *form = &j->kernels->wide;
    struct convolution_tile t = {.x_step = j->step, .taps = 1, .in = j->depth, .bias = j->w->zeros};
    t.out_step = j->out_width;
    t.width = form->columns;
    for (int64_t f = 0; f < FACTORS; f++)
        for (int64_t block = 0; block < j->w->blocks; block++) {
            t.weight = j->w->weight + (f * j->w->blocks + block) * j->depth * form->columns;
            for (int64_t quad = 0; quad < j->tall; quad += form->rows) {
                t.x = factors + f * j->factors_apart + quad * j->step;
                t.out = sums + f * j->sums_apart + quad * j->out_width + block * form->columns;
                form->tile(&t, form->rows);
            }
        }
}

/* The steps of a quad that are steps of out: first, first + d, … below end. */
static int steps_below(int64_t first, int64_t d, int64_t end)
{
    const int64_t steps = first < end ? (end - first + d - 1) / d : 0;
    return (int)(steps < OUTPUTS ? steps : OUTPUTS);
}

static void make_outputs(const struct job *j, int64_t row, int64_t first, const float *sums)
{
    const int64_t d = j->k->dilation, time = j->out.shape[1];
    struct convolution_tile t = {.bias = j->w->bias, .width = j->k->out, .out_step = d * j->k->out};
    t.after = j->how->after;
    t.factor = j->how->factor;
    t.out_type = j->out.type;
    for (int64_t quad = 0; quad < j->quads; quad++) {
        const int64_t step = first + step_of(j, quad), at = (row * time + step) * j->k->out;
        const int steps = steps_below(step, d, time);
        if (!steps)
            continue;
        t.out = element_at(&j->out, at);
        t.residual = j->how->after == CONVOLUTION_ADD ? (const float *)j->how->residual.data + at : NULL;
        j->kernels->winograd_output(&t, sums + quad * j->out_width, j->sums_apart, steps);
    }
}

static size_t input_bytes(const struct job *j)
{
    return scratch_part((size_t)(j->input.steps * j->k->in) * sizeof(float));
}

static size_t factor_bytes(const struct job *j)
{
    return scratch_part((size_t)(FACTORS * j->factors_apart) * sizeof(float));
}

static size_t sum_bytes(const struct job *j)
{
    return scratch_part((size_t)(FACTORS * j->sums_apart) * sizeof(float));
}

static void convolve_pieces(void *context, int64_t begin, int64_t end, int worker)
{
    const struct job *j = context;
    unsigned char *scratch = scratch_worker(j->c, worker);
    float *x = (float *)(void *)scratch, *factors = (float *)(void *)(scratch + input_bytes(j));
    float *sums = (float *)(void *)(scratch + input_bytes(j) + factor_bytes(j));
    const int64_t behind = (j->tall - j->quads) * j->step; /* rows of the last tile that are dropped */
    for (int64_t f = 0; f < FACTORS; f++)
        memset(factors + f * j->factors_apart + j->quads * j->step, 0, (size_t)behind * sizeof *factors);
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
    const int64_t fitting = FACTOR_BYTES / (FACTORS * j->depth * (int64_t)sizeof(float));
    const int64_t shares = (2 * thread_pool_size(j->c->device->threads) + j->out.shape[0] - 1) / j->out.shape[0];
    const int64_t share = (time + OUTPUTS * shares - 1) / (OUTPUTS * shares);
    int64_t quads = fitting > LEAST_QUADS ? fitting : LEAST_QUADS;
    quads = quads < share ? quads : share;
    quads = (quads + rows - 1) / rows * rows;
    quads = quads > d ? quads / d * d : d;
    j->quads = quads;
    j->tall = (quads + rows - 1) / rows * rows;
    j->span = OUTPUTS * quads;
    j->pieces = (time + j->span - 1) / j->span;
    j->step = j->depth + LINE;
    j->factors_apart = j->tall * j->step + LINE;
    j->sums_apart = j->tall * j->out_width + LINE;
    j->input.steps = j->span + d * (TAPS * j->w->parts - 1);
}

void winograd_convolve(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                       const struct winograd *w, const struct convolved *how)
{
    const struct cpu_kernels *kernels = cpu_of(c)->kernels;
    struct job j = {.c = c, .kernels = kernels, .out = out, .k = k, .w = w, .how = how};
    j.input = (struct input){.kernels = kernels, .x = x, .how = how};
    j.depth = w->parts * k->in;
    j.out_width = w->blocks * kernels->wide.columns;
    divide(&j);
    if (scratch_reserve(c, 0, input_bytes(&j) + factor_bytes(&j) + sum_bytes(&j)))
        thread_pool_run(c->device->threads, x.shape[0] * j.pieces, 1, convolve_pieces, &j);
}

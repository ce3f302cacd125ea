/* fast_winograd.c - convolutions over time by Toom and Cook's (Winograd's) algorithm on eight or ten points: a few
 * outputs of a few taps take as many products as there are points instead of outputs times taps (Winograd 1980; Lavin
 * and Gray 2016, arXiv 1509.09308, in one dimension; winograd_template.h has the formulas).
 *
 * Six outputs share the factors of eight inputs under three taps; with ten, six under five taps, five under six, four
 * under seven. A kernel of more taps is several such parts, the last filled up with zeros: 3 taps take 1.33 products
 * for an output, 5 take 1.67, 7 take 2.5 and 11 take 4. A bundle is what shares its factors; with dilation d its
 * outputs are d steps apart, and so are the inputs of its parts. Of a transposed convolution each phase
 * (fast_over_time.c) has seven outputs of two taps in a bundle, and all phases share the factors.
 *
 * Of a piece of time a worker makes the factors [points][bundles][parts · in], multiplies each point's with its
 * weights, [points][bundles][phases · out], and makes the outputs of the sums. Rounding errors are some three times a
 * direct sum's with eight points, some six times with ten.
 *
 * Where a bundle begins depends on the row's beginning only: a row gives in a batch what it gives alone. */
#include "models/cpu/fast_winograd.h"

#include "models/cpu/device.h"
#include "models/cpu/fast_input.h"
#include "models/cpu/kernels.h"
#include "models/cpu/scratch.h"

enum {
    PIECE_BYTES = 192 * 1024, /* of a piece's factors and sums: they stay in a usual second-level cache */
    PANEL_BYTES = 8192,       /* of weights that ask for another bundle in the pieces that they are read for … */
    MOST_ASKED = 96,          /* … up to so many */
    LINE = 16                 /* floats of a line of the cache */
};

/* n rounded up to a multiple. */
static int64_t whole(int64_t n, int64_t of)
{
    return (n + of - 1) / of * of;
}

struct job {
    struct context *c;
    const struct cpu_kernels *kernels;
    struct tensor out;
    const struct convolution *k;
    const struct winograd *w;
    const struct convolved *how;
    struct input input;
    int64_t all;       /* bundles of a row */
    int64_t bundles;   /* of a piece; the last one of a row may have fewer */
    int64_t pieces;    /* of a row */
    int64_t out_width; /* blocks · columns: phases · out, rounded up */
    /* Floats from a bundle's factors to the next, and from one factor, or sum, of a bundle to its next: never a
     * multiple of 4096 bytes, whose rows would all lie in the same few lines of the first-level cache. */
    int64_t step, factors_apart, sums_apart;
};

/* What a worker does at once: some bundles of a row from number `first` on. */
struct piece {
    int64_t row, first, bundles;
    int64_t tall;   /* bundles, rounded up to whole tiles */
    const float *x; /* the input from the first bundle's first step on */
    float *factors, *sums;
};

/* The first step, or number of a phase's output, of a bundle that is the first of its dilation: bundles are numbered
 * along the steps of one dilation first, and pieces are of whole dilations. */
static int64_t step_of(const struct job *j, int64_t bundle)
{
    return bundle * j->w->outputs;
}

/* Zeros in the rows that fill the last tile, and behind all others where depths are rounded up. */
static void clear_rest(const struct job *j, const struct piece *p)
{
    const int64_t depth = j->w->parts * j->k->in, left = j->w->depth - depth;
    for (int point = 0; point < j->w->points; point++) {
        float *factors = p->factors + point * j->factors_apart;
        for (int64_t bundle = 0; left > 0 && bundle < p->bundles; bundle++)
            memset(factors + bundle * j->step + depth, 0, (size_t)left * sizeof *factors);
        memset(factors + p->bundles * j->step, 0, (size_t)((p->tall - p->bundles) * j->step) * sizeof *factors);
    }
}

/* The factors of a bundle. x: its first step. */
static void make_bundle(const struct job *j, float *factors, const float *x)
{
    const int64_t in = j->k->in, step = j->k->dilation * in;
    for (int part = 0; part < j->w->parts; part++)
        j->kernels->winograd_input(factors + part * in, j->factors_apart, x + j->w->taps * part * step, step, in,
                                   j->w->points);
}

/* factors [points][tall][depth], in steps, of the input x of a piece. */
static void make_factors(const struct job *j, const struct piece *p)
{
    const int64_t d = j->k->dilation;
    for (int64_t bundle = 0; bundle < p->bundles; bundle += d)
        for (int64_t i = 0; i < d; i++)
            make_bundle(j, p->factors + (bundle + i) * j->step, p->x + (step_of(j, bundle) + i) * j->k->in);
    clear_rest(j, p);
}

/* sums [points][tall][out_width]. Panels are read in the order in which they lie in memory. */
static void multiply_factors(const struct job *j, const struct piece *p)
{
    const struct winograd *w = j->w;
    struct cpu_winograd_products m = {.rows = p->tall, .factors_step = j->step, .sums_step = j->out_width};
    m.weight = w->weight;
    for (int64_t point = 0; point < w->points; point++)
        for (int64_t at = 0; at < w->depth; at += WINOGRAD_DEPTH) {
            m.depth = w->depth - at < WINOGRAD_DEPTH ? w->depth - at : WINOGRAD_DEPTH;
            m.more = at > 0;
            m.factors = p->factors + point * j->factors_apart + at;
            for (int64_t block = 0; block < w->blocks; block++, m.weight += m.depth * w->columns) {
                m.sums = p->sums + point * j->sums_apart + block * w->columns;
                j->kernels->winograd_multiply(&m);
            }
        }
}

/* Outputs [from, end) of a bundle are steps of out. */
struct span {
    int from, end;
};

/* How many of first, first + apart, … are below end, at most all outputs of a bundle. */
static int steps_below(int64_t first, int64_t apart, int64_t end, int outputs)
{
    const int64_t steps = first < end ? (end - first + apart - 1) / apart : 0;
    return (int)(steps < outputs ? steps : outputs);
}

static struct span span_of(int64_t first, int64_t apart, int64_t time, int outputs)
{
    if (first >= 0 && first + (outputs - 1) * apart < time)
        return (struct span){0, outputs};
    return (struct span){steps_below(first, apart, 0, outputs), steps_below(first, apart, time, outputs)};
}

/* What becomes of the sums of one bundle and phase. first: the step of out that its first output is. */
static void put_outputs(const struct job *j, int64_t row, int64_t first, const float *sums, struct convolution_tile *t)
{
    const int64_t apart = (int64_t)j->k->dilation * j->k->stride, time = j->out.shape[1];
    const struct span span = span_of(first, apart, time, j->w->outputs);
    const int64_t at = (row * time + first + span.from * apart) * j->k->out;
    if (span.from >= span.end)
        return;
    t->out = element_at(&j->out, at);
    t->residual = j->how->after == CONVOLUTION_ADD ? (const float *)j->how->residual.data + at : NULL;
    j->kernels->winograd_output(t, sums, j->sums_apart, j->w->points, j->w->outputs, span.from, span.end);
}

/* Output number q of a phase is step q · stride + phase - padding, or q where nothing is transposed. */
static void make_outputs(const struct job *j, const struct piece *p)
{
    const struct convolution *k = j->k;
    const int64_t d = k->dilation, stride = k->stride, shift = k->transposed ? k->padding : 0;
    struct convolution_tile t = {.bias = j->w->bias, .width = k->out, .out_step = d * stride * k->out};
    t.after = j->how->after;
    t.factor = j->how->factor;
    t.out_type = j->out.type;
    for (int64_t bundle = 0; bundle < p->bundles; bundle += d)
        for (int64_t i = 0; i < d; i++)
            for (int phase = 0; phase < j->w->phases; phase++)
                put_outputs(j, p->row, (step_of(j, p->first + bundle) + i) * stride + phase - shift,
                            p->sums + (bundle + i) * j->out_width + phase * k->out, &t);
}

static size_t input_bytes(const struct job *j)
{
    return scratch_part((size_t)(j->input.steps * j->k->in) * sizeof(float));
}

static size_t factor_bytes(const struct job *j)
{
    return scratch_part((size_t)(j->w->points * j->factors_apart) * sizeof(float));
}

static size_t sum_bytes(const struct job *j)
{
    return scratch_part((size_t)(j->w->points * j->sums_apart) * sizeof(float));
}

/* A piece's input: where it lies, or brought into the scratch. */
static const float *input_of(const struct job *j, const struct piece *p, float *scratch)
{
    const int64_t from = step_of(j, p->first) - (j->k->transposed ? j->w->taps - 1 : j->k->padding);
    const float *x = input_in_place(&j->input, p->row, from);
    if (x)
        return x;
    input_bring(&j->input, scratch, p->row, from);
    return scratch;
}

static void convolve_pieces(void *context, int64_t begin, int64_t end, int worker)
{
    const struct job *j = context;
    unsigned char *scratch = scratch_worker(j->c, worker);
    struct piece p = {.factors = (float *)(void *)(scratch + input_bytes(j))};
    p.sums = (float *)(void *)(scratch + input_bytes(j) + factor_bytes(j));
    for (int64_t item = begin; item < end; item++) {
        p.row = item / j->pieces;
        p.first = item % j->pieces * j->bundles;
        p.bundles = j->all - p.first < j->bundles ? j->all - p.first : j->bundles;
        p.tall = whole(p.bundles, WINOGRAD_ROWS);
        p.x = input_of(j, &p, (float *)(void *)scratch);
        make_factors(j, &p);
        multiply_factors(j, &p);
        make_outputs(j, &p);
    }
}

/* Bundles of a piece whose factors and sums fit in the cache, or the more the more weights are read for them. */
static int64_t fitting_bundles(const struct winograd *w)
{
    const int64_t width = w->depth + w->blocks * w->columns, bundle = w->points * width * (int64_t)sizeof(float);
    const int64_t weights = w->points * w->depth * w->blocks * w->columns * (int64_t)sizeof(float);
    const int64_t asked = weights / PANEL_BYTES < MOST_ASKED ? weights / PANEL_BYTES : MOST_ASKED;
    return PIECE_BYTES / bundle > asked ? PIECE_BYTES / bundle : asked;
}

/* So many bundles or some more: whole dilations, and whole tiles where that is not much more. */
static int64_t whole_bundles(int64_t bundles, int64_t d)
{
    int64_t unit = d;
    while (unit % WINOGRAD_ROWS)
        unit += d;
    const int64_t tiles = whole(bundles, unit);
    return 4 * tiles <= 5 * bundles ? tiles : whole(bundles, d);
}

/* How a row is divided: by what stays in the cache, but so that every worker has some, and pieces are alike. A piece
 * begins with the first step of a dilation. */
static void divide(struct job *j)
{
    const int64_t d = j->k->dilation, outputs = j->w->outputs;
    const int64_t fitting = fitting_bundles(j->w);
    const int64_t shares = (thread_pool_size(j->c->device->threads) + j->out.shape[0] - 1) / j->out.shape[0];
    const int64_t numbers =
        j->k->transposed ? (j->out.shape[1] - 1 + j->k->padding) / j->k->stride + 1 : j->out.shape[1];
    j->all = (numbers + outputs * d - 1) / (outputs * d) * d;
    j->pieces = (j->all - 1) / fitting + 1;
    j->pieces = whole(j->pieces, shares);
    j->bundles = whole_bundles((j->all + j->pieces - 1) / j->pieces, d);
    j->pieces = (j->all + j->bundles - 1) / j->bundles;
    const int64_t tall = whole(j->bundles, WINOGRAD_ROWS);
    j->step = j->w->depth + LINE;
    j->factors_apart = tall * j->step + LINE;
    j->sums_apart = tall * j->out_width + LINE;
    j->input.steps = outputs * j->bundles + d * (j->w->taps * j->w->parts - 1);
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

/* fast_over_time.c - convolutions over time as direct sums in registers (convolution_template.h).
 *
 * A worker takes some steps of one row: it brings the input under them, through the leaky ReLU and with zeros where
 * there is none, into its scratch, where it stays in the cache for all output channels; so the tiles know no borders.
 * A transposed convolution is `stride` convolutions of stride 1, phases, whose outputs interleave: output t of padding
 * p is of phase (t + p) mod stride and meets the taps phase, phase + stride, …, the last one first.
 * Groups are so many convolutions side by side; where each has a single channel (depthwise), channels are the vector.
 *
 * Sums are f32. bf16 weights are rounded, their input is not. */
#include "models/cpu/fast.h"

#include "models/cpu/device.h"
#include "models/cpu/fast_input.h"
#include "models/cpu/fast_winograd.h"
#include "models/cpu/kernels.h"
#include "models/cpu/plain.h"
#include "models/cpu/scratch.h"
#include "src/base/memory.h"
#include "src/base/pages.h"

#include <stdlib.h>

/* Input of a piece of work: a quarter of a usual second-level cache. */
enum { PIECE_BYTES = 128 * 1024, PIECES_PER_WORKER = 3 };

/* struct convolution's `packed`. */
struct packed {
    const struct cpu_convolution *form;
    int64_t groups;            /* 1 where channels are the vector */
    int64_t columns, blocks;   /* output channels of a block, blocks of a group */
    int64_t depth;             /* weights of an output channel under a tap */
    float *weight;             /* [group][phase][block][tap of the phase][depth][columns] */
    float *bias;               /* [group][blocks · columns] */
    struct winograd *winograd; /* the weights, where fast_winograd.c computes, or NULL */
    struct convolution plain;  /* the weights, where plain C does */
};

/* ---- phases: all there is where nothing is transposed is phase 0 ---- */

/* Outputs of number q of a phase: step q · out_stride + out_shift; their input under the first tap of the phase is step
 * q · x_stride + x_shift. */
struct phase {
    int taps;
    int64_t before; /* taps of the phases before it */
    int64_t out_stride, out_shift, x_stride, x_shift, tap_step;
};

static int taps_of(const struct convolution *k, int phase)
{
    return k->transposed ? (k->kernel - phase + k->stride - 1) / k->stride : k->kernel;
}

static int phases_of(const struct convolution *k)
{
    return k->transposed ? k->stride : 1;
}

static struct phase phase_of(const struct convolution *k, int phase)
{
    struct phase f = {.taps = taps_of(k, phase)};
    for (int i = 0; i < phase; i++)
        f.before += taps_of(k, i);
    if (k->transposed) {
        f.out_stride = k->stride;
        f.out_shift = phase - k->padding;
        f.x_stride = 1;
        f.x_shift = 1 - f.taps;
        f.tap_step = 1;
    } else {
        f.out_stride = 1;
        f.x_stride = k->stride;
        f.x_shift = -k->padding;
        f.tap_step = k->dilation;
    }
    return f;
}

/* The kernel's tap that a phase has at place `tap`. */
static int tap_at(const struct convolution *k, const struct phase *f, int phase, int tap)
{
    return k->transposed ? phase + (f->taps - 1 - tap) * k->stride : tap;
}

/* ---- packing ---- */

static bool is_depthwise(const struct convolution *k)
{
    return k->groups > 1 && k->groups == k->in && k->groups == k->out && !k->transposed;
}

/* The weight of channel i of a group's input and channel o of its output under a tap. */
static float weight_of(const struct convolution *k, const float *weight, int64_t group, int64_t o, int64_t i, int tap)
{
    const int64_t in = k->in / k->groups, out = k->out / k->groups;
    const int64_t at = k->transposed ? (group * in + i) * out + o : (group * out + o) * in + i;
    const float value = weight[at * k->kernel + tap];
    return k->type == TENSOR_BF16 ? bf16_to_float(bf16_from_float(value)) : value;
}

static void pack_phase(const struct packed *p, const struct convolution *k, const float *weight, int64_t group,
                       int phase)
{
    const struct phase f = phase_of(k, phase);
    const int64_t out = k->out / p->groups, columns = p->columns;
    float *to = p->weight + (group * k->kernel + f.before) * p->depth * p->blocks * columns;
    for (int64_t block = 0; block < p->blocks; block++)
        for (int tap = 0; tap < f.taps; tap++)
            for (int64_t i = 0; i < p->depth; i++)
                for (int64_t o = block * columns; o < (block + 1) * columns; o++)
                    *to++ = o < out ? weight_of(k, weight, is_depthwise(k) ? o : group, is_depthwise(k) ? 0 : o, i,
                                                tap_at(k, &f, phase, tap))
                                    : 0;
}

/* What is transposed with dilation or with gaps between its kernels is rare, and its layers small. */
static bool is_plain(const struct convolution *k)
{
    return k->transposed && (k->dilation != 1 || k->kernel < k->stride);
}

static const struct cpu_convolution *form_of(const struct cpu_kernels *kernels, const struct convolution *k)
{
    const int64_t in = k->in / k->groups, out = k->out / k->groups;
    if (is_depthwise(k))
        return &kernels->depthwise;
    if (out == 1 && in >= kernels->narrow.columns)
        return &kernels->single;
    return out <= kernels->narrow.columns ? &kernels->narrow : &kernels->wide;
}

static void choose_form(const struct cpu_kernels *kernels, struct packed *p, const struct convolution *k)
{
    p->form = form_of(kernels, k);
    p->groups = is_depthwise(k) ? 1 : k->groups;
    p->depth = is_depthwise(k) ? 1 : k->in / k->groups;
    const int64_t blocks = (k->out / p->groups + p->form->columns - 1) / p->form->columns;
    p->columns = p->form->columns * (is_depthwise(k) ? blocks : 1);
    p->blocks = is_depthwise(k) ? 1 : blocks;
}

static int pack(const struct device *d, struct packed *p, const struct convolution *k, const float *weight,
                struct fault *fault)
{
    choose_form(((const struct cpu_device *)d)->kernels, p, k);
    const int64_t width = p->blocks * p->columns, out = k->out / p->groups;
    p->weight = pages_new((size_t)(p->groups * width * p->depth * k->kernel) * sizeof *p->weight);
    p->bias = memory_new((size_t)(p->groups * width), sizeof *p->bias);
    if (!p->weight || !p->bias)
        return fail_memory(fault, "a model's weights");
    for (int64_t group = 0; group < p->groups; group++)
        for (int phase = 0; phase < phases_of(k); phase++)
            pack_phase(p, k, weight, group, phase);
    for (int64_t o = 0; k->bias && o < k->out; o++)
        p->bias[o / out * width + o % out] = k->bias[o];
    return 0;
}

int fast_convolution_prepare(const struct device *d, struct convolution *k, const float *weight, struct fault *fault)
{
    struct packed *p = memory_new(1, sizeof *p);
    k->packed = p;
    if (!p)
        return fail_memory(fault, "a model's weights");
    if (winograd_suits(d, k)) {
        p->winograd = winograd_new(d, k, weight);
        return p->winograd ? 0 : fail_memory(fault, "a model's weights");
    }
    if (!is_plain(k))
        return pack(d, p, k, weight, fault);
    p->plain = *k;
    return plain_convolution_prepare(d, &p->plain, weight, fault);
}

void fast_convolution_release(const struct device *d, struct convolution *k)
{
    struct packed *p = k->packed;
    if (p) {
        if (is_plain(k))
            plain_convolution_release(d, &p->plain);
        winograd_free(p->winograd);
        pages_free(p->weight);
        free(p->bias);
    }
    free(p);
    k->packed = NULL;
}

/* ---- the op ---- */

struct job {
    struct context *c;
    struct tensor out;
    const struct convolution *k;
    const struct packed *p;
    const struct convolved *how;
    int64_t numbers;     /* of outputs of a phase, in a row */
    int64_t piece;       /* numbers that a worker takes at once */
    int64_t pieces;      /* of a row */
    int64_t first_shift; /* the least x_shift of all phases */
    struct input input;
};

/* The numbers [*begin, *end) whose outputs are steps of out. */
static void hold_to_output(const struct job *j, const struct phase *f, int64_t *begin, int64_t *end)
{
    const int64_t least = f->out_shift < 0 ? (-f->out_shift + f->out_stride - 1) / f->out_stride : 0;
    const int64_t room = j->out.shape[1] - f->out_shift;
    const int64_t most = room <= 0 ? 0 : (room + f->out_stride - 1) / f->out_stride;
    *begin = *begin > least ? *begin : least;
    *end = *end < most ? *end : most;
}

/* Outputs of a phase that a worker makes at once: numbers [begin, end) of a row. x: their input, which begins at that
 * of number `from` and first_shift. */
struct part {
    int64_t row, from, begin, end;
    const float *x;
};

/* One block of a group: t, of output channel `channel` and input channel `first` on. */
static void convolve_block(const struct job *j, const struct phase *f, const struct part *part, int64_t channel,
                           int64_t first, struct convolution_tile *t)
{
    const int64_t rows = j->p->form->rows;
    for (int64_t q = part->begin; q < part->end; q += rows) {
        const int64_t step = part->row * j->out.shape[1] + q * f->out_stride + f->out_shift;
        const int64_t at = step * j->k->out + channel, left = part->end - q;
        t->x = part->x + ((q - part->from) * f->x_stride + f->x_shift - j->first_shift) * j->k->in + first;
        t->out = element_at(&j->out, at);
        t->residual = j->how->after == CONVOLUTION_ADD ? (const float *)j->how->residual.data + at : NULL;
        j->p->form->tile(t, (int)(left < rows ? left : rows));
    }
}

static void convolve_phase(const struct job *j, struct part part, int phase)
{
    const struct phase f = phase_of(j->k, phase);
    const struct packed *p = j->p;
    const int64_t in = j->k->in, width = p->blocks * p->columns, out = j->k->out / p->groups;
    hold_to_output(j, &f, &part.begin, &part.end);
    struct convolution_tile t = {.x_step = f.x_stride * in, .tap_step = f.tap_step * in, .taps = f.taps};
    t.in = p->depth;
    t.columns = p->columns;
    t.after = j->how->after;
    t.factor = j->how->factor;
    t.out_type = j->out.type;
    t.out_step = f.out_stride * j->k->out;
    for (int64_t i = 0; i < p->groups * p->blocks; i++) {
        const int64_t group = i / p->blocks, done = i % p->blocks * p->columns;
        t.width = out - done < p->columns ? out - done : p->columns;
        t.weight = p->weight + ((group * j->k->kernel + f.before) * width + done * f.taps) * p->depth;
        t.bias = p->bias + group * width + done;
        convolve_block(j, &f, &part, group * out + done, group * p->depth, &t);
    }
}

static void convolve_pieces(void *context, int64_t begin, int64_t end, int worker)
{
    const struct job *j = context;
    float *x = scratch_worker(j->c, worker);
    const int64_t x_stride = j->k->transposed ? 1 : j->k->stride;
    for (int64_t item = begin; item < end; item++) {
        const int64_t from = item % j->pieces * j->piece, left = j->numbers - from;
        const struct part part = {item / j->pieces, from, from, from + (left < j->piece ? left : j->piece), x};
        input_bring(&j->input, x, part.row, from * x_stride + j->first_shift);
        for (int phase = 0; phase < phases_of(j->k); phase++)
            convolve_phase(j, part, phase);
    }
}

/* How a row is divided: so that a piece's input stays in the cache, every worker has some, and tiles are full. */
static void divide(struct job *j)
{
    const struct convolution *k = j->k;
    const int64_t x_stride = k->transposed ? 1 : k->stride, rows = j->p->form->rows;
    const int64_t around = k->transposed ? taps_of(k, 0) - 1 : (int64_t)k->dilation * (k->kernel - 1);
    const int64_t fitting = PIECE_BYTES / (k->in * (int64_t)sizeof(float)) - around;
    const int64_t shares =
        (PIECES_PER_WORKER * thread_pool_size(j->c->device->threads) + j->out.shape[0] - 1) / j->out.shape[0];
    int64_t piece = fitting / x_stride > 4 * rows ? fitting / x_stride : 4 * rows;
    piece = piece < (j->numbers + shares - 1) / shares ? piece : (j->numbers + shares - 1) / shares;
    j->piece = (piece + rows - 1) / rows * rows;
    j->pieces = (j->numbers + j->piece - 1) / j->piece;
    /* Numbers that are held to the output may begin anywhere, so that the last tile ends up to a tile later. */
    j->input.steps = (j->piece + rows - 1) * x_stride + around + 1;
}

void fast_convolve(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                   const struct convolved *how)
{
    const struct packed *p = k->packed;
    struct job j = {.c = c, .out = out, .k = k, .p = p, .how = how};
    if (is_plain(k)) {
        plain_convolve(c, out, x, &p->plain, how);
        return;
    }
    if (p->winograd) {
        winograd_convolve(c, out, x, k, p->winograd, how);
        return;
    }
    j.input = (struct input){.kernels = cpu_of(c)->kernels, .x = x, .how = how};
    j.numbers = k->transposed ? (out.shape[1] - 1 + k->padding) / k->stride + 1 : out.shape[1];
    j.first_shift = k->transposed ? 1 - taps_of(k, 0) : -k->padding;
    divide(&j);
    if (scratch_reserve(c, 0, (size_t)(j.input.steps * k->in + p->form->columns) * sizeof(float)))
        thread_pool_run(c->device->threads, x.shape[0] * j.pieces, 1, convolve_pieces, &j);
}

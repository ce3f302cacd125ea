/* ops.h - the seam: the operations that models are written in, above devices and below models.
 *
 * Eager: a call computes (or, on a GPU, enqueues) before it returns. A model file reads like its paper:
 *
 *     struct tensor h = tensor_new(c, c->compute, 3, (int64_t[]){batch, time, d});
 *     layer_norm(c, h, x, &block->norm);
 *     linear_silu(c, u, h, &block->up);
 *     linear_add(c, x, u, &block->down, 0.5f, x);
 *
 * Errors: an op returns nothing. The wrappers in ops.c check the shapes and types once and then call the device's
 * table; the first failure sticks to the context (context.fault), every later op on it does nothing, and the stage
 * looks once, at its end.
 *
 * Rows of unequal length: activations are [batch, time, …] padded to the longest row, and the ops that mix time
 * (attention, convolutions, masks) take lengths[batch], the valid steps of each row. What lies in the padding never
 * reaches a valid step, so a row gives in a batch what it gives alone.
 *
 * Types: the residual stream is f32. What only lives between two matrix products has the context's compute type
 * (f32, bf16, or f16 on devices that have it): `out` may be any of them for every op that says "any", and is rounded on
 * the way out. f16 ends at 65504: what is beyond is held to that. All accumulation is f32, and so are softmax and norms
 * inside. */
#ifndef MODELS_TENSOR_OPS_H
#define MODELS_TENSOR_OPS_H

#include "models/tensor/tensor.h"
#include "src/base/error.h"
#include "src/base/threads.h"

#include <limits.h>

struct ops;

/* A device: the table of its operations and what they share. Immutable once open; any thread. */
struct device {
    const struct ops *ops;
    struct thread_pool *threads; /* borrowed from the engine */
    enum tensor_type best;       /* the fastest type to compute in: bf16 where it is multiplied as such, else f32 */
    bool has_f16;                /* whether it computes in f16: GPUs, and plain C, which they are tested against */
    bool has_e4m3;               /* whether it multiplies by weights in E4M3 (float8.h) */
    int i8_rows;                 /* that meet weights of 8 bits as such, at most; INT_MAX: any. More: as bf16 */
    int rows;                    /* of a batch: with more, the matrix products gain little */
    int windows;                 /* of half a minute that an encoder takes together: one keeps a CPU busy */
    bool far;                    /* whether scores are long on their way to the host: then likeliest is worth asking */
    double kept_bytes;           /* what one pass's cached keys and values may take */
    char name[64];               /* "cpu, avx512_bf16" */
};

/* What activations are in between products of such weights: the type itself where it is one of f32, bf16 and f16, else
 * the device's best. */
enum tensor_type device_compute(const struct device *device, enum tensor_type weights);

/* Closes and nulls; NULL and *device == NULL are allowed. */
void device_close(struct device **device);

/* FLOP/s of the device's own matrix product alone, [m, k] by [k, n], with type for weights and activations, the median
 * of repeats runs over rotating operands: the yardstick of a model's forward pass. Errors: MEMORY, UNSUPPORTED, DEVICE.
 */
int device_matmul_rate(const struct device *device, int64_t m, int64_t k, int64_t n, enum tensor_type type, int repeats,
                       double *rate, struct fault *fault);

/* Bytes per second that the device reads memory at, what no cache holds, the best of a few runs: what bounds a decoder
 * step, whose weights are read once for a few rows. Errors: MEMORY, DEVICE. */
int device_memory_rate(const struct device *device, double *rate, struct fault *fault);

/* ---- the arena and the context ---- */

/* A forward pass's memory: taken once, handed out from the front, given back to a mark. */
struct arena {
    unsigned char *base;
    size_t size, used, peak; /* bytes */
};

/* One thread's forward passes on one device. */
struct context {
    const struct device *device;
    enum tensor_type compute; /* f32, bf16 or f16: what activations between matrix products are kept in */
    struct arena arena;
    bool measuring;     /* ops check and allocate but compute nothing: see context_measure */
    double flops;       /* of the matrix products and convolutions called so far, measuring or not */
    void *scratch;      /* the device's own per-context state (CPU: the primitives it has met) */
    struct fault fault; /* the first failure of an op, which stops all later ones */
};

/* Opens a context with no arena yet. Errors: MEMORY. */
int context_open(struct context *c, const struct device *device, enum tensor_type compute, struct fault *fault);
void context_close(struct context *c);

/* How an arena gets its size: run the forward once between context_measure(c, true) and context_measure(c, false):
 * tensors get no memory, ops only check and add up, and arena.peak is what the pass needs. Then context_reserve.
 * Measuring resets used, peak, flops and the fault. */
void context_measure(struct context *c, bool measuring);
/* Makes the arena at least size bytes; what was in it is lost. Errors: MEMORY. */
int context_reserve(struct context *c, size_t size, struct fault *fault);

/* Arena positions, as a stack: `size_t mark = arena_mark(c); … arena_release(c, mark);` */
size_t arena_mark(const struct context *c);
void arena_release(struct context *c, size_t mark);

/* A tensor in the arena, uninitialised, 64-byte aligned. An arena too small is a sticking failure (MEMORY), and so is
 * f16 on a device that has none (UNSUPPORTED). */
struct tensor tensor_new(struct context *c, enum tensor_type type, int rank, const int64_t *shape);

/* Host floats to a device tensor (f32, bf16, f16) and back. count: elements, from the tensor's beginning. */
void tensor_upload(struct context *c, struct tensor out, const float *host, int64_t count);
void tensor_download(struct context *c, float *host, struct tensor in, int64_t count);

/* ---- weights ---- */

/* y = x Wᵀ + b. Filled by linear_prepare, which brings W into the device's own layout and type. */
struct linear {
    int64_t in, out;
    enum tensor_type type; /* f32, bf16, f16, e4m3 with one scale, or i8 with one per output */
    bool few_rows;         /* whether x mostly has few rows, as in a decoder's steps: a hint for the layout */
    void *packed;          /* the device's */
    float *bias;           /* [out], or NULL */
};

struct norm {
    int64_t width;
    float epsilon;
    float *weight, *bias; /* [width], on the device */
};

/* Prepares W [out, in] (host f32, row-major) and b (host, [out], or NULL). type: what the products are computed in.
 * Errors: MEMORY, UNSUPPORTED. */
int linear_prepare(const struct device *d, struct linear *l, const float *weight, const float *bias, int64_t out,
                   int64_t in, enum tensor_type type, struct fault *fault);
/* The same for a matrix that mostly meets few rows: those of a decoder's steps. */
int linear_prepare_few_rows(const struct device *d, struct linear *l, const float *weight, const float *bias,
                            int64_t out, int64_t in, enum tensor_type type, struct fault *fault);
void linear_release(const struct device *d, struct linear *l);

/* Device copies of small float arrays: norms, depthwise kernels, biases. NULL in gives NULL out, 0 returned. */
int floats_prepare(const struct device *d, float **out, const float *host, int64_t count, struct fault *fault);
void floats_release(const struct device *d, float **floats);

/* ---- matrix products: x [..., in], out [..., out]; x and out any; W of any type ----
 * With i8 weights, x is quantized per row (absolute maximum / 127) on the way in; with e4m3, x is rounded to that as it
 * is: beyond 448 it is held to it, below 2^-6 the steps are 2^-9. A GPU takes x as bf16 where few rows meet i8, and
 * both where a matrix's sides are no multiples of 16 in e4m3. */

void linear(struct context *c, struct tensor out, struct tensor x, const struct linear *l);
void linear_relu(struct context *c, struct tensor out, struct tensor x, const struct linear *l);
void linear_silu(struct context *c, struct tensor out, struct tensor x, const struct linear *l); /* y · sigmoid(y) */
void linear_gelu(struct context *c, struct tensor out, struct tensor x, const struct linear *l); /* exact, by erf */

/* out = residual + scale · (x Wᵀ + b). residual and out f32; they may be the same tensor. */
void linear_add(struct context *c, struct tensor out, struct tensor x, const struct linear *l, float scale,
                struct tensor residual);

/* ---- pointwise and norms ---- */

/* Over the last dimension: (x - mean) / sqrt(variance + epsilon) · weight + bias (Ba et al., 2016). x f32, out any;
 * out may be x. */
void layer_norm(struct context *c, struct tensor out, struct tensor x, const struct norm *n);

/* out = a + scale · b. a, out f32; b any. */
void add(struct context *c, struct tensor out, struct tensor a, float scale, struct tensor b);

/* out = scale · x. Any. */
void scale(struct context *c, struct tensor out, struct tensor x, float scale);

/* Gated linear unit (Dauphin et al., 2017): x [..., 2n], out [..., n] = x[..., :n] · sigmoid(x[..., n:]). Any. */
void glu(struct context *c, struct tensor out, struct tensor x);

/* Of complex numbers: x [..., 2n] any, the real parts before the imaginary ones; out [..., n] any: their magnitudes. */
void magnitudes(struct context *c, struct tensor out, struct tensor x);

/* A step of a long short-term memory (Hochreiter and Schmidhuber, 1997, with forget gates, as PyTorch's LSTMCell has
 * it): gates [rows, 4n], the sums W x + U h + b of input, forget, cell and output, in this order; cell [rows, n]
 * becomes σ(forget) · cell + σ(input) · tanh(cell's sum), and out [rows, n] σ(output) · tanh(cell). All f32. */
void lstm_cell(struct context *c, struct tensor out, struct tensor cell, struct tensor gates);

/* The same with a hyperbolic tangent, as WaveNet has it (van den Oord et al., 2016, equation 2): out [..., n] =
 * tanh(x[..., :n]) · sigmoid(x[..., n:]). Any. */
void gated_tanh(struct context *c, struct tensor out, struct tensor x);

/* Element by element; x, out of one shape, any; out may be x. */
enum activation {
    ACTIVATION_RELU = 0,
    ACTIVATION_SILU, /* x · sigmoid(x) */
    ACTIVATION_GELU, /* exact, by erf */
    ACTIVATION_TANH,
    ACTIVATION_SIGMOID,
    ACTIVATION_EXP,  /* x is held to [-87, 88] */
    ACTIVATION_LEAKY /* by leaky_relu */
};
void activate(struct context *c, struct tensor out, struct tensor x, enum activation a);
void leaky_relu(struct context *c, struct tensor out, struct tensor x, float slope); /* x < 0 ? slope · x : x */

/* out = a · b, element by element. Of one shape, any; out may be either. */
void multiply(struct context *c, struct tensor out, struct tensor a, struct tensor b);

/* x [batch, time, width], out of its shape, vectors [batch, width] or [batch, 1, width]: to every step of a row its
 * vector is added, as of a speaker. Any; out may be x. */
void add_to_steps(struct context *c, struct tensor out, struct tensor x, struct tensor vectors);

/* x [batch, time, …]: zeroes the steps at and after lengths[row]. Any. */
void mask_rows(struct context *c, struct tensor x, const int *lengths);

/* Over the last dimension. x any, out f32. */
void softmax(struct context *c, struct tensor out, struct tensor x);
void log_softmax(struct context *c, struct tensor out, struct tensor x);

/* ---- convolutions, channels last ---- */

/* 3×3-like convolution of a single-channel image into many channels, with ReLU: the first layer of a subsampling.
 * x [batch, time, width] any; weight [channels, kernel, kernel]; bias [channels]; stride and padding on both axes;
 * out [batch, time', width', channels] any, time' = (time + 2·padding - kernel) / stride + 1. */
struct conv2d {
    int64_t channels;
    int kernel, stride, padding;
    float *weight, *bias;
};
void conv2d_first_relu(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k);

/* One kernel per channel. x [batch, time, width, channels] any; weight [channels, kernel, kernel]; out as above, any.
 * No activation: a pointwise linear follows. */
void conv2d_depthwise(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k);

/* Depthwise convolution over time, stride 1, "same" padding, then SiLU (the conformer's, with its batch norm folded
 * into weight and bias). x, out [batch, time, channels] any, not the same tensor; weight [channels, kernel], kernel
 * odd. Steps at and after lengths[row] of x count as zero, whatever they hold. */
struct conv1d {
    int64_t channels;
    int kernel;
    float *weight, *bias;
};
void conv1d_depthwise_silu(struct context *c, struct tensor out, struct tensor x, const struct conv1d *k,
                           const int *lengths);

/* ---- convolutions over time, all channels with all ----
 * x [batch, time, in] any, out [batch, time', out] any but x, time' = convolution_steps(k, time). Steps of x at and
 * after lengths[row] count as zero, whatever they hold; lengths NULL: all are valid. So the first
 * convolution_steps(k, lengths[row]) steps of a row are what they are when the row is alone. */

/* The shape is filled in by whoever prepares it; stride, dilation and groups of 0 are 1. */
struct convolution {
    int64_t in, out;
    int kernel, stride, dilation, padding, groups;
    bool transposed;       /* as PyTorch's ConvTranspose1d: stride outputs for each input */
    enum tensor_type type; /* what the products are computed in: f32, bf16, f16; i8 and e4m3 become the device's best */
    void *packed;          /* the device's */
    float *bias;           /* [out] on the device, or NULL */
};

/* Brings weights (host f32) into the device's own layout and type: [out, in / groups, kernel] as PyTorch's Conv1d, or
 * [in, out / groups, kernel] where it is transposed; bias [out] (host), or NULL. Errors: MEMORY, UNSUPPORTED. */
int convolution_prepare(const struct device *d, struct convolution *k, const float *weight, const float *bias,
                        struct fault *fault);
void convolution_release(const struct device *d, struct convolution *k);

/* Steps that come of `time` steps: (time + 2·padding - dilation·(kernel - 1) - 1) / stride + 1, or transposed
 * (time - 1)·stride - 2·padding + dilation·(kernel - 1) + 1; 0 of 0, and never below 0. */
int64_t convolution_steps(const struct convolution *k, int64_t time);

void convolve(struct context *c, struct tensor out, struct tensor x, const struct convolution *k, const int *lengths);
void convolve_relu(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                   const int *lengths);
void convolve_tanh(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                   const int *lengths);

/* The convolution of leaky_relu(x, slope), as HiFi-GAN has them; the last one also with a tanh behind it. */
void convolve_leaky(struct context *c, struct tensor out, struct tensor x, const struct convolution *k, float slope,
                    const int *lengths);
void convolve_leaky_tanh(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                         float slope, const int *lengths);

/* leaky_relu(the convolution of leaky_relu(x, slope), slope), for what is read through a leaky ReLU alone. */
void convolve_leaky_leaky(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                          float slope, const int *lengths);

/* out = residual + factor · the convolution of leaky_relu(x, slope) (slope 1: of x). residual and out f32; they may be
 * the same tensor. */
void convolve_leaky_add(struct context *c, struct tensor out, struct tensor x, const struct convolution *k, float slope,
                        float factor, struct tensor residual, const int *lengths);

/* ---- attention ---- */

/* Softmax attention: q [batch, tq, heads·d], k, v [batch, tk, heads·d], out [batch, tq, heads·d], any.
 * Keys at and after lengths[row] are not attended to; lengths NULL: all are valid. causal: a query at t attends to
 * keys up to t + (tk - tq). A row of length 0 gives zeros. The score matrix of a head is never kept whole. */
void attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v, int heads,
               float scale, const int *lengths, bool causal);

/* Self-attention with relative positions (Dai et al. 2019, section 3.3; as used by Conformer, Gulati et al. 2020):
 * score(i, j) = ((q_i + u) · k_j + (q_i + w) · r_{i-j}) · scale.
 * q, k, v, out [batch, time, heads·d] any; position [2·time - 1, heads·d] any: r for i - j = time-1 … -(time-1), the
 * projected position encodings; u, w [heads·d] f32 on the device. */
void relative_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                        struct tensor position, const float *u, const float *w, int heads, float scale,
                        const int *lengths);

/* Self-attention with embeddings of the distances within a window (Shaw et al. 2018, section 3.2), which the heads
 * share: score(i, j) = q_i · (k_j + keys_{j-i}) · scale, and the weighted sum is of v_j + values_{j-i}; beyond the
 * window both embeddings are nothing. q, k, v, out [batch, time, heads·d] any; queries in a row's padding give zeros.
 */
struct attention_window {
    int reach;            /* the largest distance that has embeddings, at least 0 */
    float *keys, *values; /* [2·reach + 1, d] on the device: for j - i = -reach … reach */
};
void windowed_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                        const struct attention_window *window, int heads, float scale, const int *lengths);

/* ---- sequences that grow: what a decoder with cached keys is written in ---- */

/* x [batch, time, width] any; out [batch, time', kernel·width] any: the kernel steps around every stride-th step, side
 * by side, zeros outside ("same" padding, kernel odd), time' = (time - 1) / stride + 1. A linear over it is a
 * convolution over time. */
void unfold(struct context *c, struct tensor out, struct tensor x, int kernel, int stride);

/* out [n, width] any: row i is row rows[i] of x [m, width] any. */
void gather_rows(struct context *c, struct tensor out, struct tensor x, const int *rows);

/* The other way: row rows[i] of out [m, width] becomes row i of x [n, width]; the others stay. One type. */
void scatter_rows(struct context *c, struct tensor out, struct tensor x, const int *rows);

/* Keys may be kept in 8 bits: a row is then its d whole numbers, and behind them, as an f32, the scale that brings them
 * back (absolute maximum / 127). */
enum { KEPT_SCALE = sizeof(float) };

/* x [batch, time, heads·d] any; out [batch, heads, time, d] any, or i8 [batch, heads, time, d + KEPT_SCALE]. */
void split_heads(struct context *c, struct tensor out, struct tensor x, int heads);

/* Queries that attend to the same kept keys. */
struct query_span {
    int first, count; /* of the queries */
    int length;       /* keys */
    int row;          /* of keys [rows, heads, time, d]: its first `length` keys … */
    const int *index; /* … or, of keys [slots, heads·d], those of these slots [length] */
};

/* Softmax attention of few queries to kept keys: q, out [n, heads·d] any; keys and values of one shape, any:
 * [rows, heads, time, d] (or i8, d + KEPT_SCALE), or [slots, heads·d], where every key has a slot of its own and
 * hypotheses that have a beginning in common name the same slots: a beam is reordered by its lists alone. Queries
 * outside all spans are left as they are. */
void kept_attention(struct context *c, struct tensor out, struct tensor q, struct tensor keys, struct tensor values,
                    int heads, float scale, const struct query_span *spans, int count);

/* The weights themselves: out [heads, n, length] f32, softmaxed over the span's length keys, for the n = span.count
 * queries of one span. */
void kept_attention_weights(struct context *c, struct tensor out, struct tensor q, struct tensor keys, int heads,
                            float scale, const struct query_span *span);

/* ---- choosing ---- */

/* Of a row of scores, elements [begin, end). */
struct score_range {
    int begin, end;
};

enum { LIKELIEST_MOST = 8 };

/* What few of many scores decide by: x [n, width] f32, ranges [n, per_row] on the host, of which elements do not count
 * whose bit is set in barred [width / 32, rounded up], on the host; out [n, per_row, 1 + 2·count] f32, count 1 to
 * LIKELIEST_MOST: of each range the log of the sum of the exponentials (-infinity of none), the count largest, largest
 * first, of equals the lower index first, and their indices. Where there are fewer: -infinity, and -1. */
void likeliest(struct context *c, struct tensor out, struct tensor x, const struct score_range *ranges, int per_row,
               const uint32_t *barred, int count);

/* ---- steps ---- */

/* Between the two lies what is asked for again and again, as a decoder's step is, with other numbers from the host
 * (lists, spans, uploads) but mostly the same tensors. A device may do nothing before the end, and all of it as one; a
 * CPU does not care. A download in between ends it. */
void step_begin(struct context *c);
void step_end(struct context *c);

/* ---- the table ---- */

enum linear_after { LINEAR_NONE = 0, LINEAR_RELU, LINEAR_SILU, LINEAR_GELU, LINEAR_ADD };

/* What happens in one call beside the convolution itself. */
enum convolution_after { CONVOLUTION_NONE = 0, CONVOLUTION_RELU, CONVOLUTION_TANH, CONVOLUTION_ADD, CONVOLUTION_LEAKY };
struct convolved {
    float slope; /* of a leaky ReLU before it; 1: none */
    enum convolution_after after;
    float factor;           /* CONVOLUTION_ADD: out = residual + factor · y; CONVOLUTION_LEAKY: the slope */
    struct tensor residual; /* f32 */
    const int *lengths;     /* or NULL */
};

/* What a device implements. Arguments are those of the wrappers above, already checked; a failure goes into
 * c->fault. Nothing here is called while c->measuring is set, except context_opened and context_closed. */
struct ops {
    const char *name;
    void (*close)(struct device **device);
    int (*matmul_rate)(const struct device *device, int64_t m, int64_t k, int64_t n, enum tensor_type type, int repeats,
                       double *rate, struct fault *fault);
    int (*memory_rate)(const struct device *device, double *rate, struct fault *fault);
    int (*context_opened)(struct context *c, struct fault *fault);
    void (*context_closed)(struct context *c);
    void *(*memory_new)(const struct device *d, size_t size);
    void (*memory_free)(const struct device *d, void *memory);
    int (*linear_prepare)(const struct device *d, struct linear *l, const float *weight, const float *bias,
                          struct fault *fault);
    void (*linear_release)(const struct device *d, struct linear *l);
    void (*step_begin)(struct context *c); /* NULL, as the next: steps are nothing to it */
    void (*step_end)(struct context *c);   /* also after a failure */
    void (*upload)(struct context *c, struct tensor out, const float *host, int64_t count);
    void (*download)(struct context *c, float *host, struct tensor in, int64_t count);
    void (*linear)(struct context *c, struct tensor out, struct tensor x, const struct linear *l,
                   enum linear_after after, float scale, struct tensor residual);
    void (*layer_norm)(struct context *c, struct tensor out, struct tensor x, const struct norm *n);
    void (*add)(struct context *c, struct tensor out, struct tensor a, float scale, struct tensor b);
    void (*scale)(struct context *c, struct tensor out, struct tensor x, float scale);
    void (*glu)(struct context *c, struct tensor out, struct tensor x);
    void (*magnitudes)(struct context *c, struct tensor out, struct tensor x);
    void (*lstm_cell)(struct context *c, struct tensor out, struct tensor cell, struct tensor gates);
    void (*gated_tanh)(struct context *c, struct tensor out, struct tensor x);
    void (*activate)(struct context *c, struct tensor out, struct tensor x, enum activation a, float slope);
    void (*multiply)(struct context *c, struct tensor out, struct tensor a, struct tensor b);
    void (*add_to_steps)(struct context *c, struct tensor out, struct tensor x, struct tensor vectors);
    void (*mask_rows)(struct context *c, struct tensor x, const int *lengths);
    void (*softmax)(struct context *c, struct tensor out, struct tensor x, bool logarithm);
    void (*conv2d_first_relu)(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k);
    void (*conv2d_depthwise)(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k);
    void (*conv1d_depthwise_silu)(struct context *c, struct tensor out, struct tensor x, const struct conv1d *k,
                                  const int *lengths);
    /* Of the shape in k, checked; the bias is not the device's to care for. release: packed may be NULL. */
    int (*convolution_prepare)(const struct device *d, struct convolution *k, const float *weight, struct fault *fault);
    void (*convolution_release)(const struct device *d, struct convolution *k);
    void (*convolve)(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                     const struct convolved *how);
    void (*attention)(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                      int heads, float scale, const int *lengths, bool causal);
    void (*relative_attention)(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                               struct tensor position, const float *u, const float *w, int heads, float scale,
                               const int *lengths);
    void (*windowed_attention)(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                               const struct attention_window *window, int heads, float scale, const int *lengths);
    void (*likeliest)(struct context *c, struct tensor out, struct tensor x, const struct score_range *ranges,
                      int per_row, const uint32_t *barred, int count);
    void (*unfold)(struct context *c, struct tensor out, struct tensor x, int kernel, int stride);
    void (*gather_rows)(struct context *c, struct tensor out, struct tensor x, const int *rows);
    void (*scatter_rows)(struct context *c, struct tensor out, struct tensor x, const int *rows);
    void (*split_heads)(struct context *c, struct tensor out, struct tensor x, int heads);
    void (*kept_attention)(struct context *c, struct tensor out, struct tensor q, struct tensor keys,
                           struct tensor values, int heads, float scale, const struct query_span *spans, int count);
    void (*kept_attention_weights)(struct context *c, struct tensor out, struct tensor q, struct tensor keys, int heads,
                                   float scale, const struct query_span *span);
};

#endif

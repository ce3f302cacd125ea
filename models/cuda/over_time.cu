/* over_time.cu - convolutions over time: in tiles, as matrix products without a matrix that is only unfolded input; in
 * groups, or to very few channels, each output by itself, neighbouring threads on neighbouring channels. */
#include "models/cuda/over_time.h"

#include <stdlib.h>

/* struct convolution's `packed`: weights [kernel, in / groups, out] on the card, rounded to the product's type. */
static void arrange(float *to, const struct convolution *k, const float *weight)
{
    const int64_t in = k->in / k->groups, out = k->out / k->groups;
    for (int64_t o = 0; o < k->out; o++)
        for (int64_t i = 0; i < in; i++)
            for (int tap = 0; tap < k->kernel; tap++) {
                const int64_t from = k->transposed ? (o / out * in + i) * out + o % out : o * in + i;
                to[(tap * in + i) * k->out + o] = weight[from * k->kernel + tap];
            }
}

int cuda_convolution_prepare(const struct device *d, struct convolution *k, const float *weight, struct fault *fault)
{
    const int64_t count = k->in / k->groups * k->out * k->kernel;
    float *arranged = (float *)memory_new((size_t)count, sizeof *arranged);
    struct tensor t = tensor_1d(k->type, d->ops->memory_new(d, (size_t)count * tensor_type_size(k->type)), count);
    struct context c = {};
    c.device = d;
    k->packed = t.data;
    if (arranged && t.data) {
        arrange(arranged, k, weight);
        cuda_upload(&c, t, arranged, count);
    }
    free(arranged);
    if (!arranged || !t.data)
        return fail_memory(fault, "a model's weights");
    return c.fault.code ? fail(fault, c.fault.code, "%s", c.fault.message) : 0;
}

void cuda_convolution_release(const struct device *d, struct convolution *k)
{
    if (k->packed)
        d->ops->memory_free(d, k->packed);
    k->packed = NULL;
}

/* ---- in tiles ----
 *
 * out [steps, out] = the sum over taps of x [steps under the tap, in] · W_tap [in, out]. An output takes in · kernel
 * multiply-adds; by itself it loads an input and a weight from a cache for each. A block's tile is `steps` by CHANNELS
 * outputs: it brings DEEP channels of x and of W_tap into shared memory, and each thread takes 8 steps of 4 channels
 * from there: 12 numbers for 64 operations, and from the caches 1 / CHANNELS + 1 / steps of what outputs by themselves
 * load. HiFi-GAN V1 takes 2.4 MFLOP a sample, 126 in² multiply-adds a step of a residual block, so the 67 TFLOP/s that
 * an H200 has outside its tensor cores are at most 1250 times real time; memory has about 10 kB a sample, a tenth of
 * that time.
 *
 * A transposed convolution is, for the outputs that are one stride apart, a plain one with every stride-th tap: a block
 * has the outputs of one such phase. */
enum { DEEP = 16, TILE_THREADS = 256, OWN_STEPS = 8, OWN_CHANNELS = 4 };

template <int CHANNELS> struct tile {
    static const int lanes = CHANNELS / OWN_CHANNELS, steps = TILE_THREADS / lanes * OWN_STEPS;
    static const int x_stride = steps + 4, w_stride = CHANNELS; /* 4: stores of a column meet other banks */
    static const int floats = DEEP * (x_stride + w_stride);
};

/* x[steps][DEEP] from channel `deep` on, as the product sees it, by columns into shared memory; zeros outside. */
template <int CHANNELS>
static __device__ void load_x(float *shared, const struct over_steps &a, int64_t row, int64_t from, int apart,
                              int64_t deep, int64_t valid, bool pieces)
{
    typedef tile<CHANNELS> tile;
    for (int i = threadIdx.x; i < tile::steps * (DEEP / PIECE); i += TILE_THREADS) {
        const int line = i / (DEEP / PIECE), column = i % (DEEP / PIECE) * PIECE;
        float values[PIECE];
        a.inputs(values, row, from + (int64_t)line * apart, deep + column, valid, pieces);
#pragma unroll
        for (int k = 0; k < PIECE; k++)
            shared[(column + k) * tile::x_stride + line] = rounded_to(a.weight.type, values[k]);
    }
}

/* W_tap[DEEP][CHANNELS] from channels `deep` and `first` on. */
template <int CHANNELS>
static __device__ void load_w(float *shared, const struct over_steps &a, int tap, int64_t deep, int64_t first)
{
    for (int i = threadIdx.x; i < DEEP * CHANNELS; i += TILE_THREADS) {
        const int64_t k = deep + i / CHANNELS, o = first + i % CHANNELS;
        shared[i] = k < a.in && o < a.channels ? get(a.weight, (tap * a.in + k) * a.channels + o) : 0.0f;
    }
}

/* sums += x · W of a thread's 8 steps and 4 channels. */
template <int CHANNELS>
static __device__ inline void add_products(float (&sums)[OWN_STEPS][OWN_CHANNELS], const float *x, const float *w)
{
    typedef tile<CHANNELS> tile;
#pragma unroll
    for (int k = 0; k < DEEP; k++) {
        float values[OWN_STEPS];
        get_8_floats(values, x + k * tile::x_stride);
        const float4 w4 = *(const float4 *)(w + k * tile::w_stride);
        const float factors[OWN_CHANNELS] = {w4.x, w4.y, w4.z, w4.w};
#pragma unroll
        for (int t = 0; t < OWN_STEPS; t++)
#pragma unroll
            for (int o = 0; o < OWN_CHANNELS; o++)
                sums[t][o] += values[t] * factors[o];
    }
}

template <int CHANNELS>
static __global__ void __launch_bounds__(TILE_THREADS) convolve_tiles(struct over_steps a, int pieces)
{
    typedef tile<CHANNELS> tile;
    SHARED_MEMORY(memory);
    float *x = (float *)memory, *w = x + DEEP * tile::x_stride;
    const int lane = threadIdx.x % tile::lanes, line = threadIdx.x / tile::lanes * OWN_STEPS;
    const int64_t row = blockIdx.z, channel = blockIdx.y * (int64_t)CHANNELS;
    const struct placed p = place_of(a, blockIdx.x, tile::steps);
    const int64_t valid = valid_steps(a.lengths, row, a.time);
    float sums[OWN_STEPS][OWN_CHANNELS] = {};
    for (int tap = 0; tap < a.kernel; tap++) {
        int64_t from;
        if (!step_of_block(a, p, tap, &from))
            continue; /* for the whole block */
        for (int64_t deep = 0; deep < a.in; deep += DEEP) {
            load_x<CHANNELS>(x, a, row, from, p.x_apart, deep, valid, pieces);
            load_w<CHANNELS>(w, a, tap, deep, channel);
            __syncthreads();
            add_products<CHANNELS>(sums, x + line, w + lane * OWN_CHANNELS);
            __syncthreads(); /* nobody reads the tiles any more */
        }
    }
#pragma unroll
    for (int t = 0; t < OWN_STEPS; t++)
#pragma unroll
        for (int o = 0; o < OWN_CHANNELS; o++) {
            const int64_t step = p.first + (int64_t)(line + t) * p.apart, to = channel + lane * OWN_CHANNELS + o;
            const int64_t i = (row * a.out_time + step) * a.channels + to;
            if (step < a.out_time && to < a.channels)
                put(a.out, i, a.finished(sums[t][o] + (a.bias ? a.bias[to] : 0.0f), i));
        }
}

template <int CHANNELS> static void run_tiles(struct context *c, const struct over_steps &a, int64_t batch)
{
    typedef tile<CHANNELS> tile;
    const dim3 grid((unsigned)blocks_over_time(a, tile::steps), (unsigned)((a.channels + CHANNELS - 1) / CHANNELS),
                    (unsigned)batch);
    enqueue(c, convolve_tiles<CHANNELS>, grid, TILE_THREADS, tile::floats * sizeof(float), a,
            (int)in_pieces(a.x, a.in));
}

/* True when it ran. */
static bool convolve_in_tiles(struct context *c, const struct over_steps &a, int64_t batch)
{
    if (!fits_tiles(a, batch))
        return false;
    (a.channels <= 32 ? run_tiles<32> : run_tiles<64>)(c, a, batch);
    return true;
}

void cuda_convolve(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                   const struct convolved *how)
{
    const int *on_card;
    if (!send_lengths(c, how->lengths, x.shape[0], &on_card))
        return;
    const struct over_steps a = {view_of(out),
                                 view_of(x),
                                 view{k->packed, (int)k->type},
                                 k->bias,
                                 (const float *)how->residual.data,
                                 on_card,
                                 k->kernel,
                                 k->stride,
                                 k->dilation,
                                 k->padding,
                                 k->transposed,
                                 (int)how->after,
                                 how->slope,
                                 how->factor,
                                 x.shape[1],
                                 out.shape[1],
                                 k->in,
                                 k->in / k->groups,
                                 k->out / k->groups,
                                 k->out};
    if (convolve_on_tensor_cores(c, a, x.shape[0]) || convolve_in_tiles(c, a, x.shape[0]))
        cuda_launched(c, "convolve");
    else
        each(c, "convolve", tensor_count(&out), a);
}

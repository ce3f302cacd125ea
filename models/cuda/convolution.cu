/* convolution.cu - the convolutions that are no matrix products. For channels in whole pieces (pieces.h) a thread has a
 * piece of them, and a block the weights of its channels in shared memory; for all others each output is by itself. */
#include "models/cuda/each.h"
#include "models/cuda/pieces.h"

enum { BLOCK_PIECES = 16, BLOCK_CHANNELS = BLOCK_PIECES * PIECE, LINES = 16, THREADS = BLOCK_PIECES * LINES };
static const size_t most_shared = 48 << 10; /* bytes, that every card has without asking */

/* Weights [channels, taps] of the block's channels become [taps, BLOCK_CHANNELS]. */
static __device__ void load_taps(float *shared, const float *weight, int taps, int64_t first, int64_t channels)
{
    const int count = channels - first < BLOCK_CHANNELS ? (int)(channels - first) : BLOCK_CHANNELS;
    for (int i = threadIdx.x; i < count * taps; i += THREADS)
        shared[i % taps * BLOCK_CHANNELS + i / taps] = weight[first * taps + i];
}

static __device__ void load_bias(float (&sums)[PIECE], const float *bias, int64_t channel)
{
#pragma unroll
    for (int k = 0; k < PIECE; k++)
        sums[k] = bias ? bias[channel + k] : 0.0f;
}

struct windowed {
    struct view out, x;
    const float *weight, *bias;
    int kernel, stride, padding;
    int first; /* one channel in, and ReLU */
    int64_t time, width, channels, out_time, out_width;

    __device__ void operator()(int64_t i) const
    {
        const int64_t channel = i % channels, w = i / channels % out_width, t = i / channels / out_width % out_time;
        const int64_t row = i / channels / out_width / out_time, step = first ? 1 : channels;
        const int64_t image = row * time * width * step + (first ? 0 : channel);
        float sum = bias ? bias[channel] : 0.0f;
        for (int a = 0; a < kernel; a++)
            for (int b = 0; b < kernel; b++) {
                const int64_t y = t * stride + a - padding, x_at = w * stride + b - padding;
                if (y >= 0 && y < time && x_at >= 0 && x_at < width)
                    sum += weight[(channel * kernel + a) * kernel + b] * get(x, image + (y * width + x_at) * step);
            }
        put(out, i, first ? fmaxf(sum, 0.0f) : sum);
    }
};

/* A thread has a piece of the channels of every LINES-th pixel of the block's. Of an output 2 bytes go out and, with
 * stride 2 and many channels, 8 come in, for 18 operations with 9 taps: bound by memory, when the two other reads of
 * each input find it in a cache. FIRST: one channel in, that all threads of a pixel read, and ReLU. */
template <bool FIRST>
static __global__ void __launch_bounds__(THREADS) conv2d_pieces(struct windowed a, uint32_t pixels)
{
    SHARED_MEMORY(memory);
    float *weight = (float *)memory;
    const int piece = threadIdx.x % BLOCK_PIECES, taps = a.kernel * a.kernel;
    const int64_t first = blockIdx.y * (int64_t)BLOCK_CHANNELS, channel = first + piece * PIECE;
    load_taps(weight, a.weight, taps, first, a.channels);
    __syncthreads();
    if (channel >= a.channels)
        return;
    for (uint32_t i = blockIdx.x * LINES + threadIdx.x / BLOCK_PIECES; i < pixels; i += gridDim.x * LINES) {
        const uint32_t row = i / (uint32_t)(a.out_time * a.out_width),
                       t = i / (uint32_t)a.out_width % (uint32_t)a.out_time;
        const int64_t top = (int64_t)t * a.stride - a.padding,
                      left = (int64_t)(i % (uint32_t)a.out_width) * a.stride - a.padding;
        float sums[PIECE];
        load_bias(sums, a.bias, channel);
        for (int tap = 0; tap < taps; tap++) {
            const int64_t y = top + tap / a.kernel, x = left + tap % a.kernel;
            if (y < 0 || y >= a.time || x < 0 || x >= a.width)
                continue;
            const int64_t pixel = (row * a.time + y) * a.width + x;
            float values[PIECE], factors[PIECE];
            get_8_floats(factors, weight + tap * BLOCK_CHANNELS + piece * PIECE);
            if (!FIRST)
                get_8(values, a.x, pixel * a.channels + channel);
            const float value = FIRST ? get(a.x, pixel) : 0.0f;
#pragma unroll
            for (int k = 0; k < PIECE; k++)
                sums[k] += factors[k] * (FIRST ? value : values[k]);
        }
#pragma unroll
        for (int k = 0; k < PIECE; k++)
            sums[k] = FIRST ? fmaxf(sums[k], 0.0f) : sums[k];
        put_8(a.out, i * a.channels + channel, sums);
    }
}

/* True when it ran. */
static bool conv2d_in_pieces(struct context *c, const struct windowed &a, int64_t pixels)
{
    const size_t shared = (size_t)a.kernel * a.kernel * BLOCK_CHANNELS * sizeof(float);
    if (!in_pieces(a.out, a.channels) || !(a.first || in_pieces(a.x, a.channels)) || shared > most_shared ||
        pixels >= INT32_MAX)
        return false;
    const dim3 blocks = blocks_of(pixels, LINES),
               grid(blocks.x, (unsigned)((a.channels + BLOCK_CHANNELS - 1) / BLOCK_CHANNELS));
    enqueue(c, a.first ? conv2d_pieces<true> : conv2d_pieces<false>, grid, THREADS, shared, a, (uint32_t)pixels);
    return true;
}

static void conv2d(struct context *c, const char *op, struct tensor out, struct tensor x, const struct conv2d *k,
                   bool first)
{
    const struct windowed a = {view_of(out), view_of(x), k->weight,  k->bias,     k->kernel,    k->stride,   k->padding,
                               first,        x.shape[1], x.shape[2], k->channels, out.shape[1], out.shape[2]};
    if (conv2d_in_pieces(c, a, tensor_rows(&out)))
        cuda_launched(c, op);
    else
        each(c, op, tensor_count(&out), a);
}

void cuda_conv2d_first_relu(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k)
{
    conv2d(c, "conv2d_first_relu", out, x, k, true);
}

void cuda_conv2d_depthwise(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k)
{
    conv2d(c, "conv2d_depthwise", out, x, k, false);
}

struct over_time {
    struct view out, x;
    const float *weight, *bias;
    const int *lengths;
    int64_t steps, channels;
    int kernel, gap;

    __device__ void operator()(int64_t i) const
    {
        const int64_t channel = i % channels, t = i / channels % steps, row = i / channels / steps;
        const int64_t valid = valid_steps(lengths, row, steps);
        float y = bias ? bias[channel] : 0.0f;
        for (int j = 0; j < kernel; j++) {
            const int64_t from = t + j - kernel / 2;
            if (from >= 0 && from < valid)
                y += weight[channel * kernel + j] * get(x, (row * steps + from) * channels + channel);
        }
        put(out, i, y * sigmoid(y));
    }
};

enum { STEPS_EACH = 4, BLOCK_STEPS = LINES * STEPS_EACH };

/* A thread has a piece of the channels, and of STEPS_EACH neighbouring steps the sums: it goes through the steps that
 * any of them needs, with the taps that these meet in registers, each a step behind the one before it. So an input is
 * read (STEPS_EACH + kernel - 1) / STEPS_EACH times instead of kernel times, from a cache but for the first: 4 bytes of
 * memory an output in 16 bits, for 2 kernel operations that are needed and 2 (STEPS_EACH - 1) by zeros, which stand
 * beside the taps so that no sum needs a question. */
static __global__ void __launch_bounds__(THREADS) over_time_pieces(struct over_time a)
{
    SHARED_MEMORY(memory);
    float *taps = (float *)memory; /* [STEPS_EACH - 1 zeros, kernel taps, STEPS_EACH - 1 zeros][BLOCK_CHANNELS] */
    const int piece = threadIdx.x % BLOCK_PIECES, beside = (STEPS_EACH - 1) * BLOCK_CHANNELS;
    const int64_t first = blockIdx.y * (int64_t)BLOCK_CHANNELS, channel = first + piece * PIECE, row = blockIdx.z;
    const int64_t begin = (blockIdx.x * (int64_t)LINES + threadIdx.x / BLOCK_PIECES) * STEPS_EACH;
    for (int i = threadIdx.x; i < beside; i += THREADS)
        taps[i] = taps[beside + a.kernel * BLOCK_CHANNELS + i] = 0.0f;
    load_taps(taps + beside, a.weight, a.kernel, first, a.channels);
    __syncthreads();
    if (channel >= a.channels || begin >= a.steps)
        return;
    const int64_t valid = valid_steps(a.lengths, row, a.steps);
    float sums[STEPS_EACH][PIECE], factors[STEPS_EACH][PIECE] = {};
    for (int r = 0; r < STEPS_EACH; r++)
        load_bias(sums[r], a.bias, channel);
#pragma unroll 4
    for (int s = 0; s < STEPS_EACH + a.kernel - 1; s++) { /* step r meets tap s - r */
        const int64_t from = begin + s - a.kernel / 2;
        float values[PIECE] = {};
#pragma unroll
        for (int r = STEPS_EACH - 1; r > 0; r--)
#pragma unroll
            for (int k = 0; k < PIECE; k++)
                factors[r][k] = factors[r - 1][k];
        get_8_floats(factors[0], taps + beside + s * BLOCK_CHANNELS + piece * PIECE);
        if (from >= 0 && from < valid)
            get_8(values, a.x, (row * a.steps + from) * a.channels + channel);
#pragma unroll
        for (int r = 0; r < STEPS_EACH; r++)
#pragma unroll
            for (int k = 0; k < PIECE; k++)
                sums[r][k] += factors[r][k] * values[k];
    }
#pragma unroll
    for (int r = 0; r < STEPS_EACH; r++) {
#pragma unroll
        for (int k = 0; k < PIECE; k++)
            sums[r][k] *= sigmoid(sums[r][k]);
        if (begin + r < a.steps)
            put_8(a.out, (row * a.steps + begin + r) * a.channels + channel, sums[r]);
    }
}

/* True when it ran. */
static bool over_time_in_pieces(struct context *c, const struct over_time &a, int64_t batch)
{
    const size_t shared = (size_t)(a.kernel + 2 * (STEPS_EACH - 1)) * BLOCK_CHANNELS * sizeof(float);
    if (!in_pieces(a.out, a.channels) || !in_pieces(a.x, a.channels) || shared > most_shared || batch > UINT16_MAX ||
        a.steps > INT32_MAX)
        return false;
    const dim3 grid((unsigned)((a.steps + BLOCK_STEPS - 1) / BLOCK_STEPS),
                    (unsigned)((a.channels + BLOCK_CHANNELS - 1) / BLOCK_CHANNELS), (unsigned)batch);
    enqueue(c, over_time_pieces, grid, THREADS, shared, a);
    return true;
}

void cuda_conv1d_depthwise_silu(struct context *c, struct tensor out, struct tensor x, const struct conv1d *k,
                                const int *lengths)
{
    const int *on_card;
    if (!send_lengths(c, lengths, x.shape[0], &on_card))
        return;
    const struct over_time a = {view_of(out), view_of(x), k->weight,   k->bias,
                                on_card,      x.shape[1], k->channels, k->kernel};
    if (over_time_in_pieces(c, a, x.shape[0]))
        cuda_launched(c, "conv1d_depthwise_silu");
    else
        each(c, "conv1d_depthwise_silu", tensor_count(&out), a);
}

/* over_time_tensor.cu - convolutions over time in bf16 or f16 on the tensor cores: the tiles of over_time.cu, rounded
 * on the way into shared memory, where they already lie as the operands of products of [16, 16] by [16, 8].
 *
 * A block's tile is 128 steps by 64 channels; of a tap and 32 channels of the input it brings x [128, 32] and W [32,
 * 64], 12 kB in 16 bits, for 524 kFLOP: 43 operations a byte from the caches, which give an H200 some 10 TB/s. HiFi-GAN
 * V1 at 2000 times real time (2.4 MFLOP a sample) needs 106 TFLOP/s, a tenth of the tensor cores' rate in 16 bits. */
#include "models/cuda/over_time.h"
#include "models/cuda/warp.h"

enum { WARPS = 8, THREADS = WARPS * WARP, STEPS = 16 * WARPS, CHANNELS = 64, DEEP = 32 };
enum { X_STRIDE = DEEP + 8, W_STRIDE = CHANNELS + 8 }; /* of 16-bit elements; 8: rows begin in other banks */

/* x [STEPS, DEEP] from channel `deep` on; zeros outside. */
template <class Half>
static __device__ void load_x(uint16_t *shared, const struct over_steps &a, int64_t row, int64_t from, int apart,
                              int64_t deep, int64_t valid, bool pieces)
{
    for (int i = threadIdx.x; i < STEPS * (DEEP / PIECE); i += THREADS) {
        const int line = i / (DEEP / PIECE), column = i % (DEEP / PIECE) * PIECE;
        float values[PIECE];
        a.inputs(values, row, from + (int64_t)line * apart, deep + column, valid, pieces);
        *(uint4 *)(shared + line * X_STRIDE + column) = narrow_8<Half>(values);
    }
}

/* W_tap [DEEP, CHANNELS] from channels `deep` and `first` on; zeros outside. */
static __device__ void load_w(uint16_t *shared, const struct over_steps &a, int tap, int64_t deep, int64_t first)
{
    const uint16_t *weight = (const uint16_t *)a.weight.data;
    const bool pieces = a.channels % PIECE == 0;
    for (int i = threadIdx.x; i < DEEP * (CHANNELS / PIECE); i += THREADS) {
        const int line = i / (CHANNELS / PIECE), column = i % (CHANNELS / PIECE) * PIECE;
        const int64_t o = first + column, at = (tap * a.in + deep + line) * a.channels + o;
        uint16_t *to = shared + line * W_STRIDE + column;
        if (pieces && deep + line < a.in && o < a.channels)
            *(uint4 *)to = *(const uint4 *)(weight + at);
        else
            for (int k = 0; k < PIECE; k++)
                to[k] = deep + line < a.in && o + k < a.channels ? weight[at + k] : 0;
    }
}

/* sums += x · W of a warp's 16 steps and all channels. */
template <class Half>
static __device__ inline void add_products(float (&sums)[CHANNELS / 8][4], const uint16_t *x, const uint16_t *w)
{
    const int lane = threadIdx.x % WARP, matrix = lane / 8, line = matrix % 2 * 8 + lane % 8, column = matrix / 2 * 8;
#pragma unroll
    for (int k = 0; k < DEEP; k += 16) {
        uint32_t left[4];
        load_matrices(left, x + line * X_STRIDE + k + column);
#pragma unroll
        for (int n = 0; n < CHANNELS / 8; n += 2) {
            uint32_t right[4];
            load_matrices_transposed(right, w + (k + line) * W_STRIDE + 8 * n + column);
            Half::mma(sums[n], left, right[0], right[1]);
            Half::mma(sums[n + 1], left, right[2], right[3]);
        }
    }
}

template <class Half> static __global__ void __launch_bounds__(THREADS) convolve_tensor(struct over_steps a, int pieces)
{
    __shared__ uint4 shared[(STEPS * X_STRIDE + DEEP * W_STRIDE) / PIECE]; /* for its alignment */
    uint16_t *x = (uint16_t *)shared, *w = x + STEPS * X_STRIDE;
    const int warp = threadIdx.x / WARP, group = threadIdx.x % WARP / 4, pair = threadIdx.x % 4;
    const int64_t row = blockIdx.z, channel = blockIdx.y * (int64_t)CHANNELS;
    const struct placed p = place_of(a, blockIdx.x, STEPS);
    const int64_t valid = valid_steps(a.lengths, row, a.time);
    float sums[CHANNELS / 8][4] = {};
    for (int tap = 0; tap < a.kernel; tap++) {
        int64_t from;
        if (!step_of_block(a, p, tap, &from))
            continue; /* for the whole block */
        for (int64_t deep = 0; deep < a.in; deep += DEEP) {
            load_x<Half>(x, a, row, from, p.x_apart, deep, valid, pieces);
            load_w(w, a, tap, deep, channel);
            __syncthreads();
            add_products<Half>(sums, x + warp * 16 * X_STRIDE, w);
            __syncthreads(); /* nobody reads the tiles any more */
        }
    }
#pragma unroll
    for (int n = 0; n < CHANNELS / 8; n++)
#pragma unroll
        for (int r = 0; r < 4; r++) {
            const int64_t step = p.first + (int64_t)(warp * 16 + group + r / 2 * 8) * p.apart;
            const int64_t to = channel + 8 * n + 2 * pair + r % 2, i = (row * a.out_time + step) * a.channels + to;
            if (step < a.out_time && to < a.channels)
                put(a.out, i, a.finished(sums[n][r] + (a.bias ? a.bias[to] : 0.0f), i));
        }
}

bool convolve_on_tensor_cores(struct context *c, const struct over_steps &a, int64_t batch)
{
    if (a.weight.type == TENSOR_F32 || !fits_tiles(a, batch))
        return false;
    const dim3 grid((unsigned)blocks_over_time(a, STEPS), (unsigned)((a.channels + CHANNELS - 1) / CHANNELS),
                    (unsigned)batch);
    enqueue(c, a.weight.type == TENSOR_BF16 ? convolve_tensor<bf16> : convolve_tensor<f16>, grid, THREADS, 0, a,
            (int)in_pieces(a.x, a.in));
    return true;
}

/* few_rows.cu - products of few rows by weights of 8 bits, which become bf16 on the way from memory to the tensor
 * cores.
 *
 * A block has 16 outputs and all rows; its warps go through k side by side, 64 weights of an output at a time, and
 * their sums are added at the end, always in the same order. A product of [16, 16] by [16, 8] takes 4 of the 16 weights
 * that one load brings a lane: which of k's numbers a lane multiplies is free as long as x's are the same, so it takes
 * those that lie side by side. Turbo's largest matrix in a step, [51866, 1280], is 66 MB: 16 us at 4.2 TB/s; reckoned,
 * what is computed beside it for a weight (2.5 instructions to widen it, an eighth of one to multiply) takes half of
 * that.
 */
#include "models/cuda/commands.h"
#include "models/cuda/linear.h"
#include "models/cuda/pieces.h"

enum { OUTPUTS = 16, DEEP = 64, WARPS = 8, THREADS = WARPS * WARP };
enum { LOAD = 16, TILE_LOADS = OUTPUTS * DEEP / LOAD }; /* bytes of a load; loads of a tile of 16 outputs by 64 of k */
enum { OFFSET = 128 };                                  /* a byte is a weight and this: 0 to 255 */

/* ---- packing ---- */

static int64_t tiles_deep(int64_t in)
{
    return (in + DEEP - 1) / DEEP;
}

static int64_t tiles_of(int64_t out)
{
    return (out + OUTPUTS - 1) / OUTPUTS;
}

/* Where the weight of an output and a k lies: tiles follow each other along k, and in a tile first the loads of outputs
 * 0 to 7, then those of 8 to 15, by lanes: four lanes for an output, 16 of k for each. */
static __device__ inline int64_t place_of(int64_t output, int64_t k, int64_t deep)
{
    const int64_t tile = output / OUTPUTS * deep + k / DEEP, row = output % OUTPUTS;
    return tile * OUTPUTS * DEEP + row * DEEP + k % DEEP;
}

struct few_packing {
    const float *weight; /* [out, in] */
    unsigned char *tiles;
    float *scales;
    struct view rounded;
    int64_t in, deep;
};

/* A block takes one output. */
static __global__ void pack_output(struct few_packing p)
{
    const int64_t output = blockIdx.x;
    const float *row = p.weight + output * p.in;
    float most = 0;
    for (int64_t k = threadIdx.x; k < p.in; k += THREADS)
        most = fmaxf(most, fabsf(row[k]));
    most = over_block<largest_of>(most);
    const float inverse = most > 0 ? 127.0f / most : 0.0f, scale = most / 127.0f;
    for (int64_t k = threadIdx.x; k < p.in; k += THREADS) {
        const float whole = rintf(row[k] * inverse);
        p.tiles[place_of(output, k, p.deep)] = (unsigned char)((int)whole + OFFSET);
        put(p.rounded, output * p.in + k, whole * scale);
    }
    if (threadIdx.x == 0)
        p.scales[output] = scale;
}

bool few_rows_can(int64_t in)
{
    return in % PIECE == 0;
}

/* On the default stream, as all weights are: what lies beside W is 0, that is, OFFSET. */
static bool pack(struct context *c, const struct few_weights *w, void *rounded, const float *weight, float *on_card,
                 int64_t out, int64_t in)
{
    const size_t bytes = (size_t)(out * in) * sizeof *weight;
    const struct few_packing p = {on_card, w->tiles, w->scales, {rounded, TENSOR_BF16}, in, tiles_deep(in)};
    if (!cuda_ok(c, cudaMemcpy(on_card, weight, bytes, cudaMemcpyHostToDevice), "copying weights to it") ||
        !cuda_ok(c, cudaMemset(w->tiles, OFFSET, (size_t)(tiles_of(out) * p.deep) * OUTPUTS * DEEP),
                 "clearing weights"))
        return false;
    launch(pack_output, dim3((unsigned)out), THREADS, 0, (cudaStream_t)0, p);
    cuda_launched(c, "quantizing weights");
    return cuda_ok(c, cudaDeviceSynchronize(), "quantizing weights");
}

int few_weights_prepare(const struct device *d, struct few_weights *w, void *rounded, const float *weight, int64_t out,
                        int64_t in, struct fault *fault)
{
    struct context c = {};
    c.device = d;
    w->tiles = (unsigned char *)d->ops->memory_new(d, (size_t)(tiles_of(out) * tiles_deep(in)) * OUTPUTS * DEEP);
    w->scales = (float *)d->ops->memory_new(d, (size_t)out * sizeof *w->scales);
    float *on_card = (float *)d->ops->memory_new(d, (size_t)(out * in) * sizeof *weight);
    if (!w->tiles || !w->scales || !on_card)
        fail_memory(&c.fault, "a model's weights");
    else
        pack(&c, w, rounded, weight, on_card, out, in);
    d->ops->memory_free(d, on_card);
    return c.fault.code ? fail(fault, c.fault.code, "%s", c.fault.message) : 0;
}

void few_weights_release(const struct device *d, struct few_weights *w)
{
    d->ops->memory_free(d, w->tiles);
    d->ops->memory_free(d, w->scales);
    *w = {};
}

/* ---- the product ---- */

struct few_product {
    struct view out, x, residual;
    const uint4 *tiles;
    const float *scales, *bias; /* bias: NULL: none */
    int64_t rows, outputs, in;
    float factor; /* LINEAR_ADD's */
    int after;
};

/* Bytes `first` and `first` + 1 of four, as a pair of bf16. 2^23 and a byte is a float with the byte in its last bits;
 * less 2^23 and OFFSET it is the weight, a whole number of at most 8 bits, which the upper half of the float holds. */
template <int first> static __device__ inline uint32_t widen_pair(uint32_t bytes)
{
    const float beyond = 8388608.0f + OFFSET;
    const float low = __uint_as_float(__byte_perm(bytes, 0x4b000000u, 0x7650 + first)) - beyond,
                high = __uint_as_float(__byte_perm(bytes, 0x4b000000u, 0x7651 + first)) - beyond;
    return __byte_perm(__float_as_uint(low), __float_as_uint(high), 0x7632);
}

/* sums += W x, of a lane's 16 weights of two outputs, 8 apart, and as many numbers of x. */
static __device__ inline void add_products(float (&sums)[4], uint4 low, uint4 high, uint4 first, uint4 second)
{
    const uint32_t upper[4] = {low.x, low.y, low.z, low.w}, lower[4] = {high.x, high.y, high.z, high.w};
    const uint32_t x[8] = {first.x, first.y, first.z, first.w, second.x, second.y, second.z, second.w};
#pragma unroll
    for (int i = 0; i < 4; i++) {
        const uint32_t w[4] = {widen_pair<0>(upper[i]), widen_pair<0>(lower[i]), widen_pair<2>(upper[i]),
                               widen_pair<2>(lower[i])};
        mma_bf16(sums, w, x[2 * i], x[2 * i + 1]);
    }
}

static __device__ inline void finish(const struct few_product &p, int64_t row, int64_t output, float sum)
{
    const int64_t i = row * p.outputs + output;
    const float y = sum * p.scales[output] + (p.bias ? p.bias[output] : 0.0f);
    put(p.out, i, p.after == LINEAR_ADD ? get(p.residual, i) + p.factor * y : activated(y, p.after));
}

/* What a lane brings of a tile with its own loads into its own places, and reads again alone: its weights, and, where x
 * is bf16 (SHORT), its numbers of x. STAGES of them are on their way at once, since what memory gives is what it was
 * asked for ahead: 24 or 32 kB of weights in a block. (Loads into registers would do, but the compiler moves each to
 * where it is used.)
 */
template <int TILES, bool SHORT> struct staged {
    enum {
        X = SHORT ? 2 * TILES : 0,
        LOADS = 2 + X,
        STAGES = TILES == 1 ? 4 : 3, /* what a block may share is 99 kB where it is least */
        BYTES = WARPS * STAGES * LOADS * WARP * LOAD
    };
    uint4 *places;

    __device__ uint4 *place(int64_t step, int load) const
    {
        return places + (step % STAGES * LOADS + load) * WARP;
    }

    __device__ void bring(const struct few_product &p, const uint4 *tiles, int64_t tile, int64_t step, int lane) const
    {
        for (int half = 0; half < 2; half++)
            copy_16((uint16_t *)place(step, half), (const uint16_t *)(tiles + tile * TILE_LOADS + half * WARP), true);
        for (int i = 0; i < X; i++) {
            const int64_t row = i / 2 * 8 + lane / 4, k = tile * DEEP + lane % 4 * LOAD + i % 2 * PIECE;
            const bool counts = row < p.rows && k < p.in;
            copy_16((uint16_t *)place(step, 2 + i), (const uint16_t *)p.x.data + (counts ? row * p.in + k : 0), counts);
        }
    }

    /* Eight numbers of x. */
    __device__ uint4 piece(const struct few_product &p, int64_t tile, int64_t step, int i, int lane) const
    {
        if constexpr (SHORT)
            return *place(step, 2 + i);
        const int64_t row = i / 2 * 8 + lane / 4, k = tile * DEEP + lane % 4 * LOAD + i % 2 * PIECE;
        float values[PIECE] = {};
        if (row < p.rows && k < p.in)
            get_8(values, p.x, row * p.in + k);
        return narrow_8<bf16>(values);
    }
};

/* TILES of 8 rows of x. */
template <int TILES, bool SHORT> static __global__ void __launch_bounds__(THREADS) multiply_few(struct few_product p)
{
    enum { ROWS = 8 * TILES };
    typedef staged<TILES, SHORT> stages;
    SHARED_MEMORY(memory);
    __shared__ float parts[WARPS][ROWS][OUTPUTS + 1];
    const int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, group = lane / 4, pair = lane % 4;
    const int64_t deep = (p.in + DEEP - 1) / DEEP;
    const uint4 *tiles = p.tiles + blockIdx.x * deep * TILE_LOADS + lane;
    const stages s = {(uint4 *)memory + warp * stages::STAGES * stages::LOADS * WARP + lane};
    float sums[TILES][4] = {};
    for (int step = 0; step < stages::STAGES; step++) {
        if (warp + step * WARPS < deep)
            s.bring(p, tiles, warp + step * WARPS, step, lane);
        copies_end();
    }
    for (int64_t step = 0, tile = warp; tile < deep; step++, tile += WARPS) {
        copies_wait<stages::STAGES - 1>();
        const uint4 low = *s.place(step, 0), high = *s.place(step, 1);
#pragma unroll
        for (int t = 0; t < TILES; t++)
            add_products(sums[t], low, high, s.piece(p, tile, step, 2 * t, lane),
                         s.piece(p, tile, step, 2 * t + 1, lane));
        const int64_t next = tile + stages::STAGES * WARPS; /* into the places that have just been read */
        if (next < deep)
            s.bring(p, tiles, next, step, lane);
        copies_end();
    }
#pragma unroll
    for (int t = 0; t < TILES; t++)
#pragma unroll
        for (int r = 0; r < 4; r++)
            parts[warp][8 * t + 2 * pair + r % 2][group + r / 2 * 8] = sums[t][r];
    __syncthreads();
    const int output = threadIdx.x % OUTPUTS, row = threadIdx.x / OUTPUTS;
    const int64_t to = blockIdx.x * (int64_t)OUTPUTS + output;
    if (row >= ROWS || row >= p.rows || to >= p.outputs)
        return;
    float sum = 0;
    for (int w = 0; w < WARPS; w++)
        sum += parts[w][row][output];
    finish(p, row, to, sum);
}

template <int TILES, bool SHORT> static void run(struct context *c, const struct few_product &p)
{
    enum { BYTES = staged<TILES, SHORT>::BYTES };
    if (cuda_ok(c, cudaFuncSetAttribute(multiply_few<TILES, SHORT>, cudaFuncAttributeMaxDynamicSharedMemorySize, BYTES),
                "linear"))
        enqueue(c, multiply_few<TILES, SHORT>, dim3((unsigned)tiles_of(p.outputs)), THREADS, BYTES, p);
    cuda_launched(c, "linear");
}

bool few_rows_linear(struct context *c, struct tensor out, struct tensor x, const struct linear *l,
                     const struct few_weights *w, enum linear_after after, float scale, struct tensor residual)
{
    const struct few_product p = {view_of(out), view_of(x), view_of(residual), (const uint4 *)w->tiles,
                                  w->scales,    l->bias,    tensor_rows(&x),   l->out,
                                  l->in,        scale,      (int)after};
    if (!in_pieces(p.x, l->in) || p.rows < 1)
        return false;
    if (p.x.type == TENSOR_BF16)
        (p.rows > 8 ? run<2, true> : run<1, true>)(c, p);
    else
        (p.rows > 8 ? run<2, false> : run<1, false>)(c, p);
    return true;
}

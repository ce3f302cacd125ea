/* attention_tensor.cu - attention in bf16 or f16 on the tensor cores (Dao 2023, "FlashAttention-2", section 3): a warp
 * keeps its queries, their sums and their largest scores in registers while the keys and values come by in tiles; the
 * exponentials of a tile are, as they lie in registers, already the left operand of the product with the values.
 *
 * The relative term (attention.cu) is a product with the band of positions that the tile meets. In a warp's part of the
 * band, row y belongs to all (query a, key b) with b - a + 15 = y: each warp writes its [16, BAND_EACH] scores into
 * shared memory, and reads them back along those diagonals. */
#include "models/cuda/attention.h"
#include "models/cuda/warp.h"

enum { WARPS = 4, THREADS = WARPS * WARP, TILE = 16, KEYS = 64, KEY_TILES = KEYS / 8 };
enum { BAND_EACH = KEYS + TILE, PLACE_STRIDE = BAND_EACH + 4 };

/* Where things lie in a block's shared memory. M: tiles of 16 queries per warp; STAGES: tiles of keys at once. */
template <int WIDTH, int M, bool RELATIVE> struct plan {
    static const int stages = RELATIVE ? 1 : 2, rows = WARPS * TILE * M,
                     stride = WIDTH + 8; /* 8: rows begin in other banks */
    static const int tile = KEYS * stride, band_rows = RELATIVE ? rows + KEYS : 0;
    static const int keys = 0, values = keys + stages * tile, band = values + stages * tile; /* of 16-bit elements */
    static const int place = (band + band_rows * stride) * 2;                                /* bytes */
    static const int bytes = place + (RELATIVE ? WARPS * TILE * PLACE_STRIDE * (int)sizeof(float) : 0);
};

/* `count` rows of a head into a tile, zeros for those outside [0, rows). */
template <int WIDTH>
static __device__ void copy_rows(uint16_t *tile, const uint16_t *x, int64_t step, int64_t first, int count,
                                 int64_t rows)
{
    const int stride = WIDTH + 8, pieces = WIDTH / 8;
    for (int i = threadIdx.x; i < count * pieces; i += THREADS) {
        const int row = i / pieces, piece = i % pieces;
        const bool counts = first + row >= 0 && first + row < rows;
        copy_16(tile + row * stride + piece * 8, x + (counts ? (first + row) * step : 0) + piece * 8, counts);
    }
}

/* Sixteen queries as the left operand, plus `shift` where there is one. */
template <class Half, int WIDTH>
static __device__ void load_queries(uint32_t (&q)[WIDTH / 16][4], const uint16_t *x, int64_t step, int64_t first,
                                    int64_t rows, const float *shift)
{
    const int lane = threadIdx.x % WARP, group = lane / 4, pair = lane % 4;
#pragma unroll
    for (int k = 0; k < WIDTH / 16; k++)
#pragma unroll
        for (int r = 0; r < 4; r++) {
            const int64_t row = first + group + 8 * (r % 2);
            const int column = 16 * k + 2 * pair + 8 * (r / 2);
            uint32_t value = row < rows ? *(const uint32_t *)(x + row * step + column) : 0;
            if (shift)
                value = Half::pair(Half::low(value) + shift[column], Half::high(value) + shift[column + 1]);
            q[k][r] = value;
        }
}

/* scores [16, 8 · TILES] of the queries with the rows from `row` on: 16 rows are loaded at a time. */
template <int WIDTH> static __device__ inline void load_keys(uint32_t (&b)[4], const uint16_t *row, int k)
{
    const int lane = threadIdx.x % WARP, matrix = lane / 8;
    load_matrices(b, row + (matrix / 2 * 8 + lane % 8) * (WIDTH + 8) + 16 * k + matrix % 2 * 8);
}

/* What the queries' places relative to the keys are worth, added to the scores of a tile. */
template <class Half, int WIDTH>
static __device__ void add_places(float (&s)[KEY_TILES][4], const uint32_t (&q)[WIDTH / 16][4], const uint16_t *band,
                                  float *place)
{
    const int lane = threadIdx.x % WARP, group = lane / 4, pair = lane % 4;
    for (int y = 0; y < BAND_EACH; y += 16) {
        float d[2][4] = {};
#pragma unroll
        for (int k = 0; k < WIDTH / 16; k++) {
            uint32_t b[4];
            load_keys<WIDTH>(b, band + y * (WIDTH + 8), k);
            Half::mma(d[0], q[k], b[0], b[1]);
            Half::mma(d[1], q[k], b[2], b[3]);
        }
#pragma unroll
        for (int half = 0; half < 2; half++)
#pragma unroll
            for (int r = 0; r < 4; r++)
                place[(group + r / 2 * 8) * PLACE_STRIDE + y + 8 * half + 2 * pair + r % 2] = d[half][r];
    }
    __syncwarp();
#pragma unroll
    for (int n = 0; n < KEY_TILES; n++)
#pragma unroll
        for (int r = 0; r < 4; r++) {
            const int query = group + r / 2 * 8, key = 8 * n + 2 * pair + r % 2;
            s[n][r] += place[query * PLACE_STRIDE + key - query + TILE - 1];
        }
    __syncwarp(); /* the next tile's take their place */
}

/* Over the four lanes that share a row. */
template <class Over> static __device__ inline float over_row(float value)
{
    value = Over::both(value, __shfl_xor_sync(0xffffffffu, value, 1));
    return Over::both(value, __shfl_xor_sync(0xffffffffu, value, 2));
}

/* Scores become exponentials relative to the largest so far, in powers of two; what was summed is brought to it. */
template <int WIDTH>
static __device__ void exponentials(float (&s)[KEY_TILES][4], float (&sums)[WIDTH / 8][4], float (&most)[2],
                                    float (&total)[2], float scale, const int (&seen)[2])
{
    const int pair = threadIdx.x % 4;
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float largest = most[half];
#pragma unroll
        for (int n = 0; n < KEY_TILES; n++)
#pragma unroll
            for (int r = 2 * half; r < 2 * half + 2; r++) {
                s[n][r] = 8 * n + 2 * pair + r % 2 < seen[half] ? s[n][r] * scale : -INFINITY;
                largest = fmaxf(largest, s[n][r]);
            }
        largest = over_row<largest_of>(largest);
        const float keep = largest > -INFINITY ? exp2f(most[half] - largest) : 1.0f;
        const float from = largest > -INFINITY ? largest : 0.0f;
        float sum = 0;
#pragma unroll
        for (int n = 0; n < KEY_TILES; n++)
#pragma unroll
            for (int r = 2 * half; r < 2 * half + 2; r++) {
                s[n][r] = exp2f(s[n][r] - from);
                sum += s[n][r];
            }
        total[half] = total[half] * keep + sum;
        most[half] = largest;
#pragma unroll
        for (int x = 0; x < WIDTH / 8; x++) {
            sums[x][2 * half] *= keep;
            sums[x][2 * half + 1] *= keep;
        }
    }
}

template <class Half, int WIDTH, int M, bool RELATIVE>
static __global__ void __launch_bounds__(THREADS) attend_tensor(struct attention a)
{
    typedef plan<WIDTH, M, RELATIVE> plan;
    SHARED_MEMORY(memory);
    uint16_t *shared = (uint16_t *)memory;
    const int warp = threadIdx.x / WARP, lane = threadIdx.x % WARP, group = lane / 4, pair = lane % 4;
    const int64_t row = blockIdx.z, head = blockIdx.y, first = blockIdx.x * (int64_t)plan::rows;
    const int64_t own = first + warp * TILE * M; /* the warp's first query */
    const uint16_t *q = (const uint16_t *)a.q.data + row * a.queries * a.step + head * WIDTH;
    const uint16_t *k = (const uint16_t *)a.k.data + row * a.keys * a.step + head * WIDTH;
    const uint16_t *v = (const uint16_t *)a.v.data + row * a.keys * a.step + head * WIDTH;
    const int64_t valid = valid_steps(a.lengths, row, a.keys), end = keys_needed(a, first + plan::rows, valid);
    const float scale = a.scale * 1.44269504f; /* exponentials are powers of two */
    uint32_t mine[M][WIDTH / 16][4], relative[RELATIVE ? WIDTH / 16 : 1][4];
    float sums[M][WIDTH / 8][4] = {}, most[M][2], total[M][2] = {};
#pragma unroll
    for (int m = 0; m < M; m++) {
        load_queries<Half, WIDTH>(mine[m], q, a.step, own + m * TILE, a.queries, RELATIVE ? a.u + head * WIDTH : NULL);
        most[m][0] = most[m][1] = -INFINITY;
    }
    if constexpr (RELATIVE)
        load_queries<Half, WIDTH>(relative, q, a.step, own, a.queries, a.w + head * WIDTH);

    auto copy_tile = [&](int64_t begin, int stage) {
        copy_rows<WIDTH>(shared + plan::keys + stage * plan::tile, k, a.step, begin, KEYS, valid);
        copy_rows<WIDTH>(shared + plan::values + stage * plan::tile, v, a.step, begin, KEYS, valid);
        if constexpr (RELATIVE)
            copy_rows<WIDTH>(shared + plan::band, (const uint16_t *)a.position.data + head * WIDTH, a.step,
                             a.queries - 1 - (first + plan::rows - 1) + begin, plan::band_rows, 2 * a.queries - 1);
    };
    if (plan::stages == 2 && end > 0)
        copy_tile(0, 0);
    copies_end();
    int stage = 0;
    for (int64_t begin = 0; begin < end; begin += KEYS) {
        if (plan::stages == 1)
            copy_tile(begin, 0);
        else if (begin + KEYS < end)
            copy_tile(begin + KEYS, 1 - stage);
        copies_end();
        copies_wait<plan::stages - 1>();
        __syncthreads();
        const uint16_t *keys = shared + plan::keys + stage * plan::tile,
                       *values = shared + plan::values + stage * plan::tile;
        float s[M][KEY_TILES][4] = {};
#pragma unroll
        for (int x = 0; x < WIDTH / 16; x++)
#pragma unroll
            for (int n = 0; n < KEY_TILES; n += 2) {
                uint32_t b[4];
                load_keys<WIDTH>(b, keys + 8 * n * plan::stride, x);
#pragma unroll
                for (int m = 0; m < M; m++) {
                    Half::mma(s[m][n], mine[m][x], b[0], b[1]);
                    Half::mma(s[m][n + 1], mine[m][x], b[2], b[3]);
                }
            }
        if constexpr (RELATIVE)
            add_places<Half, WIDTH>(s[0], relative,
                                    shared + plan::band + (plan::rows - TILE - warp * TILE) * plan::stride,
                                    (float *)(memory + plan::place) + warp * TILE * PLACE_STRIDE);
#pragma unroll
        for (int m = 0; m < M; m++) {
            int seen[2];
#pragma unroll
            for (int half = 0; half < 2; half++) {
                const int64_t left = keys_seen(a, own + m * TILE + group + 8 * half, valid) - begin;
                seen[half] = left < 0 ? 0 : left < KEYS ? (int)left : KEYS;
            }
            exponentials<WIDTH>(s[m], sums[m], most[m], total[m], scale, seen);
        }
#pragma unroll
        for (int x = 0; x < KEYS / 16; x++)
#pragma unroll
            for (int n = 0; n < WIDTH / 8; n += 2) {
                uint32_t b[4];
                const int matrix = lane / 8;
                load_matrices_transposed(b, values + (16 * x + matrix % 2 * 8 + lane % 8) * plan::stride + 8 * n +
                                                matrix / 2 * 8);
#pragma unroll
                for (int m = 0; m < M; m++) {
                    const uint32_t weights[4] = {Half::pair(s[m][2 * x][0], s[m][2 * x][1]),
                                                 Half::pair(s[m][2 * x][2], s[m][2 * x][3]),
                                                 Half::pair(s[m][2 * x + 1][0], s[m][2 * x + 1][1]),
                                                 Half::pair(s[m][2 * x + 1][2], s[m][2 * x + 1][3])};
                    Half::mma(sums[m][n], weights, b[0], b[1]);
                    Half::mma(sums[m][n + 1], weights, b[2], b[3]);
                }
            }
        __syncthreads(); /* nobody reads the tile any more */
        stage = plan::stages == 2 ? 1 - stage : 0;
    }
    const int64_t out = row * a.queries * a.step + head * WIDTH;
#pragma unroll
    for (int m = 0; m < M; m++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const int64_t i = own + m * TILE + group + 8 * half;
            const float all = over_row<sum_of>(total[m][half]), inverse = all > 0 ? 1 / all : 0.0f;
#pragma unroll
            for (int n = 0; n < WIDTH / 8; n++)
                if (i < a.queries)
                    put_pair<Half>(a.out, out + i * a.step + 8 * n + 2 * pair, sums[m][n][2 * half] * inverse,
                                   sums[m][n][2 * half + 1] * inverse);
        }
}

template <class Half, int WIDTH, int M, bool RELATIVE>
static void run(struct context *c, const struct attention &a, int64_t batch, int heads)
{
    typedef plan<WIDTH, M, RELATIVE> plan;
    const dim3 grid((unsigned)((a.queries + plan::rows - 1) / plan::rows), (unsigned)heads, (unsigned)batch);
    if (!cuda_ok(c,
                 cudaFuncSetAttribute(attend_tensor<Half, WIDTH, M, RELATIVE>,
                                      cudaFuncAttributeMaxDynamicSharedMemorySize, plan::bytes),
                 "attention"))
        return;
    enqueue(c, attend_tensor<Half, WIDTH, M, RELATIVE>, grid, THREADS, plan::bytes, a);
    cuda_launched(c, "attention");
}

static bool fits(const struct view &v, int type)
{
    return v.type == type && (uintptr_t)v.data % 16 == 0;
}

template <class Half> static bool run_fitting(struct context *c, const struct attention &a, int64_t batch, int heads)
{
    const bool relative = a.position.data != NULL;
    if (!fits(a.q, Half::type) || !fits(a.k, Half::type) || !fits(a.v, Half::type) ||
        (relative && !fits(a.position, Half::type)) || (a.width != 64 && a.width != 128) ||
        !fits(a.out, a.out.type == TENSOR_F32 ? TENSOR_F32 : Half::type) || a.window.keys)
        return false;
    if (a.width == 64)
        (relative ? run<Half, 64, 1, true> : run<Half, 64, 2, false>)(c, a, batch, heads);
    else
        (relative ? run<Half, 128, 1, true> : run<Half, 128, 1, false>)(c, a, batch, heads);
    return true;
}

bool attention_on_tensor_cores(struct context *c, const struct attention &a, int64_t batch, int heads)
{
    return run_fitting<bf16>(c, a, batch, heads) || run_fitting<f16>(c, a, batch, heads);
}

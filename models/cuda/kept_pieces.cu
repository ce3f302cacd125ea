/* kept_pieces.cu - few queries against kept keys, several numbers of a key at a time.
 *
 * As in kept.cu a block has one query of one head. Some lanes share a key, each with a piece of it; a warp has several
 * keys side by side, and more on their way from memory, which is what bounds it. */
#include "models/cuda/kept.h"
#include "models/cuda/pieces.h"

namespace
{

enum { WARPS = 8, THREADS = WARPS * WARP };
const int64_t chunk = 1536; /* keys whose scores a block keeps: a window of half a minute has 1500 */

/* What a lane brings of a row with one load, in bf16 or f16 … */
template <class Half> struct half_piece {
    enum { NUMBERS = PIECE, AHEAD = 4 };
    typedef uint16_t number;
    typedef uint4 bits;
    static __device__ inline void widen(float (&out)[NUMBERS], uint4 bits)
    {
        widen_8<Half>(out, bits);
    }
    /* What the numbers of the row that begins there are multiplied by. */
    static __device__ inline float factor(const uint16_t *, int)
    {
        return 1.0f;
    }
};

/* … and of 8-bit rows, which begin at multiples of four bytes only, since their scale lies behind them. */
struct i8_piece {
    enum { NUMBERS = 4, AHEAD = 8 };
    typedef int8_t number;
    typedef uint32_t bits;
    static __device__ inline void widen(float (&out)[NUMBERS], uint32_t bits)
    {
#pragma unroll
        for (int k = 0; k < NUMBERS; k++)
            out[k] = (float)(int8_t)(bits >> 8 * k);
    }
    static __device__ inline float factor(const int8_t *row, int width)
    {
        return *(const float *)(row + width);
    }
};

/* Of as many rows as a lane has on their way at once. */
template <class Piece> struct pieces {
    typename Piece::bits bits[Piece::AHEAD];
    float factors[Piece::AHEAD];
};

} // namespace

/* A lane's pieces of rows first, first + GROUPS, …; zeros from the row `end` on. */
template <class Piece, int GROUPS>
static __device__ inline void bring(struct pieces<Piece> &p, const struct kept_attention &a, const struct kept &kept,
                                    const struct kept_query &q, int64_t first, int64_t end, int slot)
{
    typedef typename Piece::number number;
    typedef typename Piece::bits bits;
    const number *rows = (const number *)kept.rows.data;
#pragma unroll
    for (int u = 0; u < Piece::AHEAD; u++) {
        const int64_t t = first + u * GROUPS;
        const number *row = t < end ? rows + key_at(kept, q, a.index, a.heads, blockIdx.y, t) : (const number *)NULL;
        p.bits[u] = row ? *(const bits *)(row + Piece::NUMBERS * slot) : bits{};
        p.factors[u] = row ? Piece::factor(row, (int)kept.width) : 0.0f;
    }
}

/* Heads of NUMBERS · LANES. */
template <class Piece, int LANES>
static __global__ void __launch_bounds__(THREADS) attend_pieces(struct kept_attention a)
{
    enum {
        NUMBERS = Piece::NUMBERS,
        AHEAD = Piece::AHEAD,
        WIDTH = NUMBERS * LANES,
        KEYS_EACH = WARP / LANES,
        GROUPS = WARPS * KEYS_EACH
    };
    __shared__ float scores[chunk], partial[GROUPS * WIDTH];
    const struct kept_query q = a.queries[blockIdx.x];
    const int lane = threadIdx.x % WARP, slot = lane % LANES, group = threadIdx.x / WARP * KEYS_EACH + lane / LANES;
    const int64_t head = blockIdx.y, from = q.query * a.step + head * WIDTH;
    float query[NUMBERS], sums[NUMBERS] = {}, most = -INFINITY, total = 0;
#pragma unroll
    for (int x = 0; x < NUMBERS; x++)
        query[x] = get(a.q, from + NUMBERS * slot + x) * a.scale;
    for (int64_t begin = 0; begin < q.length; begin += chunk) {
        const int count = (int)(q.length - begin < chunk ? q.length - begin : chunk);
        for (int base = 0; base < count; base += AHEAD * GROUPS) {
            struct pieces<Piece> p;
            bring<Piece, GROUPS>(p, a, a.keys, q, begin + base + group, begin + count, slot);
#pragma unroll
            for (int u = 0; u < AHEAD; u++) {
                const int t = base + u * GROUPS + group;
                float key[NUMBERS], sum = 0;
                Piece::widen(key, p.bits[u]);
#pragma unroll
                for (int x = 0; x < NUMBERS; x++)
                    sum += query[x] * key[x];
#pragma unroll
                for (int other = LANES / 2; other > 0; other /= 2)
                    sum += __shfl_xor_sync(0xffffffffu, sum, other);
                if (slot == 0 && t < count)
                    scores[t] = sum * p.factors[u];
            }
        }
        __syncthreads();
        float largest = most, sum = 0;
        for (int t = threadIdx.x; t < count; t += THREADS)
            largest = fmaxf(largest, scores[t]);
        largest = over_block<largest_of>(largest);
        for (int t = threadIdx.x; t < count; t += THREADS)
            sum += scores[t] = expf(scores[t] - largest);
        const float keep = expf(most - largest);
        total = total * keep + over_block<sum_of>(sum); /* waits, so that all see the exponentials */
        most = largest;
#pragma unroll
        for (int x = 0; x < NUMBERS; x++)
            sums[x] *= keep;
        for (int base = 0; base < count; base += AHEAD * GROUPS) {
            struct pieces<Piece> p;
            bring<Piece, GROUPS>(p, a, a.values, q, begin + base + group, begin + count, slot);
#pragma unroll
            for (int u = 0; u < AHEAD; u++) {
                const int t = base + u * GROUPS + group;
                const float weight = t < count ? scores[t] * p.factors[u] : 0.0f;
                float value[NUMBERS];
                Piece::widen(value, p.bits[u]);
#pragma unroll
                for (int x = 0; x < NUMBERS; x++)
                    sums[x] += weight * value[x];
            }
        }
        __syncthreads(); /* the next chunk's scores take their place */
    }
#pragma unroll
    for (int x = 0; x < NUMBERS; x++)
        partial[group * WIDTH + NUMBERS * slot + x] = sums[x];
    __syncthreads();
    for (int x = threadIdx.x; x < WIDTH; x += THREADS) {
        float sum = 0;
        for (int g = 0; g < GROUPS; g++)
            sum += partial[g * WIDTH + x];
        put(a.out, from + x, sum / total);
    }
}

/* Rows that a Piece may be loaded from at each of its places. */
template <class Piece> static bool begin_at_pieces(const struct kept &k)
{
    const size_t step = (size_t)k.step * sizeof(typename Piece::number), piece = sizeof(typename Piece::bits);
    return step % piece == 0 && (uintptr_t)k.rows.data % piece == 0;
}

template <class Piece> static bool attend(struct context *c, const struct kept_attention &a, dim3 grid, int64_t width)
{
    enum { NARROW = 64 / Piece::NUMBERS };
    if ((width != 64 && width != 128) || !begin_at_pieces<Piece>(a.keys) || !begin_at_pieces<Piece>(a.values))
        return false;
    enqueue(c, width == 64 ? attend_pieces<Piece, NARROW> : attend_pieces<Piece, 2 * NARROW>, grid, THREADS, 0, a);
    return true;
}

bool attend_kept_in_pieces(struct context *c, const struct kept_attention &a, dim3 grid, int64_t width)
{
    if (a.keys.rows.type != a.values.rows.type)
        return false;
    switch (a.keys.rows.type) {
    case TENSOR_BF16:
        return attend<half_piece<bf16>>(c, a, grid, width);
    case TENSOR_F16:
        return attend<half_piece<f16>>(c, a, grid, width);
    case TENSOR_I8:
        return attend<i8_piece>(c, a, grid, width);
    default:
        return false;
    }
}

/* likeliest.cu - the likeliest of many scores, and the log of their sum.
 *
 * A block has one range of one row. Each thread looks at every THREADS-th element and keeps the likeliest of those in
 * order; then the block takes, so often as is asked for, the best of what the threads have first. */
#include "models/cuda/each.h"

namespace
{

enum { THREADS = 512 };

struct asked {
    float *out;
    const float *x;
    const struct score_range *ranges;
    const uint32_t *barred;
    int64_t width;
    int per_row, count;
};

/* An element; index -1: none. */
struct scored {
    float value;
    int index;
};

} // namespace

static __device__ inline bool better(const struct scored &a, const struct scored &b)
{
    return a.value > b.value || (a.value == b.value && a.index < b.index);
}

/* Every thread has the best of all. Indices are below 2^24, so that floats carry them. */
static __device__ struct scored best_of_block(struct scored mine)
{
    __shared__ struct scored parts[THREADS / WARP];
    for (int lane = WARP / 2; lane > 0; lane /= 2) {
        const float value = __shfl_xor_sync(0xffffffffu, mine.value, lane);
        const float index = __shfl_xor_sync(0xffffffffu, (float)mine.index, lane);
        const struct scored other = {value, (int)index};
        mine = better(other, mine) ? other : mine;
    }
    if (threadIdx.x % WARP == 0)
        parts[threadIdx.x / WARP] = mine;
    __syncthreads();
    for (int i = 0; i < THREADS / WARP; i++)
        mine = better(parts[i], mine) ? parts[i] : mine;
    __syncthreads();
    return mine;
}

/* MOST: at least as many as are asked for. */
template <int MOST> static __global__ void __launch_bounds__(THREADS) find_likeliest(struct asked a)
{
    const struct score_range range = a.ranges[blockIdx.x];
    const float *row = a.x + (int64_t)(blockIdx.x / a.per_row) * a.width;
    float *found = a.out + (int64_t)blockIdx.x * (1 + 2 * a.count);
    struct scored best[MOST];
    float most = -INFINITY, sum = 0;
#pragma unroll
    for (int k = 0; k < MOST; k++)
        best[k] = {-INFINITY, -1};
    for (int i = range.begin + (int)threadIdx.x; i < range.end; i += THREADS) {
        struct scored next = {row[i], i};
        if ((a.barred[i / 32] >> i % 32 & 1) || !(next.value > -INFINITY))
            continue;
        sum = next.value > most ? sum * expf(most - next.value) + 1.0f : sum + expf(next.value - most);
        most = fmaxf(most, next.value);
#pragma unroll
        for (int k = 0; k < MOST; k++)
            if (next.value > best[k].value) {
                const struct scored pushed = best[k];
                best[k] = next;
                next = pushed;
            }
    }
    const float largest = over_block<largest_of>(most);
    const float total = over_block<sum_of>(most > -INFINITY ? sum * expf(most - largest) : 0.0f);
    if (threadIdx.x == 0)
        found[0] = largest > -INFINITY ? largest + logf(total) : -INFINITY;
    for (int k = 0; k < a.count; k++) {
        const struct scored first = best_of_block(best[0]);
        if (threadIdx.x == 0) {
            found[1 + k] = first.value;
            found[1 + a.count + k] = (float)first.index;
        }
        if (best[0].index != first.index)
            continue;
#pragma unroll
        for (int i = 0; i < MOST; i++)
            best[i] = i + 1 < MOST ? best[i + 1 < MOST ? i + 1 : i] : scored{-INFINITY, -1};
    }
}

void cuda_likeliest(struct context *c, struct tensor out, struct tensor x, const struct score_range *ranges,
                    int per_row, const uint32_t *barred, int count)
{
    const int64_t blocks = x.shape[0] * per_row, words = (x.shape[1] + 31) / 32;
    const void *on_card = cuda_send(c, ranges, (size_t)blocks * sizeof *ranges);
    const void *bits = on_card ? cuda_send(c, barred, (size_t)words * sizeof *barred) : NULL;
    if (!bits || blocks < 1)
        return;
    const struct asked a = {(float *)out.data,
                            (const float *)x.data,
                            (const struct score_range *)on_card,
                            (const uint32_t *)bits,
                            x.shape[1],
                            per_row,
                            count};
    enqueue(c,
            count == 1   ? find_likeliest<1>
            : count <= 4 ? find_likeliest<4>
                         : find_likeliest<LIKELIEST_MOST>,
            dim3((unsigned)blocks), THREADS, 0, a);
    cuda_launched(c, "likeliest");
}

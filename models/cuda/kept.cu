/* kept.cu - what a decoder with cached keys is written in: copies of rows, and few queries against kept keys.
 *
 * A block has one query of one head. Its warps share the keys of a chunk, the lanes of a warp the width of a key; sums
 * and the largest score go on from chunk to chunk (online softmax, as in attention.cu). */
#include "models/cuda/kept.h"

#include <stdlib.h>
#include <string.h>

/* ---- copies ---- */

struct unfolded {
    struct view out, x;
    int kernel, stride;
    int64_t time, width, steps;

    __device__ void operator()(int64_t i) const
    {
        const int64_t column = i % width, k = i / width % kernel, t = i / width / kernel % steps,
                      row = i / width / kernel / steps, from = t * stride + k - (kernel - 1) / 2;
        put(out, i, from >= 0 && from < time ? get(x, (row * time + from) * width + column) : 0.0f);
    }
};

void cuda_unfold(struct context *c, struct tensor out, struct tensor x, int kernel, int stride)
{
    each(c, "unfold", tensor_count(&out),
         unfolded{view_of(out), view_of(x), kernel, stride, x.shape[1], x.shape[2], out.shape[1]});
}

/* Row i of one side is row rows[i] of the other. */
struct moved {
    struct view out, x;
    const int *rows;
    int64_t width;
    int scatter, gap;

    __device__ void operator()(int64_t i) const
    {
        const int64_t here = i, there = rows[i / width] * width + i % width;
        put(out, scatter ? there : here, get(x, scatter ? here : there));
    }
};

void cuda_gather_rows(struct context *c, struct tensor out, struct tensor x, const int *rows)
{
    const int *on_card = (const int *)cuda_send(c, rows, (size_t)out.shape[0] * sizeof *rows);
    if (on_card)
        each(c, "gather_rows", tensor_count(&out), moved{view_of(out), view_of(x), on_card, x.shape[1], false});
}

/* Of rows that name one place the last counts, as on the CPU: the others are sent to their own row anew. */
void cuda_scatter_rows(struct context *c, struct tensor out, struct tensor x, const int *rows)
{
    const int *on_card = (const int *)cuda_send(c, rows, (size_t)x.shape[0] * sizeof *rows);
    bool twice = false;
    for (int64_t i = 0; i < x.shape[0]; i++)
        for (int64_t j = 0; j < i; j++)
            twice = twice || rows[i] == rows[j];
    if (!on_card)
        return;
    const size_t row = (size_t)x.shape[1] * tensor_type_size(x.type);
    for (int64_t i = 0; twice && i < x.shape[0]; i++)
        each(
            c, "scatter_rows", x.shape[1],
            moved{
                view_of(out), {(unsigned char *)x.data + (size_t)i * row, (int)x.type}, on_card + i, x.shape[1], true});
    if (!twice)
        each(c, "scatter_rows", tensor_count(&x), moved{view_of(out), view_of(x), on_card, x.shape[1], true});
}

struct split {
    struct view out, x;
    int64_t time, width;
    int heads, gap;

    /* i: an element of out, [batch, heads, time, width] */
    __device__ void operator()(int64_t i) const
    {
        const int64_t column = i % width, t = i / width % time, head = i / width / time % heads,
                      row = i / width / time / heads;
        put(out, i, get(x, ((row * time + t) * heads + head) * width + column));
    }
};

/* i: a row of out, [batch, heads, time], of width numbers and their scale. */
struct split_i8 {
    int8_t *out;
    struct view x;
    int64_t time, width;
    int heads, gap;

    __device__ void operator()(int64_t i) const
    {
        const int64_t t = i % time, head = i / time % heads, row = i / time / heads;
        const int64_t from = ((row * time + t) * heads + head) * width;
        int8_t *to = out + i * (width + KEPT_SCALE);
        float most = 0;
        for (int64_t k = 0; k < width; k++)
            most = fmaxf(most, fabsf(get(x, from + k)));
        const float inverse = most > 0 ? 127.0f / most : 0.0f, scale = most / 127.0f;
        for (int64_t k = 0; k < width; k++)
            to[k] = (int8_t)rintf(get(x, from + k) * inverse);
        memcpy(to + width, &scale, sizeof scale);
    }
};

void cuda_split_heads(struct context *c, struct tensor out, struct tensor x, int heads)
{
    const int64_t width = x.shape[2] / heads;
    if (out.type == TENSOR_I8)
        each(c, "split_heads", x.shape[0] * x.shape[1] * heads,
             split_i8{(int8_t *)out.data, view_of(x), x.shape[1], width, heads});
    else
        each(c, "split_heads", tensor_count(&out), split{view_of(out), view_of(x), x.shape[1], width, heads});
}

/* ---- attention ---- */

enum { WARPS = 4, THREADS = WARPS * WARP, LANE_COLUMNS = 8 }; /* heads of at most 256 */
static const int64_t chunk = 512;                             /* keys whose scores a block keeps */

/* The score of one key, by a warp; every lane has it. */
static __device__ float kept_score(const struct kept_attention &a, const struct kept_query &q, int64_t head, int64_t t)
{
    const int64_t key = key_at(a.keys, q, a.index, a.heads, head, t), from = q.query * a.step + head * a.keys.width;
    float sum = 0;
    for (int64_t x = threadIdx.x % WARP; x < a.keys.width; x += WARP)
        sum += get(a.q, from + x) * kept_number(a.keys, key, x);
    return over_warp<sum_of>(sum) * kept_factor(a.keys, key) * a.scale;
}

static __global__ void __launch_bounds__(THREADS) attend_kept(struct kept_attention a)
{
    __shared__ float scores[chunk], partial[WARPS * LANE_COLUMNS * WARP];
    const struct kept_query q = a.queries[blockIdx.x];
    const int warp = threadIdx.x / WARP, lane = threadIdx.x % WARP;
    const int64_t head = blockIdx.y, width = a.values.width;
    float most = -INFINITY, total = 0, sums[LANE_COLUMNS];
    for (int x = 0; x < LANE_COLUMNS; x++)
        sums[x] = 0;
    for (int64_t begin = 0; begin < q.length; begin += chunk) {
        const int64_t count = q.length - begin < chunk ? q.length - begin : chunk;
        for (int64_t t = warp; t < count; t += WARPS) {
            const float s = kept_score(a, q, head, begin + t);
            if (lane == 0)
                scores[t] = s;
        }
        __syncthreads();
        float largest = most, sum = 0;
        for (int64_t t = threadIdx.x; t < count; t += THREADS)
            largest = fmaxf(largest, scores[t]);
        largest = over_block<largest_of>(largest);
        for (int64_t t = threadIdx.x; t < count; t += THREADS)
            sum += scores[t] = expf(scores[t] - largest);
        const float keep = expf(most - largest);
        total = total * keep + over_block<sum_of>(sum); /* waits, so that all see the exponentials */
        most = largest;
        for (int x = 0; x < LANE_COLUMNS; x++)
            sums[x] *= keep;
        for (int64_t t = warp; t < count; t += WARPS) {
            const int64_t value = key_at(a.values, q, a.index, a.heads, head, begin + t);
            const float weight = scores[t] * kept_factor(a.values, value);
            for (int x = 0; x < LANE_COLUMNS && x * WARP + lane < width; x++)
                sums[x] += weight * kept_number(a.values, value, x * WARP + lane);
        }
        __syncthreads(); /* the next chunk's scores take their place */
    }
    for (int x = 0; x < LANE_COLUMNS; x++)
        partial[(warp * LANE_COLUMNS + x) * WARP + lane] = sums[x];
    __syncthreads();
    for (int64_t x = threadIdx.x; x < width; x += THREADS) {
        float sum = 0;
        for (int w = 0; w < WARPS; w++)
            sum += partial[(w * LANE_COLUMNS + x / WARP) * WARP + x % WARP];
        put(a.out, q.query * a.step + head * width + x, sum / total);
    }
}

/* weights [heads, n, length]; the scores lie there until they are weights. */
static __global__ void __launch_bounds__(THREADS) weigh_kept(struct kept_attention a, float *weights)
{
    const struct kept_query q = a.queries[blockIdx.x];
    const int warp = threadIdx.x / WARP;
    float *row = weights + ((int64_t)blockIdx.y * gridDim.x + blockIdx.x) * q.length, most = -INFINITY, sum = 0;
    for (int64_t t = warp; t < q.length; t += WARPS) {
        const float s = kept_score(a, q, blockIdx.y, t);
        if (threadIdx.x % WARP == 0)
            row[t] = s;
    }
    __syncthreads();
    for (int64_t t = threadIdx.x; t < q.length; t += THREADS)
        most = fmaxf(most, row[t]);
    most = over_block<largest_of>(most);
    for (int64_t t = threadIdx.x; t < q.length; t += THREADS)
        sum += row[t] = expf(row[t] - most);
    const float inverse = 1.0f / over_block<sum_of>(sum);
    for (int64_t t = threadIdx.x; t < q.length; t += THREADS)
        row[t] *= inverse;
}

static struct kept kept_of(struct tensor t, int64_t width)
{
    return {view_of(t), t.rank == 4 ? t.shape[2] : 0, t.shape[t.rank - 1], width};
}

/* Room that each span has for its list of slots, such that it changes rarely as lists grow (steps.h). */
static int64_t room_for_slots(const struct query_span *spans, int count)
{
    enum { GRAIN = 64 };
    int longest = 0;
    for (int i = 0; i < count; i++)
        longest = spans[i].length > longest ? spans[i].length : longest;
    return (longest + GRAIN - 1) / GRAIN * GRAIN;
}

/* The queries of all spans, with their lists of slots behind them, on the card. Their number, or -1. */
static int64_t send_queries(struct context *c, struct kept_attention *a, const struct query_span *spans, int count)
{
    const int64_t room = a->keys.time ? 0 : room_for_slots(spans, count);
    int64_t queries = 0, query = 0;
    for (int i = 0; i < count; i++)
        queries += spans[i].count;
    const size_t bytes = (size_t)queries * sizeof(struct kept_query) + (size_t)(count * room) * sizeof(int);
    struct kept_query *list = (struct kept_query *)memory_new(bytes + 1, 1);
    if (!list) {
        fail_memory(&c->fault, "attention");
        return -1;
    }
    int *index = (int *)(list + queries);
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < spans[i].count; k++)
            list[query++] = {spans[i].first + k, spans[i].length, spans[i].row, (int)(i * room)};
        if (room)
            memcpy(index + i * room, spans[i].index, (size_t)spans[i].length * sizeof *index);
    }
    a->queries = (const struct kept_query *)cuda_send(c, list, bytes);
    a->index = (const int *)(a->queries + queries);
    free(list);
    return a->queries ? queries : -1;
}

static bool fits(struct context *c, int64_t width)
{
    if (width <= LANE_COLUMNS * WARP)
        return true;
    fail(&c->fault, UTTER_ERROR_UNSUPPORTED, "heads of width %lld are wider than %d", (long long)width,
         LANE_COLUMNS * WARP);
    return false;
}

void cuda_kept_attention(struct context *c, struct tensor out, struct tensor q, struct tensor keys,
                         struct tensor values, int heads, float scale, const struct query_span *spans, int count)
{
    const int64_t width = q.shape[1] / heads;
    struct kept_attention a = {view_of(out), view_of(q), kept_of(keys, width), kept_of(values, width)};
    a.step = q.shape[1];
    a.heads = heads;
    a.scale = scale;
    const int64_t queries = fits(c, width) ? send_queries(c, &a, spans, count) : -1;
    if (queries < 1)
        return;
    const dim3 grid((unsigned)queries, (unsigned)heads);
    if (!attend_kept_in_pieces(c, a, grid, width))
        enqueue(c, attend_kept, grid, THREADS, 0, a);
    cuda_launched(c, "kept_attention");
}

void cuda_kept_attention_weights(struct context *c, struct tensor out, struct tensor q, struct tensor keys, int heads,
                                 float scale, const struct query_span *span)
{
    const int64_t width = q.shape[1] / heads;
    struct kept_attention a = {view_of(out), view_of(q), kept_of(keys, width), kept_of(keys, width)};
    a.step = q.shape[1];
    a.heads = heads;
    a.scale = scale;
    const int64_t queries = fits(c, width) ? send_queries(c, &a, span, 1) : -1;
    if (queries < 1)
        return;
    enqueue(c, weigh_kept, dim3((unsigned)queries, (unsigned)heads), THREADS, 0, a, (float *)out.data);
    cuda_launched(c, "kept_attention_weights");
}

/* attention.cu - attention that never keeps a row of scores: Milakov and Gimelshein 2018 (online softmax), in tiles as
 * FlashAttention has them (Dao et al. 2022, algorithm 1).
 *
 * A block has QUERIES queries of one head, and goes through the keys KEYS at a time. Four threads share a query: of a
 * tile each computes the scores of every fourth key, and of the sum every fourth column.
 *
 * The relative term (ops.h): with queries i0 + a and keys j0 + b the position rows are T - 1 - (i - j), so a tile meets
 * QUERIES + KEYS - 1 rows in a band, and row b - a + QUERIES - 1 of the band is that of (a, b). */
#include "models/cuda/attention.h"

enum { QUERIES = 32, KEYS = 32, SHARERS = 4, THREADS = QUERIES * SHARERS, BAND = QUERIES + KEYS - 1 };
enum { SCORES_EACH = KEYS / SHARERS, SCORE_STRIDE = KEYS + 1 };

/* Where a block's tiles lie in its shared memory, in floats; rows are stride apart, so that they begin in other banks.
 */
struct tiles {
    int64_t stride;
    float *q, *q_relative, *k, *v, *scores, *band;
};

static __host__ __device__ inline int64_t stride_of(int64_t width)
{
    return width | 1;
}

static size_t shared_bytes(int64_t width, bool relative)
{
    const int64_t rows = relative ? 2 * QUERIES + 2 * KEYS + BAND : QUERIES + 2 * KEYS;
    return (size_t)(rows * stride_of(width) + QUERIES * SCORE_STRIDE) * sizeof(float);
}

static __device__ struct tiles tiles_of(unsigned char *memory, int64_t width)
{
    struct tiles t;
    t.stride = stride_of(width);
    t.q = (float *)memory;
    t.k = t.q + QUERIES * t.stride;
    t.v = t.k + KEYS * t.stride;
    t.scores = t.v + KEYS * t.stride;
    t.q_relative = t.scores + QUERIES * SCORE_STRIDE;
    t.band = t.q_relative + QUERIES * t.stride;
    return t;
}

/* Rows [first, first + count) of x, zeros where they are outside [0, rows), plus `shift`. */
static __device__ void load(float *tile, int64_t stride, struct view x, int64_t from, int64_t step, int64_t first,
                            int64_t count, int64_t rows, int64_t width, const float *shift)
{
    for (int64_t i = threadIdx.x; i < count * width; i += THREADS) {
        const int64_t row = first + i / width, column = i % width;
        const bool inside = row >= 0 && row < rows;
        tile[i / width * stride + column] =
            inside ? get(x, from + row * step + column) + (shift ? shift[column] : 0.0f) : 0.0f;
    }
}

/* Over the threads that share a query. */
template <class Over> static __device__ inline float over_sharers(float value)
{
    for (int lane = SHARERS / 2; lane > 0; lane /= 2)
        value = Over::both(value, __shfl_xor_sync(0xffffffffu, value, lane));
    return value;
}

/* The embedding of a distance, or NULL where it is beyond the window. */
static __device__ const float *near(const struct attention &a, const float *embeddings, int64_t distance)
{
    const int reach = a.window.reach;
    return distance < -reach || distance > reach ? NULL : embeddings + (distance + reach) * a.width;
}

/* distance: from the query to the key. */
static __device__ float score(const struct attention &a, const struct tiles &t, int query, int key, int64_t distance)
{
    const float *q = t.q + query * t.stride, *k = t.k + key * t.stride;
    float sum = 0;
    for (int64_t x = 0; x < a.width; x++)
        sum += q[x] * k[x];
    if (a.position.data) {
        const float *qr = t.q_relative + query * t.stride, *r = t.band + (key - query + QUERIES - 1) * t.stride;
        for (int64_t x = 0; x < a.width; x++)
            sum += qr[x] * r[x];
    }
    const float *embedding = a.window.keys ? near(a, a.window.keys, distance) : NULL;
    for (int64_t x = 0; embedding && x < a.width; x++)
        sum += q[x] * embedding[x];
    return sum * a.scale;
}

/* What the embeddings add to a column of the query's sum: keys [begin, begin + KEYS), of which it sees those before
 * `end`; their weights are in the tile. */
static __device__ float window_sum(const struct attention &a, const struct tiles &t, int query, int64_t i,
                                   int64_t begin, int64_t end, int64_t column)
{
    const int64_t first = i - a.window.reach > begin ? i - a.window.reach : begin;
    const int64_t reach = i + a.window.reach + 1 < begin + KEYS ? i + a.window.reach + 1 : begin + KEYS;
    float sum = 0;
    for (int64_t j = first; j < reach && j < end; j++)
        sum += t.scores[query * SCORE_STRIDE + (j - begin)] * near(a, a.window.values, j - i)[column];
    return sum;
}

/* COLUMNS: of the sum, per thread; SHARERS · COLUMNS is at least the head's width. */
template <int COLUMNS> static __global__ void __launch_bounds__(THREADS) attend(struct attention a)
{
    SHARED_MEMORY(memory);
    const struct tiles t = tiles_of(memory, a.width);
    const int query = threadIdx.x / SHARERS, sharer = threadIdx.x % SHARERS;
    const int64_t row = blockIdx.z, head = blockIdx.y, first = blockIdx.x * (int64_t)QUERIES, i = first + query;
    const int64_t from_q = row * a.queries * a.step + head * a.width, from_k = row * a.keys * a.step + head * a.width;
    const int64_t valid = valid_steps(a.lengths, row, a.keys), mine = keys_seen(a, i, valid),
                  end = keys_needed(a, first + QUERIES, valid);
    float most = -INFINITY, total = 0, sums[COLUMNS];
    for (int x = 0; x < COLUMNS; x++)
        sums[x] = 0;
    load(t.q, t.stride, a.q, from_q, a.step, first, QUERIES, a.queries, a.width, a.u ? a.u + head * a.width : NULL);
    if (a.position.data)
        load(t.q_relative, t.stride, a.q, from_q, a.step, first, QUERIES, a.queries, a.width, a.w + head * a.width);
    for (int64_t begin = 0; begin < end; begin += KEYS) {
        __syncthreads(); /* nobody reads the tile before */
        load(t.k, t.stride, a.k, from_k, a.step, begin, KEYS, valid, a.width, NULL);
        load(t.v, t.stride, a.v, from_k, a.step, begin, KEYS, valid, a.width, NULL);
        if (a.position.data)
            load(t.band, t.stride, a.position, head * a.width, a.step, a.queries - 1 - (first + QUERIES - 1) + begin,
                 BAND, 2 * a.queries - 1, a.width, NULL);
        __syncthreads();
        float scores[SCORES_EACH], largest = most;
        for (int s = 0; s < SCORES_EACH; s++) {
            const int key = s * SHARERS + sharer;
            scores[s] = begin + key < mine ? score(a, t, query, key, begin + key - i) : -INFINITY;
            largest = fmaxf(largest, scores[s]);
        }
        largest = over_sharers<largest_of>(largest);
        const float keep =
            largest > -INFINITY ? expf(most - largest) : 1.0f; /* what is summed so far, in the new scale */
        float sum = 0;
        for (int s = 0; s < SCORES_EACH; s++) {
            const float e = scores[s] > -INFINITY ? expf(scores[s] - largest) : 0.0f;
            t.scores[query * SCORE_STRIDE + s * SHARERS + sharer] = e;
            sum += e;
        }
        total = total * keep + over_sharers<sum_of>(sum);
        most = largest;
        __syncthreads();
        for (int x = 0; x < COLUMNS; x++) {
            const int64_t column = x * SHARERS + sharer;
            float y = sums[x] * keep;
            for (int key = 0; key < KEYS && column < a.width; key++)
                y += t.scores[query * SCORE_STRIDE + key] * t.v[key * t.stride + column];
            if (a.window.values && column < a.width)
                y += window_sum(a, t, query, i, begin, mine, column);
            sums[x] = y;
        }
    }
    for (int x = 0; x < COLUMNS && i < a.queries; x++)
        if (x * SHARERS + sharer < a.width)
            put(a.out, from_q + i * a.step + x * SHARERS + sharer, total > 0 ? sums[x] / total : 0.0f);
}

template <int COLUMNS> static void run(struct context *c, const struct attention &a, int64_t batch, int heads)
{
    const size_t shared = shared_bytes(a.width, a.position.data != NULL);
    const dim3 grid((unsigned)((a.queries + QUERIES - 1) / QUERIES), (unsigned)heads, (unsigned)batch);
    if (!cuda_ok(c, cudaFuncSetAttribute(attend<COLUMNS>, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)shared),
                 "attention"))
        return;
    enqueue(c, attend<COLUMNS>, grid, THREADS, shared, a);
    cuda_launched(c, "attention");
}

static void attention_of(struct context *c, struct attention a, int64_t batch, int heads, const int *lengths)
{
    a.width = a.step / heads;
    if (!send_lengths(c, lengths, batch, &a.lengths) || attention_on_tensor_cores(c, a, batch, heads))
        return;
    if (a.width <= 16 * SHARERS)
        run<16>(c, a, batch, heads);
    else if (a.width <= 32 * SHARERS)
        run<32>(c, a, batch, heads);
    else if (a.width <= 64 * SHARERS)
        run<64>(c, a, batch, heads);
    else
        fail(&c->fault, UTTER_ERROR_UNSUPPORTED, "heads of width %lld are wider than 256", (long long)a.width);
}

void cuda_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v, int heads,
                    float scale, const int *lengths, bool causal)
{
    struct attention a = {view_of(out), view_of(q), view_of(k), view_of(v)};
    a.queries = q.shape[1];
    a.keys = k.shape[1];
    a.step = q.shape[2];
    a.scale = scale;
    a.causal = causal;
    attention_of(c, a, q.shape[0], heads, lengths);
}

void cuda_relative_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                             struct tensor position, const float *u, const float *w, int heads, float scale,
                             const int *lengths)
{
    struct attention a = {view_of(out), view_of(q), view_of(k), view_of(v), view_of(position), u, w};
    a.queries = a.keys = q.shape[1];
    a.step = q.shape[2];
    a.scale = scale;
    attention_of(c, a, q.shape[0], heads, lengths);
}

void cuda_windowed_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                             const struct attention_window *window, int heads, float scale, const int *lengths)
{
    struct attention a = {view_of(out), view_of(q), view_of(k), view_of(v)};
    a.queries = a.keys = q.shape[1];
    a.step = q.shape[2];
    a.scale = scale;
    a.window = *window;
    attention_of(c, a, q.shape[0], heads, lengths);
}

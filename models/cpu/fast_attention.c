/* fast_attention.c - attention in blocks of queries.
 *
 * An item is one head of one row of the batch, and a run of its queries. Its worker brings the keys and values into
 * panels once, then for each block of queries computes the scores, their exponentials and the weighted values: the
 * scores that exist at one time are [BLOCK, keys].
 *
 * The relative term: with queries and keys of the same T steps, position row p = T - 1 - (i - j), so a block of queries
 * i0 … i0 + n - 1 meets the rows p from T - 1 - (i0 + n - 1) on, n - 1 + keys of them: a band. The block multiplies
 * (q + w) with the whole band, and query i reads it from its own beginning on, (i0 + n - 1 - i) further: that shift
 * stands for the skewing of Dai et al. 2019, appendix B. The positions are shared by the batch, so their panels are
 * made once per call.
 *
 * A window of embeddings is a band too, of zeros but for the few keys around the query. */
#include "models/cpu/fast.h"

#include "models/cpu/device.h"
#include "models/cpu/kernels.h"
#include "models/cpu/scratch.h"

/* Queries of a block; blocks of a run at least; items per thread that are enough for threads to end together: each item
 * packs the keys anew. */
enum { BLOCK = 32, RUN = 8 * BLOCK, ITEMS_PER_THREAD = 8 };

struct job {
    struct context *c;
    const struct cpu_kernels *kernels;
    const struct cpu_products *products;
    struct tensor out, q, k, v, position;
    const float *u, *w;
    const struct attention_window *window;
    const int *lengths;
    int heads;
    float scale;
    bool causal;
    int64_t queries, keys, width, step, runs; /* width: of a head; step: of all heads; runs: of queries, per head */
    int64_t depth;                            /* width, as the products want it */
    int64_t positions;
    unsigned char *bands; /* shared scratch: [heads] panels of all positions */
    /* A worker's scratch, in bytes from its beginning, where the keys' panels are. */
    size_t values_at, shifted_at, scores_at, band_at, tile_at, bytes;
};

static int64_t round_up(int64_t n, int64_t unit)
{
    return (n + unit - 1) / unit * unit;
}

/* Columns as the products write them, and as long a k as they read. */
static int64_t columns_of(const struct job *j, int64_t n)
{
    return round_up(n, j->products->panel);
}

static int64_t depth_of(const struct job *j, int64_t k)
{
    return round_up(k, j->products->depth);
}

/* Bytes of elements of the products' type. */
static size_t bytes_of(const struct job *j, int64_t elements)
{
    return (size_t)elements * tensor_type_size(j->products->type);
}

static size_t part(int64_t floats)
{
    return scratch_part((size_t)floats * sizeof(float));
}

static void lay_out(struct job *j)
{
    int64_t keys = columns_of(j, j->keys), width = columns_of(j, j->width);
    int64_t band = j->position.data ? columns_of(j, keys + BLOCK + j->products->panel) : j->window ? keys : 0;
    j->values_at = scratch_part(bytes_of(j, keys * j->depth));
    j->shifted_at = j->values_at + scratch_part(bytes_of(j, depth_of(j, j->keys) * width));
    j->scores_at = j->shifted_at + scratch_part(bytes_of(j, BLOCK * j->depth));
    j->band_at = j->scores_at + part(BLOCK * keys);
    j->tile_at = j->band_at + part(BLOCK * band);
    j->bytes = j->tile_at + part(BLOCK * width);
}

/* One item's place. */
struct head {
    const struct job *j;
    int number;
    int64_t q_from, k_from; /* elements */
    int64_t keys;           /* valid */
    unsigned char *scratch;
};

static float *floats_at(const struct head *h, size_t at)
{
    return (float *)(void *)(h->scratch + at);
}

/* queries [first, first + n) + shift in the products' type, *stride elements apart: in the scratch, or where they lie.
 */
static const void *shifted(const struct head *h, int64_t first, int64_t n, const float *shift, int64_t *stride)
{
    const struct job *j = h->j;
    const bool as_they_are = !shift && j->q.type == j->products->type && j->depth == j->width;
    *stride = as_they_are ? j->step : j->depth;
    if (as_they_are)
        return element_at(&j->q, h->q_from + first * j->step);
    unsigned char *to = h->scratch + j->shifted_at;
    for (int64_t i = 0; i < n; i++) {
        unsigned char *row = to + bytes_of(j, i * j->depth);
        j->kernels->shift(row, j->products->type, element_at(&j->q, h->q_from + (first + i) * j->step), j->q.type,
                          shift ? shift + h->number * j->width : NULL, j->width);
        memset(row + bytes_of(j, j->width), 0, bytes_of(j, j->depth - j->width));
    }
    return to;
}

/* Where what is added to the scores of query i of a block lies: i · step + first floats from the band's beginning. */
struct band {
    int64_t first, step;
};

static struct band relative_scores(const struct head *h, int64_t first, int64_t n)
{
    const struct job *j = h->j;
    int64_t panel = j->products->panel;
    int64_t begin = j->queries - 1 - (first + n - 1);
    int64_t from = begin / panel * panel, count = begin - from + n - 1 + h->keys;
    int64_t at = (h->number * columns_of(j, j->positions) + from) * j->depth;
    int64_t step = 0, stride = columns_of(j, count);
    const void *queries = shifted(h, first, n, j->w, &step);
    j->products->gemm(queries, step, j->bands + bytes_of(j, at), j->depth, floats_at(h, j->band_at), stride, n, count);
    return (struct band){begin - from + n - 1, stride - 1};
}

/* The keys that have embeddings: distance `first` of the window at key `key`, and `count` of them. */
struct reached {
    int64_t first, key, count;
};

static struct reached reached_by(const struct head *h, int64_t i)
{
    const int64_t reach = h->j->window->reach, begin = i - reach < 0 ? 0 : i - reach;
    const int64_t end = i + reach + 1 < h->keys ? i + reach + 1 : h->keys;
    return (struct reached){begin - (i - reach), begin, end - begin};
}

/* In four sums, so that one addition need not wait for the other. */
static float dot(const float *a, const float *b, int64_t n)
{
    float sums[4] = {0};
    int64_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++)
            sums[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        sums[0] += a[i] * b[i];
    return sums[0] + sums[1] + (sums[2] + sums[3]);
}

/* The query as floats is brought to the tile, which the weighted values take only later. */
static struct band window_scores(const struct head *h, int64_t first, int64_t n)
{
    const struct job *j = h->j;
    const int64_t stride = columns_of(j, h->keys);
    float *query = floats_at(h, j->tile_at);
    for (int64_t i = 0; i < n; i++) {
        const struct reached r = reached_by(h, first + i);
        float *row = floats_at(h, j->band_at) + i * stride;
        memset(row, 0, (size_t)h->keys * sizeof *row);
        j->kernels->shift(query, TENSOR_F32, element_at(&j->q, h->q_from + (first + i) * j->step), j->q.type, NULL,
                          j->width);
        for (int64_t x = 0; x < r.count; x++)
            row[r.key + x] = dot(query, j->window->keys + (r.first + x) * j->width, j->width);
    }
    return (struct band){0, stride};
}

/* Adds the embeddings, weighted like the values that they belong to, to the sums of a block. */
static void window_values(const struct head *h, int64_t first, int64_t n)
{
    const struct job *j = h->j;
    const int64_t stride = columns_of(j, h->keys), width = columns_of(j, j->width);
    for (int64_t i = 0; i < n; i++) {
        const struct reached r = reached_by(h, first + i);
        const float *weights = floats_at(h, j->scores_at) + i * stride;
        float *sum = floats_at(h, j->tile_at) + i * width;
        for (int64_t x = 0; x < r.count; x++)
            j->kernels->add(sum, sum, element_get(weights, j->products->type, r.key + x),
                            j->window->values + (r.first + x) * j->width, TENSOR_F32, j->width);
    }
}

/* Keys that query i sees. */
static int64_t keys_of(const struct head *h, int64_t i)
{
    const struct job *j = h->j;
    int64_t reach = i + j->keys - j->queries + 1;
    int64_t keys = j->causal && reach < h->keys ? reach : h->keys;
    return keys < 0 ? 0 : keys;
}

static void put_block(const struct head *h, int64_t first, int64_t n, const float *inverse)
{
    const struct job *j = h->j;
    int64_t stride = columns_of(j, j->width);
    for (int64_t i = 0; i < n; i++)
        j->kernels->scale(element_at(&j->out, h->q_from + (first + i) * j->step), j->out.type,
                          floats_at(h, j->tile_at) + i * stride, TENSOR_F32, inverse[i], j->width);
}

/* A row of scores becomes weights in the products' type, zeros where the query does not look; returns 1 / their sum. */
static float weigh(const struct head *h, float *scores, const float *relative, int64_t keys)
{
    const struct job *j = h->j;
    float inverse = 0;
    if (keys > 0)
        inverse = j->kernels->exponentials(scores, relative, j->scale, j->products->type, keys);
    memset((unsigned char *)scores + bytes_of(j, keys), 0, bytes_of(j, depth_of(j, h->keys) - keys));
    return inverse;
}

static void attend_block(const struct head *h, int64_t first, int64_t n)
{
    const struct job *j = h->j;
    const bool relative = j->position.data || j->window;
    int64_t stride = columns_of(j, h->keys), step = 0;
    float inverse[BLOCK], *scores = floats_at(h, j->scores_at);
    struct band band = {0, 0};
    if (relative)
        band = (j->window ? window_scores : relative_scores)(h, first, n);
    const void *queries = shifted(h, first, n, j->u, &step);
    j->products->gemm(queries, step, h->scratch, j->depth, scores, stride, n, h->keys);
    for (int64_t i = 0; i < n; i++) {
        const float *added = floats_at(h, j->band_at) + band.first + i * band.step;
        inverse[i] = weigh(h, scores + i * stride, relative ? added : NULL, keys_of(h, first + i));
    }
    int64_t row = stride * (int64_t)(sizeof(float) / tensor_type_size(j->products->type));
    j->products->gemm(scores, row, h->scratch + j->values_at, depth_of(j, h->keys), floats_at(h, j->tile_at),
                      columns_of(j, j->width), n, j->width);
    if (j->window)
        window_values(h, first, n);
    put_block(h, first, n, inverse);
}

static void zero_queries(const struct head *h, int64_t first, int64_t end)
{
    for (int64_t i = first; i < end; i++)
        memset(element_at(&h->j->out, h->q_from + i * h->j->step), 0,
               (size_t)h->j->width * tensor_type_size(h->j->out.type));
}

/* In self-attention with distances the queries have the keys' length, and padding gives zeros. */
static void attend_run(const struct head *h, int64_t first, int64_t end)
{
    const struct job *j = h->j;
    const bool self = j->position.data || j->window;
    int64_t valid = h->keys == 0 ? 0 : self && h->keys < j->queries ? h->keys : j->queries;
    int64_t last = end < valid ? end : valid;
    if (first < last) {
        j->products->pack_columns(h->scratch, element_at(&j->k, h->k_from), j->k.type, j->step, j->width, h->keys);
        j->products->pack_rows(h->scratch + j->values_at, element_at(&j->v, h->k_from), j->v.type, j->step, h->keys,
                               j->width);
    }
    for (int64_t i = first; i < last; i += BLOCK)
        attend_block(h, i, last - i < BLOCK ? last - i : BLOCK);
    zero_queries(h, first < last ? last : first, end);
}

static void attend_items(void *context, int64_t begin, int64_t end, int worker)
{
    const struct job *j = context;
    for (int64_t item = begin; item < end; item++) {
        int64_t run = item % j->runs, head = item / j->runs % j->heads, row = item / j->runs / j->heads;
        struct head h = {.j = j, .number = (int)head, .scratch = scratch_worker(j->c, worker)};
        h.q_from = row * j->queries * j->step + head * j->width;
        h.k_from = row * j->keys * j->step + head * j->width;
        h.keys = valid_steps(j->lengths, row, j->keys);
        int64_t first = j->queries * run / j->runs, last = j->queries * (run + 1) / j->runs;
        attend_run(&h, first, last);
    }
}

static void pack_positions(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct job *j = context;
    for (int64_t head = begin; head < end; head++)
        j->products->pack_columns(j->bands + bytes_of(j, head * columns_of(j, j->positions) * j->depth),
                                  element_at(&j->position, head * j->width), j->position.type, j->step, j->width,
                                  j->positions);
}

/* bf16 where all that is multiplied is bf16 and the processor has instructions for it; else f32. */
static const struct cpu_products *choose_products(const struct job *j)
{
    const struct cpu_device *cpu = cpu_of(j->c);
    bool half = cpu->half && j->q.type == TENSOR_BF16 && j->k.type == TENSOR_BF16 && j->v.type == TENSOR_BF16 &&
                (!j->position.data || j->position.type == TENSOR_BF16);
    return half ? cpu->half : &cpu->kernels->products;
}

static int64_t runs_of(const struct job *j)
{
    const int64_t most = (j->queries + RUN - 1) / RUN, heads = j->q.shape[0] * j->heads;
    const int64_t wanted = round_up(ITEMS_PER_THREAD * thread_pool_size(j->c->device->threads), heads) / heads;
    return wanted < most ? wanted : most;
}

static void attend(struct context *c, struct job *j)
{
    j->c = c;
    j->kernels = cpu_of(c)->kernels;
    j->products = choose_products(j);
    j->queries = j->q.shape[1];
    j->keys = j->k.shape[1];
    j->step = j->q.shape[2];
    j->width = j->step / j->heads;
    j->depth = depth_of(j, j->width);
    j->runs = runs_of(j);
    j->positions = j->position.data ? tensor_rows(&j->position) : 0;
    lay_out(j);
    if (!scratch_reserve(c, bytes_of(j, j->heads * columns_of(j, j->positions) * j->depth), j->bytes))
        return;
    j->bands = scratch_shared(c);
    if (j->position.data)
        thread_pool_run(c->device->threads, j->heads, 1, pack_positions, j);
    thread_pool_run(c->device->threads, j->q.shape[0] * j->heads * j->runs, 1, attend_items, j);
}

void fast_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v, int heads,
                    float scale, const int *lengths, bool causal)
{
    struct job job = {
        .out = out, .q = q, .k = k, .v = v, .heads = heads, .scale = scale, .lengths = lengths, .causal = causal};
    attend(c, &job);
}

void fast_relative_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                             struct tensor position, const float *u, const float *w, int heads, float scale,
                             const int *lengths)
{
    struct job job = {.out = out,
                      .q = q,
                      .k = k,
                      .v = v,
                      .position = position,
                      .u = u,
                      .w = w,
                      .heads = heads,
                      .scale = scale,
                      .lengths = lengths};
    attend(c, &job);
}

void fast_windowed_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                             const struct attention_window *window, int heads, float scale, const int *lengths)
{
    struct job job = {
        .out = out, .q = q, .k = k, .v = v, .window = window, .heads = heads, .scale = scale, .lengths = lengths};
    attend(c, &job);
}

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
 * made once per call. */
#include "models/cpu/fast.h"

#include "models/cpu/device.h"
#include "models/cpu/kernels.h"
#include "models/cpu/scratch.h"

enum { BLOCK = 32, RUN = 8 * BLOCK };

struct job {
    struct context *c;
    const struct cpu_kernels *kernels;
    struct tensor out, q, k, v, position;
    const float *u, *w;
    const int *lengths;
    int heads;
    float scale;
    bool causal;
    int64_t queries, keys, width, step, runs; /* width: of a head; step: of all heads; runs: of queries, per head */
    int64_t positions;
    float *bands; /* shared scratch: [heads] panels of all positions */
    /* A worker's scratch, in floats from its beginning. */
    size_t values_at, shifted_at, scores_at, band_at, tile_at, floats;
};

static int64_t rounded(const struct job *j, int64_t n)
{
    int64_t panel = j->kernels->panel;
    return (n + panel - 1) / panel * panel;
}

static size_t floats_part(int64_t n)
{
    return scratch_part((size_t)n * sizeof(float)) / sizeof(float);
}

static void lay_out(struct job *j)
{
    int64_t keys = rounded(j, j->keys), width = rounded(j, j->width);
    j->values_at = floats_part(keys * j->width);
    j->shifted_at = j->values_at + floats_part(j->keys * width);
    j->scores_at = j->shifted_at + floats_part(BLOCK * j->width);
    j->band_at = j->scores_at + floats_part(BLOCK * keys);
    j->tile_at =
        j->band_at + (j->position.data ? floats_part(BLOCK * rounded(j, keys + BLOCK + j->kernels->panel)) : 0);
    j->floats = j->tile_at + floats_part(BLOCK * width);
}

/* One item's place. */
struct head {
    const struct job *j;
    int number;
    int64_t q_from, k_from; /* elements */
    int64_t keys;           /* valid */
    float *scratch;
};

/* queries [first, first + n) + shift, as floats in the scratch. */
static const float *shifted(const struct head *h, int64_t first, int64_t n, const float *shift)
{
    const struct job *j = h->j;
    float *to = h->scratch + j->shifted_at;
    for (int64_t i = 0; i < n; i++)
        j->kernels->shift(to + i * j->width, element_at(&j->q, h->q_from + (first + i) * j->step), j->q.type,
                          shift ? shift + h->number * j->width : NULL, j->width);
    return to;
}

/* The band's scores for a block; *stride floats from query to query. Where query i's own begin: relative_of. */
static void relative_scores(const struct head *h, int64_t first, int64_t n, int64_t *stride, int64_t *skip)
{
    const struct job *j = h->j;
    int64_t panel = j->kernels->panel;
    int64_t begin = j->queries - 1 - (first + n - 1);
    int64_t from = begin / panel * panel, count = begin - from + n - 1 + h->keys;
    const float *band = j->bands + h->number * rounded(j, j->positions) * j->width + from * j->width;
    *stride = rounded(j, count);
    *skip = begin - from;
    j->kernels->gemm(shifted(h, first, n, j->w), j->width, band, j->width, h->scratch + j->band_at, *stride, n, count);
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
    int64_t stride = rounded(j, j->width);
    for (int64_t i = 0; i < n; i++)
        j->kernels->scale(element_at(&j->out, h->q_from + (first + i) * j->step), j->out.type,
                          h->scratch + j->tile_at + i * stride, TENSOR_F32, inverse[i], j->width);
}

static void attend_block(const struct head *h, int64_t first, int64_t n)
{
    const struct job *j = h->j;
    int64_t stride = rounded(j, h->keys), band_stride = 0, skip = 0;
    float inverse[BLOCK], *scores = h->scratch + j->scores_at;
    if (j->position.data)
        relative_scores(h, first, n, &band_stride, &skip);
    j->kernels->gemm(shifted(h, first, n, j->u), j->width, h->scratch, j->width, scores, stride, n, h->keys);
    for (int64_t i = 0; i < n; i++) {
        const float *relative = h->scratch + j->band_at + i * band_stride + skip + n - 1 - i;
        int64_t keys = keys_of(h, first + i);
        inverse[i] = keys == 0 ? 0
                               : j->kernels->exponentials(scores + i * stride, j->position.data ? relative : NULL,
                                                          j->scale, keys);
        memset(scores + i * stride + keys, 0, (size_t)(h->keys - keys) * sizeof(float));
    }
    j->kernels->gemm(scores, stride, h->scratch + j->values_at, h->keys, h->scratch + j->tile_at, rounded(j, j->width),
                     n, j->width);
    put_block(h, first, n, inverse);
}

static void zero_queries(const struct head *h, int64_t first, int64_t end)
{
    for (int64_t i = first; i < end; i++)
        memset(element_at(&h->j->out, h->q_from + i * h->j->step), 0,
               (size_t)h->j->width * tensor_type_size(h->j->out.type));
}

/* In self-attention with positions the queries have the keys' length, and padding gives zeros. */
static void attend_run(const struct head *h, int64_t first, int64_t end)
{
    const struct job *j = h->j;
    int64_t valid = h->keys == 0 ? 0 : j->position.data && h->keys < j->queries ? h->keys : j->queries;
    int64_t last = end < valid ? end : valid;
    if (first < last) {
        j->kernels->pack_columns(h->scratch, element_at(&j->k, h->k_from), j->k.type, j->step, j->width, h->keys);
        j->kernels->pack_rows(h->scratch + j->values_at, element_at(&j->v, h->k_from), j->v.type, j->step, h->keys,
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
        j->kernels->pack_columns(j->bands + head * rounded(j, j->positions) * j->width,
                                 element_at(&j->position, head * j->width), j->position.type, j->step, j->width,
                                 j->positions);
}

static void attend(struct context *c, struct job *j)
{
    j->c = c;
    j->kernels = cpu_of(c)->kernels;
    j->queries = j->q.shape[1];
    j->keys = j->k.shape[1];
    j->step = j->q.shape[2];
    j->width = j->step / j->heads;
    j->runs = (j->queries + RUN - 1) / RUN;
    j->positions = j->position.data ? tensor_rows(&j->position) : 0;
    lay_out(j);
    size_t shared = (size_t)(j->heads * rounded(j, j->positions) * j->width) * sizeof(float);
    if (!scratch_reserve(c, shared, j->floats * sizeof(float)))
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

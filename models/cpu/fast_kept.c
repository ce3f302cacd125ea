#include "models/cpu/fast.h"

#include "models/cpu/device.h"
#include "models/cpu/kept.h"
#include "models/cpu/kernels.h"
#include "models/cpu/scratch.h"

/* A thread's share of a copy is worth a wake-up from about this many elements on. */
enum { SHARE = 16 * 1024 };

static int64_t grain_of(int64_t width)
{
    return width < SHARE ? SHARE / width : 1;
}

/* ---- copies ---- */

struct copy {
    const struct cpu_kernels *kernels;
    struct tensor out, x;
    int64_t width;
    const int *rows;
    int kernel, stride, heads;
};

static void copy_row(const struct copy *j, int64_t to, int64_t from, int64_t width)
{
    j->kernels->scale(element_at(&j->out, to), j->out.type, element_at(&j->x, from), j->x.type, 1, width);
}

static void unfold_steps(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct copy *j = context;
    int64_t time = j->x.shape[1], steps = j->out.shape[1], before = (j->kernel - 1) / 2;
    size_t zeros = (size_t)j->width * tensor_type_size(j->out.type);
    for (int64_t item = begin; item < end; item++)
        for (int64_t k = 0; k < j->kernel; k++) {
            int64_t from = item % steps * j->stride + k - before, to = (item * j->kernel + k) * j->width;
            if (from >= 0 && from < time)
                copy_row(j, to, (item / steps * time + from) * j->width, j->width);
            else
                memset(element_at(&j->out, to), 0, zeros);
        }
}

void fast_unfold(struct context *c, struct tensor out, struct tensor x, int kernel, int stride)
{
    struct copy j = {cpu_of(c)->kernels, out, x, .width = x.shape[2], .kernel = kernel, .stride = stride};
    thread_pool_run(c->device->threads, out.shape[0] * out.shape[1], grain_of(j.width * kernel), unfold_steps, &j);
}

static void gather(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct copy *j = context;
    for (int64_t row = begin; row < end; row++)
        copy_row(j, row * j->width, j->rows[row] * j->width, j->width);
}

void fast_gather_rows(struct context *c, struct tensor out, struct tensor x, const int *rows)
{
    struct copy j = {cpu_of(c)->kernels, out, x, .width = x.shape[1], .rows = rows};
    thread_pool_run(c->device->threads, out.shape[0], grain_of(j.width), gather, &j);
}

/* Few rows, and two may be the same: one thread. */
void fast_scatter_rows(struct context *c, struct tensor out, struct tensor x, const int *rows)
{
    struct copy j = {cpu_of(c)->kernels, out, x, .width = x.shape[1]};
    for (int64_t row = 0; row < x.shape[0]; row++)
        copy_row(&j, rows[row] * j.width, row * j.width, j.width);
}

static void split_steps(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct copy *j = context;
    int64_t time = j->x.shape[1], width = j->width / j->heads;
    for (int64_t item = begin; item < end; item++)
        for (int64_t head = 0; head < j->heads; head++) {
            int64_t to = ((item / time * j->heads + head) * time + item % time) * j->out.shape[3];
            int64_t from = item * j->width + head * width;
            void *key = element_at(&j->out, to);
            if (j->out.type == TENSOR_I8)
                kept_scale_set(key, width, j->kernels->quantize(key, element_at(&j->x, from), j->x.type, width));
            else
                copy_row(j, to, from, width);
        }
}

void fast_split_heads(struct context *c, struct tensor out, struct tensor x, int heads)
{
    struct copy j = {cpu_of(c)->kernels, out, x, .width = x.shape[2], .heads = heads};
    thread_pool_run(c->device->threads, x.shape[0] * x.shape[1], grain_of(j.width), split_steps, &j);
}

/* ---- attention ---- */

/* An item is a head of a span. A worker's scratch: queries [KEPT_QUERIES, width], results of the same, and scores
 * [KEPT_QUERIES, longest]. */
struct job {
    struct context *c;
    const struct cpu_kernels *kernels;
    struct tensor out, q, keys, values;
    int heads;
    int64_t width, longest;
    float scale;
    const struct query_span *spans;
    size_t results_at, scores_at;
};

static struct kept_keys keys_of(const struct tensor *t, const struct query_span *span, int64_t head, int64_t width)
{
    struct kept_head h = kept_head(t, span, head, width);
    return (struct kept_keys){element_at(t, h.first), t->type, h.step, h.index, span->length, width};
}

/* Scores of queries [first, first + rows) with one head, as exponentials; inverse[r]: 1 / their sum. */
static float *score(const struct job *j, const struct query_span *span, int64_t head, int64_t first, int rows,
                    float *inverse, unsigned char *scratch)
{
    float *queries = (float *)(void *)scratch, *scores = (float *)(void *)(scratch + j->scores_at);
    struct kept_keys keys = keys_of(&j->keys, span, head, j->width);
    for (int r = 0; r < rows; r++)
        j->kernels->scale(queries + r * j->width, TENSOR_F32,
                          element_at(&j->q, (first + r) * j->q.shape[1] + head * j->width), j->q.type, 1, j->width);
    j->kernels->kept_dots(scores, j->longest, queries, rows, &keys);
    for (int r = 0; r < rows; r++)
        inverse[r] = j->kernels->exponentials(scores + r * j->longest, NULL, j->scale, TENSOR_F32, span->length);
    return scores;
}

static void attend_head(const struct job *j, const struct query_span *span, int64_t head, unsigned char *scratch)
{
    float *results = (float *)(void *)(scratch + j->results_at), inverse[KEPT_QUERIES];
    struct kept_keys values = keys_of(&j->values, span, head, j->width);
    for (int64_t first = span->first, end = first + span->count; first < end; first += KEPT_QUERIES) {
        int rows = end - first < KEPT_QUERIES ? (int)(end - first) : KEPT_QUERIES;
        const float *weights = score(j, span, head, first, rows, inverse, scratch);
        j->kernels->kept_sums(results, weights, j->longest, rows, &values);
        for (int r = 0; r < rows; r++)
            j->kernels->scale(element_at(&j->out, (first + r) * j->q.shape[1] + head * j->width), j->out.type,
                              results + r * j->width, TENSOR_F32, inverse[r], j->width);
    }
}

static void attend_items(void *context, int64_t begin, int64_t end, int worker)
{
    const struct job *j = context;
    for (int64_t item = begin; item < end; item++)
        attend_head(j, &j->spans[item / j->heads], item % j->heads, scratch_worker(j->c, worker));
}

static bool prepare(struct job *j, int count)
{
    j->kernels = cpu_of(j->c)->kernels;
    j->width = j->q.shape[1] / j->heads;
    for (int i = 0; i < count; i++)
        j->longest = j->spans[i].length > j->longest ? j->spans[i].length : j->longest;
    size_t queries = scratch_part((size_t)(KEPT_QUERIES * j->width) * sizeof(float));
    j->results_at = queries;
    j->scores_at = 2 * queries;
    return scratch_reserve(j->c, 0, 2 * queries + (size_t)(KEPT_QUERIES * j->longest) * sizeof(float));
}

void fast_kept_attention(struct context *c, struct tensor out, struct tensor q, struct tensor keys,
                         struct tensor values, int heads, float scale, const struct query_span *spans, int count)
{
    struct job j = {.c = c, .out = out, .q = q, .keys = keys, .values = values, .heads = heads, .scale = scale};
    j.spans = spans;
    if (prepare(&j, count))
        thread_pool_run(c->device->threads, (int64_t)count * heads, 1, attend_items, &j);
}

static void weigh_heads(void *context, int64_t begin, int64_t end, int worker)
{
    const struct job *j = context;
    const struct query_span *span = j->spans;
    float inverse[KEPT_QUERIES];
    for (int64_t head = begin; head < end; head++)
        for (int64_t done = 0; done < span->count; done += KEPT_QUERIES) {
            int rows = span->count - done < KEPT_QUERIES ? (int)(span->count - done) : KEPT_QUERIES;
            const float *weights =
                score(j, span, head, span->first + done, rows, inverse, scratch_worker(j->c, worker));
            for (int r = 0; r < rows; r++)
                j->kernels->scale(element_at(&j->out, (head * span->count + done + r) * span->length), TENSOR_F32,
                                  weights + r * j->longest, TENSOR_F32, inverse[r], span->length);
        }
}

void fast_kept_attention_weights(struct context *c, struct tensor out, struct tensor q, struct tensor keys, int heads,
                                 float scale, const struct query_span *span)
{
    struct job j = {.c = c, .out = out, .q = q, .keys = keys, .heads = heads, .scale = scale, .spans = span};
    if (prepare(&j, 1))
        thread_pool_run(c->device->threads, heads, 1, weigh_heads, &j);
}

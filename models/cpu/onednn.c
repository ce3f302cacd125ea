/* onednn.c - matrix products by oneDNN.
 *
 * Work is cut into tiles: blocks of rows by panels of columns. A panel's weights are packed once, in the layout that
 * oneDNN prefers. Blocks of rows have a few fixed heights, so that the products of a context are few whatever the
 * lengths of its batches are, and the last rows are computed in a block that is padded: a row is never computed by a
 * product made for its neighbours.
 *
 * A product writes a dense tile: oneDNN's best code (its "brg" matmul, with packed weights) refuses an out whose rows
 * are apart. Where the tile is not out itself, it lies in the worker's scratch, still in cache when it is moved to out;
 * that is also where a residual is added, int8 sums are scaled, and f32 becomes bf16. */
#include "models/cpu/onednn_parts.h"

#include "models/cpu/device.h"
#include "models/cpu/kernels.h"
#include "models/cpu/scratch.h"

#include <string.h>

/* Blocks of at most heights[0] rows: of 127, three of 32 and four of 8. */
enum { FEW_BLOCKS = 7 };

struct job {
    struct context *c;
    struct tensor out, x, residual;
    const struct linear *l;
    const struct weights *w;
    const struct cpu_kernels *kernels;
    enum linear_after after;
    float scale;
    int64_t rows;
    const struct product *products[HEIGHTS][2]; /* for whole panels, for the last */
    bool direct;                                /* a whole block's tile may be out itself */
    enum tensor_type written;                   /* by the products, unless they write i32 */
    size_t scales_at, tile_at, scratchpad_at;   /* a worker's scratch: x's rows, their scales, the tile, oneDNN's own */
    _Atomic int status;
};

/* Rows [begin, begin + count) in a block of heights[height], the input `at` rows into the scratch. */
struct rows {
    int64_t begin, count;
    int height;
    int64_t at;
};

static int64_t blocks_of(int64_t rows)
{
    int64_t blocks = 0;
    for (int i = 0; i < HEIGHTS; i++) {
        blocks += rows / heights[i];
        rows %= heights[i];
    }
    return blocks + (rows > 0);
}

/* Block number `block`. */
static struct rows rows_of(int64_t rows, int64_t block)
{
    int64_t begin = 0;
    for (int i = 0; i < HEIGHTS; i++) {
        int64_t blocks = (rows - begin) / heights[i];
        if (block < blocks)
            return (struct rows){begin + block * heights[i], heights[i], i, 0};
        block -= blocks;
        begin += blocks * heights[i];
    }
    return (struct rows){begin, rows - begin, HEIGHTS - 1, 0};
}

/* The rows of x in the products' type: x itself where it will do, else a copy in this worker's scratch. */
static const void *input(const struct job *j, struct rows r, unsigned char *scratch)
{
    enum tensor_type type = j->w->type;
    int64_t in = j->l->in;
    if (j->x.type == type && r.count == heights[r.height])
        return element_at(&j->x, r.begin * in);
    size_t row = (size_t)in * tensor_type_size(type);
    unsigned char *to = scratch + (size_t)r.at * row;
    float *scales = (float *)(void *)(scratch + j->scales_at) + r.at;
    for (int64_t i = 0; i < r.count; i++) {
        const void *from = element_at(&j->x, (r.begin + i) * in);
        if (type == TENSOR_I8)
            scales[i] = j->kernels->quantize((int8_t *)to + i * in, from, j->x.type, in);
        else
            j->kernels->scale(to + (size_t)i * row, type, from, j->x.type, 1, in);
    }
    memset(to + (size_t)r.count * row, 0, (size_t)(heights[r.height] - r.count) * row);
    return to;
}

/* From the tile to out. */
static void finish(const struct job *j, struct rows r, int64_t column, int64_t width, const unsigned char *scratch)
{
    const unsigned char *tile = scratch + j->tile_at;
    const float *row_scales = (const float *)(const void *)(scratch + j->scales_at) + r.at;
    const float *bias = j->l->bias ? j->l->bias + column : NULL;
    size_t row = (size_t)width * tensor_type_size(j->written);
    for (int64_t i = 0; i < r.count; i++, tile += row) {
        int64_t at = (r.begin + i) * j->l->out + column;
        void *to = element_at(&j->out, at);
        const float *residual = j->after == LINEAR_ADD ? (const float *)j->residual.data + at : NULL;
        if (j->w->type == TENSOR_I8)
            j->kernels->dequantize(to, j->out.type, (const int32_t *)(const void *)tile, row_scales[i],
                                   j->w->scales + column, bias, j->after, j->scale, residual, width);
        else if (residual)
            j->kernels->add(to, residual, j->scale, tile, j->written, width);
        else
            j->kernels->scale(to, j->out.type, tile, j->written, 1, width);
    }
}

static int multiply_panel(const struct job *j, struct rows r, int panel, const void *x, unsigned char *scratch,
                          int worker)
{
    const struct products *products = ((struct cpu_scratch *)j->c->scratch)->products;
    const struct product *product = j->products[r.height][panel == j->w->count - 1];
    const struct handles *h = &product->worker[worker];
    const struct panel *weights = &j->w->panels[panel];
    bool direct = j->direct && r.count == heights[r.height];
    void *to = direct ? element_at(&j->out, r.begin * j->l->out) : scratch + j->tile_at;
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, h->x},
                                   {DNNL_ARG_WEIGHTS, weights->weight},
                                   {DNNL_ARG_DST, h->out},
                                   {DNNL_ARG_SCRATCHPAD, h->scratchpad},
                                   {DNNL_ARG_BIAS, weights->bias}};
    int status = (int)dnnl_memory_set_data_handle(h->x, (void *)(uintptr_t)x);
    status = status ? status : (int)dnnl_memory_set_data_handle(h->out, to);
    status = status ? status : (int)dnnl_memory_set_data_handle(h->scratchpad, scratch + j->scratchpad_at);
    status = status ? status
                    : (int)dnnl_primitive_execute(product->primitive, products->streams[worker],
                                                  product->key.bias ? 5 : 4, arguments);
    if (!status && !direct)
        finish(j, r, panel * j->w->width, width_of(j->w, j->l, panel), scratch);
    return status;
}

/* Tiles are numbered along the panels first, so that a worker's rows of x are brought into their type once. */
static void run_tiles(void *context, int64_t begin, int64_t end, int worker)
{
    struct job *j = context;
    unsigned char *scratch = scratch_worker(j->c, worker);
    const void *x = NULL;
    int64_t block = -1;
    int status = 0, before = onednn_threads_hold(1);
    struct rows r = {0};
    for (int64_t i = begin; i < end && !status; i++) {
        if (i / j->w->count != block) {
            block = i / j->w->count;
            r = rows_of(j->rows, block);
            x = input(j, r, scratch);
        }
        status = multiply_panel(j, r, (int)(i % j->w->count), x, scratch, worker);
    }
    onednn_threads_restore(before);
    if (status)
        j->status = status;
}

/* Few rows: what bounds the work is reading the weights, so each panel meets all blocks while it is in cache. Their
 * inputs lie one behind the other in the scratch, which has room for a block of the largest height. */
static void run_panels(void *context, int64_t begin, int64_t end, int worker)
{
    struct job *j = context;
    struct rows r[FEW_BLOCKS];
    const void *x[FEW_BLOCKS];
    unsigned char *scratch = scratch_worker(j->c, worker);
    int64_t blocks = blocks_of(j->rows);
    int status = 0, before = onednn_threads_hold(1);
    for (int64_t i = 0; i < blocks; i++) {
        r[i] = rows_of(j->rows, i);
        r[i].at = r[i].begin;
        x[i] = input(j, r[i], scratch);
    }
    for (int64_t panel = begin; panel < end; panel++)
        for (int64_t i = 0; i < blocks && !status; i++)
            status = multiply_panel(j, r[i], (int)panel, x[i], scratch, worker);
    onednn_threads_restore(before);
    if (status)
        j->status = status;
}

static bool find_products(struct job *j)
{
    const struct linear *l = j->l;
    bool i8 = j->w->type == TENSOR_I8;
    struct product_key key = {.in = l->in, .type = j->w->type};
    key.out_type = i8 ? (int)dnnl_s32 : (int)data_type(j->written);
    key.after = i8 || j->after == LINEAR_ADD ? LINEAR_NONE : (int)j->after;
    key.bias = !i8 && l->bias != NULL;
    for (int height = 0; height < HEIGHTS; height++)
        for (int last = 0; last < 2; last++) {
            key.rows = heights[height];
            key.width = last ? width_of(j->w, l, j->w->count - 1) : j->w->width;
            j->products[height][last] = product_find(j->c, &key, &j->w->layout[last]);
            if (!j->products[height][last])
                return false;
        }
    return true;
}

static bool lay_out_scratch(struct job *j)
{
    size_t scratchpad = 0;
    for (int height = 0; height < HEIGHTS; height++)
        for (int last = 0; last < 2; last++) {
            size_t needs = j->products[height][last]->scratchpad;
            scratchpad = needs > scratchpad ? needs : scratchpad;
        }
    j->scales_at = scratch_part((size_t)(heights[0] * j->l->in) * sizeof(float));
    j->tile_at = j->scales_at + scratch_part((size_t)heights[0] * sizeof(float));
    j->scratchpad_at = j->tile_at + scratch_part((size_t)(heights[0] * j->w->width) * sizeof(float));
    return scratch_reserve(j->c, 0, j->scratchpad_at + scratchpad);
}

void onednn_linear(struct context *c, struct tensor out, struct tensor x, const struct linear *l,
                   enum linear_after after, float scale, struct tensor residual)
{
    const struct weights *w = l->packed;
    struct job j = {.c = c, .out = out, .x = x, .residual = residual, .l = l, .w = w, .after = after, .scale = scale};
    j.kernels = cpu_of(c)->kernels;
    j.rows = tensor_rows(&x);
    bool own_type = w->type == TENSOR_BF16 && after != LINEAR_ADD;
    j.written = own_type ? out.type : TENSOR_F32;
    j.direct = w->count == 1 && w->type != TENSOR_I8 && after != LINEAR_ADD && j.written == out.type;
    if (!find_products(&j) || !lay_out_scratch(&j))
        return;
    if (j.rows <= heights[0])
        thread_pool_run(c->device->threads, w->count, 1, run_panels, &j);
    else
        thread_pool_run(c->device->threads, blocks_of(j.rows) * w->count, 1, run_tiles, &j);
    if (j.status)
        fail_onednn(&c->fault, j.status);
}

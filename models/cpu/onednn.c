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
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include "models/cpu/onednn.h"

#include "models/cpu/device.h"
#include "models/cpu/kernels.h"
#include "models/cpu/scratch.h"
#include "src/base/memory.h"

#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { HEIGHTS = 3, PANEL_NARROWEST = 128, PANEL_WIDEST = 1024 };
enum { PANEL_ELEMENTS = 256 * 1024, PANEL_ELEMENTS_I8 = 768 * 1024 };

static const int heights[HEIGHTS] = {128, 32, 8};

/* Blocks of at most heights[0] rows: of 127, three of 32 and four of 8. */
enum { FEW_BLOCKS = 7 };

/* ---- one thread in oneDNN ----
 * Debian's oneDNN runs on OpenMP. Its pool would fight ours over the cores, so every call is held to one thread, and
 * the host's own setting is put back. Looked up at run time: with another runtime below oneDNN there is none to hold.
 */

static struct {
    int (*get)(void);
    void (*set)(int);
} openmp;
static pthread_once_t openmp_once = PTHREAD_ONCE_INIT;

static void find_openmp(void)
{
    void *get = dlsym(RTLD_DEFAULT, "omp_get_max_threads"), *set = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
    if (!get || !set)
        return;
    memcpy(&openmp.get, &get, sizeof get);
    memcpy(&openmp.set, &set, sizeof set);
}

int onednn_threads_hold(int threads)
{
    pthread_once(&openmp_once, find_openmp);
    int before = openmp.get ? openmp.get() : 0;
    if (openmp.set)
        openmp.set(threads);
    return before;
}

void onednn_threads_restore(int before)
{
    if (openmp.set)
        openmp.set(before);
}

/* ---- the engine and the types ---- */

void *onednn_engine_new(void)
{
    dnnl_engine_t engine = NULL;
    return dnnl_engine_create(&engine, dnnl_cpu, 0) == dnnl_success ? engine : NULL;
}

void onednn_engine_free(void *engine)
{
    if (engine)
        dnnl_engine_destroy(engine);
}

static bool has_isa(dnnl_cpu_isa_t isa)
{
#if defined(__x86_64__) || defined(__i386__)
    return ((int)dnnl_get_effective_cpu_isa() & (int)isa) == (int)isa;
#else
    (void)isa;
    return false;
#endif
}

bool onednn_has_bf16(void)
{
    return has_isa(dnnl_cpu_isa_avx512_core_bf16);
}

enum tensor_type onednn_compute_type(enum tensor_type type)
{
    return type == TENSOR_BF16 && !has_isa(dnnl_cpu_isa_avx512_core) ? TENSOR_F32 : type;
}

static dnnl_data_type_t data_type(enum tensor_type type)
{
    return type == TENSOR_F32 ? dnnl_f32 : type == TENSOR_BF16 ? dnnl_bf16 : dnnl_s8;
}

/* ---- weights ---- */

struct panel {
    dnnl_memory_t weight, bias;
};

struct weights {
    enum tensor_type type; /* of the products: f32, bf16, i8 */
    int count;
    int64_t width;                /* of a panel, in outputs; the last may be narrower */
    dnnl_memory_desc_t layout[2]; /* of a whole panel, and of the last */
    struct panel *panels;
    unsigned char *memory;
    float *scales; /* i8: [out] */
};

/* Panels wide enough to be worth a call, narrow enough that few rows still make work for several threads, and all of
 * about one width. */
static int64_t panel_width(const struct linear *l, enum tensor_type type)
{
    int64_t width = (type == TENSOR_I8 ? PANEL_ELEMENTS_I8 : PANEL_ELEMENTS) / l->in / 64 * 64;
    width = width < PANEL_NARROWEST ? PANEL_NARROWEST : width > PANEL_WIDEST ? PANEL_WIDEST : width;
    if (width >= l->out)
        return l->out;
    int64_t count = (l->out + width - 1) / width;
    return (l->out + 64 * count - 1) / (64 * count) * 64;
}

static int64_t width_of(const struct weights *w, const struct linear *l, int panel)
{
    int64_t left = l->out - panel * w->width;
    return left < w->width ? left : w->width;
}

static const dnnl_memory_desc_t *layout_of(const struct weights *w, int panel)
{
    return &w->layout[panel == w->count - 1];
}

static dnnl_memory_desc_t matrix(int64_t rows, int64_t columns, int64_t row_step, int64_t column_step,
                                 dnnl_data_type_t type)
{
    dnnl_memory_desc_t md;
    dnnl_dims_t dims = {rows, columns}, strides = {row_step, column_step};
    dnnl_memory_desc_init_by_strides(&md, 2, dims, type, strides);
    return md;
}

/* What a product's tile is: which rows and columns, where they lie, and what follows. Compared as bytes. */
struct product_key {
    int64_t rows, in, width;
    int32_t type, out_type; /* out_type: a dnnl_data_type_t */
    int32_t after, bias;
};

static int append_after(dnnl_post_ops_t ops, const struct product_key *key)
{
    switch ((enum linear_after)key->after) {
    case LINEAR_RELU:
        return (int)dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, 0, 0);
    case LINEAR_SILU:
        return (int)dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_swish, 1, 0);
    case LINEAR_GELU:
        return (int)dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_gelu_erf, 0, 0);
    default:
        return 0;
    }
}

static int describe_product(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, const struct product_key *key,
                            const dnnl_memory_desc_t *layout)
{
    dnnl_memory_desc_t x = matrix(key->rows, key->in, key->in, 1, data_type((enum tensor_type)key->type));
    dnnl_memory_desc_t out = matrix(key->rows, key->width, key->width, 1, (dnnl_data_type_t)key->out_type);
    dnnl_memory_desc_t bias = matrix(1, key->width, key->width, 1, dnnl_f32);
    dnnl_matmul_desc_t desc;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;
    int status = (int)dnnl_matmul_desc_init(&desc, &x, layout, key->bias ? &bias : NULL, &out);
    status = status ? status : (int)dnnl_primitive_attr_create(&attr);
    status = status ? status : (int)dnnl_post_ops_create(&ops);
    status = status ? status : append_after(ops, key);
    status = status ? status : (int)dnnl_primitive_attr_set_post_ops(attr, ops);
    status = status ? status : (int)dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    status = status ? status : (int)dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL);
    dnnl_post_ops_destroy(ops);
    dnnl_primitive_attr_destroy(attr);
    return status;
}

/* The layout that oneDNN prefers for a panel of this width. */
static int find_layout(dnnl_memory_desc_t *layout, dnnl_engine_t engine, const struct linear *l, enum tensor_type type,
                       int64_t width)
{
    static const dnnl_data_type_t outs[TENSOR_TYPES] = {dnnl_f32, dnnl_bf16, dnnl_f32, dnnl_s32};
    struct product_key key = {.rows = heights[0], .in = l->in, .width = width, .type = type, .out_type = outs[type]};
    dnnl_dims_t dims = {l->in, width};
    dnnl_memory_desc_t any;
    dnnl_memory_desc_init_by_tag(&any, 2, dims, data_type(type), dnnl_format_tag_any);
    dnnl_primitive_desc_t pd = NULL;
    int status = describe_product(&pd, engine, &key, &any);
    if (status)
        return status;
    *layout = *dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    dnnl_primitive_desc_destroy(pd);
    return 0;
}

struct packing {
    const struct linear *l;
    struct weights *w;
    dnnl_engine_t engine;
    const void *from; /* [out, in] f32, or i8 */
    _Atomic int failed;
};

static int reorder_panel(struct packing *p, dnnl_stream_t stream, int i)
{
    const struct linear *l = p->l;
    bool i8 = p->w->type == TENSOR_I8;
    size_t offset = (size_t)(i * p->w->width * l->in) * (i8 ? 1 : 4);
    dnnl_memory_desc_t rows = matrix(l->in, width_of(p->w, l, i), 1, l->in, i8 ? dnnl_s8 : dnnl_f32);
    dnnl_memory_t from = NULL, to = p->w->panels[i].weight;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_t reorder = NULL;
    int status = (int)dnnl_memory_create(&from, &rows, p->engine, (unsigned char *)(uintptr_t)p->from + offset);
    status = status
                 ? status
                 : (int)dnnl_reorder_primitive_desc_create(&pd, &rows, p->engine, layout_of(p->w, i), p->engine, NULL);
    status = status ? status : (int)dnnl_primitive_create(&reorder, pd);
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    status = status ? status : (int)dnnl_primitive_execute(reorder, stream, 2, arguments);
    status = status ? status : (int)dnnl_stream_wait(stream);
    dnnl_primitive_destroy(reorder);
    dnnl_primitive_desc_destroy(pd);
    dnnl_memory_destroy(from);
    return status;
}

static void reorder_panels(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    struct packing *p = context;
    int before = onednn_threads_hold(1);
    dnnl_stream_t stream = NULL;
    int status = (int)dnnl_stream_create(&stream, p->engine, dnnl_stream_default_flags);
    for (int64_t i = begin; i < end && !status; i++)
        status = reorder_panel(p, stream, (int)i);
    if (stream)
        dnnl_stream_destroy(stream);
    onednn_threads_restore(before);
    if (status)
        p->failed = status;
}

static int fail_onednn(struct fault *fault, int status)
{
    if (status == (int)dnnl_out_of_memory)
        return fail_memory(fault, "a matrix product");
    return fail(fault, status == (int)dnnl_unimplemented ? UTTER_ERROR_UNSUPPORTED : UTTER_ERROR_DEVICE,
                "oneDNN refused a matrix product (status %d)", status);
}

/* Panels over one block of memory. */
static int lay_out(struct weights *w, const struct linear *l, dnnl_engine_t engine, struct fault *fault)
{
    size_t each = scratch_part(dnnl_memory_desc_get_size(&w->layout[0]));
    w->panels = memory_new((size_t)w->count, sizeof *w->panels);
    w->memory = memory_aligned(each * (size_t)(w->count - 1) + dnnl_memory_desc_get_size(layout_of(w, w->count - 1)));
    if (!w->panels || !w->memory)
        return fail_memory(fault, "a model's weights");
    int status = 0;
    for (int i = 0; i < w->count && !status; i++) {
        dnnl_memory_desc_t bias = matrix(1, width_of(w, l, i), width_of(w, l, i), 1, dnnl_f32);
        status = (int)dnnl_memory_create(&w->panels[i].weight, layout_of(w, i), engine, w->memory + (size_t)i * each);
        if (!status && l->bias)
            status = (int)dnnl_memory_create(&w->panels[i].bias, &bias, engine, l->bias + i * w->width);
    }
    return status ? fail_onednn(fault, status) : 0;
}

/* Without VNNI, oneDNN multiplies pairs of bytes into 16 bits: 255 · 127 twice saturates there, and the sum is wrong
 * without a word; 255 · 64 twice does not. One bit of the weights buys that. */
static bool pairs_saturate(void)
{
    return !has_isa(dnnl_cpu_isa_avx512_core_vnni) && !has_isa(dnnl_cpu_isa_avx2_vnni);
}

/* Halves the quantized values, away from 0 where they are odd: at most 64. */
static void drop_bit(int8_t *row, int64_t n, float *scale)
{
    for (int64_t i = 0; i < n; i++)
        row[i] = (int8_t)((row[i] + (row[i] < 0 ? -1 : 1)) / 2);
    *scale *= 2;
}

/* Rows quantized, each with its own scale. */
static int8_t *quantize_weights(const struct device *d, struct weights *w, const struct linear *l, const float *weight)
{
    const struct cpu_kernels *kernels = ((const struct cpu_device *)d)->kernels;
    int8_t *rows = memory_new((size_t)(l->out * l->in), 1);
    w->scales = memory_new((size_t)l->out, sizeof *w->scales);
    bool narrow = pairs_saturate();
    for (int64_t n = 0; rows && w->scales && n < l->out; n++) {
        w->scales[n] = kernels->quantize(rows + n * l->in, weight + n * l->in, TENSOR_F32, l->in);
        if (narrow)
            drop_bit(rows + n * l->in, l->in, &w->scales[n]);
    }
    if (w->scales)
        return rows;
    free(rows);
    return NULL;
}

static int pack(const struct device *d, struct weights *w, const struct linear *l, const float *weight,
                struct fault *fault)
{
    dnnl_engine_t engine = ((const struct cpu_device *)d)->engine;
    w->type = onednn_compute_type(l->type);
    w->width = panel_width(l, w->type);
    w->count = (int)((l->out + w->width - 1) / w->width);
    int before = onednn_threads_hold(1);
    int status = find_layout(&w->layout[0], engine, l, w->type, w->width);
    status = status ? status : find_layout(&w->layout[1], engine, l, w->type, width_of(w, l, w->count - 1));
    onednn_threads_restore(before);
    if (status)
        return fail_onednn(fault, status);
    if (lay_out(w, l, engine, fault))
        return fault ? fault->code : UTTER_ERROR_MEMORY;
    int8_t *quantized = w->type == TENSOR_I8 ? quantize_weights(d, w, l, weight) : NULL;
    if (w->type == TENSOR_I8 && !quantized)
        return fail_memory(fault, "a model's weights");
    struct packing p = {.l = l, .w = w, .engine = engine, .from = quantized ? (const void *)quantized : weight};
    thread_pool_run(d->threads, w->count, 1, reorder_panels, &p);
    free(quantized);
    return p.failed ? fail_onednn(fault, p.failed) : 0;
}

int onednn_linear_prepare(const struct device *d, struct linear *l, const float *weight, const float *bias,
                          struct fault *fault)
{
    struct weights *w = memory_new(1, sizeof *w);
    l->packed = w;
    if (!w)
        return fail_memory(fault, "a model's weights");
    int code = floats_prepare(d, &l->bias, bias, l->out, fault);
    return code ? code : pack(d, w, l, weight, fault);
}

void onednn_linear_release(const struct device *d, struct linear *l)
{
    struct weights *w = l->packed;
    for (int i = 0; w && w->panels && i < w->count; i++) {
        dnnl_memory_destroy(w->panels[i].weight);
        dnnl_memory_destroy(w->panels[i].bias);
    }
    if (w) {
        free(w->panels);
        free(w->memory);
        free(w->scales);
    }
    free(w);
    l->packed = NULL;
    floats_release(d, &l->bias);
}

/* ---- the products of a context ---- */

struct product {
    struct product_key key;
    dnnl_primitive_t primitive;
    size_t scratchpad;
    struct handles {
        dnnl_memory_t x, out, scratchpad;
    } worker[];
};

struct products {
    int workers;
    dnnl_stream_t *streams;
    struct product **items;
    size_t count, capacity;
};

struct products *products_new(int workers)
{
    struct products *p = memory_new(1, sizeof *p);
    if (!p)
        return NULL;
    p->workers = workers;
    p->streams = memory_new((size_t)workers, sizeof *p->streams);
    if (p->streams)
        return p;
    free(p);
    return NULL;
}

static void product_free(struct product *product, int workers)
{
    for (int i = 0; i < workers; i++) {
        dnnl_memory_destroy(product->worker[i].x);
        dnnl_memory_destroy(product->worker[i].out);
        dnnl_memory_destroy(product->worker[i].scratchpad);
    }
    dnnl_primitive_destroy(product->primitive);
    free(product);
}

void products_free(struct products *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->count; i++)
        product_free(p->items[i], p->workers);
    for (int i = 0; i < p->workers; i++)
        if (p->streams[i])
            dnnl_stream_destroy(p->streams[i]);
    free(p->items);
    free(p->streams);
    free(p);
}

static int open_streams(struct products *p, dnnl_engine_t engine)
{
    int status = 0;
    for (int i = 0; i < p->workers && !status; i++)
        if (!p->streams[i])
            status = (int)dnnl_stream_create(&p->streams[i], engine, dnnl_stream_default_flags);
    return status;
}

static int make_handles(struct product *product, int workers, dnnl_primitive_desc_t pd, dnnl_engine_t engine)
{
    const dnnl_memory_desc_t *x = dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0);
    const dnnl_memory_desc_t *out = dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0);
    const dnnl_memory_desc_t *scratchpad = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    int status = 0;
    for (int i = 0; i < workers && !status; i++) {
        struct handles *h = &product->worker[i];
        status = (int)dnnl_memory_create(&h->x, x, engine, DNNL_MEMORY_NONE);
        status = status ? status : (int)dnnl_memory_create(&h->out, out, engine, DNNL_MEMORY_NONE);
        status = status ? status : (int)dnnl_memory_create(&h->scratchpad, scratchpad, engine, DNNL_MEMORY_NONE);
    }
    product->scratchpad = dnnl_memory_desc_get_size(scratchpad);
    return status;
}

static int product_new(struct product **out, const struct product_key *key, const dnnl_memory_desc_t *layout,
                       dnnl_engine_t engine, int workers)
{
    struct product *product = memory_new(1, sizeof *product + (size_t)workers * sizeof *product->worker);
    if (!product)
        return (int)dnnl_out_of_memory;
    product->key = *key;
    dnnl_primitive_desc_t pd = NULL;
    int before = onednn_threads_hold(1);
    int status = describe_product(&pd, engine, key, layout);
    status = status ? status : (int)dnnl_primitive_create(&product->primitive, pd);
    status = status ? status : make_handles(product, workers, pd, engine);
    onednn_threads_restore(before);
    dnnl_primitive_desc_destroy(pd);
    if (status)
        product_free(product, workers);
    else
        *out = product;
    return status;
}

/* The product of this shape, made at the first meeting. NULL: the context's fault says why. */
static const struct product *product_find(struct context *c, const struct product_key *key,
                                          const dnnl_memory_desc_t *layout)
{
    struct products *p = ((struct cpu_scratch *)c->scratch)->products;
    for (size_t i = 0; i < p->count; i++)
        if (memcmp(&p->items[i]->key, key, sizeof *key) == 0)
            return p->items[i];
    struct product *product = NULL;
    dnnl_engine_t engine = cpu_of(c)->engine;
    int status = open_streams(p, engine);
    status = status ? status : product_new(&product, key, layout, engine, p->workers);
    if (!status && !memory_grow((void **)&p->items, &p->capacity, p->count + 1, sizeof(struct product *))) {
        product_free(product, p->workers);
        status = (int)dnnl_out_of_memory;
    }
    if (status) {
        fail_onednn(&c->fault, status);
        return NULL;
    }
    p->items[p->count++] = product;
    return product;
}

/* ---- the op ---- */

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

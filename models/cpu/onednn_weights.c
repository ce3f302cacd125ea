/* onednn_weights.c - a matrix's weights, quantized where they are i8 and packed once, in panels, in the layout that
 * oneDNN prefers. */
#include "models/cpu/onednn_parts.h"

#include "models/cpu/device.h"
#include "models/cpu/kernels.h"
#include "models/cpu/scratch.h"
#include "src/base/memory.h"
#include "src/base/pages.h"

#include <stdlib.h>

enum { PANEL_NARROWEST = 128, PANEL_WIDEST = 1024 };
enum { PANEL_ELEMENTS = 256 * 1024, PANEL_ELEMENTS_I8 = 768 * 1024 };

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

static const dnnl_memory_desc_t *layout_of(const struct weights *w, int panel)
{
    return &w->layout[panel == w->count - 1];
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

/* Panels over one block of memory. */
static int lay_out(struct weights *w, const struct linear *l, dnnl_engine_t engine, struct fault *fault)
{
    size_t each = scratch_part(dnnl_memory_desc_get_size(&w->layout[0]));
    w->panels = memory_new((size_t)w->count, sizeof *w->panels);
    w->memory = pages_new(each * (size_t)(w->count - 1) + dnnl_memory_desc_get_size(layout_of(w, w->count - 1)));
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
    return !onednn_has_isa(dnnl_cpu_isa_avx512_core_vnni) && !onednn_has_isa(dnnl_cpu_isa_avx2_vnni);
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
        pages_free(w->memory);
        free(w->scales);
    }
    free(w);
    l->packed = NULL;
    floats_release(d, &l->bias);
}

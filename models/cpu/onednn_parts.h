/* onednn_parts.h - what the files of matrix products by oneDNN share; onednn.h is what others see of them.
 *
 *   onednn.c           the op: blocks of rows by panels of columns
 *   onednn_weights.c   weights quantized and packed
 *   onednn_products.c  oneDNN's primitives, made once for a context and kept
 *   onednn_engine.c    the engine, what it can do here, what its refusals mean
 *   onednn_threads.c   OpenMP held to one thread
 *
 * A status is a dnnl_status_t as an int: 0 is success. */
#ifndef MODELS_CPU_ONEDNN_PARTS_H
#define MODELS_CPU_ONEDNN_PARTS_H

#include "models/cpu/onednn.h"

#include <oneapi/dnnl/dnnl.h>

/* Rows in a block: whatever the batch, a product has one of these heights. */
enum { HEIGHTS = 3 };
static const int heights[HEIGHTS] = {128, 32, 8};

/* Whether oneDNN may use these instructions here: what the processor has, less what ONEDNN_MAX_CPU_ISA forbids. */
bool onednn_has_isa(dnnl_cpu_isa_t isa);

/* The sentence for a status that is not 0; returns the code. */
int fail_onednn(struct fault *fault, int status);

/* oneDNN's name for f32, bf16 and i8. */
static inline dnnl_data_type_t data_type(enum tensor_type type)
{
    return type == TENSOR_F32 ? dnnl_f32 : type == TENSOR_BF16 ? dnnl_bf16 : dnnl_s8;
}

/* A matrix that lies anywhere; steps in elements. */
static inline dnnl_memory_desc_t matrix(int64_t rows, int64_t columns, int64_t row_step, int64_t column_step,
                                        dnnl_data_type_t type)
{
    dnnl_memory_desc_t md;
    dnnl_dims_t dims = {rows, columns}, strides = {row_step, column_step};
    dnnl_memory_desc_init_by_strides(&md, 2, dims, type, strides);
    return md;
}

/* ---- weights: a struct linear's `packed` ---- */

/* The weights of some neighbouring outputs, [in, width] as oneDNN likes it, and their part of the linear's bias. */
struct panel {
    dnnl_memory_t weight, bias; /* owned; over struct weights' memory and the linear's bias; bias: NULL without one */
};

struct weights {
    enum tensor_type type;        /* of the products: f32, bf16, i8 */
    int count;                    /* of panels */
    int64_t width;                /* of a panel, in outputs; the last may be narrower */
    dnnl_memory_desc_t layout[2]; /* of a whole panel, and of the last */
    struct panel *panels;         /* [count], owned */
    unsigned char *memory;        /* of all panels, each from a cache line on; owned */
    float *scales;                /* i8: [out], owned */
};

/* Outputs in this panel. */
static inline int64_t width_of(const struct weights *w, const struct linear *l, int panel)
{
    int64_t left = l->out - panel * w->width;
    return left < w->width ? left : w->width;
}

/* ---- the products of a context ---- */

/* What a product's tile is: which rows and columns, where they lie, and what follows. Compared as bytes. */
struct product_key {
    int64_t rows, in, width; /* [rows, in] by [in, width] */
    int32_t type, out_type;  /* type: an enum tensor_type, of both factors; out_type: a dnnl_data_type_t */
    int32_t after, bias;     /* after: an enum linear_after; bias: whether there is one */
};

struct product {
    struct product_key key;
    dnnl_primitive_t primitive; /* owned */
    size_t scratchpad;          /* bytes that it needs while it runs, from the caller */
    struct handles {
        dnnl_memory_t x, out, scratchpad; /* owned; over whatever the worker sets before it runs */
    } worker[];                           /* [workers] */
};

struct products {
    int workers;
    dnnl_stream_t *streams; /* [workers], made with the first product; owned, as the items are */
    struct product **items; /* [count], in the order in which they were met */
    size_t count, capacity;
};

/* What oneDNN would make of a product over weights in this layout (dnnl_format_tag_any: its own choice); returns the
 * status, and the caller destroys pd. */
int describe_product(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, const struct product_key *key,
                     const dnnl_memory_desc_t *layout);

/* The product of this shape, made at the first meeting; the context's. NULL: the context's fault says why. */
const struct product *product_find(struct context *c, const struct product_key *key, const dnnl_memory_desc_t *layout);

#endif

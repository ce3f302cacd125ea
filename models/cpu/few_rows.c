#include "models/cpu/few_rows.h"

#include "models/cpu/device.h"
#include "models/cpu/kernels.h"
#include "models/cpu/onednn.h"
#include "models/cpu/scratch.h"
#include "src/base/memory.h"
#include "src/base/pages.h"

#include <stdlib.h>
#include <string.h>

/* Rows that meet a block before the next block does: more would push it out of the cache. */
enum { CHUNK_ROWS = 96, SERIAL_ROWS = 8 };

struct few_weights {
    const struct few_kernel *kernel;
    int64_t groups; /* of k */
    int64_t blocks;
    size_t block_bytes;
    unsigned char *memory;
    float *scales; /* i8: [out] */
};

/* ---- packing ---- */

struct packing {
    const struct cpu_kernels *kernels;
    const struct linear *l;
    const struct few_weights *w;
    const float *from; /* [out, in] */
    const float *bias; /* host, or NULL */
    int8_t *rows;      /* i8: a row for each worker */
};

static size_t element_bytes(const struct few_weights *w)
{
    return tensor_type_size(w->kernel->type);
}

/* One output's weights into column j of its block. */
static void pack_column(const struct packing *p, unsigned char *block, int64_t n, int8_t *quantized)
{
    const struct few_kernel *kernel = p->w->kernel;
    const int64_t j = n % kernel->columns, in = p->l->in;
    const float *row = p->from + n * in;
    unsigned char *to = block + (size_t)kernel->columns * sizeof(float);
    int32_t sum = 0;
    if (kernel->type == TENSOR_I8)
        p->w->scales[n] = p->kernels->quantize(quantized, row, TENSOR_F32, in);
    for (int64_t k = 0; k < in; k++) {
        int64_t at = (k / kernel->group * kernel->columns + j) * kernel->group + k % kernel->group;
        if (kernel->type == TENSOR_I8)
            ((int8_t *)to)[at] = quantized[k];
        else
            element_set(to, kernel->type, at, row[k]);
        sum += kernel->type == TENSOR_I8 ? quantized[k] : 0;
    }
    if (kernel->type == TENSOR_I8)
        ((int32_t *)(void *)block)[j] = -kernel->offset * sum;
    else if (p->bias)
        ((float *)(void *)block)[j] = p->bias[n];
}

static void pack_blocks(void *context, int64_t begin, int64_t end, int worker)
{
    const struct packing *p = context;
    const int64_t columns = p->w->kernel->columns;
    for (int64_t i = begin; i < end; i++) {
        unsigned char *block = p->w->memory + (size_t)i * p->w->block_bytes;
        memset(block, 0, p->w->block_bytes);
        for (int64_t n = i * columns; n < (i + 1) * columns && n < p->l->out; n++)
            pack_column(p, block, n, p->rows + worker * p->l->in);
    }
}

static int pack(const struct device *d, const struct linear *l, struct few_weights *w, const float *weight,
                const float *bias, struct fault *fault)
{
    const struct few_kernel *kernel = w->kernel;
    struct packing p = {((const struct cpu_device *)d)->kernels, l, w, weight, bias, NULL};
    w->groups = (l->in + kernel->group - 1) / kernel->group;
    w->blocks = (l->out + kernel->columns - 1) / kernel->columns;
    w->block_bytes = (size_t)kernel->columns * (sizeof(float) + (size_t)(w->groups * kernel->group) * element_bytes(w));
    w->memory = pages_new((size_t)w->blocks * w->block_bytes);
    w->scales = kernel->type == TENSOR_I8 ? memory_new((size_t)l->out, sizeof *w->scales) : NULL;
    p.rows = memory_new((size_t)(thread_pool_size(d->threads) * l->in), 1);
    const bool whole = w->memory && p.rows && (w->scales || kernel->type != TENSOR_I8);
    if (whole)
        thread_pool_run(d->threads, w->blocks, 1, pack_blocks, &p);
    free(p.rows);
    return whole ? 0 : fail_memory(fault, "a model's weights");
}

int few_linear_prepare(const struct device *d, struct linear *l, const float *weight, const float *bias,
                       struct fault *fault)
{
    struct few_weights *w = memory_new(1, sizeof *w);
    l->packed = w;
    if (!w)
        return fail_memory(fault, "a model's weights");
    w->kernel = ((const struct cpu_device *)d)->few[onednn_compute_type(l->type)];
    int code = w->kernel->type == TENSOR_I8 ? floats_prepare(d, &l->bias, bias, l->out, fault) : 0;
    return code ? code : pack(d, l, w, weight, bias, fault);
}

void few_linear_release(const struct device *d, struct linear *l)
{
    struct few_weights *w = l->packed;
    if (w) {
        pages_free(w->memory);
        free(w->scales);
    }
    free(w);
    l->packed = NULL;
    floats_release(d, &l->bias);
}

/* ---- the op ---- */

struct job {
    const struct cpu_kernels *kernels;
    struct tensor out, x, residual;
    const struct linear *l;
    const struct few_weights *w;
    enum linear_after after;
    float scale;
    int64_t rows;
    int64_t step;               /* from a row of `input` to the next, in elements */
    const unsigned char *input; /* x in the kernel's type */
    unsigned char *converted;   /* `input`, where x itself will not do */
    float *scales;              /* i8: of input's rows */
};

static void convert_rows(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    struct job *j = context;
    const int64_t in = j->l->in;
    const enum tensor_type type = j->w->kernel->type;
    const size_t size = tensor_type_size(type);
    for (int64_t i = begin; i < end; i++) {
        unsigned char *to = j->converted + (size_t)(i * j->step) * size;
        const void *from = element_at(&j->x, i * in);
        if (type == TENSOR_I8)
            j->scales[i] = j->kernels->quantize((int8_t *)to, from, j->x.type, in);
        else
            j->kernels->scale(to, type, from, j->x.type, 1, in);
        memset(to + (size_t)in * size, 0, (size_t)(j->step - in) * size);
    }
}

/* x as the kernel takes it: false where memory ran out. */
static bool prepare_input(struct context *c, struct job *j)
{
    const enum tensor_type type = j->w->kernel->type;
    j->step = j->w->groups * j->w->kernel->group;
    if (j->x.type == type && j->step == j->l->in) {
        j->input = j->x.data;
        return true;
    }
    const size_t rows = scratch_part((size_t)(j->rows * j->step) * tensor_type_size(type));
    if (!scratch_reserve(c, rows + (size_t)j->rows * sizeof(float), 0))
        return false;
    j->input = j->converted = scratch_shared(c);
    j->scales = (float *)(void *)(j->converted + rows);
    if (j->rows <= SERIAL_ROWS)
        convert_rows(j, 0, j->rows, 0);
    else
        thread_pool_run(c->device->threads, j->rows, 1, convert_rows, j);
    return true;
}

/* From the sums of some rows and a block to out. */
static void finish(const struct job *j, int64_t row, int rows, int64_t column, const float *sums)
{
    const int64_t columns = j->w->kernel->columns, left = j->l->out - column, width = left < columns ? left : columns;
    for (int i = 0; i < rows; i++, sums += columns) {
        const int64_t at = (row + i) * j->l->out + column;
        void *to = element_at(&j->out, at);
        const float *residual = j->after == LINEAR_ADD ? (const float *)j->residual.data + at : NULL;
        if (j->w->kernel->type == TENSOR_I8)
            j->kernels->dequantize(to, j->out.type, (const int32_t *)(const void *)sums, j->scales[row + i],
                                   j->w->scales + column, j->l->bias ? j->l->bias + column : NULL, j->after, j->scale,
                                   residual, width);
        else
            j->kernels->after(to, j->out.type, sums, j->after, j->scale, residual, width);
    }
}

/* A chunk of rows by a block: numbered along the blocks first. */
static void run_block(const struct job *j, int64_t chunk, int64_t block)
{
    _Alignas(64) float sums[FEW_ROWS * FEW_COLUMNS];
    const struct few_weights *w = j->w;
    const unsigned char *weights = w->memory + (size_t)block * w->block_bytes;
    const int64_t first = chunk * CHUNK_ROWS;
    const int64_t count = j->rows - first < CHUNK_ROWS ? j->rows - first : CHUNK_ROWS;
    const int64_t tiles = (count + FEW_ROWS - 1) / FEW_ROWS;
    for (int64_t tile = 0; tile < tiles; tile++) { /* of like heights: 7 rows as 4 and 3 */
        const int64_t row = first + count * tile / tiles;
        const int rows = (int)(first + count * (tile + 1) / tiles - row);
        w->kernel->multiply(sums, j->input + (size_t)(row * j->step) * element_bytes(w), j->step, weights, w->groups,
                            rows);
        finish(j, row, rows, block * w->kernel->columns, sums);
    }
}

static void run_blocks(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct job *j = context;
    for (int64_t i = begin; i < end; i++)
        run_block(j, i / j->w->blocks, i % j->w->blocks);
}

void few_linear(struct context *c, struct tensor out, struct tensor x, const struct linear *l, enum linear_after after,
                float scale, struct tensor residual)
{
    struct job j = {.kernels = cpu_of(c)->kernels, .out = out, .x = x, .residual = residual, .l = l, .w = l->packed};
    j.after = after;
    j.scale = scale;
    j.rows = tensor_rows(&x);
    const int64_t chunks = (j.rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    if (prepare_input(c, &j))
        thread_pool_run(c->device->threads, chunks * j.w->blocks, 1, run_blocks, &j);
}

/* kernels.h - the inner loops of the CPU's ops, once per instruction set (kernels_template.h). Each is called by one
 * thread on its own part of the data. "any": f32 or bf16, as the type beside it says. */
#ifndef MODELS_CPU_KERNELS_H
#define MODELS_CPU_KERNELS_H

#include "models/tensor/ops.h"

/* What a window of a 3×3-like convolution needs for one output row [width', channels]. weight is [kernel², channels]
 * for the depthwise one, and in panels of products.pack_columns for the first. rows[i]: the input row under kernel row
 * i, or NULL outside the image. */
struct conv2d_row {
    int kernel, stride, padding;
    int64_t width, channels, out_width;
    const void *const *rows;
    enum tensor_type x_type, out_type;
    const float *weight, *bias; /* bias may be NULL */
    void *out;
};

enum { CONV2D_LARGEST_KERNEL = 16 };

/* The small products of attention, C = A·B (attention_template.h). B [k, n] is brought into panels first, of k · n
 * elements with n rounded up to `panel` and k to `depth`; A has k rounded up as well, with zeros. C [m, n] is f32 and
 * is written up to n rounded up. */
struct cpu_products {
    enum tensor_type type; /* of A and the panels: f32 or bf16 */
    int panel, depth;
    /* B[x][j] = rows[j · step + x]: n rows of k elements become columns. */
    void (*pack_columns)(void *panels, const void *rows, enum tensor_type type, int64_t step, int64_t k, int64_t n);
    /* B[j][x] = rows[j · step + x]: k rows of n elements stay rows. */
    void (*pack_rows)(void *panels, const void *rows, enum tensor_type type, int64_t step, int64_t k, int64_t n);
    /* k: rounded up; lda and ldc in elements. */
    void (*gemm)(const void *a, int64_t lda, const void *panels, int64_t k, float *c, int64_t ldc, int64_t m,
                 int64_t n);
};

/* A few steps of a block of output channels of a convolution over time. All steps in floats, or in elements of out. */
struct convolution_tile {
    const float *x;   /* the input step under the first tap, for the first output step */
    int64_t x_step;   /* from there to that of the next output step */
    int64_t tap_step; /* … to that under the next tap */
    int taps;
    int64_t in;
    const float *weight; /* [taps, in, columns], or depthwise [taps, columns] */
    const float *bias;   /* [columns] */
    int64_t columns;     /* of the weights */
    enum convolution_after after;
    float factor;
    const float *residual; /* laid out like out */
    void *out;
    enum tensor_type out_type;
    int64_t out_step; /* from one output step to the next */
    int64_t width;    /* columns that there are */
};

/* Tiles of one form: columns are of the packed weights; x must hold what `rows` steps read, however few are asked for.
 */
struct cpu_convolution {
    int columns, rows;
    void (*tile)(const struct convolution_tile *t, int rows);
};

enum { WINOGRAD_ROWS = 6 }; /* of a tile */

/* sums [rows, a panel's columns], in steps, = factors [rows, depth], in steps, · weight [depth, columns]. */
struct cpu_winograd_products {
    const float *factors, *weight;
    float *sums;
    int64_t rows, depth; /* whole tiles; whole fours */
    int64_t factors_step, sums_step;
    bool more; /* the products are added to the sums that there are */
};

/* A head's kept keys or values: key t is the width elements from step · (index ? index[t] : t) on; i8 has its scale
 * behind them. */
struct kept_keys {
    const void *data;
    enum tensor_type type;
    int64_t step;
    const int *index;
    int64_t length, width;
};

enum { KEPT_QUERIES = 5 }; /* that one reading of the keys serves: the usual beam */

struct cpu_kernels {
    const char *name;
    /* out = scale · x */
    void (*scale)(void *out, enum tensor_type out_type, const void *x, enum tensor_type x_type, float scale, int64_t n);
    void (*add)(float *out, const float *a, float scale, const void *b, enum tensor_type b_type, int64_t n);
    void (*layer_norm)(void *out, enum tensor_type out_type, const float *x, const struct norm *norm);
    void (*glu)(void *out, enum tensor_type out_type, const void *x, enum tensor_type x_type, int64_t n);
    /* tanh(x[:n]) · sigmoid(x[n:]) */
    void (*gated_tanh)(void *out, enum tensor_type out_type, const void *x, enum tensor_type x_type, int64_t n);
    void (*activate)(void *out, enum tensor_type out_type, const void *x, enum tensor_type x_type, enum activation a,
                     float slope, int64_t n);
    void (*multiply)(void *out, enum tensor_type out_type, const void *a, enum tensor_type a_type, const void *b,
                     enum tensor_type b_type, int64_t n);
    void (*sum)(void *out, enum tensor_type out_type, const void *a, enum tensor_type a_type, const void *b,
                enum tensor_type b_type, int64_t n);
    /* gates [4][n]: input, forget, cell, output. */
    void (*lstm)(float *out, float *cell, const float *gates, int64_t n);
    void (*softmax)(float *out, const void *x, enum tensor_type x_type, int64_t n, bool logarithm);
    /* out = x · 127 / max |x|, rounded; returns max |x| / 127. */
    float (*quantize)(int8_t *out, const void *x, enum tensor_type x_type, int64_t n);
    /* out = after(sum · row_scale · scales[n] + bias[n]), or residual + factor · that. */
    void (*dequantize)(void *out, enum tensor_type out_type, const int32_t *sum, float row_scale, const float *scales,
                       const float *bias, enum linear_after after, float factor, const float *residual, int64_t n);
    /* out = after(sum), or residual + factor · sum. */
    void (*after)(void *out, enum tensor_type out_type, const float *sum, enum linear_after after, float factor,
                  const float *residual, int64_t n);
    void (*conv2d_first_relu)(const struct conv2d_row *row);
    void (*conv2d_depthwise)(const struct conv2d_row *row);
    /* One step: x points at the first of `taps` valid steps [taps, channels], weight [taps, channels] at its taps. */
    void (*conv1d_silu)(void *out, enum tensor_type out_type, const void *x, enum tensor_type x_type,
                        const float *weight, const float *bias, int taps, int64_t channels);

    /* Tiles of convolutions over time; single: of one output channel; depthwise: of any number of channels, whose
     * weights are rounded up to whole `columns`, and so is what it reads of a step of x. */
    struct cpu_convolution wide, narrow, single, depthwise;
    /* A convolution with fewer products (winograd_template.h) on 8 or 10 points: so many inputs, step floats apart, n
     * channels each, to as many factors; products of factors and weights in wide.columns; as many sums, [points][width
     * rounded up], to outputs [from, end) of a bundle's, as t says, whose out is that of output `from`. apart: floats.
     */
    void (*winograd_input)(float *out, int64_t apart, const float *x, int64_t step, int64_t n, int points);
    void (*winograd_multiply)(const struct cpu_winograd_products *p);
    void (*winograd_output)(const struct convolution_tile *t, const float *sums, int64_t apart, int points, int outputs,
                            int from, int end);
    struct cpu_products products; /* in f32 */
    /* out = x + shift, or x where shift is NULL. */
    void (*shift)(void *out, enum tensor_type out_type, const void *x, enum tensor_type x_type, const float *shift,
                  int64_t n);
    /* In place: exp(s - the largest s) with s = factor · (scores + relative), as f32, or as bf16 from the row's
     * beginning on; relative may be NULL; factor is not negative. Returns 1 / their sum. */
    float (*exponentials)(float *scores, const float *relative, float factor, enum tensor_type out_type, int64_t n);
    /* Few queries (1 to KEPT_QUERIES) and kept keys (kept_template.h). */
    void (*kept_dots)(float *scores, int64_t ldc, const float *q, int rows, const struct kept_keys *keys);
    void (*kept_sums)(float *out, const float *weights, int64_t ldw, int rows, const struct kept_keys *values);
};

/* Products in bf16, on processors that have instructions for them (avx512_bf16, amx_bf16). pack functions take bf16
 * only. */
extern const struct cpu_products cpu_products_avx512bf16, cpu_products_amx;

extern const struct cpu_kernels cpu_kernels_plain, cpu_kernels_avx2, cpu_kernels_avx512, cpu_kernels_avx512bf16;

#endif

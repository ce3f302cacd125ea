/* kernels_template.h - the inner loops, written once for vectors of LANES floats. A file per instruction set defines
 * the vector operations and KERNELS (the name of its table), then includes this.
 *
 * The file provides: vec, LANES; vec_set, vec_load, vec_store, vec_load_bf16, vec_store_bf16, the same with _first for
 * the first n lanes only (loads give 0 in the others), vec_first(v, other, n), vec_add, vec_sub, vec_mul, vec_div,
 * vec_max (the second when either is a NaN), vec_min, vec_fma(a, b, c) = a·b + c, vec_round, vec_power2(n) = 2ⁿ of
 * whole n, vec_where_negative(x, a, b), vec_sum, vec_sums4 (of four), vec_largest, vec_load_i32_first,
 * vec_load_i8_first, vec_store_i8_first. */
#include "models/cpu/convert.h"
#include "models/cpu/kernels.h"

#include <math.h>

static inline int64_t at_most_lanes(int64_t n)
{
    return n < LANES ? n : LANES;
}

/* Lanes i … of n elements of any type; those past the end are 0. */
static inline vec get(const void *data, enum tensor_type type, int64_t i, int64_t n)
{
    if (type == TENSOR_F32) {
        const float *from = (const float *)data + i;
        return n - i >= LANES ? vec_load(from) : vec_load_first(from, n - i);
    }
    const uint16_t *from = (const uint16_t *)data + i;
    return n - i >= LANES ? vec_load_bf16(from) : vec_load_bf16_first(from, n - i);
}

static inline void put(void *data, enum tensor_type type, int64_t i, int64_t n, vec v)
{
    if (type == TENSOR_F32) {
        float *to = (float *)data + i;
        if (n - i >= LANES)
            vec_store(to, v);
        else
            vec_store_first(to, v, n - i);
        return;
    }
    uint16_t *to = (uint16_t *)data + i;
    if (n - i >= LANES)
        vec_store_bf16(to, v);
    else
        vec_store_bf16_first(to, v, n - i);
}

static inline vec get_f32(const float *data, int64_t i, int64_t n)
{
    return get(data, TENSOR_F32, i, n);
}

/* ---- functions ---- */

/* exp by x = n ln 2 + r, |r| ≤ ln 2 / 2, ln 2 in two parts, and the polynomial of Cephes' expf (S. Moshier) for exp(r):
 * within 2 units in the last place on [-87, 88], held to the values at these ends outside; a NaN stays one. */
static inline vec vec_exp(vec x)
{
    x = vec_max(vec_set(-87.0f), vec_min(vec_set(88.0f), x));
    vec n = vec_round(vec_mul(x, vec_set(1.44269504f)));
    vec r = vec_fma(n, vec_set(-0.693359375f), x);
    r = vec_fma(n, vec_set(2.12194440e-4f), r);
    vec p = vec_fma(vec_set(1.9875691500e-4f), r, vec_set(1.3981999507e-3f));
    p = vec_fma(p, r, vec_set(8.3334519073e-3f));
    p = vec_fma(p, r, vec_set(4.1665795894e-2f));
    p = vec_fma(p, r, vec_set(1.6666665459e-1f));
    p = vec_fma(p, r, vec_set(5.0000001201e-1f));
    p = vec_fma(p, vec_mul(r, r), vec_add(r, vec_set(1)));
    return vec_mul(p, vec_power2(n));
}

static inline vec vec_sigmoid(vec x)
{
    return vec_div(vec_set(1), vec_add(vec_set(1), vec_exp(vec_sub(vec_set(0), x))));
}

static inline vec vec_silu(vec x)
{
    return vec_div(x, vec_add(vec_set(1), vec_exp(vec_sub(vec_set(0), x))));
}

/* x · (1 + erf(x / √2)) / 2 with erf from Abramowitz and Stegun 7.1.28, absolute error 3e-7: no exponential. */
static inline vec vec_gelu(vec x)
{
    vec z = vec_mul(vec_max(x, vec_sub(vec_set(0), x)), vec_set(0.70710678f));
    vec p = vec_fma(vec_set(4.30638e-5f), z, vec_set(2.765672e-4f));
    p = vec_fma(p, z, vec_set(1.520143e-4f));
    p = vec_fma(p, z, vec_set(9.2705272e-3f));
    p = vec_fma(p, z, vec_set(4.22820123e-2f));
    p = vec_fma(p, z, vec_set(7.05230784e-2f));
    p = vec_fma(p, z, vec_set(1));
    p = vec_mul(p, p);
    p = vec_mul(p, p);
    p = vec_mul(p, p);
    vec tail = vec_div(vec_set(1), vec_mul(p, p)); /* 1 - erf(z); 0 where p⁸ is past the largest float */
    vec upper = vec_mul(vec_set(0.5f), vec_sub(vec_set(2), tail));
    vec lower = vec_mul(vec_set(0.5f), tail);
    return vec_mul(x, vec_where_negative(x, lower, upper));
}

/* ---- rows ---- */

static void scale_row(void *out, enum tensor_type out_type, const void *x, enum tensor_type x_type, float factor,
                      int64_t n)
{
    vec f = vec_set(factor);
    for (int64_t i = 0; i < n; i += LANES)
        put(out, out_type, i, n, vec_mul(f, get(x, x_type, i, n)));
}

static void add_row(float *out, const float *a, float factor, const void *b, enum tensor_type b_type, int64_t n)
{
    vec f = vec_set(factor);
    for (int64_t i = 0; i < n; i += LANES)
        put(out, TENSOR_F32, i, n, vec_fma(f, get(b, b_type, i, n), get_f32(a, i, n)));
}

/* In four sums, so that one addition need not wait for the other. */
static float sum_of(const float *x, int64_t n)
{
    vec sums[4] = {vec_set(0), vec_set(0), vec_set(0), vec_set(0)};
    int64_t i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        for (int k = 0; k < 4; k++)
            sums[k] = vec_add(sums[k], vec_load(x + i + k * LANES));
    for (; i < n; i += LANES)
        sums[0] = vec_add(sums[0], get_f32(x, i, n));
    return vec_sum(vec_add(vec_add(sums[0], sums[1]), vec_add(sums[2], sums[3])));
}

/* Of the squares of the distances from the mean. */
static float spread_of(const float *x, vec mean, int64_t n)
{
    vec sums[4] = {vec_set(0), vec_set(0), vec_set(0), vec_set(0)};
    int64_t i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        for (int k = 0; k < 4; k++) {
            vec d = vec_sub(vec_load(x + i + k * LANES), mean);
            sums[k] = vec_fma(d, d, sums[k]);
        }
    for (; i < n; i += LANES) {
        vec d = vec_first(vec_sub(get_f32(x, i, n), mean), vec_set(0), at_most_lanes(n - i));
        sums[0] = vec_fma(d, d, sums[0]);
    }
    return vec_sum(vec_add(vec_add(sums[0], sums[1]), vec_add(sums[2], sums[3])));
}

static void layer_norm_row(void *out, enum tensor_type out_type, const float *x, const struct norm *norm)
{
    int64_t n = norm->width;
    vec mean = vec_set(sum_of(x, n) / (float)n);
    vec inverse = vec_set(1 / sqrtf(spread_of(x, mean, n) / (float)n + norm->epsilon));
    for (int64_t i = 0; i < n; i += LANES) {
        vec d = vec_mul(vec_sub(get_f32(x, i, n), mean), inverse);
        vec bias = norm->bias ? get_f32(norm->bias, i, n) : vec_set(0);
        put(out, out_type, i, n, vec_fma(d, get_f32(norm->weight, i, n), bias));
    }
}

static void glu_row(void *out, enum tensor_type out_type, const void *x, enum tensor_type x_type, int64_t n)
{
    const void *gates = (const unsigned char *)x + (size_t)n * (x_type == TENSOR_F32 ? 4 : 2);
    for (int64_t i = 0; i < n; i += LANES)
        put(out, out_type, i, n, vec_mul(get(x, x_type, i, n), vec_sigmoid(get(gates, x_type, i, n))));
}

/* tanh(x) = 2 σ(2x) - 1: absolutely, not relatively, exact near 0, where it is multiplied and summed. */
static inline vec vec_tanh(vec x)
{
    return vec_fma(vec_set(2), vec_sigmoid(vec_add(x, x)), vec_set(-1));
}

static void gated_tanh_row(void *out, enum tensor_type out_type, const void *x, enum tensor_type x_type, int64_t n)
{
    const void *gates = (const unsigned char *)x + (size_t)n * (x_type == TENSOR_F32 ? 4 : 2);
    for (int64_t i = 0; i < n; i += LANES)
        put(out, out_type, i, n, vec_mul(vec_tanh(get(x, x_type, i, n)), vec_sigmoid(get(gates, x_type, i, n))));
}

static inline vec vec_activated(vec x, enum activation a, vec slope)
{
    switch (a) {
    case ACTIVATION_RELU:
        return vec_max(vec_set(0), x);
    case ACTIVATION_SILU:
        return vec_silu(x);
    case ACTIVATION_GELU:
        return vec_gelu(x);
    case ACTIVATION_TANH:
        return vec_tanh(x);
    case ACTIVATION_SIGMOID:
        return vec_sigmoid(x);
    case ACTIVATION_EXP:
        return vec_exp(x);
    default:
        return vec_where_negative(x, vec_mul(slope, x), x);
    }
}

static inline __attribute__((always_inline)) void leaky(void *out, const enum tensor_type out_type, const void *x,
                                                        const enum tensor_type x_type, float slope, int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES)
        put(out, out_type, i, n, vec_activated(get(x, x_type, i, n), ACTIVATION_LEAKY, vec_set(slope)));
}

/* Whole activations of a vocoder go through here: floats have a loop of their own. */
static void leaky_row(void *out, enum tensor_type out_type, const void *x, enum tensor_type x_type, float slope,
                      int64_t n)
{
    if (out_type == TENSOR_F32 && x_type == TENSOR_F32)
        leaky(out, TENSOR_F32, x, TENSOR_F32, slope, n);
    else
        leaky(out, out_type, x, x_type, slope, n);
}

static void activate_row(void *out, enum tensor_type out_type, const void *x, enum tensor_type x_type,
                         enum activation a, float slope, int64_t n)
{
    if (a == ACTIVATION_LEAKY) {
        leaky_row(out, out_type, x, x_type, slope, n);
        return;
    }
    for (int64_t i = 0; i < n; i += LANES)
        put(out, out_type, i, n, vec_activated(get(x, x_type, i, n), a, vec_set(slope)));
}

static void multiply_row(void *out, enum tensor_type out_type, const void *a, enum tensor_type a_type, const void *b,
                         enum tensor_type b_type, int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES)
        put(out, out_type, i, n, vec_mul(get(a, a_type, i, n), get(b, b_type, i, n)));
}

static void sum_row(void *out, enum tensor_type out_type, const void *a, enum tensor_type a_type, const void *b,
                    enum tensor_type b_type, int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES)
        put(out, out_type, i, n, vec_add(get(a, a_type, i, n), get(b, b_type, i, n)));
}

static void lstm_row(float *out, float *cell, const float *gates, int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES) {
        vec kept = vec_mul(vec_sigmoid(get_f32(gates + n, i, n)), get_f32(cell, i, n));
        vec value = vec_fma(vec_sigmoid(get_f32(gates, i, n)), vec_tanh(get_f32(gates + 2 * n, i, n)), kept);
        put(cell, TENSOR_F32, i, n, value);
        put(out, TENSOR_F32, i, n, vec_mul(vec_sigmoid(get_f32(gates + 3 * n, i, n)), vec_tanh(value)));
    }
}

static void softmax_row(float *out, const void *x, enum tensor_type x_type, int64_t n, bool logarithm)
{
    vec most = vec_set(-INFINITY), sum = vec_set(0);
    for (int64_t i = 0; i < n; i += LANES)
        most = vec_max(most, vec_first(get(x, x_type, i, n), vec_set(-INFINITY), at_most_lanes(n - i)));
    float largest = vec_largest(most);
    for (int64_t i = 0; i < n; i += LANES) {
        vec d = vec_sub(get(x, x_type, i, n), vec_set(largest)), e = vec_exp(d);
        sum = vec_add(sum, vec_first(e, vec_set(0), at_most_lanes(n - i)));
        put(out, TENSOR_F32, i, n, logarithm ? d : e);
    }
    float total = vec_sum(sum);
    vec shift = vec_set(logarithm ? -logf(total) : 0), factor = vec_set(logarithm ? 1 : 1 / total);
    for (int64_t i = 0; i < n; i += LANES)
        put(out, TENSOR_F32, i, n, vec_fma(get_f32(out, i, n), factor, shift));
}

/* ---- int8 ---- */

static float quantize_row(int8_t *out, const void *x, enum tensor_type x_type, int64_t n)
{
    vec most = vec_set(0);
    for (int64_t i = 0; i < n; i += LANES) {
        vec v = get(x, x_type, i, n);
        most = vec_max(most, vec_max(v, vec_sub(vec_set(0), v)));
    }
    float largest = vec_largest(most);
    vec inverse = vec_set(largest > 0 ? 127.0f / largest : 0);
    for (int64_t i = 0; i < n; i += LANES)
        vec_store_i8_first(out + i, vec_round(vec_mul(get(x, x_type, i, n), inverse)), at_most_lanes(n - i));
    return largest / 127.0f;
}

/* What follows a product: y of lanes i … of n. */
static inline vec after_product(vec y, enum linear_after after, float factor, const float *residual, int64_t i,
                                int64_t n)
{
    if (after == LINEAR_RELU)
        return vec_max(vec_set(0), y);
    if (after == LINEAR_SILU)
        return vec_silu(y);
    if (after == LINEAR_GELU)
        return vec_gelu(y);
    return after == LINEAR_ADD ? vec_fma(vec_set(factor), y, get_f32(residual, i, n)) : y;
}

static void after_row(void *out, enum tensor_type out_type, const float *sum, enum linear_after after, float factor,
                      const float *residual, int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES)
        put(out, out_type, i, n, after_product(get_f32(sum, i, n), after, factor, residual, i, n));
}

static void dequantize_row(void *out, enum tensor_type out_type, const int32_t *sum, float row_scale,
                           const float *scales, const float *bias, enum linear_after after, float factor,
                           const float *residual, int64_t n)
{
    vec row = vec_set(row_scale);
    for (int64_t i = 0; i < n; i += LANES) {
        vec s = vec_load_i32_first(sum + i, at_most_lanes(n - i));
        vec y = vec_mul(vec_mul(s, row), get_f32(scales, i, n));
        y = bias ? vec_add(y, get_f32(bias, i, n)) : y;
        put(out, out_type, i, n, after_product(y, after, factor, residual, i, n));
    }
}

#include "models/cpu/attention_template.h"
#include "models/cpu/convolution_template.h"
#include "models/cpu/winograd_template.h"
#include "models/cpu/kept_template.h"

/* ---- convolutions ---- */

static size_t size_of(enum tensor_type type)
{
    return type == TENSOR_F32 ? sizeof(float) : sizeof(uint16_t);
}

/* The pixels under the window of output column w, kernel row by kernel row; 0 outside the image. */
static void read_patch(float *pixels, const struct conv2d_row *r, int64_t w)
{
    int64_t from = w * r->stride - r->padding;
    for (int i = 0; i < r->kernel; i++)
        for (int j = 0; j < r->kernel; j++) {
            bool inside = r->rows[i] && from + j >= 0 && from + j < r->width;
            *pixels++ = inside ? element_get(r->rows[i], r->x_type, from + j) : 0;
        }
}

/* As a small product: patches [columns, taps] by weights [taps, channels], the weights in panels. */
static void conv2d_first_relu_row(const struct conv2d_row *r)
{
    enum { TAPS = CONV2D_LARGEST_KERNEL * CONV2D_LARGEST_KERNEL };
    float patches[GEMM_ROWS * TAPS], sums[GEMM_ROWS * PANEL];
    int64_t n = r->channels, taps = (int64_t)r->kernel * r->kernel;
    for (int64_t w = 0; w < r->out_width; w += GEMM_ROWS) {
        int64_t columns = r->out_width - w < GEMM_ROWS ? r->out_width - w : GEMM_ROWS;
        for (int64_t i = 0; i < columns; i++)
            read_patch(patches + i * taps, r, w + i);
        for (int64_t from = 0; from < n; from += PANEL) {
            gemm(patches, taps, r->weight + from * taps, taps, sums, PANEL, columns, PANEL);
            for (int64_t i = 0; i < columns; i++) {
                void *out = (unsigned char *)r->out + (size_t)((w + i) * n) * size_of(r->out_type);
                for (int64_t k = 0; k < PANEL && from + k < n; k += LANES) {
                    vec bias = r->bias ? get_f32(r->bias, from + k, n) : vec_set(0);
                    vec y = vec_add(vec_load(sums + i * PANEL + k), bias);
                    put(out, r->out_type, from + k, n, vec_max(vec_set(0), y));
                }
            }
        }
    }
}

/* Output column w of any kernel, with the taps that lie inside the image. */
static void depthwise_column(const struct conv2d_row *r, int64_t w)
{
    const float *weights[CONV2D_LARGEST_KERNEL * CONV2D_LARGEST_KERNEL];
    const void *pixels[CONV2D_LARGEST_KERNEL * CONV2D_LARGEST_KERNEL];
    int taps = 0;
    int64_t n = r->channels;
    for (int i = 0; i < r->kernel; i++)
        for (int j = 0; r->rows[i] && j < r->kernel; j++) {
            int64_t column = w * r->stride + j - r->padding;
            if (column < 0 || column >= r->width)
                continue;
            weights[taps] = r->weight + (i * r->kernel + j) * n;
            pixels[taps++] = (const unsigned char *)r->rows[i] + (size_t)(column * n) * size_of(r->x_type);
        }
    void *out = (unsigned char *)r->out + (size_t)(w * n) * size_of(r->out_type);
    for (int64_t i = 0; i < n; i += LANES) {
        vec sum = r->bias ? get_f32(r->bias, i, n) : vec_set(0);
        for (int tap = 0; tap < taps; tap++)
            sum = vec_fma(get(pixels[tap], r->x_type, i, n), get_f32(weights[tap], i, n), sum);
        put(out, r->out_type, i, n, sum);
    }
}

/* Channels i to i + LANES of the columns [begin, end), whose 3×3 windows lie inside the image: the weights stay in
 * registers along the row. */
static inline __attribute__((always_inline)) void depthwise_3x3(const struct conv2d_row *r, int64_t i, int64_t begin,
                                                                int64_t end, const bool x_f32)
{
    int64_t n = r->channels, step = r->stride * n;
    vec weights[9], bias = r->bias ? vec_load(r->bias + i) : vec_set(0);
    for (int tap = 0; tap < 9; tap++)
        weights[tap] = vec_load(r->weight + tap * n + i);
    int64_t at = (begin * r->stride - r->padding) * n + i;
    for (int64_t w = begin; w < end; w++, at += step) {
        vec sums[3] = {bias, vec_set(0), vec_set(0)};
        for (int row = 0; row < 3; row++)
            for (int column = 0; column < 3; column++) {
                int64_t from = at + column * n;
                vec x = x_f32 ? vec_load((const float *)r->rows[row] + from)
                              : vec_load_bf16((const uint16_t *)r->rows[row] + from);
                sums[row] = vec_fma(x, weights[3 * row + column], sums[row]);
            }
        put(r->out, r->out_type, w * n + i, r->out_width * n, vec_add(vec_add(sums[0], sums[1]), sums[2]));
    }
}

static void conv2d_depthwise_row(const struct conv2d_row *r)
{
    bool whole = r->kernel == 3 && r->channels % LANES == 0 && r->rows[0] && r->rows[1] && r->rows[2];
    int64_t begin = (r->padding + r->stride - 1) / r->stride; /* the first column whose window is inside */
    int64_t end = r->width + r->padding < 3 ? 0 : (r->width + r->padding - 3) / r->stride + 1;
    end = end < r->out_width ? end : r->out_width;
    if (!whole || begin > end)
        begin = end = 0;
    for (int64_t i = 0; begin < end && i < r->channels; i += LANES) {
        if (r->x_type == TENSOR_F32)
            depthwise_3x3(r, i, begin, end, true);
        else
            depthwise_3x3(r, i, begin, end, false);
    }
    for (int64_t w = 0; w < begin; w++)
        depthwise_column(r, w);
    for (int64_t w = end; w < r->out_width; w++)
        depthwise_column(r, w);
}

static void conv1d_silu_step(void *out, enum tensor_type out_type, const void *x, enum tensor_type x_type,
                             const float *weight, const float *bias, int taps, int64_t channels)
{
    size_t step = (size_t)channels * (x_type == TENSOR_F32 ? 4 : 2);
    for (int64_t i = 0; i < channels; i += LANES) {
        vec sum = bias ? get_f32(bias, i, channels) : vec_set(0);
        for (int tap = 0; tap < taps; tap++)
            sum = vec_fma(get((const unsigned char *)x + (size_t)tap * step, x_type, i, channels),
                          get_f32(weight + tap * channels, i, channels), sum);
        put(out, out_type, i, channels, vec_silu(sum));
    }
}

const struct cpu_kernels KERNELS = {
    .name = KERNELS_NAME,
    .scale = scale_row,
    .add = add_row,
    .layer_norm = layer_norm_row,
    .glu = glu_row,
    .gated_tanh = gated_tanh_row,
    .activate = activate_row,
    .multiply = multiply_row,
    .sum = sum_row,
    .lstm = lstm_row,
    .softmax = softmax_row,
    .quantize = quantize_row,
    .dequantize = dequantize_row,
    .after = after_row,
    .conv2d_first_relu = conv2d_first_relu_row,
    .conv2d_depthwise = conv2d_depthwise_row,
    .conv1d_silu = conv1d_silu_step,
    .wide = {PANEL, GEMM_ROWS, convolve_wide},
    .winograd_input = winograd_input,
    .winograd_multiply = winograd_multiply,
    .winograd_output = winograd_output,
    .narrow = {LANES, NARROW_ROWS, convolve_narrow},
    .single = {1, SINGLE_ROWS, convolve_single},
    .depthwise = {LANES, DEPTHWISE_ROWS, convolve_depthwise},
    .products = {TENSOR_F32, PANEL, 1, pack_columns, pack_rows, gemm},
    .shift = shift_row,
    .exponentials = exponentials,
    .kept_dots = kept_dots,
    .kept_sums = kept_sums,
};

#include "models/cpu/plain.h"

#include "models/cpu/convert.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>

/* W as the products see it: rounded to its type, or quantized with one scale per output. */
struct plain_weights {
    float *values; /* [out, in]; with i8 the whole numbers -127 to 127 */
    float *scales; /* [out]: 1 unless i8, or e4m3, where all are one */
};

static float largest(const float *values, int64_t n)
{
    float most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fabsf(values[i]) > most ? fabsf(values[i]) : most;
    return most;
}

/* Symmetric quantization: the whole numbers nearest to values · 127 / largest; the scale that brings them back. */
static float quantize(float *out, const float *values, int64_t n)
{
    float most = largest(values, n);
    float inverse = most > 0 ? 127.0f / most : 0;
    for (int64_t i = 0; i < n; i++)
        out[i] = rintf(values[i] * inverse);
    return most / 127.0f;
}

int plain_linear_prepare(const struct device *d, struct linear *l, const float *weight, const float *bias,
                         struct fault *fault)
{
    struct plain_weights *p = memory_new(1, sizeof *p);
    l->packed = p;
    if (!p)
        return fail_memory(fault, "a model's weights");
    p->values = memory_new((size_t)l->out * (size_t)l->in, sizeof(float));
    p->scales = memory_new((size_t)l->out, sizeof(float));
    if (!p->values || !p->scales)
        return fail_memory(fault, "a model's weights");
    const float whole = l->type == TENSOR_E4M3 ? e4m3_scale(weight, l->out * l->in) : 1;
    for (int64_t n = 0; n < l->out; n++) {
        float *row = p->values + n * l->in;
        const float *from = weight + n * l->in;
        p->scales[n] = l->type == TENSOR_I8 ? quantize(row, from, l->in) : 1 / whole;
        for (int64_t k = 0; l->type != TENSOR_I8 && k < l->in; k++)
            row[k] = rounded_to(l->type, whole * from[k]);
    }
    return floats_prepare(d, &l->bias, bias, l->out, fault);
}

void plain_linear_release(const struct device *d, struct linear *l)
{
    struct plain_weights *p = l->packed;
    if (p) {
        free(p->values);
        free(p->scales);
    }
    free(p);
    l->packed = NULL;
    floats_release(d, &l->bias);
}

static double after_product(enum linear_after after, double y)
{
    switch (after) {
    case LINEAR_RELU:
        return y < 0 ? 0 : y;
    case LINEAR_SILU:
        return y / (1 + exp(-y));
    case LINEAR_GELU:
        return 0.5 * y * (1 + erf(y * sqrt(0.5)));
    default:
        return y;
    }
}

/* A row of x in the type of the product; returns its scale. */
static float read_row(float *row, const struct tensor *x, int64_t m, const struct linear *l)
{
    for (int64_t k = 0; k < l->in; k++)
        row[k] = rounded_to(l->type, element_get(x->data, x->type, m * l->in + k));
    return l->type == TENSOR_I8 ? quantize(row, row, l->in) : 1;
}

void plain_linear(struct context *c, struct tensor out, struct tensor x, const struct linear *l,
                  enum linear_after after, float scale, struct tensor residual)
{
    const struct plain_weights *p = l->packed;
    float *row = memory_new((size_t)l->in, sizeof *row);
    if (!row) {
        fail_memory(&c->fault, "a row of a matrix product");
        return;
    }
    for (int64_t m = 0; m < tensor_rows(&x); m++) {
        double row_scale = read_row(row, &x, m, l);
        for (int64_t n = 0; n < l->out; n++) {
            double sum = 0;
            for (int64_t k = 0; k < l->in; k++)
                sum += (double)row[k] * p->values[n * l->in + k];
            double y = after_product(after, sum * row_scale * p->scales[n] + (l->bias ? l->bias[n] : 0));
            if (after == LINEAR_ADD)
                y = ((float *)residual.data)[m * l->out + n] + scale * y;
            element_set(out.data, out.type, m * l->out + n, (float)y);
        }
    }
    free(row);
}

#include "models/load/bind.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAME_LIMIT = 256 };
static const float EPSILON = 1e-5f; /* PyTorch's default, which no published checkpoint of ours changes */

int weights_read(struct binder *b, const char *prefix, const char *name, int rank, const int64_t *shape, float **out)
{
    char full[NAME_LIMIT];
    snprintf(full, sizeof full, "%s%s", prefix, name);
    int code = checkpoint_floats(b->checkpoint, full, rank, shape, out, b->fault);
    if (code)
        return code;
    int64_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= shape[i];
    b->parameters += count;
    return 0;
}

/* Where only few rows meet 8 bits, the device has the matrix in its best type, too. */
static int64_t bytes_of(const struct device *d, const struct linear *l, const float *bias)
{
    const bool twice = l->few_rows && tensor_type_size(l->type) == 1 && d->i8_rows < INT_MAX;
    const size_t element = tensor_type_size(l->type) + (twice ? tensor_type_size(d->best) : 0);
    return l->out * l->in * (int64_t)element + (bias ? l->out * (int64_t)sizeof(float) : 0);
}

int weights_linear(struct binder *b, struct linear *l, const float *weight, const float *bias, int64_t out, int64_t in)
{
    const bool wide = b->few_in_8_bits && b->type == TENSOR_I8 && b->device->i8_rows < INT_MAX;
    int code = linear_prepare(b->device, l, weight, bias, out, in, wide ? b->device->best : b->type, b->fault);
    if (!code)
        b->bytes += bytes_of(b->device, l, bias);
    return code;
}

int weights_linear_few(struct binder *b, struct linear *l, const float *weight, const float *bias, int64_t out,
                       int64_t in)
{
    int code = linear_prepare_few_rows(b->device, l, weight, bias, out, in, b->type, b->fault);
    if (!code)
        b->bytes += bytes_of(b->device, l, bias);
    return code;
}

int weights_floats(struct binder *b, float **out, const float *values, int64_t count)
{
    int code = floats_prepare(b->device, out, values, count, b->fault);
    if (!code && values)
        b->bytes += count * (int64_t)sizeof(float);
    return code;
}

static bool is_linear(const struct weight *w)
{
    return w->kind == WEIGHT_LINEAR || w->kind == WEIGHT_LINEAR_FEW;
}

static int bind_linear(struct binder *b, struct linear *l, const char *prefix, const struct weight *w)
{
    char name[NAME_LIMIT];
    float *weight = NULL, *bias = NULL;
    snprintf(name, sizeof name, "%s.weight", w->name);
    int code = weights_read(b, prefix, name, w->rank, w->shape, &weight);
    snprintf(name, sizeof name, "%s.bias", w->name);
    if (!code && w->bias)
        code = weights_read(b, prefix, name, 1, w->shape, &bias);
    int64_t in = 1;
    for (int i = 1; i < w->rank; i++)
        in *= w->shape[i];
    if (!code)
        code =
            (w->kind == WEIGHT_LINEAR_FEW ? weights_linear_few : weights_linear)(b, l, weight, bias, w->shape[0], in);
    free(weight);
    free(bias);
    return code;
}

static int bind_floats(struct binder *b, float **out, const char *prefix, const char *name, int rank,
                       const int64_t *shape)
{
    float *values = NULL;
    int64_t before = b->parameters;
    int code = weights_read(b, prefix, name, rank, shape, &values);
    if (!code)
        code = weights_floats(b, out, values, b->parameters - before);
    free(values);
    return code;
}

static int bind_norm(struct binder *b, struct norm *n, const char *prefix, const struct weight *w)
{
    char name[NAME_LIMIT];
    n->width = w->shape[0];
    n->epsilon = EPSILON;
    snprintf(name, sizeof name, "%s.weight", w->name);
    int code = bind_floats(b, &n->weight, prefix, name, 1, w->shape);
    snprintf(name, sizeof name, "%s.bias", w->name);
    return code ? code : bind_floats(b, &n->bias, prefix, name, 1, w->shape);
}

int weights_bind(struct binder *b, void *base, const char *prefix, const struct weight *table, size_t count)
{
    int code = 0;
    for (size_t i = 0; i < count && !code; i++) {
        const struct weight *w = &table[i];
        void *field = (char *)base + w->field;
        if (is_linear(w))
            code = bind_linear(b, field, prefix, w);
        else if (w->kind == WEIGHT_NORM)
            code = bind_norm(b, field, prefix, w);
        else
            code = bind_floats(b, field, prefix, w->name, w->rank, w->shape);
    }
    return code;
}

void weights_release(const struct device *device, void *base, const struct weight *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *field = (char *)base + table[i].field;
        if (is_linear(&table[i]))
            linear_release(device, field);
        else if (table[i].kind == WEIGHT_FLOATS)
            floats_release(device, field);
        else {
            struct norm *n = field;
            floats_release(device, &n->weight);
            floats_release(device, &n->bias);
        }
    }
}

/* weights_norm.c - convolutions from a checkpoint, their weight norm folded in. */
#include "models/vits/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_LIMIT = 192 };

/* In place, v [out, each]: direction times length. */
static int fold(struct binder *b, const char *prefix, const char *name, float *v, const float *lengths, int64_t out,
                int64_t each)
{
    for (int64_t i = 0; i < out; i++, v += each) {
        double square = 0;
        for (int64_t k = 0; k < each; k++)
            square += (double)v[k] * (double)v[k];
        if (!(square > 0))
            return fail(b->fault, UTTER_ERROR_MODEL, "%.200s: tensor '%.100s%.100s' has a direction of length 0",
                        checkpoint_path(b->checkpoint), prefix, name);
        const double factor = (double)lengths[i] / sqrt(square);
        for (int64_t k = 0; k < each; k++)
            v[k] = (float)((double)v[k] * factor);
    }
    return 0;
}

static int read_normed(struct binder *b, const char *prefix, const char *length, const char *direction,
                       const int64_t shape[3], float **out)
{
    const int64_t lengths_shape[3] = {shape[0], 1, 1};
    float *lengths = NULL;
    *out = NULL;
    int code = weights_read(b, prefix, length, 3, lengths_shape, &lengths);
    if (!code)
        code = weights_read(b, prefix, direction, 3, shape, out);
    if (!code)
        code = fold(b, prefix, direction, *out, lengths, shape[0], shape[1] * shape[2]);
    free(lengths);
    return code;
}

int vits_read_folded(struct binder *b, const char *prefix, const char *name, const int64_t shape[3], float **out)
{
    static const char *const pairs[][2] = {{"parametrizations.weight.original0", "parametrizations.weight.original1"},
                                           {"weight_g", "weight_v"}};
    char first[NAME_LIMIT], second[NAME_LIMIT], full[2 * NAME_LIMIT];
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        snprintf(first, sizeof first, "%s.%s", name, pairs[i][0]);
        snprintf(second, sizeof second, "%s.%s", name, pairs[i][1]);
        snprintf(full, sizeof full, "%s%s", prefix, first);
        if (checkpoint_find(b->checkpoint, full))
            return read_normed(b, prefix, first, second, shape, out);
    }
    snprintf(first, sizeof first, "%s.weight", name);
    return weights_read(b, prefix, first, 3, shape, out);
}

int vits_bind_convolution(struct binder *b, struct convolution *k, const char *prefix, const char *name)
{
    const int64_t groups = k->groups > 1 ? k->groups : 1, shape[3] = {k->out, k->in / groups, k->kernel};
    char bias_name[NAME_LIMIT];
    float *weight = NULL, *bias = NULL;
    snprintf(bias_name, sizeof bias_name, "%s.bias", name);
    k->type = b->type;
    k->padding = (k->kernel - 1) / 2 * (k->dilation > 1 ? k->dilation : 1);
    int code = vits_read_folded(b, prefix, name, shape, &weight);
    if (!code)
        code = weights_read(b, prefix, bias_name, 1, shape, &bias);
    if (!code)
        code = convolution_prepare(b->device, k, weight, bias, b->fault);
    if (!code)
        b->bytes += shape[0] * shape[1] * shape[2] * (int64_t)tensor_type_size(k->type) + k->out * 4;
    free(weight);
    free(bias);
    return code;
}

/* weights_convolution.c - convolutions from a checkpoint. */
#include "models/load/weight_norm.h"
#include "models/vits/model.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAME_LIMIT = 192 };

int vits_bind_convolution(struct binder *b, struct convolution *k, const char *prefix, const char *name)
{
    const int64_t groups = k->groups > 1 ? k->groups : 1, shape[3] = {k->out, k->in / groups, k->kernel};
    char bias_name[NAME_LIMIT];
    float *weight = NULL, *bias = NULL;
    snprintf(bias_name, sizeof bias_name, "%s.bias", name);
    k->type = b->type;
    k->padding = (k->kernel - 1) / 2 * (k->dilation > 1 ? k->dilation : 1);
    int code = weights_read_normed(b, prefix, name, shape, &weight);
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

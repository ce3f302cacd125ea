/* batch_norm.h - a convolution and the batch norm behind it, as stored, read as one convolution. */
#ifndef MODELS_LOAD_BATCH_NORM_H
#define MODELS_LOAD_BATCH_NORM_H

#include "models/load/bind.h"

/* What is stored: CONVOLUTION.weight [out, …], CONVOLUTION.bias [out] where there is one, and NORM's weight, bias,
 * running_mean and running_var [out] (Ioffe and Szegedy 2015, section 3.1, with PyTorch's epsilon of 1e-5). */
struct batch_normed {
    const char *convolution, *norm; /* behind the prefix: "conv.depthwise_conv", "conv.norm" */
    bool bias;
    int rank;
    int64_t shape[TENSOR_RANK]; /* of the convolution's weight */
};

/* y = (w∗x + bias - mean) / √(variance + ε) · scale + shift as w'∗x + bias': *weight [shape], *bias [out], the caller's
 * to free; both NULL after an error. Errors: MODEL (missing, wrongly shaped, not finite; a variance below 0), MEMORY.
 */
int weights_read_folded(struct binder *b, const char *prefix, const struct batch_normed *n, float **weight,
                        float **bias);

#endif

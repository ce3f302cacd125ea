/* linear.h - a linear layer: its weights on the card (made by linear_weights.cu, multiplied by in linear.cu and
 * few_rows.cu), and its activations. */
#ifndef MODELS_CUDA_LINEAR_H
#define MODELS_CUDA_LINEAR_H

#include "models/cuda/element.h"
#include "models/cuda/few_rows.h"

/* struct linear's `packed`: on the host, with what it points to on the card. */
struct packed {
    enum tensor_type type;   /* that cuBLASLt multiplies in … */
    enum tensor_type result; /* … and that it gives beside f32 */
    float restore;           /* what products by `weight` are multiplied by: 1, unless in E4M3 */
    void *weight;
    void *bias;             /* in `result`; NULL: none */
    struct few_weights few; /* in 8 bits, for few rows; `weight` is what they stand for */
};

/* y with an activation of a linear layer's (enum linear_after). */
static __device__ inline float activated(float y, int after)
{
    if (after == LINEAR_RELU)
        return fmaxf(y, 0.0f);
    if (after == LINEAR_SILU)
        return y * sigmoid(y);
    return after == LINEAR_GELU ? 0.5f * y * (1.0f + erff(y * 0.70710678f)) : y;
}

#endif

/* linear.h - a linear layer's weights on the card: made by linear_weights.cu, multiplied by in linear.cu. */
#ifndef MODELS_CUDA_LINEAR_H
#define MODELS_CUDA_LINEAR_H

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

#endif

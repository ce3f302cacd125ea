/* fast_winograd.h - convolutions over time with fewer multiplications. */
#ifndef MODELS_CPU_FAST_WINOGRAD_H
#define MODELS_CPU_FAST_WINOGRAD_H

#include "models/tensor/ops.h"

enum {
    WINOGRAD_DEPTH = 256, /* at most of a panel of weights: half of a usual first-level cache */
};

/* A convolution's weights for it. A kernel is `parts` times `taps` taps, zeros behind its own; a bundle is the
 * `outputs` = points + 1 - taps outputs that are made of the same factors, one for each point. A transposed convolution
 * is `phases` = stride of them over the same factors, side by side as output channels, whose outputs interleave. */
struct winograd {
    int points, taps, parts, outputs, phases; /* points: 8 or 10 */
    int64_t depth;                            /* of the products: parts · in, rounded up to whole fours */
    int64_t columns, blocks; /* columns: output channels of a block, as the device's kernels have them */
    float *weight;           /* [point][panel of at most WINOGRAD_DEPTH of depth][block][depth][columns] */
    float *bias;             /* [out, rounded up to whole columns] */
};

/* Whether a convolution gains by it: stride 1, a kernel of 3 or more and no wide dilation, or transposed with a kernel
 * of two strides, as vocoders have it; and channels enough to pay for its two ends. */
bool winograd_suits(const struct device *d, const struct convolution *k);

/* weight as in convolution_prepare. NULL: memory ran out. */
struct winograd *winograd_new(const struct device *d, const struct convolution *k, const float *weight);
void winograd_free(struct winograd *w);

void winograd_convolve(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                       const struct winograd *w, const struct convolved *how);

#endif

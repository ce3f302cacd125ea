/* fast_winograd.h - convolutions over time with fewer multiplications. */
#ifndef MODELS_CPU_FAST_WINOGRAD_H
#define MODELS_CPU_FAST_WINOGRAD_H

#include "models/tensor/ops.h"

/* Whether a convolution gains by it: stride 1, kernel 3 or more, and channels enough to pay for its two ends. */
bool winograd_suits(const struct device *d, const struct convolution *k);

struct winograd;
/* weight as in convolution_prepare. NULL: memory ran out. */
struct winograd *winograd_new(const struct device *d, const struct convolution *k, const float *weight);
void winograd_free(struct winograd *w);

void winograd_convolve(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                       const struct winograd *w, const struct convolved *how);

#endif

/* few_rows.h - products of few rows by weights of 8 bits, as a decoder's steps make them: reading the weights is what
 * bounds them. */
#ifndef MODELS_CUDA_FEW_ROWS_H
#define MODELS_CUDA_FEW_ROWS_H

#include "models/cuda/device.h"

/* Every block reads all of x from the cache: as many bytes as its weights at 8 rows, twice as many at 16, where by
 * reckoning (no card has run it) weights of 16 bits in cuBLASLt are as fast. */
enum { MOST_FEW_ROWS = 16 };

/* W [out, in], on the card: whole numbers -127 to 127, and for each output what brings them back. */
struct few_weights {
    unsigned char *tiles; /* few_rows.cu says in which order; NULL: there are none */
    float *scales;        /* [out] */
};

/* Whether there can be a product by weights of such rows. */
bool few_rows_can(int64_t in);

/* From weight (host, row-major) the weights in 8 bits (absolute maximum of a row / 127), and what they stand for as
 * rounded [out, in] in bf16, on the card. After a failure, too, few_weights_release. Errors: MEMORY, DEVICE. */
int few_weights_prepare(const struct device *d, struct few_weights *w, void *rounded, const float *weight, int64_t out,
                        int64_t in, struct fault *fault);
void few_weights_release(const struct device *d, struct few_weights *w);

/* cuda_linear's, of l's shape, where x has at most MOST_FEW_ROWS rows: x is rounded to bf16, W is not. False: x does
 * not lie as it must, and nothing was done. */
bool few_rows_linear(struct context *c, struct tensor out, struct tensor x, const struct linear *l,
                     const struct few_weights *w, enum linear_after after, float scale, struct tensor residual);

#endif

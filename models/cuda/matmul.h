/* matmul.h - the matrix product itself, by cuBLASLt. */
#ifndef MODELS_CUDA_MATMUL_H
#define MODELS_CUDA_MATMUL_H

#include "models/cuda/device.h"

/* A context's products: a handle, its workspace, and the algorithm found for each shape. NULL: the fault says why. */
struct matmul *matmul_open(struct fault *fault);
void matmul_close(struct matmul *matmul);

/* out [m, n] = factor · x [m, k] Wᵀ + keep · out + bias [n], W [n, k]; all row-major; then ReLU where it is asked for.
 * x and W have the type `type`, out is f32 or of that type, too; bias NULL or of out's type. With E4M3, n and k are
 * multiples of 16, out is f32 or bf16, and bias is bf16. Sums are f32; f32 products are not rounded (no TF32). What is
 * too large for f16 becomes infinite. */
struct product {
    int64_t m, n, k;
    enum tensor_type type, out_type;
    float factor, keep;
    int biased, relu; /* whether */
};
void matmul_run(struct context *c, const struct product *product, void *out, const void *x, const void *weight,
                const void *bias);

/* The same, put on the stream whatever list is kept. */
void matmul_issue(struct context *c, const struct product *product, void *out, const void *x, const void *weight,
                  const void *bias);

/* Whether such a product can add a bias itself. */
bool matmul_adds_bias(struct context *c, const struct product *product);

#endif

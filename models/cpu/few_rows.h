/* few_rows.h - matrix products of few rows, as a decoder's steps make them: reading the weights is what bounds them.
 *
 * W lies in blocks of outputs. A block is read once from front to back, and holds
 *     start [columns]: i32 or f32, what the sums begin with (the bias, but with i8 what x's offset adds, taken away)
 *     weights [in / group][columns][group], `in` rounded up with zeros
 * so that one vector of weights meets one word of x, `group` steps of k at once. */
#ifndef MODELS_CPU_FEW_ROWS_H
#define MODELS_CPU_FEW_ROWS_H

#include "models/tensor/ops.h"

enum { FEW_ROWS = 6, FEW_COLUMNS = 64 }; /* at most, of one call of a kernel */

struct few_kernel {
    enum tensor_type type; /* of x and the weights */
    int columns, group;
    int offset; /* i8: the kernel multiplies by x + offset */
    /* sums [rows][columns], i32 with i8 or else f32: start + x · weights. x: rows x_step elements apart, each with
     * groups · group elements. A sum's order of additions does not depend on the rows beside it. */
    void (*multiply)(void *sums, const void *x, int64_t x_step, const void *block, int64_t groups, int rows);
};

extern const struct few_kernel few_avx2_f32, few_avx2_i8, few_avx512_f32, few_avx512bf16, few_avx512vnni;

/* As linear_prepare and the rest of ops.h have it. l->packed is theirs; the device has a kernel for l->type. */
int few_linear_prepare(const struct device *d, struct linear *l, const float *weight, const float *bias,
                       struct fault *fault);
void few_linear_release(const struct device *d, struct linear *l);
void few_linear(struct context *c, struct tensor out, struct tensor x, const struct linear *l, enum linear_after after,
                float scale, struct tensor residual);

#endif

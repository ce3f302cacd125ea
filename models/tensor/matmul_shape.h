/* matmul_shape.h - the matrix products of a pass, as a benchmark's yardstick asks for them. */
#ifndef MODELS_TENSOR_MATMUL_SHAPE_H
#define MODELS_TENSOR_MATMUL_SHAPE_H

#include <stdint.h>

/* [m, k] times [k, n], count times. */
struct matmul_shape {
    int64_t m, k, n, count;
};

#endif

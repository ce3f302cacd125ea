/* element.h - elements of tensors as floats, on the device; sums over a block. */
#ifndef MODELS_CUDA_ELEMENT_H
#define MODELS_CUDA_ELEMENT_H

#include "models/cuda/runtime.h"

enum { WARP = 32 };

static __device__ inline float bf16_get(uint16_t bits)
{
    return __uint_as_float((uint32_t)bits << 16);
}

/* To nearest, ties to even; a NaN stays one. */
static __device__ inline uint16_t bf16_of(float value)
{
    uint32_t bits = __float_as_uint(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u)
        return (uint16_t)(bits >> 16 | 0x40u);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

/* f16: models/tensor/half.h says what is rounded to what. The emulation has its own of the same names. */
#ifndef UTTER_CUDA_EMULATED
static __device__ inline float f16_get(uint16_t bits)
{
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
    return value;
}

static __device__ inline uint16_t f16_of(float value)
{
    uint16_t bits;
    asm("cvt.rn.satfinite.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
    return bits;
}
#endif

/* E4M3: models/tensor/float8.h says what is rounded to what. Two of them, the first in the low byte. Code for 8.0 also
 * runs on cards of 8.9, which multiply E4M3; the emulation has it, too. */
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 890
static __device__ inline uint16_t e4m3_pair(float low, float high)
{
    uint16_t pair;
    asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(pair) : "f"(high), "f"(low));
    return pair;
}
#else
static __device__ inline uint32_t e4m3_of(float value)
{
    const uint32_t bits = __float_as_uint(value), sign = bits >> 24 & 0x80u, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u)
        return sign | 0x7fu;
    if (magnitude > 0x43e00000u)
        return sign | 0x7eu;
    if (magnitude < 0x3c800000u)
        return sign | (__float_as_uint(__uint_as_float(magnitude) + 16384.0f) - 0x46800000u);
    return sign | (magnitude + 0x7ffffu + (magnitude >> 20 & 1u) - 0x3c000000u) >> 20;
}

static __device__ inline uint16_t e4m3_pair(float low, float high)
{
    return (uint16_t)(e4m3_of(low) | e4m3_of(high) << 8);
}
#endif

/* What a product gives in f16 may be infinite; an activation of that need not be a number. */
static __device__ inline float f16_held(float value)
{
    return fminf(fmaxf(value, -65504.0f), 65504.0f);
}

/* f32, bf16 or f16. */
struct view {
    void *data;
    int type, gap; /* gap: nobody's, here and below; without it the compiler leaves one, of any bytes (commands.h) */
};

static inline struct view view_of(struct tensor t)
{
    return {t.data, (int)t.type};
}

static __device__ inline float get(struct view v, int64_t i)
{
    if (v.type == TENSOR_F32)
        return ((const float *)v.data)[i];
    const uint16_t bits = ((const uint16_t *)v.data)[i];
    return v.type == TENSOR_BF16 ? bf16_get(bits) : f16_get(bits);
}

static __device__ inline void put(struct view v, int64_t i, float value)
{
    if (v.type == TENSOR_F32)
        ((float *)v.data)[i] = value;
    else
        ((uint16_t *)v.data)[i] = v.type == TENSOR_BF16 ? bf16_of(value) : f16_of(value);
}

/* A number as a product of this type sees it. */
static __device__ inline float rounded_to(int type, float value)
{
    if (type == TENSOR_F32)
        return value;
    return type == TENSOR_BF16 ? bf16_get(bf16_of(value)) : f16_get(f16_of(value));
}

/* Blocks for a kernel that strides: one per `each` items, as long as that is not too many. */
static inline dim3 blocks_of(int64_t items, int64_t each)
{
    const int64_t blocks = (items + each - 1) / each;
    return dim3((unsigned)(blocks < most_blocks ? blocks : most_blocks));
}

static __device__ inline float sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

/* ---- over a block: every thread calls, every thread has the result. At most 1024 threads, in whole warps. ---- */

struct sum_of {
    static __device__ inline float nothing()
    {
        return 0.0f;
    }
    static __device__ inline float both(float a, float b)
    {
        return a + b;
    }
};

struct largest_of {
    static __device__ inline float nothing()
    {
        return -INFINITY;
    }
    static __device__ inline float both(float a, float b)
    {
        return fmaxf(a, b);
    }
};

template <class Over> static __device__ inline float over_warp(float value)
{
    for (int lane = WARP / 2; lane > 0; lane /= 2)
        value = Over::both(value, __shfl_xor_sync(0xffffffffu, value, lane));
    return value;
}

template <class Over> static __device__ inline float over_block(float value)
{
    __shared__ float parts[WARP];
    const int warp = threadIdx.x / WARP, warps = blockDim.x / WARP;
    value = over_warp<Over>(value);
    if (threadIdx.x % WARP == 0)
        parts[warp] = value;
    __syncthreads();
    value = Over::nothing();
    for (int i = 0; i < warps; i++) /* the same order in every thread */
        value = Over::both(value, parts[i]);
    __syncthreads();
    return value;
}

#endif

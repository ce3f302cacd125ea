/* pieces.h - eight numbers of a tensor at a time, as floats: what a thread brings with one load of 16 bytes (two of
 * them in f32). A warp that reads single 16-bit numbers asks for 64 bytes at once, and for pieces 512: with that much
 * on the way, memory is what is waited for, not its latency. */
#ifndef MODELS_CUDA_PIECES_H
#define MODELS_CUDA_PIECES_H

#include "models/cuda/warp.h"

enum { PIECE = 8 };

template <class Half> static __device__ inline void widen_8(float (&out)[8], uint4 bits)
{
    const uint32_t pairs[4] = {bits.x, bits.y, bits.z, bits.w};
#pragma unroll
    for (int k = 0; k < 4; k++) {
        out[2 * k] = Half::low(pairs[k]);
        out[2 * k + 1] = Half::high(pairs[k]);
    }
}

template <class Half> static __device__ inline uint4 narrow_8(const float (&x)[8])
{
    return {Half::pair(x[0], x[1]), Half::pair(x[2], x[3]), Half::pair(x[4], x[5]), Half::pair(x[6], x[7])};
}

static __device__ inline void get_8_floats(float (&out)[8], const float *x)
{
    const float4 low = *(const float4 *)x, high = *(const float4 *)(x + 4);
    out[0] = low.x, out[1] = low.y, out[2] = low.z, out[3] = low.w;
    out[4] = high.x, out[5] = high.y, out[6] = high.z, out[7] = high.w;
}

/* Elements i to i + 7, i a multiple of 8. */
static __device__ inline void get_8(float (&out)[8], struct view v, int64_t i)
{
    if (v.type == TENSOR_F32) {
        get_8_floats(out, (const float *)v.data + i);
        return;
    }
    const uint4 bits = *(const uint4 *)((const uint16_t *)v.data + i);
    if (v.type == TENSOR_BF16)
        widen_8<bf16>(out, bits);
    else
        widen_8<f16>(out, bits);
}

static __device__ inline void put_8(struct view v, int64_t i, const float (&x)[8])
{
    if (v.type == TENSOR_F32) {
        float4 *to = (float4 *)((float *)v.data + i);
        to[0] = {x[0], x[1], x[2], x[3]};
        to[1] = {x[4], x[5], x[6], x[7]};
        return;
    }
    *(uint4 *)((uint16_t *)v.data + i) = v.type == TENSOR_BF16 ? narrow_8<bf16>(x) : narrow_8<f16>(x);
}

/* Whether rows of this width consist of pieces, and begin where pieces may. */
static inline bool in_pieces(struct view v, int64_t width)
{
    return width % PIECE == 0 && (uintptr_t)v.data % 16 == 0;
}

#endif

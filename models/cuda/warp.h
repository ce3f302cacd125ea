/* warp.h - what the threads of a warp do together: products of small matrices on the tensor cores, and how their
 * operands get there. Layouts are those of PTX (ISA 8, "mma.m16n8k16" and "ldmatrix"): with group = lane / 4 and pair =
 * lane % 4, a[0..3]  [16, 16]: rows group, group + 8, group, group + 8; columns 2·pair, 2·pair + 1, from the third on 8
 * further b[0..1]  [16, 8] by columns: column group; rows 2·pair, 2·pair + 1, and the same 8 further d[0..3]  [16, 8]:
 * rows group, group, group + 8, group + 8; columns 2·pair, 2·pair + 1 The emulation has its own of the same names
 * (tests/emulation/cuda.h). */
#ifndef MODELS_CUDA_WARP_H
#define MODELS_CUDA_WARP_H

#include "models/cuda/element.h"

#ifndef UTTER_CUDA_EMULATED

/* d += a b: bf16 or f16 in pairs, sums in f32. */
static __device__ inline void mma_bf16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1)
{
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

static __device__ inline void mma_f16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1)
{
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/* Four matrices of 8 by 8 from shared memory: lane i gives the address of row i % 8 of matrix i / 8, and gets of each
 * matrix the elements [group, 2·pair] and [group, 2·pair + 1]; transposed: [2·pair, group] and [2·pair + 1, group]. */
static __device__ inline void load_matrices(uint32_t (&r)[4], const uint16_t *row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"((uint32_t)__cvta_generic_to_shared(row))
                 : "memory");
}

static __device__ inline void load_matrices_transposed(uint32_t (&r)[4], const uint16_t *row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"((uint32_t)__cvta_generic_to_shared(row))
                 : "memory");
}

/* 16 bytes to shared memory while the thread goes on; zeros where they do not count. */
static __device__ inline void copy_16(uint16_t *to, const uint16_t *from, bool counts)
{
    const int size = counts ? 16 : 0;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"((uint32_t)__cvta_generic_to_shared(to)),
                 "l"(from), "r"(size)
                 : "memory");
}

/* Ends a group of copies; waits until at most LEFT groups, the youngest, are on their way. */
static __device__ inline void copies_end(void)
{
    asm volatile("cp.async.commit_group;" ::: "memory");
}

template <int LEFT> static __device__ inline void copies_wait(void)
{
    asm volatile("cp.async.wait_group %0;" ::"n"(LEFT) : "memory");
}

/* Two floats as bf16 or f16, the first in the low half. */
static __device__ inline uint32_t bf16_pair(float low, float high)
{
    uint32_t pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
}

static __device__ inline uint32_t f16_pair(float low, float high)
{
    uint32_t pair;
    asm("cvt.rn.satfinite.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
}

#endif

/* The two 16-bit floats, for kernels that are compiled for each of them. */
struct bf16 {
    static const int type = TENSOR_BF16;
    static __device__ inline float low(uint32_t pair)
    {
        return __uint_as_float(pair << 16);
    }
    static __device__ inline float high(uint32_t pair)
    {
        return __uint_as_float(pair & 0xffff0000u);
    }
    static __device__ inline uint32_t pair(float low, float high)
    {
        return bf16_pair(low, high);
    }
    static __device__ inline float held(float value)
    {
        return value;
    }
    static __device__ inline void mma(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1)
    {
        mma_bf16(d, a, b0, b1);
    }
};

struct f16 {
    static const int type = TENSOR_F16;
    static __device__ inline float low(uint32_t pair)
    {
        return f16_get((uint16_t)pair);
    }
    static __device__ inline float high(uint32_t pair)
    {
        return f16_get((uint16_t)(pair >> 16));
    }
    static __device__ inline uint32_t pair(float low, float high)
    {
        return f16_pair(low, high);
    }
    static __device__ inline float held(float value)
    {
        return f16_held(value);
    }
    static __device__ inline void mma(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1)
    {
        mma_f16(d, a, b0, b1);
    }
};

/* Elements i and i + 1, i even, of floats or of Half. */
template <class Half> static __device__ inline void put_pair(struct view v, int64_t i, float low, float high)
{
    if (v.type == TENSOR_F32)
        *(float2 *)((float *)v.data + i) = make_float2(low, high);
    else
        *(uint32_t *)((uint16_t *)v.data + i) = Half::pair(low, high);
}

#endif

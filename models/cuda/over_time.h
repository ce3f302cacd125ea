/* over_time.h - what the convolutions over time have in common: each output by itself and plain tiles (over_time.cu),
 * and tensor cores for bf16 and f16 (over_time_tensor.cu). */
#ifndef MODELS_CUDA_OVER_TIME_H
#define MODELS_CUDA_OVER_TIME_H

#include "models/cuda/pieces.h"
#include "models/cuda/each.h"

struct over_steps {
    struct view out, x, weight;
    const float *bias, *residual;
    const int *lengths;
    int kernel, stride, dilation, padding, transposed, after;
    float slope, factor;
    int64_t time, out_time, in, in_group, out_group, channels;

    /* The step of x under a tap for output step t; below 0: none. */
    __device__ int64_t step_under(int64_t t, int tap) const
    {
        const int64_t shift = (int64_t)tap * dilation;
        if (!transposed)
            return t * stride - padding + shift;
        const int64_t from = t + padding - shift;
        return from < 0 || from % stride ? -1 : from / stride;
    }

    /* x as the product sees it. */
    __device__ float input(int64_t at) const
    {
        const float v = get(x, at);
        return rounded_to(weight.type, v < 0.0f ? slope * v : v);
    }

    /* Eight channels of a step from `first` on, behind the leaky ReLU; zeros outside. pieces: whether they lie so. */
    __device__ void inputs(float (&values)[PIECE], int64_t row, int64_t step, int64_t first, int64_t valid,
                           bool pieces) const
    {
        const int64_t at = (row * time + step) * in + first;
        const bool inside = step >= 0 && step < valid;
        if (inside && pieces && first < in)
            get_8(values, x, at);
        else
#pragma unroll
            for (int k = 0; k < PIECE; k++)
                values[k] = inside && first + k < in ? get(x, at + k) : 0.0f;
#pragma unroll
        for (int k = 0; k < PIECE; k++)
            values[k] = values[k] < 0.0f ? slope * values[k] : values[k];
    }

    __device__ float finished(float y, int64_t i) const
    {
        if (after == CONVOLUTION_RELU)
            return fmaxf(y, 0.0f);
        if (after == CONVOLUTION_TANH)
            return tanhf(y);
        if (after == CONVOLUTION_LEAKY)
            return y < 0.0f ? factor * y : y;
        return after == CONVOLUTION_ADD ? residual[i] + factor * y : y;
    }

    __device__ void operator()(int64_t i) const
    {
        const int64_t o = i % channels, t = i / channels % out_time, row = i / channels / out_time;
        const int64_t valid = valid_steps(lengths, row, time), first = o / out_group * in_group;
        float sum = bias ? bias[o] : 0.0f;
        for (int tap = 0; tap < kernel; tap++) {
            const int64_t step = step_under(t, tap);
            if (step < 0 || step >= valid)
                continue;
            const int64_t from = (row * time + step) * in + first;
            for (int64_t k = 0; k < in_group; k++)
                sum += get(weight, (tap * in_group + k) * channels + o) * input(from + k);
        }
        put(out, i, finished(sum, i));
    }
};

/* Where a block's outputs lie in time, and where under the first tap x is read: output i of them is step first + i ·
 * apart, and reads x's step from + i · x_apart. */
struct placed {
    int64_t first;
    int apart, x_apart;
};

static __device__ inline struct placed place_of(const struct over_steps &a, int64_t block, int steps)
{
    if (!a.transposed)
        return {block * steps, 1, a.stride};
    return {block / a.stride * steps * a.stride + block % a.stride, a.stride, 1};
}

/* The step that output 0 of a block's reads under a tap; false where the tap belongs to another phase. */
static __device__ inline bool step_of_block(const struct over_steps &a, const struct placed &p, int tap, int64_t *from)
{
    const int64_t shift = (int64_t)tap * a.dilation, ahead = p.first + a.padding - shift;
    *from = a.transposed ? ahead / a.stride : p.first * a.stride - a.padding + shift;
    return !a.transposed || ahead % a.stride == 0;
}

/* Blocks over time of tiles of so many steps. */
static inline int64_t blocks_over_time(const struct over_steps &a, int steps)
{
    const int64_t phases = a.transposed ? a.stride : 1, of_phase = (a.out_time + phases - 1) / phases;
    return (of_phase + steps - 1) / steps * phases;
}

/* Whether tiles are worth it, and their grid can be: of one group, and to more than a few channels. */
static inline bool fits_tiles(const struct over_steps &a, int64_t batch)
{
    return a.in_group == a.in && a.channels >= 8 && batch <= UINT16_MAX && a.channels <= 32 * (int64_t)UINT16_MAX &&
           a.out_time <= INT32_MAX;
}

/* True when it ran: products in bf16 or f16 that fit tiles. */
bool convolve_on_tensor_cores(struct context *c, const struct over_steps &a, int64_t batch);

#endif

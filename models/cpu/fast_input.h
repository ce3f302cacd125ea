/* fast_input.h - the input of a piece of a convolution over time, as floats in a worker's scratch. */
#ifndef MODELS_CPU_FAST_INPUT_H
#define MODELS_CPU_FAST_INPUT_H

#include "models/cpu/convert.h"
#include "models/cpu/kernels.h"

struct input {
    const struct cpu_kernels *kernels;
    struct tensor x;
    const struct convolved *how;
    int64_t steps; /* of a piece */
};

/* Where x lies as it would be brought: floats, valid steps alone, no ReLU. Else NULL. */
static inline const float *input_in_place(const struct input *j, int64_t row, int64_t from)
{
    const int64_t valid = valid_steps(j->how->lengths, row, j->x.shape[1]);
    if (j->x.type != TENSOR_F32 || j->how->slope != 1 || from < 0 || from + j->steps > valid)
        return NULL;
    return (const float *)j->x.data + (row * j->x.shape[1] + from) * j->x.shape[2];
}

/* `steps` steps of a row from `from` on, through the leaky ReLU, zeros outside its valid ones. */
static inline void input_bring(const struct input *j, float *to, int64_t row, int64_t from)
{
    const int64_t in = j->x.shape[2], valid = valid_steps(j->how->lengths, row, j->x.shape[1]);
    const int64_t begin = from < 0 ? 0 : from < valid ? from : valid;
    int64_t end = from + j->steps < valid ? from + j->steps : valid;
    end = end > begin ? end : begin;
    const int64_t ahead = begin - from < j->steps ? begin - from : j->steps, before = ahead > 0 ? ahead : 0;
    const int64_t count = end - begin, behind = j->steps - before - count;
    const void *x = element_at(&j->x, (row * j->x.shape[1] + begin) * in);
    memset(to, 0, (size_t)(before * in) * sizeof *to);
    if (j->how->slope != 1)
        j->kernels->activate(to + before * in, TENSOR_F32, x, j->x.type, ACTIVATION_LEAKY, j->how->slope, count * in);
    else
        j->kernels->scale(to + before * in, TENSOR_F32, x, j->x.type, 1, count * in);
    memset(to + (before + count) * in, 0, (size_t)(behind * in) * sizeof *to);
}

#endif

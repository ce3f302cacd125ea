/* each.h - one kernel for all operations that compute elements by themselves: a functor per operation. */
#ifndef MODELS_CUDA_EACH_H
#define MODELS_CUDA_EACH_H

#include "models/cuda/commands.h"
#include "models/cuda/element.h"

template <class Compute> static __global__ void each_element(int64_t count, Compute compute)
{
    for (int64_t i = blockIdx.x * (int64_t)blockDim.x + threadIdx.x; i < count; i += (int64_t)gridDim.x * blockDim.x)
        compute(i);
}

/* compute(i) for all i below count, on the context's stream. */
template <class Compute> static void each(struct context *c, const char *op, int64_t count, Compute compute)
{
    enum { THREADS = 256 };
    if (count < 1)
        return;
    enqueue(c, each_element<Compute>, blocks_of(count, THREADS), THREADS, 0, count, compute);
    cuda_launched(c, op);
}

/* The valid steps of a row: lengths may be absent, and are held to the steps that there are. */
static __device__ inline int64_t valid_steps(const int *lengths, int64_t row, int64_t steps)
{
    if (!lengths)
        return steps;
    return lengths[row] < 0 ? 0 : lengths[row] < steps ? lengths[row] : steps;
}

/* Lengths on the card; NULL stays NULL. False: the context's fault says why. */
static inline bool send_lengths(struct context *c, const int *lengths, int64_t batch, const int **on_card)
{
    *on_card = lengths ? (const int *)cuda_send(c, lengths, (size_t)batch * sizeof *lengths) : NULL;
    return !lengths || *on_card;
}

#endif

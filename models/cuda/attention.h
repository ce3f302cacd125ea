/* attention.h - what the two attentions have in common: plain tiles for any type and width (attention.cu), and tensor
 * cores for bf16 and f16 (attention_tensor.cu). */
#ifndef MODELS_CUDA_ATTENTION_H
#define MODELS_CUDA_ATTENTION_H

#include "models/cuda/each.h"

struct attention {
    struct view out, q, k, v, position; /* position.data NULL: plain attention */
    const float *u, *w;
    const int *lengths;
    int64_t queries, keys, width, step; /* width: of a head; step: of all heads */
    float scale;
    int causal;
    struct attention_window window; /* keys NULL: none */
};

/* Whether queries and keys are steps of one sequence, so that a query may lie in its padding. */
static __device__ inline bool attends_itself(const struct attention &a)
{
    return a.position.data || a.window.keys;
}

/* The keys that query i sees, from the first on: none in the padding of a self-attention with distances. */
static __device__ inline int64_t keys_seen(const struct attention &a, int64_t i, int64_t valid)
{
    if (attends_itself(a) && i >= valid)
        return 0;
    const int64_t reach = a.causal ? i + a.keys - a.queries + 1 : valid;
    return reach < valid ? reach : valid;
}

/* The keys that any of the queries before `end` sees. */
static __device__ inline int64_t keys_needed(const struct attention &a, int64_t end, int64_t valid)
{
    const int64_t reach = a.causal ? end + a.keys - a.queries : valid;
    return reach < valid ? reach : valid;
}

/* True when it ran: everything in bf16 or all in f16, of a width that it is compiled for, and no window. */
bool attention_on_tensor_cores(struct context *c, const struct attention &a, int64_t batch, int heads);

#endif

/* scratch.h - what a context of the CPU keeps between ops: memory for each worker of the pool, memory that they share,
 * and the matrix products that it has met. It grows to the largest that was asked for, so a steady forward pass
 * allocates nothing. */
#ifndef MODELS_CPU_SCRATCH_H
#define MODELS_CPU_SCRATCH_H

#include "models/tensor/ops.h"

struct products; /* onednn.h */

struct scratch_block {
    unsigned char *memory;
    size_t size;
};

struct cpu_scratch {
    struct products *products;
    struct scratch_block shared;
    int workers;
    struct scratch_block *worker;
};

int scratch_open(struct context *c, struct fault *fault);
void scratch_close(struct context *c);

/* At least these bytes for the op at hand, 64-byte aligned; false: memory ran out, and the context's fault says so. */
bool scratch_reserve(struct context *c, size_t shared, size_t per_worker);

static inline void *scratch_shared(const struct context *c)
{
    return ((struct cpu_scratch *)c->scratch)->shared.memory;
}

static inline void *scratch_worker(const struct context *c, int worker)
{
    return ((struct cpu_scratch *)c->scratch)->worker[worker].memory;
}

/* Rounds bytes up to a cache line, for parts of one block. */
static inline size_t scratch_part(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

#endif

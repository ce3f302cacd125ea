#include "models/cpu/scratch.h"

#include "models/cpu/onednn.h"
#include "src/base/memory.h"

#include <stdlib.h>

int scratch_open(struct context *c, struct fault *fault)
{
    struct cpu_scratch *s = memory_new(1, sizeof *s);
    c->scratch = s;
    if (!s)
        return fail_memory(fault, "a context");
    s->workers = thread_pool_size(c->device->threads);
    s->worker = memory_new((size_t)s->workers, sizeof *s->worker);
    s->products = products_new(s->workers);
    if (s->worker && s->products)
        return 0;
    scratch_close(c);
    return fail_memory(fault, "a context");
}

void scratch_close(struct context *c)
{
    struct cpu_scratch *s = c->scratch;
    c->scratch = NULL;
    if (!s)
        return;
    products_free(s->products);
    for (int i = 0; s->worker && i < s->workers; i++)
        free(s->worker[i].memory);
    free(s->worker);
    free(s->shared.memory);
    free(s);
}

static bool grow(struct scratch_block *block, size_t size)
{
    if (size <= block->size)
        return true;
    free(block->memory);
    block->memory = memory_aligned(size);
    block->size = block->memory ? size : 0;
    return block->memory != NULL;
}

bool scratch_reserve(struct context *c, size_t shared, size_t per_worker)
{
    struct cpu_scratch *s = c->scratch;
    bool ok = grow(&s->shared, shared);
    for (int i = 0; ok && i < s->workers; i++)
        ok = grow(&s->worker[i], per_worker);
    if (!ok)
        fail_memory(&c->fault, "an operation's scratch");
    return ok;
}

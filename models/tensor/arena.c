/* arena.c - contexts and the memory of a forward pass. */
#include "models/tensor/ops.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_ALIGNMENT = 64 };

int context_open(struct context *c, const struct device *device, enum tensor_type compute, struct fault *fault)
{
    *c = (struct context){.device = device, .compute = compute};
    return device->ops->context_opened(c, fault);
}

void context_close(struct context *c)
{
    if (!c->device)
        return;
    c->device->ops->context_closed(c);
    c->device->ops->memory_free(c->device, c->arena.base);
    *c = (struct context){0};
}

void context_measure(struct context *c, bool measuring)
{
    c->measuring = measuring;
    c->arena.used = 0;
    if (!measuring)
        return;
    c->arena.peak = 0;
    c->flops = 0;
    fault_clear(&c->fault);
}

int context_reserve(struct context *c, size_t size, struct fault *fault)
{
    if (size <= c->arena.size)
        return 0;
    const struct device *d = c->device;
    d->ops->memory_free(d, c->arena.base);
    c->arena = (struct arena){.peak = c->arena.peak};
    c->arena.base = d->ops->memory_new(d, size);
    if (!c->arena.base)
        return fail(fault, UTTER_ERROR_MEMORY, "memory ran out for a forward pass of %zu bytes", size);
    c->arena.size = size;
    return 0;
}

size_t arena_mark(const struct context *c)
{
    return c->arena.used;
}

void arena_release(struct context *c, size_t mark)
{
    c->arena.used = mark;
}

/* The bytes of t, rounded up to the arena's alignment; false when the shape is not one. */
static bool arena_bytes(const struct tensor *t, size_t *bytes)
{
    size_t size = tensor_type_size(t->type);
    for (int i = 0; i < t->rank; i++)
        if (t->shape[i] < 0 || __builtin_mul_overflow(size, (size_t)t->shape[i], &size))
            return false;
    if (size > SIZE_MAX / 2)
        return false;
    *bytes = (size + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
    return true;
}

struct tensor tensor_new(struct context *c, enum tensor_type type, int rank, const int64_t *shape)
{
    struct tensor t = {.type = type, .rank = rank};
    memcpy(t.shape, shape, (size_t)rank * sizeof *shape);
    size_t bytes;
    if (type == TENSOR_F16 && !c->device->has_f16) {
        fail(&c->fault, UTTER_ERROR_UNSUPPORTED, "%s does not compute in f16", c->device->name);
        return t;
    }
    if (!arena_bytes(&t, &bytes) || bytes > SIZE_MAX / 2 - c->arena.used) {
        fail(&c->fault, UTTER_ERROR_MEMORY, "a tensor of a forward pass is larger than memory");
        return t;
    }
    if (!c->measuring) {
        if (c->arena.used + bytes > c->arena.size) {
            fail(&c->fault, UTTER_ERROR_MEMORY, "a forward pass needs %zu bytes and its arena has %zu",
                 c->arena.used + bytes, c->arena.size);
            return t;
        }
        t.data = c->arena.base + c->arena.used;
    }
    c->arena.used += bytes;
    if (c->arena.used > c->arena.peak)
        c->arena.peak = c->arena.used;
    return t;
}

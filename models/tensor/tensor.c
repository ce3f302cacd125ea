#include "models/tensor/tensor.h"

#include <assert.h>

size_t tensor_type_size(enum tensor_type type)
{
    static const size_t sizes[TENSOR_TYPES] = {4, 2, 2, 1, 1};
    assert(type < TENSOR_TYPES);
    return sizes[type];
}

const char *tensor_type_name(enum tensor_type type)
{
    static const char *const names[TENSOR_TYPES] = {"f32", "bf16", "f16", "i8", "e4m3"};
    return (unsigned)type < TENSOR_TYPES ? names[type] : "unknown";
}

int64_t tensor_count(const struct tensor *t)
{
    int64_t count = 1;
    for (int i = 0; i < t->rank; i++)
        count *= t->shape[i];
    return count;
}

size_t tensor_bytes(const struct tensor *t)
{
    return (size_t)tensor_count(t) * tensor_type_size(t->type);
}

int64_t tensor_width(const struct tensor *t)
{
    return t->shape[t->rank - 1];
}

int64_t tensor_rows(const struct tensor *t)
{
    int64_t rows = 1;
    for (int i = 0; i < t->rank - 1; i++)
        rows *= t->shape[i];
    return rows;
}

bool tensor_same_shape(const struct tensor *a, const struct tensor *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->shape[i] != b->shape[i])
            return false;
    return true;
}

struct tensor tensor_1d(enum tensor_type type, void *data, int64_t n0)
{
    return (struct tensor){.type = type, .rank = 1, .shape = {n0}, .data = data};
}

struct tensor tensor_2d(enum tensor_type type, void *data, int64_t n0, int64_t n1)
{
    return (struct tensor){.type = type, .rank = 2, .shape = {n0, n1}, .data = data};
}

struct tensor tensor_3d(enum tensor_type type, void *data, int64_t n0, int64_t n1, int64_t n2)
{
    return (struct tensor){.type = type, .rank = 3, .shape = {n0, n1, n2}, .data = data};
}

struct tensor tensor_4d(enum tensor_type type, void *data, int64_t n0, int64_t n1, int64_t n2, int64_t n3)
{
    return (struct tensor){.type = type, .rank = 4, .shape = {n0, n1, n2, n3}, .data = data};
}

struct tensor tensor_reshape(struct tensor t, int rank, const int64_t *shape)
{
    struct tensor reshaped = {.type = t.type, .rank = rank, .data = t.data};
    assert(rank >= 1 && rank <= TENSOR_RANK);
    for (int i = 0; i < rank; i++)
        reshaped.shape[i] = shape[i];
    assert(tensor_count(&reshaped) == tensor_count(&t));
    return reshaped;
}

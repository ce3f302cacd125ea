/* convert.h - one element of a tensor as a float, and back. */
#ifndef MODELS_CPU_CONVERT_H
#define MODELS_CPU_CONVERT_H

#include "models/tensor/float8.h"
#include "models/tensor/tensor.h"

#include <string.h>

static inline float bf16_to_float(uint16_t bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

/* To nearest, ties to even; a NaN stays one. */
static inline uint16_t bf16_from_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7fffffff) > 0x7f800000)
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* data: f32, bf16, or on the plain device f16. */
static inline float element_get(const void *data, enum tensor_type type, int64_t i)
{
    if (type == TENSOR_F32)
        return ((const float *)data)[i];
    const uint16_t bits = ((const uint16_t *)data)[i];
    return type == TENSOR_F16 ? f16_to_float(bits) : bf16_to_float(bits);
}

static inline uint16_t half_from_float(enum tensor_type type, float value)
{
    return type == TENSOR_F16 ? f16_from_float(value) : bf16_from_float(value);
}

/* A number as a product of this type sees it: i8 rounds otherwise, and is left as it is. */
static inline float rounded_to(enum tensor_type type, float value)
{
    if (type == TENSOR_F16)
        return f16_to_float(f16_from_float(value));
    if (type == TENSOR_E4M3)
        return e4m3_to_float(e4m3_from_float(value));
    return type == TENSOR_BF16 ? bf16_to_float(bf16_from_float(value)) : value;
}

static inline void element_set(void *data, enum tensor_type type, int64_t i, float value)
{
    if (type == TENSOR_F32)
        ((float *)data)[i] = value;
    else
        ((uint16_t *)data)[i] = half_from_float(type, value);
}

/* The scale behind a kept key of `width` numbers in 8 bits. */
static inline float kept_scale(const void *key, int64_t width)
{
    float scale;
    memcpy(&scale, (const unsigned char *)key + width, sizeof scale);
    return scale;
}

static inline void kept_scale_set(void *key, int64_t width, float scale)
{
    memcpy((unsigned char *)key + width, &scale, sizeof scale);
}

/* The address of element i. */
static inline void *element_at(const struct tensor *t, int64_t i)
{
    return (unsigned char *)t->data + (size_t)i * tensor_type_size(t->type);
}

/* The valid steps of a row: lengths may be absent, and are held to the steps that there are. */
static inline int64_t valid_steps(const int *lengths, int64_t row, int64_t steps)
{
    if (!lengths)
        return steps;
    return lengths[row] < 0 ? 0 : lengths[row] < steps ? lengths[row] : steps;
}

#endif

/* float8.h - E4M3, the 8-bit float that weights are stored and multiplied in: 4 bits of exponent, 3 of fraction, at
 * most 448, no infinity (Micikevicius et al. 2022, arXiv 2209.05433, table 1). */
#ifndef MODELS_TENSOR_FLOAT8_H
#define MODELS_TENSOR_FLOAT8_H

#include "models/tensor/half.h"

#include <math.h>

#define E4M3_MOST 448.0f

/* Subnormal ones, a fifth of the default model's entries, are whole numbers: moved to a float's places they would be
 * subnormal there, too, and slow to multiply. */
static inline float e4m3_to_float(uint8_t byte)
{
    uint32_t magnitude = byte & 0x7f;
    uint32_t bits = magnitude < 8 ? bits_of_float((float)magnitude * 0x1p-9f) : (magnitude << 20) + (120u << 23);
    if (magnitude == 0x7f)
        bits = 0x7fc00000;
    return float_of_bits(bits | (uint32_t)(byte & 0x80) << 24);
}

/* To nearest, ties to even. What is beyond the largest number, infinity too, becomes that number; a NaN stays one.
 * Below 2^-6 the steps are 2^-9, as those of a float near 2^14 are: adding it rounds. */
static inline uint8_t e4m3_from_float(float value)
{
    uint32_t bits = bits_of_float(value), magnitude = bits & 0x7fffffff;
    const uint8_t sign = (uint8_t)(bits >> 24 & 0x80);
    if (magnitude > 0x7f800000)
        return (uint8_t)(sign | 0x7f);
    if (magnitude > 0x43e00000)
        return (uint8_t)(sign | 0x7e);
    if (magnitude < 0x3c800000)
        return (uint8_t)(sign | (bits_of_float(float_of_bits(magnitude) + 0x1p14f) - 0x46800000));
    magnitude += 0x7ffff + (magnitude >> 20 & 1);
    return (uint8_t)(sign | (magnitude - 0x3c000000) >> 20);
}

/* What weights are multiplied by before they become E4M3: the power of two that brings the largest of them into (224,
 * 448]; 1 of zeros. */
static inline float e4m3_scale(const float *values, int64_t count)
{
    float most = 0;
    for (int64_t i = 0; i < count; i++)
        most = fmaxf(most, fabsf(values[i]));
    int exponent;
    const float fraction = frexpf(E4M3_MOST / most, &exponent);
    return most > 0 && isfinite(fraction) ? ldexpf(1, exponent - 1) : 1;
}

#endif

/* half.h - IEEE 754's 16-bit floats (f16), one at a time: 5 bits of exponent, 10 of fraction, at most 65504. */
#ifndef MODELS_TENSOR_HALF_H
#define MODELS_TENSOR_HALF_H

#include <stdint.h>
#include <string.h>

static inline float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t bits_of_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* With its exponent and fraction moved to a float's places, a half is too small by 2^112 whether it is normal or
 * subnormal, so one product replaces the cases; only infinity and NaN keep their exponent. Vectorises. */
static inline float f16_to_float(uint16_t half)
{
    uint32_t magnitude = (uint32_t)(half & 0x7fff) << 13;
    uint32_t bits = bits_of_float(float_of_bits(magnitude) * 0x1p112f);
    if ((half & 0x7c00) == 0x7c00)
        bits = magnitude | 0x7f800000;
    return float_of_bits(bits | (uint32_t)(half & 0x8000) << 16);
}

/* To nearest, ties to even. What is beyond the largest number, infinity too, becomes that number, so that sums which
 * only nearly fit stay numbers (transformers clamps Whisper's hidden states in f16 for the same reason); a NaN stays
 * one. Below 2^-14 the steps are 2^-24, as those of a float near 1/2 are: adding it rounds. */
static inline uint16_t f16_from_float(float value)
{
    uint32_t bits = bits_of_float(value), magnitude = bits & 0x7fffffff;
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    if (magnitude > 0x7f800000)
        return (uint16_t)(sign | 0x7e00);
    if (magnitude > 0x477fe000)
        return (uint16_t)(sign | 0x7bff);
    if (magnitude < 0x38800000)
        return (uint16_t)(sign | (bits_of_float(float_of_bits(magnitude) + 0.5f) - 0x3f000000));
    magnitude += 0xfff + (magnitude >> 13 & 1);
    return (uint16_t)(sign | (magnitude - 0x38000000) >> 13);
}

#endif

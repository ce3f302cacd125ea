/* logarithm.c - ln x = e ln 2 + ln m with m in [√½, √2), and ln m = 2 artanh s = 2 (s + s³/3 + s⁵/5 + …) with
 * s = (m - 1) / (m + 1). |s| ≤ 0.1716, so the terms to s⁹ leave less than 1e-9. No branches and no table: eight lines
 * that vectorise with the baseline instruction set. */
#include "audio/logarithm.h"

#include <string.h>

/* The bits of √½, and of 1. */
enum { ROOT_HALF_BITS = 0x3f3504f3, ONE_BITS = 0x3f800000, MANTISSA_BITS = 0x007fffff };

static inline float logarithm_one(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits += (uint32_t)ONE_BITS - (uint32_t)ROOT_HALF_BITS;
    const float exponent = (float)((int32_t)(bits >> 23) - 127);
    bits = (bits & (uint32_t)MANTISSA_BITS) + (uint32_t)ROOT_HALF_BITS;
    float m;
    memcpy(&m, &bits, sizeof m);
    const float s = (m - 1.0f) / (m + 1.0f), s2 = s * s;
    const float series = s2 * (1.0f / 3 + s2 * (1.0f / 5 + s2 * (1.0f / 7 + s2 * (1.0f / 9))));
    /* ln 2 in two parts, the first short enough that its product with any exponent is exact. */
    return exponent * 0.693145751953125f + (exponent * 1.42860682e-6f + 2.0f * (s + s * series));
}

void logarithm(float *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        x[i] = logarithm_one(x[i]);
}

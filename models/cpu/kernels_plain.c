/* kernels_plain.c - the inner loops with vectors of one float: for processors without AVX2, and for tests. */
#include "models/cpu/convert.h"

#include <math.h>

typedef float vec;
#define LANES        1
#define GEMM_ROWS    4
#define KERNELS      cpu_kernels_plain
#define KERNELS_NAME "plain"

static inline vec vec_set(float x)
{
    return x;
}

static inline vec vec_load(const float *p)
{
    return *p;
}

static inline void vec_store(float *p, vec v)
{
    *p = v;
}

static inline vec vec_load_bf16(const uint16_t *p)
{
    return bf16_to_float(*p);
}

static inline void vec_store_bf16(uint16_t *p, vec v)
{
    *p = bf16_from_float(v);
}

static inline vec vec_first(vec v, vec other, int64_t n)
{
    return n > 0 ? v : other;
}

static inline vec vec_load_first(const float *p, int64_t n)
{
    return n > 0 ? *p : 0;
}

static inline vec vec_load_bf16_first(const uint16_t *p, int64_t n)
{
    return n > 0 ? vec_load_bf16(p) : 0;
}

static inline void vec_store_first(float *p, vec v, int64_t n)
{
    if (n > 0)
        *p = v;
}

static inline void vec_store_bf16_first(uint16_t *p, vec v, int64_t n)
{
    if (n > 0)
        vec_store_bf16(p, v);
}

static inline vec vec_add(vec a, vec b)
{
    return a + b;
}

static inline vec vec_sub(vec a, vec b)
{
    return a - b;
}

static inline vec vec_mul(vec a, vec b)
{
    return a * b;
}

static inline vec vec_div(vec a, vec b)
{
    return a / b;
}

static inline vec vec_max(vec a, vec b)
{
    return a > b ? a : b;
}

static inline vec vec_min(vec a, vec b)
{
    return a < b ? a : b;
}

static inline vec vec_fma(vec a, vec b, vec c)
{
    return a * b + c;
}

static inline vec vec_round(vec v)
{
    return rintf(v);
}

static inline vec vec_power2(vec n)
{
    uint32_t bits = (uint32_t)((n == n ? (int32_t)n : 0) + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

static inline vec vec_where_negative(vec x, vec negative, vec other)
{
    return x < 0 ? negative : other;
}

static inline float vec_sum(vec v)
{
    return v;
}

/* Four sums at once. */
static inline void vec_sums4(float out[4], vec a, vec b, vec c, vec d)
{
    out[0] = vec_sum(a);
    out[1] = vec_sum(b);
    out[2] = vec_sum(c);
    out[3] = vec_sum(d);
}

static inline float vec_largest(vec v)
{
    return v;
}

static inline vec vec_load_i32_first(const int32_t *p, int64_t n)
{
    return n > 0 ? (float)*p : 0;
}

static inline vec vec_load_i8_first(const int8_t *p, int64_t n)
{
    return n > 0 ? (float)*p : 0;
}

/* v: a whole number. Held to int8; a NaN becomes 0. */
static inline void vec_store_i8_first(int8_t *p, vec v, int64_t n)
{
    if (n > 0)
        *p = (int8_t)(v == v ? fmaxf(-128, fminf(127, v)) : 0);
}

#include "models/cpu/kernels_template.h"

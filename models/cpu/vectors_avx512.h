/* vectors_avx512.h - what kernels_template.h asks for, with AVX-512 (F, BW, VL, DQ): sixteen floats. */
#include <immintrin.h>

typedef __m512 vec;
#define LANES     16
#define GEMM_ROWS 8

static inline __mmask16 first_lanes(int64_t n)
{
    return (__mmask16)((1u << n) - 1);
}

static inline vec vec_set(float x)
{
    return _mm512_set1_ps(x);
}

static inline vec vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

static inline void vec_store(float *p, vec v)
{
    _mm512_storeu_ps(p, v);
}

static inline vec widen_bf16(__m256i halves)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

/* To nearest, ties to even; a NaN stays one. */
static inline __m256i narrow_bf16(vec v)
{
#ifdef __AVX512BF16__
    return (__m256i)_mm512_cvtneps_pbh(v);
#else
    __m512i bits = _mm512_castps_si512(v), odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    __mmask16 nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
    rounded = _mm512_mask_or_epi32(rounded, nan, bits, _mm512_set1_epi32(0x400000));
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16));
#endif
}

static inline vec vec_load_bf16(const uint16_t *p)
{
    return widen_bf16(_mm256_loadu_si256((const __m256i *)p));
}

static inline void vec_store_bf16(uint16_t *p, vec v)
{
    _mm256_storeu_si256((__m256i *)p, narrow_bf16(v));
}

static inline vec vec_first(vec v, vec other, int64_t n)
{
    return _mm512_mask_blend_ps(first_lanes(n), other, v);
}

static inline vec vec_load_first(const float *p, int64_t n)
{
    return _mm512_maskz_loadu_ps(first_lanes(n), p);
}

static inline vec vec_load_bf16_first(const uint16_t *p, int64_t n)
{
    return widen_bf16(_mm256_maskz_loadu_epi16(first_lanes(n), p));
}

static inline void vec_store_first(float *p, vec v, int64_t n)
{
    _mm512_mask_storeu_ps(p, first_lanes(n), v);
}

static inline void vec_store_bf16_first(uint16_t *p, vec v, int64_t n)
{
    _mm256_mask_storeu_epi16(p, first_lanes(n), narrow_bf16(v));
}

static inline vec vec_add(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
    return _mm512_sub_ps(a, b);
}

static inline vec vec_mul(vec a, vec b)
{
    return _mm512_mul_ps(a, b);
}

static inline vec vec_div(vec a, vec b)
{
    return _mm512_div_ps(a, b);
}

static inline vec vec_max(vec a, vec b)
{
    return _mm512_max_ps(a, b);
}

static inline vec vec_min(vec a, vec b)
{
    return _mm512_min_ps(a, b);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}

static inline vec vec_round(vec v)
{
    return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

static inline vec vec_power2(vec n)
{
    __m512i exponent = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(exponent, 23));
}

static inline vec vec_where_negative(vec x, vec negative, vec other)
{
    return _mm512_mask_blend_ps(_mm512_movepi32_mask(_mm512_castps_si512(x)), other, negative);
}

static inline float vec_sum(vec v)
{
    return _mm512_reduce_add_ps(v);
}

/* Four sums at once. */
static inline void vec_sums4(float out[4], vec a, vec b, vec c, vec d)
{
    __m256 w = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    __m256 x = _mm256_add_ps(_mm512_castps512_ps256(b), _mm512_extractf32x8_ps(b, 1));
    __m256 y = _mm256_add_ps(_mm512_castps512_ps256(c), _mm512_extractf32x8_ps(c, 1));
    __m256 z = _mm256_add_ps(_mm512_castps512_ps256(d), _mm512_extractf32x8_ps(d, 1));
    __m256 all = _mm256_hadd_ps(_mm256_hadd_ps(w, x), _mm256_hadd_ps(y, z));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1)));
}

static inline float vec_largest(vec v)
{
    return _mm512_reduce_max_ps(v);
}

static inline vec vec_load_i32_first(const int32_t *p, int64_t n)
{
    return _mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(first_lanes(n), p));
}

static inline vec vec_load_i8_first(const int8_t *p, int64_t n)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(first_lanes(n), p)));
}

/* v: whole numbers. Held to int8; a NaN becomes 0. */
static inline void vec_store_i8_first(int8_t *p, vec v, int64_t n)
{
    __m512i wide = _mm512_maskz_cvtps_epi32(_mm512_cmp_ps_mask(v, v, _CMP_ORD_Q), v);
    _mm_mask_storeu_epi8(p, first_lanes(n), _mm512_cvtsepi32_epi8(wide));
}

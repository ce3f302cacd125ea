/* kernels_avx2.c - the inner loops for AVX2 with FMA: eight floats. */
#include "models/cpu/kernels.h"

#ifdef __AVX2__
#include <immintrin.h>
#include <string.h>

typedef __m256 vec;
#define LANES        8
#define GEMM_ROWS    6
#define KERNELS      cpu_kernels_avx2
#define KERNELS_NAME "avx2"

static inline __m256i first_lanes(int64_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline vec vec_set(float x)
{
    return _mm256_set1_ps(x);
}

static inline vec vec_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

static inline void vec_store(float *p, vec v)
{
    _mm256_storeu_ps(p, v);
}

static inline vec widen_bf16(__m128i halves)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}

/* To nearest, ties to even; a NaN stays one. */
static inline __m128i narrow_bf16(vec v)
{
    __m256i bits = _mm256_castps_si256(v), odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
    __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
    __m256i high = _mm256_srli_epi32(_mm256_blendv_epi8(rounded, quiet, nan), 16);
    __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(high, high), 0x08);
    return _mm256_castsi256_si128(packed);
}

static inline vec vec_load_bf16(const uint16_t *p)
{
    return widen_bf16(_mm_loadu_si128((const __m128i *)p));
}

static inline void vec_store_bf16(uint16_t *p, vec v)
{
    _mm_storeu_si128((__m128i *)p, narrow_bf16(v));
}

static inline vec vec_first(vec v, vec other, int64_t n)
{
    return _mm256_blendv_ps(other, v, _mm256_castsi256_ps(first_lanes(n)));
}

static inline vec vec_load_first(const float *p, int64_t n)
{
    return _mm256_maskload_ps(p, first_lanes(n));
}

static inline vec vec_load_bf16_first(const uint16_t *p, int64_t n)
{
    uint16_t halves[LANES] = {0};
    memcpy(halves, p, (size_t)n * sizeof *p);
    return vec_load_bf16(halves);
}

static inline void vec_store_first(float *p, vec v, int64_t n)
{
    _mm256_maskstore_ps(p, first_lanes(n), v);
}

static inline void vec_store_bf16_first(uint16_t *p, vec v, int64_t n)
{
    uint16_t halves[LANES];
    vec_store_bf16(halves, v);
    memcpy(p, halves, (size_t)n * sizeof *p);
}

static inline vec vec_add(vec a, vec b)
{
    return _mm256_add_ps(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
    return _mm256_sub_ps(a, b);
}

static inline vec vec_mul(vec a, vec b)
{
    return _mm256_mul_ps(a, b);
}

static inline vec vec_div(vec a, vec b)
{
    return _mm256_div_ps(a, b);
}

static inline vec vec_max(vec a, vec b)
{
    return _mm256_max_ps(a, b);
}

static inline vec vec_min(vec a, vec b)
{
    return _mm256_min_ps(a, b);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}

static inline vec vec_round(vec v)
{
    return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

static inline vec vec_power2(vec n)
{
    __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
}

static inline vec vec_where_negative(vec x, vec negative, vec other)
{
    return _mm256_blendv_ps(other, negative, x);
}

static inline float vec_sum(vec v)
{
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

/* Four sums at once. */
static inline void vec_sums4(float out[4], vec a, vec b, vec c, vec d)
{
    __m256 all = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1)));
}

static inline float vec_largest(vec v)
{
    __m128 half = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}

static inline vec vec_load_i32_first(const int32_t *p, int64_t n)
{
    return _mm256_cvtepi32_ps(_mm256_maskload_epi32(p, first_lanes(n)));
}

static inline vec vec_load_i8_first(const int8_t *p, int64_t n)
{
    int64_t eight = 0;
    memcpy(&eight, p, n < LANES ? (size_t)n : sizeof eight);
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_cvtsi64_si128(eight)));
}

/* v: whole numbers. Held to int8; a NaN becomes 0. */
static inline void vec_store_i8_first(int8_t *p, vec v, int64_t n)
{
    vec finite = _mm256_and_ps(v, _mm256_cmp_ps(v, v, _CMP_ORD_Q));
    __m256i wide = _mm256_cvtps_epi32(_mm256_max_ps(_mm256_set1_ps(-128), _mm256_min_ps(_mm256_set1_ps(127), finite)));
    __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
    __m128i bytes = _mm_packs_epi16(words, words);
    memcpy(p, &bytes, (size_t)n);
}

#include "models/cpu/kernels_template.h"
#else
typedef int not_for_this_processor;
#endif

/* few_rows_avx512bf16.c - products of few rows in bf16: VDPBF16PS adds the products of two steps of k to an f32. */
#include "models/cpu/few_rows.h"

#ifdef __AVX512BF16__
#include <immintrin.h>
#include <string.h>

#define SUM          __m512
#define WEIGHTS      __m512bh
#define WORD         __m512bh
#define ELEMENT      uint16_t
#define VECTORS      4
#define VECTOR_BYTES 64
#define GROUP        2

static inline SUM sum_load(const void *p)
{
    return _mm512_loadu_ps(p);
}

static inline void sum_store(void *p, SUM sum)
{
    _mm512_storeu_ps(p, sum);
}

static inline WEIGHTS weights_load(const void *p)
{
    return (__m512bh)_mm512_loadu_si512(p);
}

static inline WORD word_load(const uint16_t *x)
{
    int32_t pair;
    memcpy(&pair, x, sizeof pair);
    return (__m512bh)_mm512_set1_epi32(pair);
}

static inline SUM step(SUM sum, WORD word, WEIGHTS w)
{
    return _mm512_dpbf16_ps(sum, word, w);
}

#include "models/cpu/few_rows_template.h"

const struct few_kernel few_avx512bf16 = {TENSOR_BF16, 64, GROUP, 0, multiply_block};
#else
typedef int not_for_this_processor;
#endif

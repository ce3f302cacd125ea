/* few_rows_avx512vnni.c - products of few rows in 8 bits: VPDPBUSD adds four products of unsigned by signed bytes to an
 * i32. x becomes unsigned by adding 128, which turns its sign bit; the sums begin at what that adds, taken away. */
#include "models/cpu/few_rows.h"

#ifdef __AVX512VNNI__
#include <immintrin.h>
#include <string.h>

#define SUM          __m512i
#define WEIGHTS      __m512i
#define WORD         __m512i
#define ELEMENT      int8_t
#define VECTORS      4
#define VECTOR_BYTES 64
#define GROUP        4

static inline SUM sum_load(const void *p)
{
    return _mm512_loadu_si512(p);
}

static inline void sum_store(void *p, SUM sum)
{
    _mm512_storeu_si512(p, sum);
}

static inline WEIGHTS weights_load(const void *p)
{
    return _mm512_loadu_si512(p);
}

static inline WORD word_load(const int8_t *x)
{
    uint32_t four;
    memcpy(&four, x, sizeof four);
    return _mm512_set1_epi32((int32_t)(four ^ 0x80808080u));
}

static inline SUM step(SUM sum, WORD word, WEIGHTS w)
{
    return _mm512_dpbusd_epi32(sum, word, w);
}

#include "models/cpu/few_rows_template.h"

const struct few_kernel few_avx512vnni = {TENSOR_I8, 64, GROUP, 128, multiply_block};
#else
typedef int not_for_this_processor;
#endif

/* few_rows_avx512.c - products of few rows in f32, 64 columns at once. */
#include "models/cpu/few_rows.h"

#ifdef __AVX512F__
#include <immintrin.h>

#define SUM          __m512
#define WEIGHTS      __m512
#define WORD         __m512
#define ELEMENT      float
#define VECTORS      4
#define VECTOR_BYTES 64
#define GROUP        1

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
    return _mm512_loadu_ps(p);
}

static inline WORD word_load(const float *x)
{
    return _mm512_set1_ps(*x);
}

static inline SUM step(SUM sum, WORD word, WEIGHTS w)
{
    return _mm512_fmadd_ps(word, w, sum);
}

#include "models/cpu/few_rows_template.h"

const struct few_kernel few_avx512_f32 = {TENSOR_F32, 64, GROUP, 0, multiply_block};
#else
typedef int not_for_this_processor;
#endif

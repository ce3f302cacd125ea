/* few_rows_avx2.c - products of few rows in f32, 16 columns at once. */
#include "models/cpu/few_rows.h"

#ifdef __AVX2__
#include <immintrin.h>

#define SUM          __m256
#define WEIGHTS      __m256
#define WORD         __m256
#define ELEMENT      float
#define VECTORS      2
#define VECTOR_BYTES 32
#define GROUP        1

static inline SUM sum_load(const void *p)
{
    return _mm256_loadu_ps(p);
}

static inline void sum_store(void *p, SUM sum)
{
    _mm256_storeu_ps(p, sum);
}

static inline WEIGHTS weights_load(const void *p)
{
    return _mm256_loadu_ps(p);
}

static inline WORD word_load(const float *x)
{
    return _mm256_broadcast_ss(x);
}

static inline SUM step(SUM sum, WORD word, WEIGHTS w)
{
    return _mm256_fmadd_ps(word, w, sum);
}

#include "models/cpu/few_rows_template.h"

const struct few_kernel few_avx2_f32 = {TENSOR_F32, 16, GROUP, 0, multiply_block};
#else
typedef int not_for_this_processor;
#endif

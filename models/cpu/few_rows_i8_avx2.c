/* few_rows_i8_avx2.c - products of few rows in 8 bits, 16 columns at once: bytes are widened to 16 bits, whose products
 * VPMADDWD adds in pairs to an i32. Exact, where the instruction for bytes (VPMADDUBSW) would saturate. */
#include "models/cpu/few_rows.h"

#ifdef __AVX2__
#include <immintrin.h>
#include <string.h>

#define SUM          __m256i
#define WEIGHTS      __m256i
#define WORD         __m256i
#define ELEMENT      int8_t
#define VECTORS      2
#define VECTOR_BYTES 16
#define GROUP        2

static inline SUM sum_load(const void *p)
{
    return _mm256_loadu_si256(p);
}

static inline void sum_store(void *p, SUM sum)
{
    _mm256_storeu_si256(p, sum);
}

static inline WEIGHTS weights_load(const void *p)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(p));
}

static inline WORD word_load(const int8_t *x)
{
    int16_t pair;
    memcpy(&pair, x, sizeof pair);
    return _mm256_cvtepi8_epi16(_mm_set1_epi16(pair));
}

static inline SUM step(SUM sum, WORD word, WEIGHTS w)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(word, w));
}

#include "models/cpu/few_rows_template.h"

const struct few_kernel few_avx2_i8 = {TENSOR_I8, 16, GROUP, 0, multiply_block};
#else
typedef int not_for_this_processor;
#endif

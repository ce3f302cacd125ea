/* products_avx512bf16.c - the small products of attention in bf16, two steps of k at once: VDPBF16PS adds the products
 * of a pair of bf16 in A with a pair in B to an f32. */
#include "models/cpu/kernels.h"

#ifdef __AVX512BF16__
#define DEPTH 2
#include "models/cpu/pairs_template.h"

enum { ROWS = 8 };

static inline __attribute__((always_inline)) void gemm_tile(const uint16_t *a, int64_t lda, const uint32_t *panel,
                                                            int64_t k, float *c, int64_t ldc, const int rows)
{
    __m512 low[ROWS], high[ROWS];
    for (int i = 0; i < rows; i++)
        low[i] = high[i] = _mm512_setzero_ps();
    for (int64_t x = 0; x < k; x += 2) {
        __m512bh b0 = (__m512bh)_mm512_loadu_si512(panel + x / 2 * PANEL);
        __m512bh b1 = (__m512bh)_mm512_loadu_si512(panel + x / 2 * PANEL + LANES);
        for (int i = 0; i < rows; i++) {
            int32_t pair;
            memcpy(&pair, a + i * lda + x, sizeof pair);
            __m512bh v = (__m512bh)_mm512_set1_epi32(pair);
            low[i] = _mm512_dpbf16_ps(low[i], v, b0);
            high[i] = _mm512_dpbf16_ps(high[i], v, b1);
        }
    }
    for (int i = 0; i < rows; i++) {
        _mm512_storeu_ps(c + i * ldc, low[i]);
        _mm512_storeu_ps(c + i * ldc + LANES, high[i]);
    }
}

static void gemm(const void *a, int64_t lda, const void *panels, int64_t k, float *c, int64_t ldc, int64_t m, int64_t n)
{
    for (int64_t from = 0; from < n; from += PANEL) {
        const uint32_t *panel = (const uint32_t *)panels + from * k / 2;
        const uint16_t *rows = a;
        int64_t i = 0;
        for (; i + ROWS <= m; i += ROWS)
            gemm_tile(rows + i * lda, lda, panel, k, c + i * ldc + from, ldc, ROWS);
        for (; i + 4 <= m; i += 4)
            gemm_tile(rows + i * lda, lda, panel, k, c + i * ldc + from, ldc, 4);
        for (; i < m; i++)
            gemm_tile(rows + i * lda, lda, panel, k, c + i * ldc + from, ldc, 1);
    }
}

const struct cpu_products cpu_products_avx512bf16 = {TENSOR_BF16, PANEL, DEPTH, pack_columns, pack_rows, gemm};
#else
typedef int not_for_this_processor;
#endif

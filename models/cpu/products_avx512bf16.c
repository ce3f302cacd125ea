/* products_avx512bf16.c - the small products of attention in bf16, two steps of k at once: VDPBF16PS adds the products
 * of a pair of bf16 in A with a pair in B to an f32.
 *
 * A panel holds PANEL columns, pair of rows after pair of rows: [k / 2][PANEL][2], zeros beyond the last of either. */
#include "models/cpu/kernels.h"

#ifdef __AVX512BF16__
#include <immintrin.h>
#include <string.h>

enum { LANES = 16, PANEL = 2 * LANES, ROWS = 8 };

static int64_t even(int64_t k)
{
    return k + (k & 1);
}

static __mmask16 first_lanes(int64_t n)
{
    return n >= LANES ? 0xffff : (__mmask16)((1u << (n < 0 ? 0 : n)) - 1);
}

/* A pair is one 32-bit word on both sides. */
static void pack_columns(void *panels, const void *rows, enum tensor_type type, int64_t step, int64_t k, int64_t n)
{
    (void)type;
    for (int64_t from = 0; from < n; from += PANEL) {
        uint32_t *panel = (uint32_t *)panels + from * even(k) / 2;
        int64_t columns = n - from < PANEL ? n - from : PANEL;
        if (columns < PANEL)
            memset(panel, 0, (size_t)(even(k) / 2 * PANEL) * sizeof *panel);
        for (int64_t j = 0; j < columns; j++) {
            const uint16_t *row = (const uint16_t *)rows + (from + j) * step;
            for (int64_t x = 0; x + 2 <= k; x += 2)
                memcpy(&panel[x / 2 * PANEL + j], row + x, sizeof *panel);
            if (k & 1)
                panel[k / 2 * PANEL + j] = row[k - 1];
        }
    }
}

static __m512i widened(const uint16_t *from, __mmask16 lanes)
{
    return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, from));
}

static void pack_rows(void *panels, const void *rows, enum tensor_type type, int64_t step, int64_t k, int64_t n)
{
    (void)type;
    for (int64_t from = 0; from < n; from += LANES) {
        uint32_t *panel = (uint32_t *)panels + from / PANEL * PANEL * (even(k) / 2) + from % PANEL;
        __mmask16 lanes = first_lanes(n - from);
        for (int64_t j = 0; j < k; j += 2) {
            const uint16_t *row = (const uint16_t *)rows + j * step + from;
            __m512i first = widened(row, lanes), second = _mm512_setzero_si512();
            if (j + 1 < k)
                second = widened(row + step, lanes);
            _mm512_storeu_si512(panel + j / 2 * PANEL, _mm512_or_si512(first, _mm512_slli_epi32(second, 16)));
        }
    }
    if (n % PANEL == 0 || n % PANEL > LANES)
        return;
    uint32_t *panel = (uint32_t *)panels + n / PANEL * PANEL * (even(k) / 2) + LANES;
    for (int64_t j = 0; j < k; j += 2)
        _mm512_storeu_si512(panel + j / 2 * PANEL, _mm512_setzero_si512());
}

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

const struct cpu_products cpu_products_avx512bf16 = {TENSOR_BF16, PANEL, 2, pack_columns, pack_rows, gemm};
#else
typedef int not_for_this_processor;
#endif

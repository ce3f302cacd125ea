/* pairs_template.h - bf16 in panels of pairs, as the processor's products of pairs want B: two steps of k lie beside
 * each other in a 32-bit word.
 *
 * A panel holds PANEL columns, pair of rows after pair of rows: [k / 2][PANEL][2], with k rounded up to DEPTH, zeros
 * beyond the last of either. */
#include <immintrin.h>
#include <string.h>

enum { LANES = 16, PANEL = 2 * LANES };

/* Pairs of k, zeros and all. */
static int64_t pairs_of(int64_t k)
{
    return (k + DEPTH - 1) / DEPTH * (DEPTH / 2);
}

static __mmask16 first_lanes(int64_t n)
{
    return n >= LANES ? 0xffff : (__mmask16)((1u << (n < 0 ? 0 : n)) - 1);
}

/* Words [i][j] become [j][i]: pairs of rows are interleaved, then pairs of those, then the quarters of registers change
 * places. */
static inline __attribute__((always_inline)) void transpose(__m512i w[LANES])
{
    __m512i t[LANES];
    for (int i = 0; i < LANES; i += 2) {
        t[i] = _mm512_unpacklo_epi32(w[i], w[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(w[i], w[i + 1]);
    }
    for (int i = 0; i < LANES; i += 4) {
        w[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        w[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        w[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        w[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_i32x4(w[i], w[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_i32x4(w[i], w[i + 4], 0xdd);
        t[i + 8] = _mm512_shuffle_i32x4(w[i + 8], w[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_i32x4(w[i + 8], w[i + 12], 0xdd);
    }
    for (int i = 0; i < 8; i++) {
        w[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
        w[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    }
}

/* Where the last panel has columns in its first half alone. */
static void clear_half_panel(void *panels, int64_t k, int64_t n)
{
    if (n % PANEL == 0 || n % PANEL > LANES)
        return;
    uint32_t *panel = (uint32_t *)panels + n / PANEL * PANEL * pairs_of(k) + LANES;
    for (int64_t j = 0; j < pairs_of(k); j++)
        _mm512_storeu_si512(panel + j * PANEL, _mm512_setzero_si512());
}

/* A pair is one 32-bit word on both sides; an odd k has half of its last one. */
static void pack_columns(void *panels, const void *rows, enum tensor_type type, int64_t step, int64_t k, int64_t n)
{
    (void)type;
    for (int64_t from = 0; from < n; from += LANES) {
        uint32_t *panel = (uint32_t *)panels + from / PANEL * PANEL * pairs_of(k) + from % PANEL;
        for (int64_t x = 0; x < pairs_of(k); x += LANES) {
            const __mmask32 there = k - 2 * x >= 2 * LANES ? 0xffffffffu : k > 2 * x ? (1u << (k - 2 * x)) - 1 : 0;
            const int64_t pairs = pairs_of(k) - x < LANES ? pairs_of(k) - x : LANES;
            __m512i words[LANES];
            for (int64_t j = 0; j < LANES; j++)
                words[j] = from + j < n
                               ? _mm512_maskz_loadu_epi16(there, (const uint16_t *)rows + (from + j) * step + 2 * x)
                               : _mm512_setzero_si512();
            transpose(words);
            for (int64_t i = 0; i < pairs; i++)
                _mm512_storeu_si512(panel + (x + i) * PANEL, words[i]);
        }
    }
    clear_half_panel(panels, k, n);
}

static __m512i widened(const uint16_t *from, __mmask16 lanes)
{
    return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, from));
}

static void pack_rows(void *panels, const void *rows, enum tensor_type type, int64_t step, int64_t k, int64_t n)
{
    (void)type;
    for (int64_t from = 0; from < n; from += LANES) {
        uint32_t *panel = (uint32_t *)panels + from / PANEL * PANEL * pairs_of(k) + from % PANEL;
        const __mmask16 lanes = first_lanes(n - from);
        for (int64_t j = 0; j < 2 * pairs_of(k); j += 2) {
            const uint16_t *row = (const uint16_t *)rows + j * step + from;
            __m512i first = _mm512_setzero_si512(), second = _mm512_setzero_si512();
            if (j < k)
                first = widened(row, lanes);
            if (j + 1 < k)
                second = widened(row + step, lanes);
            _mm512_storeu_si512(panel + j / 2 * PANEL, _mm512_or_si512(first, _mm512_slli_epi32(second, 16)));
        }
    }
    clear_half_panel(panels, k, n);
}

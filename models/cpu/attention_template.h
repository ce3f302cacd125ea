/* attention_template.h - the small products of attention: C = A·B in f32, with B brought into panels first.
 *
 * A panel holds PANEL columns of B, row after row: [k][PANEL], zeros beyond the last column. A tile of C, a few rows of
 * one panel, lives in registers while k runs. */
#define PANEL (2 * LANES)

static void pack_columns(void *panels, const void *rows, enum tensor_type type, int64_t step, int64_t k, int64_t n)
{
    for (int64_t from = 0; from < n; from += PANEL) {
        float *panel = (float *)panels + from * k;
        int64_t columns = n - from < PANEL ? n - from : PANEL;
        if (columns < PANEL)
            memset(panel, 0, (size_t)(k * PANEL) * sizeof *panel);
        for (int64_t j = 0; j < columns; j++)
            for (int64_t x = 0; x < k; x++)
                panel[x * PANEL + j] = element_get(rows, type, (from + j) * step + x);
    }
}

static void pack_rows(void *panels, const void *rows, enum tensor_type type, int64_t step, int64_t k, int64_t n)
{
    for (int64_t from = 0; from < n; from += PANEL) {
        float *panel = (float *)panels + from * k;
        for (int64_t j = 0; j < k; j++) {
            vec_store(panel + j * PANEL, get(rows, type, j * step + from, j * step + n));
            bool more = n - from > LANES;
            vec_store(panel + j * PANEL + LANES,
                      more ? get(rows, type, j * step + from + LANES, j * step + n) : vec_set(0));
        }
    }
}

static inline __attribute__((always_inline)) void gemm_tile(const float *a, int64_t lda, const float *panel, int64_t k,
                                                            float *c, int64_t ldc, const int rows)
{
    vec low[GEMM_ROWS], high[GEMM_ROWS];
    for (int i = 0; i < rows; i++)
        low[i] = high[i] = vec_set(0);
    for (int64_t x = 0; x < k; x++) {
        vec b0 = vec_load(panel + x * PANEL), b1 = vec_load(panel + x * PANEL + LANES);
        for (int i = 0; i < rows; i++) {
            vec v = vec_set(a[i * lda + x]);
            low[i] = vec_fma(v, b0, low[i]);
            high[i] = vec_fma(v, b1, high[i]);
        }
    }
    for (int i = 0; i < rows; i++) {
        vec_store(c + i * ldc, low[i]);
        vec_store(c + i * ldc + LANES, high[i]);
    }
}

static void gemm(const void *a, int64_t lda, const void *panels, int64_t k, float *c, int64_t ldc, int64_t m, int64_t n)
{
    for (int64_t from = 0; from < n; from += PANEL) {
        const float *panel = (const float *)panels + from * k, *rows = a;
        int64_t i = 0;
        for (; i + GEMM_ROWS <= m; i += GEMM_ROWS)
            gemm_tile(rows + i * lda, lda, panel, k, c + i * ldc + from, ldc, GEMM_ROWS);
        for (; i + 4 <= m; i += 4)
            gemm_tile(rows + i * lda, lda, panel, k, c + i * ldc + from, ldc, 4);
        for (; i < m; i++)
            gemm_tile(rows + i * lda, lda, panel, k, c + i * ldc + from, ldc, 1);
    }
}

static void shift_row(void *out, enum tensor_type out_type, const void *x, enum tensor_type x_type, const float *shift,
                      int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES) {
        vec v = get(x, x_type, i, n);
        put(out, out_type, i, n, shift ? vec_add(v, get_f32(shift, i, n)) : v);
    }
}

/* 2ˣ for x ≤ 0 within 5e-5 of itself, a fortieth of bf16's step: x = n + r, |r| ≤ 1/2, and Taylor's polynomial of 2ʳ.
 */
static inline vec vec_exp2_rough(vec x)
{
    x = vec_max(vec_set(-126), x); /* a NaN stays one */
    vec n = vec_round(x), r = vec_sub(x, n);
    vec p = vec_fma(vec_set(9.6181291e-3f), r, vec_set(5.5504109e-2f));
    p = vec_fma(p, r, vec_set(0.24022651f));
    p = vec_fma(p, r, vec_set(0.69314718f));
    p = vec_fma(p, r, vec_set(1));
    return vec_mul(p, vec_power2(n));
}

static inline vec score_at(const float *scores, const float *relative, int64_t i, int64_t n)
{
    vec s = get_f32(scores, i, n);
    return relative ? vec_add(s, get_f32(relative, i, n)) : s;
}

static inline vec largest_of(const float *scores, const float *relative, int64_t n)
{
    vec most = vec_set(-INFINITY), other = most;
    int64_t i = 0;
    for (; i + 2 * LANES <= n; i += 2 * LANES) {
        most = vec_max(most, score_at(scores, relative, i, n));
        other = vec_max(other, score_at(scores, relative, i + LANES, n));
    }
    for (; i < n; i += LANES)
        most = vec_max(most, vec_first(score_at(scores, relative, i, n), vec_set(-INFINITY), at_most_lanes(n - i)));
    return vec_max(most, other);
}

static inline __attribute__((always_inline)) float exponentials_of(float *scores, const float *relative, float factor,
                                                                   const enum tensor_type out_type, int64_t n)
{
    const float to_base = out_type == TENSOR_BF16 ? factor * 1.44269504f : factor; /* of 2, or of e */
    const vec f = vec_set(to_base), largest = vec_set(-to_base * vec_largest(largest_of(scores, relative, n)));
    vec sum = vec_set(0);
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        vec x = vec_fma(f, score_at(scores, relative, i, n), largest);
        vec e = out_type == TENSOR_BF16 ? vec_exp2_rough(x) : vec_exp(x);
        sum = vec_add(sum, e);
        put(scores, out_type, i, n, e); /* bf16 goes where floats were read before: it is half as far along */
    }
    if (i < n) {
        vec x = vec_fma(f, score_at(scores, relative, i, n), largest);
        vec e = vec_first(out_type == TENSOR_BF16 ? vec_exp2_rough(x) : vec_exp(x), vec_set(0), n - i);
        sum = vec_add(sum, e);
        put(scores, out_type, i, n, e);
    }
    return 1 / vec_sum(sum);
}

static float exponentials(float *scores, const float *relative, float factor, enum tensor_type out_type, int64_t n)
{
    return out_type == TENSOR_BF16 ? exponentials_of(scores, relative, factor, TENSOR_BF16, n)
                                   : exponentials_of(scores, relative, factor, TENSOR_F32, n);
}

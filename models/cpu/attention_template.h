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

/* bf16 results are put where floats were read before: they are half as far along. */
static float exponentials(float *scores, const float *relative, float factor, enum tensor_type out_type, int64_t n)
{
    vec f = vec_set(factor), most = vec_set(-INFINITY), sum = vec_set(0);
    for (int64_t i = 0; i < n; i += LANES) {
        vec s = get_f32(scores, i, n);
        s = vec_mul(f, relative ? vec_add(s, get_f32(relative, i, n)) : s);
        most = vec_max(most, vec_first(s, vec_set(-INFINITY), at_most_lanes(n - i)));
        put(scores, TENSOR_F32, i, n, s);
    }
    vec largest = vec_set(vec_largest(most));
    for (int64_t i = 0; i < n; i += LANES) {
        vec e = vec_first(vec_exp(vec_sub(get_f32(scores, i, n), largest)), vec_set(0), at_most_lanes(n - i));
        sum = vec_add(sum, e);
        put(scores, out_type, i, n, e);
    }
    return 1 / vec_sum(sum);
}

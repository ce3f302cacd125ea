/* winograd_template.h - the three steps of fast_winograd.c's convolutions: Toom and Cook's algorithm with the points 0,
 * ±1, ±2, ±1/2 and ∞ (Lavin and Gray 2016, arXiv 1509.09308, section 4; Blahut 2010, "Fast Algorithms for Signal
 * Processing", chapter 5), in which eight inputs under `taps` taps become 9 - taps outputs. */

/* Eight inputs, step floats apart, n channels each, become eight factors, apart floats apart: for each point p the
 * coefficients of the product of x - q over all other finite points q, ∞ last. */
static void winograd_input(float *out, int64_t apart, const float *x, int64_t step, int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES) {
        const vec x0 = get_f32(x, i, n), x1 = get_f32(x + step, i, n), x2 = get_f32(x + 2 * step, i, n),
                  x3 = get_f32(x + 3 * step, i, n), x4 = get_f32(x + 4 * step, i, n), x5 = get_f32(x + 5 * step, i, n),
                  x6 = get_f32(x + 6 * step, i, n), x7 = get_f32(x + 7 * step, i, n);
        const vec even1 = vec_fma(vec_set(-4.25f), x4, vec_add(x2, x6));
        const vec odd1 = vec_fma(vec_set(-4.25f), x3, vec_add(x1, x5));
        const vec even2 = vec_fma(vec_set(-1.25f), x4, vec_fma(vec_set(0.25f), x2, x6));
        const vec odd2 = vec_fma(vec_set(-2.5f), x3, vec_fma(vec_set(0.5f), x1, vec_add(x5, x5)));
        const vec even3 = vec_fma(vec_set(-5), x4, vec_fma(vec_set(4), x2, x6));
        const vec odd3 = vec_fma(vec_set(-2.5f), x3, vec_fma(vec_set(0.5f), x5, vec_add(x1, x1)));
        put(out, TENSOR_F32, i, n, vec_fma(vec_set(5.25f), vec_sub(x4, x2), vec_sub(x0, x6)));
        put(out + apart, TENSOR_F32, i, n, vec_add(even1, odd1));
        put(out + 2 * apart, TENSOR_F32, i, n, vec_sub(even1, odd1));
        put(out + 3 * apart, TENSOR_F32, i, n, vec_add(even2, odd2));
        put(out + 4 * apart, TENSOR_F32, i, n, vec_sub(even2, odd2));
        put(out + 5 * apart, TENSOR_F32, i, n, vec_add(even3, odd3));
        put(out + 6 * apart, TENSOR_F32, i, n, vec_sub(even3, odd3));
        put(out + 7 * apart, TENSOR_F32, i, n, vec_fma(vec_set(5.25f), vec_sub(x3, x5), vec_sub(x7, x1)));
    }
}

/* ---- products ---- */

/* GEMM_ROWS rows of a panel. ahead: floats from its weights to those that are wanted next. */
static inline __attribute__((always_inline)) void winograd_tile(const struct cpu_winograd_products *p, int64_t row,
                                                                int64_t ahead)
{
    vec sums[GEMM_ROWS][PANEL / LANES];
    const float *factors = p->factors + row * p->factors_step, *w = p->weight;
    float *to = p->sums + row * p->sums_step;
    for (int r = 0; r < GEMM_ROWS; r++)
        for (int v = 0; v < PANEL / LANES; v++)
            sums[r][v] = p->more ? vec_load(to + r * p->sums_step + v * LANES) : vec_set(0);
    for (int64_t i = 0; i < p->depth; i++, w += PANEL) {
        const vec w0 = vec_load(w), w1 = vec_load(w + LANES);
        __builtin_prefetch(w + ahead);
        for (int r = 0; r < GEMM_ROWS; r++) {
            const vec value = vec_set(factors[r * p->factors_step + i]);
            sums[r][0] = vec_fma(value, w0, sums[r][0]);
            sums[r][1] = vec_fma(value, w1, sums[r][1]);
        }
    }
    for (int r = 0; r < GEMM_ROWS; r++)
        for (int v = 0; v < PANEL / LANES; v++)
            vec_store(to + r * p->sums_step + v * LANES, sums[r][v]);
}

/* The next panel, which lies behind this one, is fetched during the last tile. */
static void winograd_multiply(const struct cpu_winograd_products *p)
{
    for (int64_t row = 0; row < p->rows; row += GEMM_ROWS)
        winograd_tile(p, row, row + GEMM_ROWS < p->rows ? 0 : p->depth * PANEL);
}

/* ---- outputs ---- */

/* Output j is the sum of pʲ times the sums of each point p, ∞ counting for the last one only. */
static inline __attribute__((always_inline)) void winograd_outputs(const struct convolution_tile *t, const float *sums,
                                                                   int64_t apart, const int outputs, int steps)
{
    for (int64_t i = 0; i < t->width; i += LANES) {
        vec m[8], y[6];
        for (int k = 0; k < 8; k++)
            m[k] = vec_load(sums + k * apart + i);
        const vec bias = vec_load(t->bias + i);
        const vec even1 = vec_add(m[1], m[2]), even2 = vec_add(m[3], m[4]), even3 = vec_add(m[5], m[6]);
        const vec odd1 = vec_sub(m[1], m[2]), odd2 = vec_sub(m[3], m[4]), odd3 = vec_sub(m[5], m[6]);
        const vec evens = vec_add(even1, bias), odds = vec_add(odd1, bias);
        y[0] = vec_add(vec_add(m[0], evens), vec_add(even2, even3));
        y[1] = vec_fma(vec_set(2), odd2, vec_fma(vec_set(0.5f), odd3, odds));
        y[2] = vec_fma(vec_set(4), even2, vec_fma(vec_set(0.25f), even3, evens));
        y[3] = vec_fma(vec_set(8), odd2, vec_fma(vec_set(0.125f), odd3, odds));
        y[4] = vec_fma(vec_set(16), even2, vec_fma(vec_set(0.0625f), even3, evens));
        y[5] = vec_fma(vec_set(32), odd2, vec_fma(vec_set(0.03125f), odd3, odds));
        y[outputs - 1] = vec_add(y[outputs - 1], m[7]);
        for (int k = 0; k < outputs && k < steps; k++)
            finish_sums(t, k * t->out_step, i, y[k]);
    }
}

/* Eight sums of products, apart floats apart, become the first `steps` of so many outputs as t says; t.bias and t.width
 * are those of all output channels. */
static void winograd_output(const struct convolution_tile *t, const float *sums, int64_t apart, int outputs, int steps)
{
    if (outputs == 6)
        winograd_outputs(t, sums, apart, 6, steps);
    else if (outputs == 5)
        winograd_outputs(t, sums, apart, 5, steps);
    else
        winograd_outputs(t, sums, apart, 4, steps);
}

/* winograd_template.h - the three steps of fast_winograd.c's convolutions: Toom and Cook's algorithm with the points 0,
 * ±1, ±2, ±1/2, ±3/4 (where there are ten) and ∞ (Lavin and Gray 2016, arXiv 1509.09308, section 4; Blahut 2010, "Fast
 * Algorithms for Signal Processing", chapter 5), in which as many inputs under `taps` taps become points + 1 - taps
 * outputs. */

/* Channels i … of eight inputs, step floats apart, n channels each, become eight factors, apart floats apart: by the
 * coefficients of the product of x - q over all finite points q but the factor's own; ∞ last. */
static inline __attribute__((always_inline)) void winograd_factors(float *out, int64_t apart, const float *x,
                                                                   int64_t step, int64_t i, int64_t n)
{
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

/* What p and -p have in common: the even inputs from x2 on and the odd ones from x1 on, by the polynomial whose zeros
 * are the squares of the other points. */
static inline vec winograd_cubic(vec x0, vec x1, vec x2, vec x3, float a, float b, float c)
{
    return vec_fma(vec_set(a), x2, vec_fma(vec_set(b), x1, vec_fma(vec_set(c), x0, x3)));
}

static inline void winograd_pair(float *out, int64_t apart, int64_t i, int64_t n, vec even, vec odd)
{
    put(out, TENSOR_F32, i, n, vec_add(even, odd));
    put(out + apart, TENSOR_F32, i, n, vec_sub(even, odd));
}

/* The same of ten inputs. */
static inline __attribute__((always_inline)) void winograd_ten_factors(float *out, int64_t apart, const float *x,
                                                                       int64_t step, int64_t i, int64_t n)
{
    vec e[5], o[5];
    for (int k = 0; k < 5; k++) {
        e[k] = get_f32(x + 2 * k * step, i, n);
        o[k] = get_f32(x + (2 * k + 1) * step, i, n);
    }
    put(out, TENSOR_F32, i, n,
        vec_fma(vec_set(0.5625f), e[0], winograd_cubic(e[1], e[2], e[3], e[4], -5.8125f, 8.203125f, -3.953125f)));
    winograd_pair(out + apart, apart, i, n, winograd_cubic(e[1], e[2], e[3], e[4], -4.8125f, 3.390625f, -0.5625f),
                  winograd_cubic(o[0], o[1], o[2], o[3], -4.8125f, 3.390625f, -0.5625f));
    winograd_pair(out + 3 * apart, apart, i, n, winograd_cubic(e[1], e[2], e[3], e[4], -1.8125f, 0.953125f, -0.140625f),
                  vec_mul(vec_set(2), winograd_cubic(o[0], o[1], o[2], o[3], -1.8125f, 0.953125f, -0.140625f)));
    winograd_pair(out + 5 * apart, apart, i, n, winograd_cubic(e[1], e[2], e[3], e[4], -5.5625f, 6.8125f, -2.25f),
                  vec_mul(vec_set(0.5f), winograd_cubic(o[0], o[1], o[2], o[3], -5.5625f, 6.8125f, -2.25f)));
    winograd_pair(out + 7 * apart, apart, i, n, winograd_cubic(e[1], e[2], e[3], e[4], -5.25f, 5.25f, -1),
                  vec_mul(vec_set(0.75f), winograd_cubic(o[0], o[1], o[2], o[3], -5.25f, 5.25f, -1)));
    put(out + 9 * apart, TENSOR_F32, i, n,
        vec_fma(vec_set(0.5625f), o[0], winograd_cubic(o[1], o[2], o[3], o[4], -5.8125f, 8.203125f, -3.953125f)));
}

static void winograd_input(float *out, int64_t apart, const float *x, int64_t step, int64_t n, int points)
{
    int64_t i = 0;
    for (; i + LANES <= n && points == 8; i += LANES)
        winograd_factors(out + i, apart, x + i, step, 0, LANES);
    for (; i + LANES <= n && points == 10; i += LANES)
        winograd_ten_factors(out + i, apart, x + i, step, 0, LANES);
    if (i < n && points == 8)
        winograd_factors(out, apart, x, step, i, n);
    if (i < n && points == 10)
        winograd_ten_factors(out, apart, x, step, i, n);
}

/* ---- products ---- */

/* A row of a tile: as many columns as a panel has. */
struct winograd_row {
    vec low, high;
};

static inline struct winograd_row winograd_get(const float *from)
{
    return (struct winograd_row){vec_load(from), vec_load(from + LANES)};
}

static inline void winograd_put(float *to, struct winograd_row row, const bool more)
{
    vec_store(to, more ? vec_add(vec_load(to), row.low) : row.low);
    vec_store(to + LANES, more ? vec_add(vec_load(to + LANES), row.high) : row.high);
}

static inline struct winograd_row winograd_add(struct winograd_row sums, float factor, struct winograd_row weights)
{
    const vec f = vec_set(factor);
    return (struct winograd_row){vec_fma(f, weights.low, sums.low), vec_fma(f, weights.high, sums.high)};
}

/* The rows from `row` on. Four steps of depth at once leave the fewest instructions beside the products, which counts
 * where a core is shared with another thread. fetch: the panel behind this one, which is the next to be read, begins to
 * come into the second-level cache. Each row has a name, since compilers keep names in registers more surely
 * than what an array holds; the lower ones have a pointer of their own, so that every address is one register and a few
 * steps. */
static inline __attribute__((always_inline)) void winograd_tile(const struct cpu_winograd_products *p, int64_t row,
                                                                const bool more, const bool fetch)
{
    const struct winograd_row zero = {vec_set(0), vec_set(0)};
    struct winograd_row s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero, s5 = zero;
    const int64_t step = p->factors_step;
    const float *w = p->weight, *upper = p->factors + row * step, *lower = upper + 3 * step, *end = upper + p->depth;
    do {
        for (int k = 0; k < 4; k++) {
            const struct winograd_row weights = winograd_get(w + k * PANEL);
            if (fetch)
                __builtin_prefetch(w + (k + p->depth) * PANEL, 0, 2);
            s0 = winograd_add(s0, upper[k], weights);
            s1 = winograd_add(s1, upper[step + k], weights);
            s2 = winograd_add(s2, upper[2 * step + k], weights);
            s3 = winograd_add(s3, lower[k], weights);
            s4 = winograd_add(s4, lower[step + k], weights);
            s5 = winograd_add(s5, lower[2 * step + k], weights);
        }
        upper += 4;
        lower += 4;
        w += 4 * PANEL;
    } while (upper < end);
    float *to = p->sums + row * p->sums_step, *under = to + 3 * p->sums_step;
    winograd_put(to, s0, more);
    winograd_put(to + p->sums_step, s1, more);
    winograd_put(to + 2 * p->sums_step, s2, more);
    winograd_put(under, s3, more);
    winograd_put(under + p->sums_step, s4, more);
    winograd_put(under + 2 * p->sums_step, s5, more);
}

static inline __attribute__((always_inline)) void winograd_panel(const struct cpu_winograd_products *p, const bool more)
{
    int64_t row = 0;
    for (; row + WINOGRAD_ROWS < p->rows; row += WINOGRAD_ROWS)
        winograd_tile(p, row, more, false);
    winograd_tile(p, row, more, true);
}

static void winograd_multiply(const struct cpu_winograd_products *p)
{
    if (p->more)
        winograd_panel(p, true);
    else
        winograd_panel(p, false);
}

/* ---- outputs ---- */

/* Output j of channels i … is the sum of pʲ times the sums of each point p, ∞ counting for the last one only. */
static inline __attribute__((always_inline)) void
winograd_combine(vec y[7], const float *sums, int64_t apart, const float *bias, const int points, const int outputs)
{
    vec m[10];
    for (int k = 0; k < points; k++)
        m[k] = vec_load(sums + k * apart);
    const vec even1 = vec_add(m[1], m[2]), even2 = vec_add(m[3], m[4]), even3 = vec_add(m[5], m[6]);
    const vec odd1 = vec_sub(m[1], m[2]), odd2 = vec_sub(m[3], m[4]), odd3 = vec_sub(m[5], m[6]);
    const vec evens = vec_add(even1, vec_load(bias)), odds = vec_add(odd1, vec_load(bias));
    y[0] = vec_add(vec_add(m[0], evens), vec_add(even2, even3));
    y[1] = vec_fma(vec_set(2), odd2, vec_fma(vec_set(0.5f), odd3, odds));
    y[2] = vec_fma(vec_set(4), even2, vec_fma(vec_set(0.25f), even3, evens));
    y[3] = vec_fma(vec_set(8), odd2, vec_fma(vec_set(0.125f), odd3, odds));
    y[4] = vec_fma(vec_set(16), even2, vec_fma(vec_set(0.0625f), even3, evens));
    y[5] = vec_fma(vec_set(32), odd2, vec_fma(vec_set(0.03125f), odd3, odds));
    y[6] = vec_fma(vec_set(64), even2, vec_fma(vec_set(0.015625f), even3, evens));
    if (points == 10) {
        const vec even4 = vec_add(m[7], m[8]), odd4 = vec_sub(m[7], m[8]);
        const float powers[7] = {1, 0.75f, 0.5625f, 0.421875f, 0.31640625f, 0.2373046875f, 0.177978515625f};
        for (int k = 0; k < outputs; k++)
            y[k] = vec_fma(vec_set(powers[k]), k % 2 ? odd4 : even4, y[k]);
    }
    y[outputs - 1] = vec_add(y[outputs - 1], m[points - 1]);
}

/* All outputs of whole vectors of f32, as they are, through a leaky ReLU or added to a residual: what nearly all
 * bundles are. */
static inline __attribute__((always_inline)) void winograd_usual(const struct convolution_tile *t, const float *sums,
                                                                 int64_t apart, const int points, const int outputs,
                                                                 const enum convolution_after after)
{
    for (int64_t i = 0; i < t->width; i += LANES) {
        vec y[7];
        float *out = (float *)t->out + i;
        winograd_combine(y, sums + i, apart, t->bias + i, points, outputs);
        for (int k = 0; k < outputs; k++, out += t->out_step) {
            if (after == CONVOLUTION_LEAKY)
                y[k] = vec_where_negative(y[k], vec_mul(vec_set(t->factor), y[k]), y[k]);
            if (after == CONVOLUTION_ADD)
                y[k] = vec_fma(vec_set(t->factor), y[k], vec_load(t->residual + k * t->out_step + i));
            vec_store(out, y[k]);
        }
    }
}

static inline __attribute__((always_inline)) void winograd_outputs(const struct convolution_tile *t, const float *sums,
                                                                   int64_t apart, const int points, const int outputs,
                                                                   int from, int end)
{
    const bool usual = from == 0 && end == outputs && t->out_type == TENSOR_F32 && t->width % LANES == 0;
    if (usual && t->after == CONVOLUTION_ADD) {
        winograd_usual(t, sums, apart, points, outputs, CONVOLUTION_ADD);
        return;
    }
    if (usual && t->after == CONVOLUTION_LEAKY) {
        winograd_usual(t, sums, apart, points, outputs, CONVOLUTION_LEAKY);
        return;
    }
    if (usual && t->after == CONVOLUTION_NONE) {
        winograd_usual(t, sums, apart, points, outputs, CONVOLUTION_NONE);
        return;
    }
    for (int64_t i = 0; i < t->width; i += LANES) {
        vec y[7];
        winograd_combine(y, sums + i, apart, t->bias + i, points, outputs);
        for (int k = from; k < outputs && k < end; k++)
            finish_sums(t, (k - from) * t->out_step, i, y[k]);
    }
}

/* The sums of products of each point, apart floats apart, become outputs [from, end) of so many as t says, t.out being
 * output `from`; t.bias and t.width are those of all output channels. */
static void winograd_output(const struct convolution_tile *t, const float *sums, int64_t apart, int points, int outputs,
                            int from, int end)
{
    if (outputs == 7)
        winograd_outputs(t, sums, apart, 8, 7, from, end);
    else if (outputs == 6 && points == 8)
        winograd_outputs(t, sums, apart, 8, 6, from, end);
    else if (outputs == 6)
        winograd_outputs(t, sums, apart, 10, 6, from, end);
    else if (outputs == 5 && points == 8)
        winograd_outputs(t, sums, apart, 8, 5, from, end);
    else if (outputs == 5)
        winograd_outputs(t, sums, apart, 10, 5, from, end);
    else if (points == 8)
        winograd_outputs(t, sums, apart, 8, 4, from, end);
    else
        winograd_outputs(t, sums, apart, 10, 4, from, end);
}

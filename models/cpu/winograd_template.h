/* winograd_template.h - the two ends of fast_winograd.c's convolutions: F(4, 3) with the points 0, ±1, ±2 and ∞ (Lavin
 * and Gray 2016, arXiv 1509.09308, section 4.3, in one dimension). */

/* Six inputs, step floats apart, n channels each, become six factors, apart floats apart. */
static void winograd_input(float *out, int64_t apart, const float *x, int64_t step, int64_t n)
{
    for (int64_t i = 0; i < n; i += LANES) {
        const vec x0 = get_f32(x, i, n), x1 = get_f32(x + step, i, n), x2 = get_f32(x + 2 * step, i, n),
                  x3 = get_f32(x + 3 * step, i, n), x4 = get_f32(x + 4 * step, i, n), x5 = get_f32(x + 5 * step, i, n);
        const vec a = vec_fma(vec_set(-4), x2, x4), b = vec_fma(vec_set(-4), x1, x3);
        const vec c = vec_sub(x4, x2), d = vec_mul(vec_set(2), vec_sub(x3, x1));
        put(out, TENSOR_F32, i, n, vec_fma(vec_set(4), x0, vec_fma(vec_set(-5), x2, x4)));
        put(out + apart, TENSOR_F32, i, n, vec_add(a, b));
        put(out + 2 * apart, TENSOR_F32, i, n, vec_sub(a, b));
        put(out + 3 * apart, TENSOR_F32, i, n, vec_add(c, d));
        put(out + 4 * apart, TENSOR_F32, i, n, vec_sub(c, d));
        put(out + 5 * apart, TENSOR_F32, i, n, vec_fma(vec_set(4), x1, vec_fma(vec_set(-5), x3, x5)));
    }
}

/* Six sums of products, apart floats apart, become `steps` (at most four) outputs as t says; t.bias and t.width are
 * those of all output channels. */
static void winograd_output(const struct convolution_tile *t, const float *sums, int64_t apart, int steps)
{
    for (int64_t i = 0; i < t->width; i += LANES) {
        vec m[6];
        for (int k = 0; k < 6; k++)
            m[k] = vec_load(sums + k * apart + i);
        const vec bias = vec_load(t->bias + i);
        const vec a = vec_add(m[1], m[2]), b = vec_sub(m[1], m[2]), c = vec_add(m[3], m[4]), d = vec_sub(m[3], m[4]);
        const vec y[] = {vec_add(vec_add(m[0], a), vec_add(c, bias)), vec_add(vec_fma(vec_set(2), d, b), bias),
                         vec_add(vec_fma(vec_set(4), c, a), bias),
                         vec_add(vec_fma(vec_set(8), d, b), vec_add(m[5], bias))};
        for (int k = 0; k < steps; k++)
            finish_sums(t, k * t->out_step, i, y[k]);
    }
}

/* convolution_template.h - the tiles of convolutions over time: a few steps of VECTORS · LANES output channels live in
 * registers while taps and input channels run. Wide tiles have as many columns as a small product's panel, narrow ones
 * one vector, for layers that have no more channels. Steps beyond `rows` are computed from whatever x holds there, and
 * dropped: each step's sum is the same wherever in a tile it stands. */
enum {
    DEPTHWISE_ROWS = 4,
    SINGLE_ROWS = 4,
    NARROW_ROWS = 8,
    MOST_ROWS = NARROW_ROWS > GEMM_ROWS ? NARROW_ROWS : GEMM_ROWS
};

/* What follows the sums y of column i … at a step, on the way to memory. at: the step's first element of out. */
static inline void finish_sums(const struct convolution_tile *t, int64_t at, int64_t i, vec y)
{
    void *out = (unsigned char *)t->out + (size_t)at * (t->out_type == TENSOR_F32 ? 4 : 2);
    switch (t->after) {
    case CONVOLUTION_RELU:
        y = vec_max(vec_set(0), y);
        break;
    case CONVOLUTION_TANH:
        y = vec_tanh(y);
        break;
    case CONVOLUTION_LEAKY:
        y = vec_where_negative(y, vec_mul(vec_set(t->factor), y), y);
        break;
    case CONVOLUTION_ADD:
        y = vec_fma(vec_set(t->factor), y, get_f32(t->residual + at, i, t->width));
        break;
    default:
        break;
    }
    put(out, t->out_type, i, t->width, y);
}

static inline __attribute__((always_inline)) void convolve_rows(const struct convolution_tile *t, int rows,
                                                                const int height, const int vectors)
{
    vec sum[MOST_ROWS][PANEL / LANES];
    const float *w = t->weight;
    for (int r = 0; r < height; r++)
        for (int v = 0; v < vectors; v++)
            sum[r][v] = vec_load(t->bias + v * LANES);
    for (int tap = 0; tap < t->taps; tap++) {
        const float *x = t->x + tap * t->tap_step;
        for (int64_t i = 0; i < t->in; i++, w += vectors * LANES) {
            vec weights[PANEL / LANES];
            for (int v = 0; v < vectors; v++)
                weights[v] = vec_load(w + v * LANES);
            for (int r = 0; r < height; r++) {
                const vec value = vec_set(x[r * t->x_step + i]);
                for (int v = 0; v < vectors; v++)
                    sum[r][v] = vec_fma(value, weights[v], sum[r][v]);
            }
        }
    }
    for (int r = 0; r < height && r < rows; r++)
        for (int v = 0; v < vectors && v * LANES < t->width; v++)
            finish_sums(t, r * t->out_step, v * LANES, sum[r][v]);
}

static void convolve_wide(const struct convolution_tile *t, int rows)
{
    convolve_rows(t, rows, GEMM_ROWS, PANEL / LANES);
}

static void convolve_narrow(const struct convolution_tile *t, int rows)
{
    convolve_rows(t, rows, NARROW_ROWS, 1);
}

/* A single output channel: input channels are the vector. */
static void convolve_single(const struct convolution_tile *t, int rows)
{
    vec s0 = vec_set(0), s1 = s0, s2 = s0, s3 = s0;
    float sums[SINGLE_ROWS];
    for (int tap = 0; tap < t->taps; tap++)
        for (int64_t i = 0; i < t->in; i += LANES) {
            const float *x = t->x + tap * t->tap_step;
            const vec w = get_f32(t->weight + tap * t->in, i, t->in);
            s0 = vec_fma(w, get_f32(x, i, t->in), s0);
            s1 = vec_fma(w, get_f32(x + t->x_step, i, t->in), s1);
            s2 = vec_fma(w, get_f32(x + 2 * t->x_step, i, t->in), s2);
            s3 = vec_fma(w, get_f32(x + 3 * t->x_step, i, t->in), s3);
        }
    vec_sums4(sums, s0, s1, s2, s3);
    for (int r = 0; r < SINGLE_ROWS && r < rows; r++)
        finish_sums(t, r * t->out_step, 0, vec_set(sums[r] + t->bias[0]));
}

/* Each channel with its own taps: weights are read once for the steps of a tile. */
static void convolve_depthwise(const struct convolution_tile *t, int rows)
{
    for (int64_t i = 0; i < t->width; i += LANES) {
        vec s0 = vec_load(t->bias + i), s1 = s0, s2 = s0, s3 = s0;
        for (int tap = 0; tap < t->taps; tap++) {
            const vec w = vec_load(t->weight + tap * t->columns + i);
            const float *x = t->x + tap * t->tap_step + i;
            s0 = vec_fma(w, vec_load(x), s0);
            s1 = vec_fma(w, vec_load(x + t->x_step), s1);
            s2 = vec_fma(w, vec_load(x + 2 * t->x_step), s2);
            s3 = vec_fma(w, vec_load(x + 3 * t->x_step), s3);
        }
        const vec sums[DEPTHWISE_ROWS] = {s0, s1, s2, s3};
        for (int r = 0; r < DEPTHWISE_ROWS && r < rows; r++)
            finish_sums(t, r * t->out_step, i, sums[r]);
    }
}

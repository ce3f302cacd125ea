/* kept_template.h - a head's few queries against its kept keys. A key is read once for up to KEPT_QUERIES queries: with
 * so few, what bounds the work is reading the keys. */

static inline const void *kept_at(const void *data, enum tensor_type type, int64_t element)
{
    return (const unsigned char *)data + element * (type == TENSOR_F32 ? 4 : type == TENSOR_BF16 ? 2 : 1);
}

/* Lanes i … of a key of n elements; in 8 bits as they are, without their scale. */
static inline vec kept_get(const void *key, enum tensor_type type, int64_t i, int64_t n)
{
    if (type != TENSOR_I8)
        return get(key, type, i, n);
    return vec_load_i8_first((const int8_t *)key + i, at_most_lanes(n - i));
}

static inline float kept_factor(const void *key, enum tensor_type type, int64_t n)
{
    return type == TENSOR_I8 ? kept_scale(key, n) : 1;
}

enum { KEPT_KEYS = 4, KEPT_WIDEST = 256 };

static inline const void *kept_key_at(const struct kept_keys *k, int64_t t)
{
    return kept_at(k->data, k->type, k->step * (k->index ? k->index[t] : t));
}

/* One query and KEPT_KEYS keys [KEPT_KEYS, d] in f32, d a multiple of LANES. */
static inline void kept_dots_four(float out[KEPT_KEYS], const float *q, const float *keys, int64_t d)
{
    vec sums[KEPT_KEYS];
    for (int j = 0; j < KEPT_KEYS; j++)
        sums[j] = vec_set(0);
    for (int64_t x = 0; x < d; x += LANES)
        for (int j = 0; j < KEPT_KEYS; j++)
            sums[j] = vec_fma(vec_load(q + x), vec_load(keys + j * d + x), sums[j]);
    vec_sums4(out, sums[0], sums[1], sums[2], sums[3]);
}

static float kept_dot(const float *q, const void *key, enum tensor_type type, int64_t d)
{
    vec sum = vec_set(0);
    for (int64_t x = 0; x < d; x += LANES)
        sum = vec_fma(get_f32(q, x, d), kept_get(key, type, x, d), sum);
    return vec_sum(sum) * kept_factor(key, type, d);
}

/* One query and KEPT_KEYS keys as they are kept. */
static inline void kept_dots_direct(float *out, const float *q, const struct kept_keys *k, int64_t t,
                                    const enum tensor_type type)
{
    vec sums[KEPT_KEYS];
    const void *keys[KEPT_KEYS];
    for (int j = 0; j < KEPT_KEYS; j++) {
        keys[j] = kept_key_at(k, t + j);
        sums[j] = vec_set(0);
    }
    for (int64_t x = 0; x < k->width; x += LANES)
        for (int j = 0; j < KEPT_KEYS; j++)
            sums[j] = vec_fma(vec_load(q + x), kept_get(keys[j], type, x, k->width), sums[j]);
    vec_sums4(out, sums[0], sums[1], sums[2], sums[3]);
    for (int j = 0; j < KEPT_KEYS && type == TENSOR_I8; j++)
        out[j] *= kept_scale(keys[j], k->width);
}

/* KEPT_KEYS keys are brought into f32 once for all queries, and their sums are gathered together, which costs a third
 * of four sums by themselves. */
static inline void kept_dots_shared(float *out, int64_t ldc, const float *q, int rows, const struct kept_keys *k,
                                    int64_t t, const enum tensor_type type)
{
    const int64_t d = k->width;
    float keys[KEPT_KEYS * KEPT_WIDEST];
    for (int j = 0; j < KEPT_KEYS; j++) {
        const void *key = kept_key_at(k, t + j);
        vec factor = vec_set(kept_factor(key, type, d));
        for (int64_t x = 0; x < d; x += LANES)
            vec_store(keys + j * d + x, vec_mul(factor, kept_get(key, type, x, d)));
    }
    for (int r = 0; r < rows; r++)
        kept_dots_four(out + r * ldc, q + r * d, keys, d);
}

static inline __attribute__((always_inline)) void kept_dots_of(float *scores, int64_t ldc, const float *q, int rows,
                                                               const struct kept_keys *k, const enum tensor_type type)
{
    int64_t d = k->width, t = 0;
    bool whole = d % LANES == 0 && d <= KEPT_WIDEST;
    for (; whole && t + KEPT_KEYS <= k->length; t += KEPT_KEYS)
        if (rows == 1)
            kept_dots_direct(scores + t, q, k, t, type);
        else
            kept_dots_shared(scores + t, ldc, q, rows, k, t, type);
    for (; t < k->length; t++)
        for (int r = 0; r < rows; r++)
            scores[r * ldc + t] = kept_dot(q + r * d, kept_key_at(k, t), type, d);
}

/* scores[r · ldc + t] = q_r · key_t; q [rows, d] f32, rows ≤ KEPT_QUERIES. */
static void kept_dots(float *scores, int64_t ldc, const float *q, int rows, const struct kept_keys *k)
{
    if (k->type == TENSOR_I8)
        kept_dots_of(scores, ldc, q, rows, k, TENSOR_I8);
    else if (k->type == TENSOR_BF16)
        kept_dots_of(scores, ldc, q, rows, k, TENSOR_BF16);
    else
        kept_dots_of(scores, ldc, q, rows, k, TENSOR_F32);
}

/* Columns that stay in registers for KEPT_QUERIES sums: 20 of 32, or 10 of 16. */
#define KEPT_COLUMNS (LANES >= 16 ? 4 : 2)

static inline __attribute__((always_inline)) void kept_sums_block(float *out, const float *weights, int64_t ldw,
                                                                  const struct kept_keys *v, int64_t x, const int rows,
                                                                  const enum tensor_type type)
{
    vec sums[KEPT_QUERIES][KEPT_COLUMNS];
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < KEPT_COLUMNS; c++)
            sums[r][c] = vec_set(0);
    for (int64_t t = 0; t < v->length; t++) {
        const void *value = kept_key_at(v, t);
        const float factor = kept_factor(value, type, v->width);
        vec e[KEPT_COLUMNS];
        for (int c = 0; c < KEPT_COLUMNS; c++)
            e[c] = kept_get(value, type, x + c * LANES, v->width);
        for (int r = 0; r < rows; r++) {
            vec w = vec_set(weights[r * ldw + t] * factor);
            for (int c = 0; c < KEPT_COLUMNS; c++)
                sums[r][c] = vec_fma(w, e[c], sums[r][c]);
        }
    }
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < KEPT_COLUMNS; c++)
            vec_store(out + r * v->width + x + c * LANES, sums[r][c]);
}

static void kept_sums_column(float *out, const float *weights, const struct kept_keys *v, int64_t x)
{
    vec sum = vec_set(0);
    for (int64_t t = 0; t < v->length; t++) {
        const void *value = kept_key_at(v, t);
        vec w = vec_set(weights[t] * kept_factor(value, v->type, v->width));
        sum = vec_fma(w, kept_get(value, v->type, x, v->width), sum);
    }
    put(out, TENSOR_F32, x, v->width, sum);
}

static inline __attribute__((always_inline)) void kept_sums_of(float *out, const float *weights, int64_t ldw, int rows,
                                                               const struct kept_keys *v, const enum tensor_type type)
{
    int64_t x = 0;
    for (; x + KEPT_COLUMNS * LANES <= v->width; x += KEPT_COLUMNS * LANES) {
        if (rows == KEPT_QUERIES)
            kept_sums_block(out, weights, ldw, v, x, KEPT_QUERIES, type);
        else
            for (int r = 0; r < rows; r++)
                kept_sums_block(out + r * v->width, weights + r * ldw, ldw, v, x, 1, type);
    }
    for (; x < v->width; x += LANES)
        for (int r = 0; r < rows; r++)
            kept_sums_column(out + r * v->width, weights + r * ldw, v, x);
}

/* out [rows, d] = Σ_t weights[r · ldw + t] · value_t, rows ≤ KEPT_QUERIES. */
static void kept_sums(float *out, const float *weights, int64_t ldw, int rows, const struct kept_keys *v)
{
    if (v->type == TENSOR_I8)
        kept_sums_of(out, weights, ldw, rows, v, TENSOR_I8);
    else if (v->type == TENSOR_BF16)
        kept_sums_of(out, weights, ldw, rows, v, TENSOR_BF16);
    else
        kept_sums_of(out, weights, ldw, rows, v, TENSOR_F32);
}

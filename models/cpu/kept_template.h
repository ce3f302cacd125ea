/* kept_template.h - a head's few queries against its kept keys. A key is read once for up to KEPT_QUERIES queries: with
 * so few, what bounds the work is reading the keys. */

static inline const void *kept_at(const void *data, enum tensor_type type, int64_t element)
{
    return (const unsigned char *)data + (size_t)element * (type == TENSOR_F32 ? 4 : 2);
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
        sum = vec_fma(get_f32(q, x, d), get(key, type, x, d), sum);
    return vec_sum(sum);
}

/* scores[r · ldc + t] = q_r · key_t; q [rows, d] f32, rows ≤ KEPT_QUERIES. Four keys at a time are brought into f32
 * once for all queries, and their sums are gathered together, which costs a third of four sums by themselves. */
static void kept_dots(float *scores, int64_t ldc, const float *q, int rows, const struct kept_keys *k)
{
    int64_t d = k->width, t = 0;
    float keys[KEPT_KEYS * KEPT_WIDEST];
    bool whole = d % LANES == 0 && d <= KEPT_WIDEST;
    for (; whole && t + KEPT_KEYS <= k->length; t += KEPT_KEYS) {
        for (int j = 0; j < KEPT_KEYS; j++) {
            const void *key = kept_key_at(k, t + j);
            for (int64_t x = 0; x < d; x += LANES)
                vec_store(keys + j * d + x, get(key, k->type, x, d));
        }
        for (int r = 0; r < rows; r++)
            kept_dots_four(scores + r * ldc + t, q + r * d, keys, d);
    }
    for (; t < k->length; t++)
        for (int r = 0; r < rows; r++)
            scores[r * ldc + t] = kept_dot(q + r * d, kept_key_at(k, t), k->type, d);
}

/* Columns that stay in registers for KEPT_QUERIES sums: 20 of 32, or 10 of 16. */
#define KEPT_COLUMNS (LANES >= 16 ? 4 : 2)

static inline __attribute__((always_inline)) void kept_sums_block(float *out, const float *weights, int64_t ldw,
                                                                  const struct kept_keys *v, int64_t x, const int rows)
{
    vec sums[KEPT_QUERIES][KEPT_COLUMNS];
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < KEPT_COLUMNS; c++)
            sums[r][c] = vec_set(0);
    for (int64_t t = 0; t < v->length; t++) {
        const void *value = kept_key_at(v, t);
        vec e[KEPT_COLUMNS];
        for (int c = 0; c < KEPT_COLUMNS; c++)
            e[c] = get(value, v->type, x + c * LANES, v->width);
        for (int r = 0; r < rows; r++) {
            vec w = vec_set(weights[r * ldw + t]);
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
    for (int64_t t = 0; t < v->length; t++)
        sum = vec_fma(vec_set(weights[t]), get(kept_key_at(v, t), v->type, x, v->width), sum);
    put(out, TENSOR_F32, x, v->width, sum);
}

/* out [rows, d] = Σ_t weights[r · ldw + t] · value_t, rows ≤ KEPT_QUERIES. */
static void kept_sums(float *out, const float *weights, int64_t ldw, int rows, const struct kept_keys *v)
{
    int64_t x = 0;
    for (; x + KEPT_COLUMNS * LANES <= v->width; x += KEPT_COLUMNS * LANES) {
        if (rows == KEPT_QUERIES)
            kept_sums_block(out, weights, ldw, v, x, KEPT_QUERIES);
        else
            for (int r = 0; r < rows; r++)
                kept_sums_block(out + r * v->width, weights + r * ldw, ldw, v, x, 1);
    }
    for (; x < v->width; x += LANES)
        for (int r = 0; r < rows; r++)
            kept_sums_column(out + r * v->width, weights + r * ldw, v, x);
}

/* kept_template.h - a head's few queries against its kept keys. A key is read once for up to KEPT_QUERIES queries: with
 * so few, what bounds the work is reading the keys. */

static inline const void *kept_at(const void *data, enum tensor_type type, int64_t element)
{
    return (const unsigned char *)data + (size_t)element * (type == TENSOR_F32 ? 4 : 2);
}

static inline __attribute__((always_inline)) void kept_dots_few(float *scores, int64_t ldc, const float *q, int64_t d,
                                                                const void *key, enum tensor_type type, const int rows)
{
    vec sums[KEPT_QUERIES];
    for (int r = 0; r < rows; r++)
        sums[r] = vec_set(0);
    for (int64_t x = 0; x < d; x += LANES) {
        vec k = get(key, type, x, d);
        for (int r = 0; r < rows; r++)
            sums[r] = vec_fma(get_f32(q + r * d, x, d), k, sums[r]);
    }
    for (int r = 0; r < rows; r++)
        scores[r * ldc] = vec_sum(sums[r]);
}

/* scores[r · ldc + t] = q_r · key_t; q [rows, d] f32, rows ≤ KEPT_QUERIES. */
static void kept_dots(float *scores, int64_t ldc, const float *q, int rows, const struct kept_keys *k)
{
    for (int64_t t = 0; t < k->length; t++) {
        int64_t at = k->step * (k->index ? k->index[t] : t);
        const void *key = kept_at(k->data, k->type, at);
        if (rows == 1)
            kept_dots_few(scores + t, ldc, q, k->width, key, k->type, 1);
        else if (rows == KEPT_QUERIES)
            kept_dots_few(scores + t, ldc, q, k->width, key, k->type, KEPT_QUERIES);
        else
            for (int r = 0; r < rows; r++)
                kept_dots_few(scores + t + r * ldc, ldc, q + r * k->width, k->width, key, k->type, 1);
    }
}

static inline __attribute__((always_inline)) void kept_sums_few(float *out, const float *weights, int64_t ldw,
                                                                const struct kept_keys *v, int64_t x, const int rows)
{
    vec sums[KEPT_QUERIES];
    for (int r = 0; r < rows; r++)
        sums[r] = vec_set(0);
    for (int64_t t = 0; t < v->length; t++) {
        const void *value = kept_at(v->data, v->type, v->step * (v->index ? v->index[t] : t));
        vec e = get(value, v->type, x, v->width);
        for (int r = 0; r < rows; r++)
            sums[r] = vec_fma(vec_set(weights[r * ldw + t]), e, sums[r]);
    }
    for (int r = 0; r < rows; r++)
        put(out + r * v->width, TENSOR_F32, x, v->width, sums[r]);
}

/* out [rows, d] = Σ_t weights[r · ldw + t] · value_t, for one query or KEPT_QUERIES at a time. */
static void kept_sums(float *out, const float *weights, int64_t ldw, int rows, const struct kept_keys *v)
{
    for (int64_t x = 0; x < v->width; x += LANES) {
        if (rows == KEPT_QUERIES)
            kept_sums_few(out, weights, ldw, v, x, KEPT_QUERIES);
        else
            for (int r = 0; r < rows; r++)
                kept_sums_few(out + r * v->width, weights + r * ldw, ldw, v, x, 1);
    }
}

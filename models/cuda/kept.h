/* kept.h - what the attentions to kept keys have in common: any type and width (kept.cu), and whole pieces of 16 and of
 * 8 bits a number (kept_pieces.cu). */
#ifndef MODELS_CUDA_KEPT_H
#define MODELS_CUDA_KEPT_H

#include "models/cuda/each.h"

/* Kept keys or values, f32, bf16, f16, or i8 with a scale behind each row. */
struct kept {
    struct view rows;
    int64_t time, step, width; /* step: from key to key; time 0: keys are slots */
};

/* A query, the keys that it sees, and where its list of slots begins. */
struct kept_query {
    int query, length, row, index;
};

struct kept_attention {
    struct view out, q;
    struct kept keys, values;
    const struct kept_query *queries;
    const int *index;
    int64_t step; /* of q and out */
    int heads;
    float scale;
};

/* The element that key t of a head begins at. */
static __device__ inline int64_t key_at(const struct kept &k, const struct kept_query &q, const int *index, int heads,
                                        int64_t head, int64_t t)
{
    return k.time ? ((q.row * heads + head) * k.time + t) * k.step : index[q.index + t] * k.step + head * k.width;
}

static __device__ inline float kept_number(const struct kept &k, int64_t key, int64_t x)
{
    return k.rows.type == TENSOR_I8 ? (float)((const int8_t *)k.rows.data)[key + x] : get(k.rows, key + x);
}

static __device__ inline float kept_factor(const struct kept &k, int64_t key)
{
    float scale = 1.0f;
    if (k.rows.type == TENSOR_I8)
        memcpy(&scale, (const int8_t *)k.rows.data + key + k.width, sizeof scale);
    return scale;
}

/* True when it ran: keys and values of a type and a width that it is compiled for. grid: queries by heads. */
bool attend_kept_in_pieces(struct context *c, const struct kept_attention &a, dim3 grid, int64_t width);

#endif

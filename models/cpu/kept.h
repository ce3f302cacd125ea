/* kept.h - where a head's kept keys lie: the one thing that the plain and the fast attention to them share. */
#ifndef MODELS_CPU_KEPT_H
#define MODELS_CPU_KEPT_H

#include "models/cpu/convert.h"
#include "models/tensor/ops.h"

/* Key t of a head begins at element first + step · (index ? index[t] : t). */
struct kept_head {
    int64_t first, step;
    const int *index;
};

static inline struct kept_head kept_head(const struct tensor *keys, const struct query_span *span, int64_t head,
                                         int64_t width)
{
    if (keys->rank == 2)
        return (struct kept_head){head * width, keys->shape[1], span->index};
    int64_t time = keys->shape[2];
    return (struct kept_head){(span->row * keys->shape[1] + head) * time * keys->shape[3], keys->shape[3], NULL};
}

static inline int64_t kept_key(const struct kept_head *h, int64_t t)
{
    return h->first + h->step * (h->index ? h->index[t] : t);
}

#endif

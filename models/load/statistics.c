#include "models/load/checkpoint.h"

#include <math.h>

enum { PIECE = 4096 }; /* elements converted at once, on the stack */

/* Welford's running mean and sum of squares, so that a large mean does not drown a small deviation. */
struct running {
    int64_t count;
    double mean, squares;
};

static void take(struct stored_statistics *s, struct running *r, double value)
{
    if (!isfinite(value)) {
        s->not_finite++;
        return;
    }
    s->zeros += value == 0;
    s->minimum = r->count && s->minimum < value ? s->minimum : value;
    s->maximum = r->count && s->maximum > value ? s->maximum : value;
    double difference = value - r->mean;
    r->mean += difference / (double)++r->count;
    r->squares += difference * (value - r->mean);
}

void stored_statistics(const struct stored_tensor *tensor, struct stored_statistics *out)
{
    float piece[PIECE];
    struct running r = {0};
    *out = (struct stored_statistics){0};
    for (int64_t first = 0; first < tensor->count; first += PIECE) {
        int64_t count = tensor->count - first < PIECE ? tensor->count - first : PIECE;
        if (stored_floats(tensor, first, count, piece, NULL) != 0)
            return;
        for (int64_t i = 0; i < count; i++)
            take(out, &r, (double)piece[i]);
    }
    out->mean = r.mean;
    out->deviation = r.count ? sqrt(r.squares / (double)r.count) : 0;
}

#include "models/cpu/plain.h"

#include <math.h>

/* Takes an element into the count largest, which are in order; of equals the earlier stays before. */
static void take(float *values, float *indices, int count, float value, int64_t index)
{
    int at = count;
    for (; at > 0 && value > values[at - 1]; at--)
        if (at < count) {
            values[at] = values[at - 1];
            indices[at] = indices[at - 1];
        }
    if (at < count) {
        values[at] = value;
        indices[at] = (float)index;
    }
}

static void find(float *found, const float *x, struct score_range range, const uint32_t *barred, int count)
{
    double sum = 0;
    for (int k = 0; k < count; k++) {
        found[1 + k] = -INFINITY;
        found[1 + count + k] = -1;
    }
    for (int i = range.begin; i < range.end; i++)
        if (!(barred[i / 32] >> i % 32 & 1))
            take(found + 1, found + 1 + count, count, x[i], i);
    for (int i = range.begin; i < range.end; i++)
        if (!(barred[i / 32] >> i % 32 & 1) && x[i] > -INFINITY)
            sum += exp((double)x[i] - (double)found[1]);
    found[0] = (float)((double)found[1] + log(sum));
}

void plain_likeliest(struct context *c, struct tensor out, struct tensor x, const struct score_range *ranges,
                     int per_row, const uint32_t *barred, int count)
{
    (void)c;
    for (int64_t i = 0; i < x.shape[0] * per_row; i++)
        find((float *)out.data + i * (1 + 2 * count), (const float *)x.data + i / per_row * x.shape[1], ranges[i],
             barred, count);
}

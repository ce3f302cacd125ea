#include "models/load/weight_norm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME = 192 };

/* In place, v [rows, step]. prefix and name: of v, for the message. */
static int fold(struct binder *b, const char *prefix, const char *name, float *v, const float *g, int64_t rows,
                int64_t step)
{
    for (int64_t i = 0; i < rows; i++, v += step) {
        double squares = 0;
        for (int64_t k = 0; k < step; k++)
            squares += (double)v[k] * (double)v[k];
        if (!(squares > 0))
            return fail(b->fault, UTTER_ERROR_MODEL, "%.200s: tensor '%.100s%.100s' has a direction of length 0",
                        checkpoint_path(b->checkpoint), prefix, name);
        const double factor = (double)g[i] / sqrt(squares);
        for (int64_t k = 0; k < step; k++)
            v[k] = (float)((double)v[k] * factor);
    }
    return 0;
}

static int read_pair(struct binder *b, const char *prefix, const char *length, const char *direction,
                     const int64_t shape[3], float **out)
{
    const int64_t lengths[3] = {shape[0], 1, 1};
    float *g = NULL;
    int code = weights_read(b, prefix, length, 3, lengths, &g);
    if (!code)
        code = weights_read(b, prefix, direction, 3, shape, out);
    if (!code)
        code = fold(b, prefix, direction, *out, g, shape[0], shape[1] * shape[2]);
    free(g);
    return code;
}

int weights_read_normed(struct binder *b, const char *prefix, const char *name, const int64_t shape[3], float **out)
{
    static const char *const pairs[][2] = {{"weight_g", "weight_v"},
                                           {"parametrizations.weight.original0", "parametrizations.weight.original1"}};
    char length[NAME], direction[NAME], full[2 * NAME];
    *out = NULL;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        snprintf(length, sizeof length, "%s.%s", name, pairs[i][0]);
        snprintf(direction, sizeof direction, "%s.%s", name, pairs[i][1]);
        snprintf(full, sizeof full, "%s%s", prefix, direction);
        if (checkpoint_find(b->checkpoint, full))
            return read_pair(b, prefix, length, direction, shape, out);
    }
    snprintf(full, sizeof full, "%s.weight", name);
    return weights_read(b, prefix, full, 3, shape, out);
}

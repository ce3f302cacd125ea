#include "models/load/batch_norm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_LIMIT = 128 };
static const double EPSILON = 1e-5; /* PyTorch's default */

struct stored {
    float *weight, *bias;                   /* [out, …], [out] or NULL */
    float *scale, *shift, *mean, *variance; /* [out] */
};

static int read_named(struct binder *b, const char *prefix, const char *of, const char *name, int rank,
                      const int64_t *shape, float **out)
{
    char full[NAME_LIMIT];
    snprintf(full, sizeof full, "%s.%s", of, name);
    return weights_read(b, prefix, full, rank, shape, out);
}

static int read_stored(struct binder *b, const char *prefix, const struct batch_normed *n, struct stored *s)
{
    const struct {
        const char *name;
        float **out;
    } vectors[] = {
        {"weight", &s->scale}, {"bias", &s->shift}, {"running_mean", &s->mean}, {"running_var", &s->variance}};
    int code = read_named(b, prefix, n->convolution, "weight", n->rank, n->shape, &s->weight);
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors && !code; i++)
        code = read_named(b, prefix, n->norm, vectors[i].name, 1, n->shape, vectors[i].out);
    if (!code && n->bias)
        code = read_named(b, prefix, n->convolution, "bias", 1, n->shape, &s->bias);
    for (int64_t i = 0; i < n->shape[0] && !code; i++)
        if (!((double)s->variance[i] + EPSILON > 0))
            code = fail(b->fault, UTTER_ERROR_MODEL, "%.200s: tensor '%s%s.running_var' holds a negative variance",
                        checkpoint_path(b->checkpoint), prefix, n->norm);
    return code;
}

/* In place; shift becomes the new bias. */
static void fold(struct stored *s, int64_t channels, int64_t taps)
{
    for (int64_t i = 0; i < channels; i++) {
        const double factor = (double)s->scale[i] / sqrt((double)s->variance[i] + EPSILON);
        const double before = s->bias ? (double)s->bias[i] : 0;
        for (int64_t t = 0; t < taps; t++)
            s->weight[i * taps + t] = (float)((double)s->weight[i * taps + t] * factor);
        s->shift[i] = (float)((before - (double)s->mean[i]) * factor + (double)s->shift[i]);
    }
}

int weights_read_folded(struct binder *b, const char *prefix, const struct batch_normed *n, float **weight,
                        float **bias)
{
    struct stored s = {0};
    int64_t taps = 1;
    *weight = *bias = NULL;
    for (int i = 1; i < n->rank; i++)
        taps *= n->shape[i];
    int code = read_stored(b, prefix, n, &s);
    if (!code) {
        fold(&s, n->shape[0], taps);
        *weight = s.weight;
        *bias = s.shift;
        s.weight = s.shift = NULL;
    }
    float *rest[] = {s.weight, s.bias, s.scale, s.shift, s.mean, s.variance};
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        free(rest[i]);
    return code;
}

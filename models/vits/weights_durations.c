/* weights_durations.c - the duration predictor that a checkpoint has. */
#include "models/vits/model.h"

#include "src/base/memory.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_LIMIT = 96 };

/* ---- the stochastic one ---- */

static int bind_separable(struct binder *b, struct separable_layer *l, const char *prefix, int index,
                          const struct vits_config *g)
{
    const int64_t d = g->hidden_size;
    char dilated[32], pointwise[32], first[32], second[32];
    snprintf(dilated, sizeof dilated, "convs_dilated.%d", index);
    snprintf(pointwise, sizeof pointwise, "convs_pointwise.%d", index);
    snprintf(first, sizeof first, "norms_1.%d", index);
    snprintf(second, sizeof second, "norms_2.%d", index);
    const struct weight table[] = {
        {first, WEIGHT_NORM, offsetof(struct separable_layer, dilated_norm), true, 1, {d}},
        {pointwise, WEIGHT_LINEAR, offsetof(struct separable_layer, pointwise), true, 3, {d, d, 1}},
        {second, WEIGHT_NORM, offsetof(struct separable_layer, pointwise_norm), true, 1, {d}},
    };
    l->dilated =
        (struct convolution){.in = d, .out = d, .kernel = g->duration_kernel, .dilation = 1, .groups = g->hidden_size};
    for (int i = 0; i < index; i++)
        l->dilated.dilation *= g->duration_kernel;
    int code = vits_bind_convolution(b, &l->dilated, prefix, dilated);
    return code ? code : weights_bind(b, l, prefix, table, sizeof table / sizeof *table);
}

static int bind_separables(struct binder *b, struct separable_layer *layers, const char *prefix,
                           const struct vits_config *g)
{
    int code = 0;
    for (int i = 0; i < g->separable_layers && !code; i++)
        code = bind_separable(b, &layers[i], prefix, i, g);
    return code;
}

static void release_separables(const struct device *d, struct separable_layer *layers)
{
    for (int i = 0; i < VITS_MOST_SEPARABLE; i++) {
        struct separable_layer *l = &layers[i];
        float **const floats[] = {&l->dilated_norm.weight, &l->dilated_norm.bias, &l->pointwise_norm.weight,
                                  &l->pointwise_norm.bias};
        convolution_release(d, &l->dilated);
        linear_release(d, &l->pointwise);
        for (int k = 0; k < 4; k++)
            floats_release(d, floats[k]);
    }
}

static int bind_spline_flow(struct binder *b, struct spline_flow *f, int index, const struct vits_config *g)
{
    const int64_t d = g->hidden_size;
    char prefix[NAME_LIMIT];
    const struct weight table[] = {
        {"conv_pre", WEIGHT_LINEAR, offsetof(struct spline_flow, in), true, 3, {d, 1, 1}},
        {"conv_proj", WEIGHT_LINEAR, offsetof(struct spline_flow, out), true, 3, {3 * g->spline_bins - 1, d, 1}},
    };
    snprintf(prefix, sizeof prefix, "duration_predictor.flows.%d.", index);
    int code = weights_bind(b, f, prefix, table, 2);
    snprintf(prefix, sizeof prefix, "duration_predictor.flows.%d.conv_dds.", index);
    return code ? code : bind_separables(b, f->layers, prefix, g);
}

/* Flow 0 of the checkpoint, which runs last. */
static int bind_affine(struct binder *b, struct stochastic *s)
{
    const int64_t shape[2] = {2, 1};
    float *translate = NULL, *logarithm = NULL;
    int code = weights_read(b, "duration_predictor.flows.0.", "translate", 2, shape, &translate);
    if (!code)
        code = weights_read(b, "duration_predictor.flows.0.", "log_scale", 2, shape, &logarithm);
    for (int i = 0; i < 2 && !code; i++) {
        s->translate[i] = translate[i];
        s->scale[i] = expf(-logarithm[i]);
    }
    free(translate);
    free(logarithm);
    return code;
}

static int bind_stochastic(struct binder *b, struct stochastic *s, const struct vits_config *g)
{
    static const char prefix[] = "duration_predictor.";
    const int64_t d = g->hidden_size;
    const int flows = g->duration_flows - 1;
    const struct weight table[] = {
        {"conv_pre", WEIGHT_LINEAR, offsetof(struct stochastic, in), true, 3, {d, d, 1}},
        {"conv_proj", WEIGHT_LINEAR, offsetof(struct stochastic, out), true, 3, {d, d, 1}},
        {"cond", WEIGHT_LINEAR, offsetof(struct stochastic, speaker), true, 3, {d, g->speaker_size, 1}},
    };
    s->flows = memory_new((size_t)flows, sizeof *s->flows);
    if (!s->flows)
        return fail_memory(b->fault, "a model");
    int code = weights_bind(b, s, prefix, table, has_speakers(g) ? 3 : 2);
    if (!code)
        code = bind_separables(b, s->layers, "duration_predictor.conv_dds.", g);
    /* Backwards; flow 1 is left out, since training needs it and speech does not. */
    for (int i = 0; i < flows && !code; i++)
        code = bind_spline_flow(b, &s->flows[i], g->duration_flows - i, g);
    return code ? code : bind_affine(b, s);
}

static void release_stochastic(const struct device *d, struct stochastic *s, int flows)
{
    linear_release(d, &s->in);
    linear_release(d, &s->out);
    linear_release(d, &s->speaker);
    release_separables(d, s->layers);
    for (int i = 0; s->flows && i < flows; i++) {
        linear_release(d, &s->flows[i].in);
        linear_release(d, &s->flows[i].out);
        release_separables(d, s->flows[i].layers);
    }
    free(s->flows);
    s->flows = NULL;
}

/* ---- the deterministic one ---- */

enum { DETERMINISTIC_WEIGHTS = 4 };

static void deterministic_table(struct weight table[DETERMINISTIC_WEIGHTS], const struct vits_config *g)
{
    const int64_t n = g->duration_channels;
    const struct weight all[DETERMINISTIC_WEIGHTS] = {
        {"norm_1", WEIGHT_NORM, offsetof(struct deterministic, first_norm), true, 1, {n}},
        {"norm_2", WEIGHT_NORM, offsetof(struct deterministic, second_norm), true, 1, {n}},
        {"proj", WEIGHT_LINEAR, offsetof(struct deterministic, out), true, 3, {1, n, 1}},
        {"cond", WEIGHT_LINEAR, offsetof(struct deterministic, speaker), true, 3, {g->hidden_size, g->speaker_size, 1}},
    };
    for (int i = 0; i < DETERMINISTIC_WEIGHTS; i++)
        table[i] = all[i];
}

static int bind_deterministic(struct binder *b, struct deterministic *p, const struct vits_config *g)
{
    static const char prefix[] = "duration_predictor.";
    struct weight table[DETERMINISTIC_WEIGHTS];
    deterministic_table(table, g);
    p->first = (struct convolution){.in = g->hidden_size, .out = g->duration_channels, .kernel = g->duration_kernel};
    p->second =
        (struct convolution){.in = g->duration_channels, .out = g->duration_channels, .kernel = g->duration_kernel};
    int code = weights_bind(b, p, prefix, table, has_speakers(g) ? 4 : 3);
    p->first_norm.epsilon = p->second_norm.epsilon = g->norm_epsilon;
    if (!code)
        code = vits_bind_convolution(b, &p->first, prefix, "conv_1");
    return code ? code : vits_bind_convolution(b, &p->second, prefix, "conv_2");
}

int vits_bind_durations(struct binder *b, struct vits *m)
{
    return m->config.stochastic_durations ? bind_stochastic(b, &m->stochastic, &m->config)
                                          : bind_deterministic(b, &m->deterministic, &m->config);
}

void vits_release_durations(struct vits *m)
{
    struct weight table[DETERMINISTIC_WEIGHTS];
    deterministic_table(table, &m->config);
    release_stochastic(m->device, &m->stochastic, m->config.duration_flows - 1);
    weights_release(m->device, &m->deterministic, table, DETERMINISTIC_WEIGHTS);
    convolution_release(m->device, &m->deterministic.first);
    convolution_release(m->device, &m->deterministic.second);
}

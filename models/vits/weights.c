/* weights.c - from the tensors of a VitsModel checkpoint to struct vits: encoder, flow and speakers. */
#include "models/load/weight_norm.h"
#include "models/vits/model.h"

#include "src/base/memory.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_LIMIT = 96 };

/* ---- the text encoder ---- */

enum { LAYER_WEIGHTS = 8 };

#define FIELD(name) offsetof(struct encoder_layer, name)

static void layer_table(struct weight table[LAYER_WEIGHTS], const struct vits_config *g)
{
    const int64_t d = g->hidden_size, distances = 2 * g->window_size + 1, head = d / g->heads;
    const bool bias = g->attention_bias;
    const struct weight all[LAYER_WEIGHTS] = {
        {"attention.q_proj", WEIGHT_LINEAR, FIELD(query), bias, 2, {d, d}},
        {"attention.k_proj", WEIGHT_LINEAR, FIELD(key), bias, 2, {d, d}},
        {"attention.v_proj", WEIGHT_LINEAR, FIELD(value), bias, 2, {d, d}},
        {"attention.out_proj", WEIGHT_LINEAR, FIELD(out), bias, 2, {d, d}},
        {"attention.emb_rel_k", WEIGHT_FLOATS, FIELD(window.keys), false, 3, {1, distances, head}},
        {"attention.emb_rel_v", WEIGHT_FLOATS, FIELD(window.values), false, 3, {1, distances, head}},
        {"layer_norm", WEIGHT_NORM, FIELD(attention_norm), true, 1, {d}},
        {"final_layer_norm", WEIGHT_NORM, FIELD(out_norm), true, 1, {d}},
    };
    for (int i = 0; i < LAYER_WEIGHTS; i++)
        table[i] = all[i];
}

static int bind_layer(struct binder *b, struct encoder_layer *l, int index, const struct vits_config *g)
{
    char prefix[NAME_LIMIT];
    struct weight table[LAYER_WEIGHTS];
    layer_table(table, g);
    snprintf(prefix, sizeof prefix, "text_encoder.encoder.layers.%d.", index);
    l->window.reach = g->window_size;
    l->up = (struct convolution){.in = g->hidden_size, .out = g->intermediate_size, .kernel = g->intermediate_kernel};
    l->down = (struct convolution){.in = g->intermediate_size, .out = g->hidden_size, .kernel = g->intermediate_kernel};
    int code = weights_bind(b, l, prefix, table, LAYER_WEIGHTS);
    l->attention_norm.epsilon = l->out_norm.epsilon = g->norm_epsilon;
    if (!code)
        code = vits_bind_convolution(b, &l->up, prefix, "feed_forward.conv_1");
    return code ? code : vits_bind_convolution(b, &l->down, prefix, "feed_forward.conv_2");
}

static int bind_embedding(struct binder *b, float **out, const struct vits_config *g)
{
    const int64_t shape[2] = {g->vocabulary, g->hidden_size};
    const float factor = sqrtf((float)g->hidden_size);
    float *values = NULL;
    int code = weights_read(b, "text_encoder.", "embed_tokens.weight", 2, shape, &values);
    for (int64_t i = 0; i < shape[0] * shape[1] && !code; i++)
        values[i] *= factor;
    if (!code)
        code = weights_floats(b, out, values, shape[0] * shape[1]);
    free(values);
    return code;
}

static int bind_encoder(struct binder *b, struct text_encoder *e, const struct vits_config *g)
{
    const struct weight prior = {
        "project", WEIGHT_LINEAR, offsetof(struct text_encoder, prior), true, 3, {2 * g->flow_size, g->hidden_size, 1}};
    e->layers = memory_new((size_t)g->layers, sizeof *e->layers);
    int code = e->layers ? bind_embedding(b, &e->embedding, g) : fail_memory(b->fault, "a model");
    for (int i = 0; i < g->layers && !code; i++)
        code = bind_layer(b, &e->layers[i], i, g);
    return code ? code : weights_bind(b, e, "text_encoder.", &prior, 1);
}

static void release_encoder(const struct device *d, struct text_encoder *e, const struct vits_config *g)
{
    struct weight table[LAYER_WEIGHTS];
    layer_table(table, g);
    floats_release(d, &e->embedding);
    linear_release(d, &e->prior);
    for (int i = 0; e->layers && i < g->layers; i++) {
        weights_release(d, &e->layers[i], table, LAYER_WEIGHTS);
        convolution_release(d, &e->layers[i].up);
        convolution_release(d, &e->layers[i].down);
    }
    free(e->layers);
    e->layers = NULL;
}

/* ---- the flow ---- */

/* The halves of a matrix of twice d outputs: first what goes on to the next layer, then what leaves the network. The
 * last layer's has the second half alone. */
static int bind_residual_and_skip(struct binder *b, struct wavenet_layer *l, const char *prefix, int index, bool last,
                                  int64_t d)
{
    const int64_t shape[3] = {last ? d : 2 * d, d, 1};
    char name[NAME_LIMIT], bias_name[NAME_LIMIT];
    float *weight = NULL, *bias = NULL;
    snprintf(name, sizeof name, "res_skip_layers.%d", index);
    snprintf(bias_name, sizeof bias_name, "res_skip_layers.%d.bias", index);
    int code = weights_read_normed(b, prefix, name, shape, &weight);
    if (!code)
        code = weights_read(b, prefix, bias_name, 1, shape, &bias);
    if (!code && !last)
        code = weights_linear(b, &l->residual, weight, bias, d, d);
    if (!code)
        code = weights_linear(b, &l->skip, weight + (last ? 0 : d * d), bias + (last ? 0 : d), d, d);
    free(weight);
    free(bias);
    return code;
}

/* One matrix serves all layers: each has 2d of its outputs. */
static int bind_speakers(struct binder *b, struct wavenet_layer *layers, const char *prefix,
                         const struct vits_config *g)
{
    const int64_t outputs = 2 * g->hidden_size, shape[3] = {outputs * g->wavenet_layers, g->speaker_size, 1};
    float *weight = NULL, *bias = NULL;
    int code = weights_read_normed(b, prefix, "cond_layer", shape, &weight);
    if (!code)
        code = weights_read(b, prefix, "cond_layer.bias", 1, shape, &bias);
    for (int i = 0; i < g->wavenet_layers && !code; i++)
        code = weights_linear(b, &layers[i].speaker, weight + i * outputs * shape[1], bias + i * outputs, outputs,
                              shape[1]);
    free(weight);
    free(bias);
    return code;
}

static int bind_wavenet(struct binder *b, struct wavenet_layer *layers, const char *prefix, const struct vits_config *g)
{
    int code = 0, dilation = 1;
    for (int i = 0; i < g->wavenet_layers && !code; i++, dilation *= g->wavenet_dilation) {
        char name[NAME_LIMIT];
        snprintf(name, sizeof name, "in_layers.%d", i);
        layers[i].in = (struct convolution){
            .in = g->hidden_size, .out = 2 * g->hidden_size, .kernel = g->wavenet_kernel, .dilation = dilation};
        code = vits_bind_convolution(b, &layers[i].in, prefix, name);
        if (!code)
            code = bind_residual_and_skip(b, &layers[i], prefix, i, i + 1 == g->wavenet_layers, g->hidden_size);
    }
    return code || !has_speakers(g) ? code : bind_speakers(b, layers, prefix, g);
}

/* x [rows, count, each]: each row's parts in the other order. */
static void reverse(float *x, int64_t rows, int64_t count, int64_t each)
{
    for (int64_t row = 0; row < rows; row++, x += count * each)
        for (int64_t i = 0; i < count / 2; i++)
            for (int64_t k = 0; k < each; k++) {
                const float kept = x[i * each + k];
                x[i * each + k] = x[(count - 1 - i) * each + k];
                x[(count - 1 - i) * each + k] = kept;
            }
}

/* reversed: in takes its input, and out gives its output, with the channels in the other order. */
static int bind_ends(struct binder *b, struct coupling *f, const char *prefix, bool reversed,
                     const struct vits_config *g)
{
    const int64_t d = g->hidden_size, z = g->flow_size / 2, in[3] = {d, z, 1}, out[3] = {z, d, 1};
    float *weights[2] = {NULL, NULL}, *biases[2] = {NULL, NULL};
    int code = weights_read(b, prefix, "conv_pre.weight", 3, in, &weights[0]);
    if (!code)
        code = weights_read(b, prefix, "conv_pre.bias", 1, in, &biases[0]);
    if (!code)
        code = weights_read(b, prefix, "conv_post.weight", 3, out, &weights[1]);
    if (!code)
        code = weights_read(b, prefix, "conv_post.bias", 1, out, &biases[1]);
    if (!code && reversed) {
        reverse(weights[0], d, z, 1);
        reverse(weights[1], 1, z, d);
        reverse(biases[1], 1, z, 1);
    }
    if (!code)
        code = weights_linear(b, &f->in, weights[0], biases[0], d, z);
    if (!code)
        code = weights_linear(b, &f->out, weights[1], biases[1], z, d);
    for (int i = 0; i < 2; i++) {
        free(weights[i]);
        free(biases[i]);
    }
    return code;
}

/* Run number `run` of the flows, which run from the last to the first. */
static int bind_coupling(struct binder *b, struct coupling *f, int run, const struct vits_config *g)
{
    char prefix[NAME_LIMIT];
    f->layers = memory_new((size_t)g->wavenet_layers, sizeof *f->layers);
    if (!f->layers)
        return fail_memory(b->fault, "a model");
    snprintf(prefix, sizeof prefix, "flow.flows.%d.", g->flows - 1 - run);
    int code = bind_ends(b, f, prefix, run % 2 == 0, g);
    snprintf(prefix, sizeof prefix, "flow.flows.%d.wavenet.", g->flows - 1 - run);
    return code ? code : bind_wavenet(b, f->layers, prefix, g);
}

static int bind_flows(struct binder *b, struct vits *m)
{
    int code = 0;
    m->flows = memory_new((size_t)m->config.flows, sizeof *m->flows);
    if (!m->flows)
        return fail_memory(b->fault, "a model");
    for (int run = 0; run < m->config.flows && !code; run++)
        code = bind_coupling(b, &m->flows[run], run, &m->config);
    return code;
}

static void release_coupling(const struct device *d, struct coupling *f, int layers)
{
    linear_release(d, &f->in);
    linear_release(d, &f->out);
    for (int i = 0; f->layers && i < layers; i++) {
        convolution_release(d, &f->layers[i].in);
        linear_release(d, &f->layers[i].speaker);
        linear_release(d, &f->layers[i].residual);
        linear_release(d, &f->layers[i].skip);
    }
    free(f->layers);
}

/* ---- the model ---- */

static int read_speakers(struct binder *b, struct vits *m)
{
    const int64_t shape[2] = {m->config.speakers, m->config.speaker_size};
    return has_speakers(&m->config) ? weights_read(b, "embed_speaker.", "weight", 2, shape, &m->speakers) : 0;
}

/* In f32 what decides how long the speech is, and what is little beside the rest. */
int vits_bind(struct vits *m, const struct checkpoint *checkpoint, struct fault *fault)
{
    struct binder b = {.checkpoint = checkpoint, .device = m->device, .type = TENSOR_F32, .fault = fault};
    int code = bind_encoder(&b, &m->encoder, &m->config);
    if (!code)
        code = vits_bind_durations(&b, m);
    if (!code)
        code = read_speakers(&b, m);
    b.type = m->compute;
    if (!code)
        code = bind_flows(&b, m);
    if (!code)
        code = hifigan_open(&m->decoder, &m->config.decoder, checkpoint, "decoder.", m->device, m->compute, fault);
    if (code)
        return code;
    m->parameters = b.parameters + hifigan_parameters(m->decoder);
    m->bytes = b.bytes + hifigan_weight_bytes(m->decoder);
    return 0;
}

void vits_release(struct vits *m)
{
    release_encoder(m->device, &m->encoder, &m->config);
    vits_release_durations(m);
    for (int i = 0; m->flows && i < m->config.flows; i++)
        release_coupling(m->device, &m->flows[i], m->config.wavenet_layers);
    free(m->flows);
    free(m->speakers);
    hifigan_close(&m->decoder);
}

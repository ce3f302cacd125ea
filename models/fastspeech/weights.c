/* weights.c - from the tensors of a FastSpeech2ConformerModel to struct fastspeech. */
#include "models/fastspeech/model.h"
#include "models/load/batch_norm.h"
#include "src/base/memory.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX_LIMIT = 96 };

/* Where in the checkpoint, and of which model. */
struct reader {
    struct binder binder;
    const struct fastspeech *model;
    const char *root; /* in front of every name */
};

static void join(char out[PREFIX_LIMIT], const char *a, const char *b)
{
    snprintf(out, PREFIX_LIMIT, "%.60s%.34s", a, b); /* far longer than any that there is */
}

/* ---- convolutions over time ---- */

/* Shape [out, in, kernel], same padding. */
static struct convolution same_convolution(const struct reader *r, int64_t out, int64_t in, int kernel)
{
    return (struct convolution){.in = in, .out = out, .kernel = kernel, .padding = kernel / 2, .type = r->binder.type};
}

static int prepare_convolution(struct reader *r, struct convolution *k, const float *weight, const float *bias)
{
    int code = convolution_prepare(r->binder.device, k, weight, bias, r->binder.fault);
    if (!code)
        r->binder.bytes += k->out * k->in * k->kernel * (int64_t)tensor_type_size(k->type) +
                           (bias ? k->out * (int64_t)sizeof(float) : 0);
    return code;
}

/* NAME.weight and NAME.bias into *k, whose shape is set. */
static int bind_convolution(struct reader *r, struct convolution *k, const char *prefix, const char *name)
{
    char full[PREFIX_LIMIT];
    float *weight = NULL, *bias = NULL;
    snprintf(full, sizeof full, "%s%s.", prefix, name);
    int code = weights_read(&r->binder, full, "weight", 3, (int64_t[]){k->out, k->in, k->kernel}, &weight);
    if (!code)
        code = weights_read(&r->binder, full, "bias", 1, (int64_t[]){k->out}, &bias);
    if (!code)
        code = prepare_convolution(r, k, weight, bias);
    free(weight);
    free(bias);
    return code;
}

/* ---- blocks ---- */

enum { BLOCK_WEIGHTS = 11 };

#define FIELD(name) offsetof(struct block, name)

static void block_table(struct weight table[BLOCK_WEIGHTS], int64_t d, int heads, bool bias)
{
    const struct weight all[BLOCK_WEIGHTS] = {
        {"self_attn_layer_norm", WEIGHT_NORM, FIELD(attention_norm), true, 1, {d}},
        {"self_attn.linear_q", WEIGHT_LINEAR, FIELD(query), true, 2, {d, d}},
        {"self_attn.linear_k", WEIGHT_LINEAR, FIELD(key), true, 2, {d, d}},
        {"self_attn.linear_v", WEIGHT_LINEAR, FIELD(value), true, 2, {d, d}},
        {"self_attn.linear_out", WEIGHT_LINEAR, FIELD(attention_out), true, 2, {d, d}},
        {"self_attn.pos_bias_u", WEIGHT_FLOATS, FIELD(content_bias), false, 2, {heads, d / heads}},
        {"self_attn.pos_bias_v", WEIGHT_FLOATS, FIELD(position_bias), false, 2, {heads, d / heads}},
        {"conv_layer_norm", WEIGHT_NORM, FIELD(convolution_norm), true, 1, {d}},
        {"conv_module.pointwise_conv1", WEIGHT_LINEAR, FIELD(gate), bias, 3, {2 * d, d, 1}},
        {"conv_module.pointwise_conv2", WEIGHT_LINEAR, FIELD(mix), bias, 3, {d, d, 1}},
        {"final_layer_norm", WEIGHT_NORM, FIELD(out_norm), true, 1, {d}},
    };
    memcpy(table, all, sizeof all);
}

static int bind_depthwise(struct reader *r, struct conv1d *out, const char *prefix, int kernel)
{
    const int64_t d = r->model->config.hidden_size;
    const struct batch_normed stored = {
        "conv_module.depthwise_conv", "conv_module.norm", r->model->config.convolution_bias, 3, {d, 1, kernel}};
    float *weight, *bias;
    *out = (struct conv1d){.channels = d, .kernel = kernel};
    int code = weights_read_folded(&r->binder, prefix, &stored, &weight, &bias);
    if (!code)
        code = weights_floats(&r->binder, &out->weight, weight, d * kernel);
    if (!code)
        code = weights_floats(&r->binder, &out->bias, bias, d);
    free(weight);
    free(bias);
    return code;
}

static int bind_feed_forward(struct reader *r, struct feed_forward *f, const char *prefix, const char *name,
                             const char *norm, int64_t units)
{
    const int64_t d = r->model->config.hidden_size;
    const int kernel = r->model->config.positionwise_kernel;
    const struct weight table = {norm, WEIGHT_NORM, offsetof(struct feed_forward, norm), true, 1, {d}};
    char full[PREFIX_LIMIT];
    join(full, prefix, name);
    f->up = same_convolution(r, units, d, kernel);
    f->down = same_convolution(r, d, units, kernel);
    int code = weights_bind(&r->binder, f, prefix, &table, 1);
    if (!code)
        code = bind_convolution(r, &f->up, full, ".conv1");
    return code ? code : bind_convolution(r, &f->down, full, ".conv2");
}

/* A matrix over two inputs side by side, [out, left + right], as two matrices whose products are added: no tensor has
 * to be put beside another one. The bias goes with the one named so. */
static int bind_split(struct reader *r, const char *name, int64_t out, int64_t left, int64_t right, struct linear *a,
                      struct linear *b, struct linear *biased)
{
    float *weight = NULL, *bias = NULL, *part = memory_new((size_t)(out * (left + right)), sizeof *part);
    int code = part ? 0 : fail_memory(r->binder.fault, "a model's weights");
    if (!code)
        code = weights_read(&r->binder, name, ".weight", 2, (int64_t[]){out, left + right}, &weight);
    if (!code)
        code = weights_read(&r->binder, name, ".bias", 1, (int64_t[]){out}, &bias);
    for (int64_t i = 0; i < out && !code; i++) {
        memcpy(part + i * left, weight + i * (left + right), (size_t)left * sizeof *part);
        memcpy(part + out * left + i * right, weight + i * (left + right) + left, (size_t)right * sizeof *part);
    }
    if (!code)
        code = weights_linear(&r->binder, a, part, a == biased ? bias : NULL, out, left);
    if (!code)
        code = weights_linear(&r->binder, b, part + out * left, b == biased ? bias : NULL, out, right);
    free(weight);
    free(bias);
    free(part);
    return code;
}

static int bind_attention_extras(struct reader *r, struct block *b, const char *prefix, bool concat)
{
    const int64_t d = r->model->config.hidden_size;
    const struct weight position = {"self_attn.linear_pos", WEIGHT_LINEAR, FIELD(position), false, 2, {d, d}};
    char name[PREFIX_LIMIT];
    join(name, prefix, "concat_linear");
    r->binder.type = r->model->compute;
    int code = weights_bind(&r->binder, b, prefix, &position, 1);
    r->binder.type = r->model->type;
    if (code || !concat)
        return code;
    return bind_split(r, name, d, d, d, &b->concat_hidden, &b->concat_attended, &b->concat_attended);
}

static int bind_block(struct reader *r, struct block *b, const char *prefix, const struct fastspeech_stack *shape)
{
    const struct fastspeech_config *g = &r->model->config;
    struct weight table[BLOCK_WEIGHTS];
    block_table(table, g->hidden_size, shape->heads, g->convolution_bias);
    int code = weights_bind(&r->binder, b, prefix, table, BLOCK_WEIGHTS);
    if (!code)
        code = bind_attention_extras(r, b, prefix, shape->concat_after);
    if (!code)
        code = bind_depthwise(r, &b->depthwise, prefix, shape->kernel);
    if (!code && g->macaron)
        code = bind_feed_forward(r, &b->macaron, prefix, "feed_forward_macaron", "ff_macaron_layer_norm",
                                 shape->linear_units);
    if (!code)
        code = bind_feed_forward(r, &b->feed_forward, prefix, "feed_forward", "ff_layer_norm", shape->linear_units);
    return code;
}

static int bind_stack(struct reader *r, struct stack *s, const char *name)
{
    int code = 0;
    r->binder.type = r->model->type;
    for (int i = 0; i < s->shape.layers && !code; i++) {
        char prefix[PREFIX_LIMIT];
        snprintf(prefix, sizeof prefix, "%s%s.conformer_layers.%d.", r->root, name, i);
        code = bind_block(r, &s->blocks[i], prefix, &s->shape);
    }
    r->binder.type = r->model->compute;
    return code;
}

/* ---- tokens, speakers, languages ---- */

/* [rows, d] and `more` rows of zeros, times factor. */
static int bind_embedding(struct reader *r, float **out, const char *name, int64_t rows, int64_t more, float factor)
{
    const int64_t d = r->model->config.hidden_size;
    float *stored = NULL, *table = memory_new((size_t)(rows + more), (size_t)d * sizeof *table);
    int code = table ? weights_read(&r->binder, r->root, name, 2, (int64_t[]){rows, d}, &stored)
                     : fail_memory(r->binder.fault, "a model's weights");
    for (int64_t i = 0; i < rows * d && !code; i++)
        table[i] = stored[i] * factor;
    if (!code)
        code = weights_floats(&r->binder, out, table, (rows + more) * d);
    free(stored);
    free(table);
    return code;
}

static int bind_voices(struct reader *r, struct voices *v)
{
    const struct fastspeech_config *g = &r->model->config;
    char name[PREFIX_LIMIT];
    int code = 0;
    if (g->speakers)
        code = bind_embedding(r, &v->speakers, "speaker_id_embedding.weight", g->speakers, 1, 1);
    if (!code && g->languages)
        code = bind_embedding(r, &v->languages, "language_id_embedding.weight", g->languages, 1, 1);
    if (code || !g->speaker_embed_dim)
        return code;
    join(name, r->root, "projection");
    return bind_split(r, name, g->hidden_size, g->hidden_size, g->speaker_embed_dim, &v->projected_hidden,
                      &v->projected_embedding, &v->projected_hidden);
}

/* ---- predictors ---- */

static int bind_predictor(struct reader *r, struct predictor *p, const char *name,
                          const struct fastspeech_predictor *shape)
{
    const struct weight norm = {"layer_norm", WEIGHT_NORM, offsetof(struct predictor_layer, norm),
                                true,         1,           {shape->channels}};
    const struct weight out = {".linear", WEIGHT_LINEAR,       offsetof(struct predictor, out), true,
                               2,         {1, shape->channels}};
    char prefix[PREFIX_LIMIT];
    int code = 0;
    for (int i = 0; i < shape->layers && !code; i++) {
        struct predictor_layer *layer = &p->layers[i];
        layer->convolution =
            same_convolution(r, shape->channels, i ? shape->channels : r->model->config.hidden_size, shape->kernel);
        p->count = i + 1;
        snprintf(prefix, sizeof prefix, "%s%s.conv_layers.%d.", r->root, name, i);
        code = bind_convolution(r, &layer->convolution, prefix, "conv");
        if (!code)
            code = weights_bind(&r->binder, layer, prefix, &norm, 1);
    }
    join(prefix, r->root, name);
    return code ? code : weights_bind(&r->binder, p, prefix, &out, 1);
}

static int bind_variance(struct reader *r, struct variance *v, const char *predictor, const char *embed,
                         const struct fastspeech_predictor *shape, int kernel)
{
    int code = bind_predictor(r, &v->predictor, predictor, shape);
    v->embed = same_convolution(r, r->model->config.hidden_size, 1, kernel);
    return code ? code : bind_convolution(r, &v->embed, r->root, embed);
}

/* ---- the postnet ---- */

static int bind_postnet_layer(struct reader *r, struct convolution *k, const char *prefix)
{
    const struct batch_normed stored = {"conv", "batch_norm", false, 3, {k->out, k->in, k->kernel}};
    float *weight, *bias;
    int code = weights_read_folded(&r->binder, prefix, &stored, &weight, &bias);
    if (!code)
        code = prepare_convolution(r, k, weight, bias);
    free(weight);
    free(bias);
    return code;
}

static int bind_postnet(struct reader *r, struct postnet *p)
{
    const struct fastspeech_config *g = &r->model->config;
    const struct weight first = {
        "speech_decoder_postnet.feat_out", WEIGHT_LINEAR, offsetof(struct postnet, first), true, 2,
        {g->mel_bins, g->hidden_size}};
    int code = weights_bind(&r->binder, p, r->root, &first, 1);
    for (int i = 0; i < g->postnet_layers && !code; i++) {
        const bool last = i == g->postnet_layers - 1;
        char prefix[PREFIX_LIMIT];
        snprintf(prefix, sizeof prefix, "%sspeech_decoder_postnet.layers.%d.", r->root, i);
        p->layers[i] = same_convolution(r, last ? g->mel_bins : g->postnet_units, i ? g->postnet_units : g->mel_bins,
                                        g->postnet_kernel);
        p->count = i + 1;
        code = bind_postnet_layer(r, &p->layers[i], prefix);
    }
    return code;
}

/* ---- the model ---- */

static int bind_all(struct reader *r, struct fastspeech *m)
{
    const struct fastspeech_config *g = &m->config;
    int code = bind_embedding(r, &m->tokens, "encoder.embed.weight", g->vocabulary, 0, sqrtf((float)g->hidden_size));
    if (!code)
        code = bind_stack(r, &m->encoder, "encoder");
    if (!code)
        code = bind_voices(r, &m->voices);
    if (!code)
        code = bind_predictor(r, &m->duration, "duration_predictor", &g->duration);
    if (!code)
        code = bind_variance(r, &m->pitch, "pitch_predictor", "pitch_embed.conv", &g->pitch, g->pitch_embed_kernel);
    if (!code)
        code =
            bind_variance(r, &m->energy, "energy_predictor", "energy_embed.conv", &g->energy, g->energy_embed_kernel);
    if (!code)
        code = bind_stack(r, &m->decoder, "decoder");
    return code ? code : bind_postnet(r, &m->postnet);
}

int fastspeech_bind(struct fastspeech *m, const struct checkpoint *checkpoint, const char *prefix, struct fault *fault)
{
    struct reader r = {{.checkpoint = checkpoint, .device = m->device, .type = m->compute, .fault = fault}, m, prefix};
    int code = bind_all(&r, m);
    m->parameters = r.binder.parameters;
    m->bytes = r.binder.bytes;
    return code;
}

/* ---- release ---- */

static void release_norm(const struct device *d, struct norm *n)
{
    floats_release(d, &n->weight);
    floats_release(d, &n->bias);
}

static void release_feed_forward(const struct device *d, struct feed_forward *f)
{
    release_norm(d, &f->norm);
    convolution_release(d, &f->up);
    convolution_release(d, &f->down);
}

static void release_stack(const struct fastspeech *m, struct stack *s)
{
    struct weight table[BLOCK_WEIGHTS];
    block_table(table, m->config.hidden_size, s->shape.heads, m->config.convolution_bias);
    for (int i = 0; s->blocks && i < s->shape.layers; i++) {
        struct block *b = &s->blocks[i];
        weights_release(m->device, b, table, BLOCK_WEIGHTS);
        linear_release(m->device, &b->position);
        linear_release(m->device, &b->concat_hidden);
        linear_release(m->device, &b->concat_attended);
        floats_release(m->device, &b->depthwise.weight);
        floats_release(m->device, &b->depthwise.bias);
        release_feed_forward(m->device, &b->macaron);
        release_feed_forward(m->device, &b->feed_forward);
    }
}

static void release_predictor(const struct device *d, struct predictor *p)
{
    for (int i = 0; i < p->count; i++) {
        convolution_release(d, &p->layers[i].convolution);
        release_norm(d, &p->layers[i].norm);
    }
    linear_release(d, &p->out);
}

void fastspeech_release(struct fastspeech *m)
{
    const struct device *d = m->device;
    floats_release(d, &m->tokens);
    release_stack(m, &m->encoder);
    release_stack(m, &m->decoder);
    floats_release(d, &m->voices.speakers);
    floats_release(d, &m->voices.languages);
    linear_release(d, &m->voices.projected_hidden);
    linear_release(d, &m->voices.projected_embedding);
    release_predictor(d, &m->duration);
    release_predictor(d, &m->pitch.predictor);
    release_predictor(d, &m->energy.predictor);
    convolution_release(d, &m->pitch.embed);
    convolution_release(d, &m->energy.embed);
    linear_release(d, &m->postnet.first);
    for (int i = 0; i < m->postnet.count; i++)
        convolution_release(d, &m->postnet.layers[i]);
}

/* weights.c - from the tensors of a SpeechT5ForTextToSpeech to struct speecht5. */
#include "models/load/batch_norm.h"
#include "models/speecht5/model.h"
#include "src/base/memory.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX_LIMIT = 96 };

/* ---- blocks ---- */

enum { ATTENTION_WEIGHTS = 5, REST_WEIGHTS = 3 };

/* attention: "self_attn"; norm: the one behind it. few: whether it mostly meets few rows. */
static void attention_table(struct weight table[ATTENTION_WEIGHTS], const char *names[ATTENTION_WEIGHTS], int64_t d,
                            bool few)
{
    const enum weight_kind kind = few ? WEIGHT_LINEAR_FEW : WEIGHT_LINEAR;
    const struct weight all[ATTENTION_WEIGHTS] = {
        {names[0], kind, offsetof(struct attention_weights, query), true, 2, {d, d}},
        {names[1], WEIGHT_LINEAR, offsetof(struct attention_weights, key), true, 2, {d, d}},
        {names[2], WEIGHT_LINEAR, offsetof(struct attention_weights, value), true, 2, {d, d}},
        {names[3], kind, offsetof(struct attention_weights, output), true, 2, {d, d}},
        {names[4], WEIGHT_NORM, offsetof(struct attention_weights, norm), true, 1, {d}},
    };
    memcpy(table, all, sizeof all);
}

static const char *encoder_self[] = {"attention.q_proj", "attention.k_proj", "attention.v_proj", "attention.out_proj",
                                     "layer_norm"};
static const char *decoder_self[] = {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj",
                                     "self_attn_layer_norm"};
static const char *decoder_cross[] = {"encoder_attn.q_proj", "encoder_attn.k_proj", "encoder_attn.v_proj",
                                      "encoder_attn.out_proj", "encoder_attn_layer_norm"};

static int bind_attention(struct binder *b, struct attention_weights *a, const char *prefix, const char **names,
                          int64_t d, bool few)
{
    struct weight table[ATTENTION_WEIGHTS];
    attention_table(table, names, d, few);
    if (few && names == decoder_self) /* one row a step; across they are computed once for all tokens */
        table[1].kind = table[2].kind = WEIGHT_LINEAR_FEW;
    return weights_bind(b, a, prefix, table, ATTENTION_WEIGHTS);
}

static void rest_table(struct weight table[REST_WEIGHTS], int64_t d, int64_t f, bool few)
{
    const enum weight_kind kind = few ? WEIGHT_LINEAR_FEW : WEIGHT_LINEAR;
    const size_t up = few ? offsetof(struct decoder_block, up) : offsetof(struct encoder_block, up);
    const size_t down = few ? offsetof(struct decoder_block, down) : offsetof(struct encoder_block, down);
    const size_t norm = few ? offsetof(struct decoder_block, norm) : offsetof(struct encoder_block, norm);
    const struct weight all[REST_WEIGHTS] = {
        {"feed_forward.intermediate_dense", kind, up, true, 2, {f, d}},
        {"feed_forward.output_dense", kind, down, true, 2, {d, f}},
        {"final_layer_norm", WEIGHT_NORM, norm, true, 1, {d}},
    };
    memcpy(table, all, sizeof all);
}

static int bind_encoder_block(struct binder *b, struct encoder_block *block, int index, const struct speecht5_config *g)
{
    char prefix[PREFIX_LIMIT];
    struct weight table[REST_WEIGHTS];
    rest_table(table, g->hidden_size, g->encoder.ffn_dim, false);
    snprintf(prefix, sizeof prefix, "speecht5.encoder.wrapped_encoder.layers.%d.", index);
    int code = bind_attention(b, &block->self, prefix, encoder_self, g->hidden_size, false);
    return code ? code : weights_bind(b, block, prefix, table, REST_WEIGHTS);
}

static int bind_decoder_block(struct binder *b, struct decoder_block *block, int index, const struct speecht5_config *g)
{
    char prefix[PREFIX_LIMIT];
    struct weight table[REST_WEIGHTS];
    rest_table(table, g->hidden_size, g->decoder.ffn_dim, true);
    snprintf(prefix, sizeof prefix, "speecht5.decoder.wrapped_decoder.layers.%d.", index);
    int code = bind_attention(b, &block->self, prefix, decoder_self, g->hidden_size, true);
    if (!code)
        code = bind_attention(b, &block->cross, prefix, decoder_cross, g->hidden_size, true);
    return code ? code : weights_bind(b, block, prefix, table, REST_WEIGHTS);
}

/* ---- tokens and positions ---- */

static int bind_alpha(struct binder *b, float *alpha, const char *prefix)
{
    float *value = NULL;
    int code = weights_read(b, prefix, "encode_positions.alpha", 0, NULL, &value);
    if (!code)
        *alpha = *value;
    free(value);
    return code;
}

/* The checkpoint has one table for all heads; relative_attention takes a row that is as wide as all of them. */
static int bind_distances(struct binder *b, float **out, const struct speecht5_config *g)
{
    const int64_t rows = 2 * (int64_t)g->max_relative_position, heads = g->encoder.heads,
                  width = g->hidden_size / heads;
    float *stored = NULL, *tiled = memory_new((size_t)(rows * heads * width), sizeof *tiled);
    int code = tiled ? 0 : fail_memory(b->fault, "a model's weights");
    if (!code)
        code = weights_read(b, "speecht5.encoder.wrapped_encoder.embed_positions.", "pe_k.weight", 2,
                            (int64_t[]){rows, width}, &stored);
    for (int64_t i = 0; i < rows * heads && !code; i++)
        memcpy(tiled + i * width, stored + i / heads * width, (size_t)width * sizeof *tiled);
    if (!code)
        code = weights_floats(b, out, tiled, rows * heads * width);
    free(stored);
    free(tiled);
    return code;
}

static int bind_zeros(struct binder *b, float **out, int64_t count)
{
    float *zeros = memory_new((size_t)count, sizeof *zeros);
    int code = zeros ? weights_floats(b, out, zeros, count) : fail_memory(b->fault, "a model's weights");
    free(zeros);
    return code;
}

static int bind_encoder(struct binder *b, struct speecht5 *m)
{
    const struct speecht5_config *g = &m->config;
    const struct weight table[] = {
        {"prenet.embed_tokens.weight",
         WEIGHT_FLOATS,
         offsetof(struct speecht5, tokens),
         false,
         2,
         {g->vocabulary, g->hidden_size}},
        {"wrapped_encoder.layer_norm", WEIGHT_NORM, offsetof(struct speecht5, encoder_norm), true, 1, {g->hidden_size}},
    };
    int code = weights_bind(b, m, "speecht5.encoder.", table, 2);
    if (!code)
        code = bind_alpha(b, &m->alpha, "speecht5.encoder.prenet.");
    if (!code)
        code = bind_distances(b, &m->distances, g);
    if (!code)
        code = bind_zeros(b, &m->zeros, g->hidden_size);
    b->type = m->type;
    for (int i = 0; i < g->encoder.layers && !code; i++)
        code = bind_encoder_block(b, &m->encoder[i], i, g);
    b->type = m->compute;
    return code;
}

/* ---- the decoder's prenet and postnet ---- */

/* speaker_embeds_layer takes two inputs side by side, [d, d + speaker]: two matrices whose products are added. */
static int bind_speaker(struct binder *b, struct prenet *p, const struct speecht5_config *g)
{
    const int64_t d = g->hidden_size, width = g->speaker_embedding_dim, both = d + width;
    const char *name = "speecht5.decoder.prenet.speaker_embeds_layer.";
    float *weight = NULL, *bias = NULL, *part = memory_new((size_t)(d * both), sizeof *part);
    int code = part ? 0 : fail_memory(b->fault, "a model's weights");
    if (!code)
        code = weights_read(b, name, "weight", 2, (int64_t[]){d, both}, &weight);
    if (!code)
        code = weights_read(b, name, "bias", 1, (int64_t[]){d}, &bias);
    for (int64_t i = 0; i < d && !code; i++) {
        memcpy(part + i * d, weight + i * both, (size_t)d * sizeof *part);
        memcpy(part + d * d + i * width, weight + i * both + d, (size_t)width * sizeof *part);
    }
    if (!code)
        code = weights_linear_few(b, &p->hidden, part, bias, d, d);
    if (!code)
        code = weights_linear_few(b, &p->speaker, part + d * d, NULL, d, width);
    free(weight);
    free(bias);
    free(part);
    return code;
}

static int bind_prenet(struct binder *b, struct prenet *p, const struct speecht5_config *g)
{
    const int64_t u = g->prenet_units;
    const struct weight out = {"final_layer",      WEIGHT_LINEAR_FEW, offsetof(struct prenet, out), true, 2,
                               {g->hidden_size, u}};
    int code = 0;
    for (int i = 0; i < g->prenet_layers && !code; i++) {
        char name[32];
        snprintf(name, sizeof name, "layers.%d", i);
        const struct weight layer = {name, WEIGHT_LINEAR_FEW, 0, true, 2, {u, i ? u : g->mel_bins}};
        code = weights_bind(b, &p->layers[i], "speecht5.decoder.prenet.", &layer, 1);
    }
    if (!code)
        code = weights_bind(b, p, "speecht5.decoder.prenet.", &out, 1);
    if (!code)
        code = bind_alpha(b, &p->alpha, "speecht5.decoder.prenet.");
    return code ? code : bind_speaker(b, p, g);
}

static int bind_postnet_layer(struct binder *b, struct convolution *k, int index)
{
    const struct batch_normed stored = {"conv", "batch_norm", false, 3, {k->out, k->in, k->kernel}};
    char prefix[PREFIX_LIMIT];
    float *weight, *bias;
    snprintf(prefix, sizeof prefix, "speech_decoder_postnet.layers.%d.", index);
    int code = weights_read_folded(b, prefix, &stored, &weight, &bias);
    if (!code)
        code = convolution_prepare(b->device, k, weight, bias, b->fault);
    if (!code)
        b->bytes += k->out * (k->in * k->kernel * (int64_t)tensor_type_size(k->type) + (int64_t)sizeof(float));
    free(weight);
    free(bias);
    return code;
}

static int bind_postnet(struct binder *b, struct postnet *p, const struct speecht5_config *g)
{
    const int64_t d = g->hidden_size, r = g->reduction_factor;
    const struct weight table[] = {
        {"feat_out", WEIGHT_LINEAR_FEW, offsetof(struct postnet, mel), true, 2, {r * g->mel_bins, d}},
        {"prob_out", WEIGHT_LINEAR_FEW, offsetof(struct postnet, stop), true, 2, {r, d}},
    };
    int code = weights_bind(b, p, "speech_decoder_postnet.", table, 2);
    for (int i = 0; i < g->postnet_layers && !code; i++) {
        const bool last = i == g->postnet_layers - 1;
        p->layers[i] = (struct convolution){.in = i ? g->postnet_units : g->mel_bins,
                                            .out = last ? g->mel_bins : g->postnet_units,
                                            .kernel = g->postnet_kernel,
                                            .padding = g->postnet_kernel / 2,
                                            .type = b->type};
        p->count = i + 1;
        code = bind_postnet_layer(b, &p->layers[i], i);
    }
    return code;
}

/* ---- the model ---- */

int speecht5_bind(struct speecht5 *m, const struct checkpoint *checkpoint, struct fault *fault)
{
    struct binder b = {.checkpoint = checkpoint, .device = m->device, .type = m->compute, .fault = fault};
    int code = bind_encoder(&b, m);
    if (!code)
        code = bind_prenet(&b, &m->prenet, &m->config);
    b.type = m->type;
    for (int i = 0; i < m->config.decoder.layers && !code; i++)
        code = bind_decoder_block(&b, &m->decoder[i], i, &m->config);
    b.type = m->compute;
    if (!code)
        code = bind_postnet(&b, &m->postnet, &m->config);
    m->parameters = b.parameters;
    m->bytes = b.bytes;
    return code;
}

static void release_attention(const struct device *d, struct attention_weights *a)
{
    struct weight table[ATTENTION_WEIGHTS];
    attention_table(table, encoder_self, 1, false);
    weights_release(d, a, table, ATTENTION_WEIGHTS);
}

static void release_blocks(struct speecht5 *m)
{
    struct weight encoder[REST_WEIGHTS], decoder[REST_WEIGHTS];
    rest_table(encoder, 1, 1, false);
    rest_table(decoder, 1, 1, true);
    for (int i = 0; m->encoder && i < m->config.encoder.layers; i++) {
        release_attention(m->device, &m->encoder[i].self);
        weights_release(m->device, &m->encoder[i], encoder, REST_WEIGHTS);
    }
    for (int i = 0; m->decoder && i < m->config.decoder.layers; i++) {
        release_attention(m->device, &m->decoder[i].self);
        release_attention(m->device, &m->decoder[i].cross);
        weights_release(m->device, &m->decoder[i], decoder, REST_WEIGHTS);
    }
}

void speecht5_release(struct speecht5 *m)
{
    const struct device *d = m->device;
    release_blocks(m);
    floats_release(d, &m->tokens);
    floats_release(d, &m->distances);
    floats_release(d, &m->zeros);
    floats_release(d, &m->encoder_norm.weight);
    floats_release(d, &m->encoder_norm.bias);
    for (int i = 0; m->prenet.layers && i < m->config.prenet_layers; i++)
        linear_release(d, &m->prenet.layers[i]);
    linear_release(d, &m->prenet.out);
    linear_release(d, &m->prenet.hidden);
    linear_release(d, &m->prenet.speaker);
    linear_release(d, &m->postnet.mel);
    linear_release(d, &m->postnet.stop);
    for (int i = 0; i < m->postnet.count; i++)
        convolution_release(d, &m->postnet.layers[i]);
}

/* weights.c - from the tensors of a ParakeetForCTC checkpoint to struct fastconformer. */
#include "models/fastconformer/model.h"
#include "models/load/batch_norm.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- blocks ---- */

enum { BLOCK_WEIGHTS = 18 };

#define FIELD(name) offsetof(struct block, name)

static void block_table(struct weight table[BLOCK_WEIGHTS], const struct fastconformer_config *g)
{
    const int64_t d = g->hidden_size, f = g->intermediate_size;
    const bool a = g->attention_bias, v = g->convolution_bias;
    const struct weight all[BLOCK_WEIGHTS] = {
        {"norm_feed_forward1", WEIGHT_NORM, FIELD(feed_forward1_norm), true, 1, {d}},
        {"feed_forward1.linear1", WEIGHT_LINEAR, FIELD(up1), a, 2, {f, d}},
        {"feed_forward1.linear2", WEIGHT_LINEAR, FIELD(down1), a, 2, {d, f}},
        {"norm_self_att", WEIGHT_NORM, FIELD(attention_norm), true, 1, {d}},
        {"self_attn.q_proj", WEIGHT_LINEAR, FIELD(query), a, 2, {d, d}},
        {"self_attn.k_proj", WEIGHT_LINEAR, FIELD(key), a, 2, {d, d}},
        {"self_attn.v_proj", WEIGHT_LINEAR, FIELD(value), a, 2, {d, d}},
        {"self_attn.o_proj", WEIGHT_LINEAR, FIELD(attention_out), a, 2, {d, d}},
        {"self_attn.bias_u", WEIGHT_FLOATS, FIELD(content_bias), false, 2, {g->heads, d / g->heads}},
        {"self_attn.bias_v", WEIGHT_FLOATS, FIELD(position_bias), false, 2, {g->heads, d / g->heads}},
        {"norm_conv", WEIGHT_NORM, FIELD(convolution_norm), true, 1, {d}},
        {"conv.pointwise_conv1", WEIGHT_LINEAR, FIELD(gate), v, 3, {2 * d, d, 1}},
        {"conv.pointwise_conv2", WEIGHT_LINEAR, FIELD(mix), v, 3, {d, d, 1}},
        {"norm_feed_forward2", WEIGHT_NORM, FIELD(feed_forward2_norm), true, 1, {d}},
        {"feed_forward2.linear1", WEIGHT_LINEAR, FIELD(up2), a, 2, {f, d}},
        {"feed_forward2.linear2", WEIGHT_LINEAR, FIELD(down2), a, 2, {d, f}},
        {"norm_out", WEIGHT_NORM, FIELD(out_norm), true, 1, {d}},
        {"self_attn.relative_k_proj", WEIGHT_LINEAR, FIELD(position), false, 2, {d, d}}, /* last: see bind_block */
    };
    for (int i = 0; i < BLOCK_WEIGHTS; i++)
        table[i] = all[i];
}

static int bind_convolution(struct binder *b, struct conv1d *out, const char *prefix,
                            const struct fastconformer_config *g)
{
    const struct batch_normed stored = {
        "conv.depthwise_conv", "conv.norm", g->convolution_bias, 3, {g->hidden_size, 1, g->conv_kernel}};
    float *weight, *bias;
    *out = (struct conv1d){.channels = g->hidden_size, .kernel = g->conv_kernel};
    int code = weights_read_folded(b, prefix, &stored, &weight, &bias);
    if (!code)
        code = weights_floats(b, &out->weight, weight, out->channels * out->kernel);
    if (!code)
        code = weights_floats(b, &out->bias, bias, out->channels);
    free(weight);
    free(bias);
    return code;
}

/* The projection of the positions is computed once and kept, so int8 would cost accuracy there and save no time. */
static int bind_block(struct binder *b, struct block *block, int index, const struct fastconformer *m)
{
    char prefix[64];
    struct weight table[BLOCK_WEIGHTS];
    block_table(table, &m->config);
    snprintf(prefix, sizeof prefix, "encoder.layers.%d.", index);
    b->type = m->type;
    int code = weights_bind(b, block, prefix, table, BLOCK_WEIGHTS - 1);
    b->type = m->compute;
    if (!code)
        code = weights_bind(b, block, prefix, &table[BLOCK_WEIGHTS - 1], 1);
    return code ? code : bind_convolution(b, &block->depthwise, prefix, &m->config);
}

/* ---- the stem ---- */

static int bind_conv2d(struct binder *b, struct conv2d *out, const char *name, const struct fastconformer_config *g)
{
    const int64_t k = g->subsampling_kernel, shape[] = {g->subsampling_channels, 1, k, k};
    char prefix[64];
    float *weight = NULL, *bias = NULL;
    *out = (struct conv2d){g->subsampling_channels, (int)k, g->subsampling_stride, (int)(k - 1) / 2, NULL, NULL};
    snprintf(prefix, sizeof prefix, "encoder.subsampling.%s.", name);
    int code = weights_read(b, prefix, "weight", 4, shape, &weight);
    if (!code)
        code = weights_read(b, prefix, "bias", 1, shape, &bias);
    if (!code)
        code = weights_floats(b, &out->weight, weight, shape[0] * k * k);
    if (!code)
        code = weights_floats(b, &out->bias, bias, shape[0]);
    free(weight);
    free(bias);
    return code;
}

/* The checkpoint's input order is [channel, mel], ours, channels last, is [mel, channel]; and the factor √d that the
 * encoder's input may be scaled by goes into the weights. */
static float *reorder(const float *weight, int64_t out, int64_t channels, int64_t mels, float factor)
{
    float *to = malloc((size_t)(out * channels * mels) * sizeof *to);
    for (int64_t o = 0; to && o < out; o++)
        for (int64_t c = 0; c < channels; c++)
            for (int64_t w = 0; w < mels; w++)
                to[(o * mels + w) * channels + c] = weight[(o * channels + c) * mels + w] * factor;
    return to;
}

static int bind_stem_out(struct binder *b, struct linear *l, const struct fastconformer_config *g)
{
    const int64_t channels = g->subsampling_channels, mels = g->mel_bins / g->subsampling_factor, d = g->hidden_size;
    const int64_t shape[] = {d, channels * mels};
    const float factor = g->scale_input ? sqrtf((float)d) : 1;
    float *weight = NULL, *bias = NULL, *ordered = NULL;
    int code = weights_read(b, "encoder.subsampling.linear.", "weight", 2, shape, &weight);
    if (!code)
        code = weights_read(b, "encoder.subsampling.linear.", "bias", 1, shape, &bias);
    if (!code) {
        ordered = reorder(weight, d, channels, mels, factor);
        for (int64_t i = 0; i < d; i++)
            bias[i] *= factor;
        code = ordered ? weights_linear(b, l, ordered, bias, d, shape[1]) : fail_memory(b->fault, "a model's weights");
    }
    free(weight);
    free(bias);
    free(ordered);
    return code;
}

/* In the checkpoint a stage is three entries of one list, the ReLU counted in: 0, then 2 and 3, then 5 and 6, … */
static int bind_stem(struct binder *b, struct stem *s, const struct fastconformer_config *g)
{
    const int64_t c = g->subsampling_channels;
    int code = bind_conv2d(b, &s->first, "layers.0", g);
    for (s->stages = 1; 1 << s->stages < g->subsampling_factor && !code; s->stages++) {
        char depthwise[32], pointwise[64];
        snprintf(depthwise, sizeof depthwise, "layers.%d", 3 * s->stages - 1);
        snprintf(pointwise, sizeof pointwise, "encoder.subsampling.layers.%d", 3 * s->stages);
        const struct weight w = {pointwise, WEIGHT_LINEAR, offsetof(struct stem_stage, pointwise), true,
                                 4,         {c, c, 1, 1}};
        code = bind_conv2d(b, &s->stage[s->stages].depthwise, depthwise, g);
        if (!code)
            code = weights_bind(b, &s->stage[s->stages], "", &w, 1);
    }
    return code ? code : bind_stem_out(b, &s->out, g);
}

/* ---- the model ---- */

static struct weight head_of(const struct fastconformer_config *g)
{
    if (g->projection)
        return (struct weight){"encoder_projector",
                               WEIGHT_LINEAR,
                               offsetof(struct fastconformer, head),
                               true,
                               2,
                               {g->projection, g->hidden_size}};
    return (struct weight){
        "ctc_head", WEIGHT_LINEAR, offsetof(struct fastconformer, head), true, 3, {g->vocabulary, g->hidden_size, 1}};
}

int model_bind(struct fastconformer *m, const struct checkpoint *checkpoint, struct fault *fault)
{
    struct binder b = {.checkpoint = checkpoint, .device = m->device, .type = m->compute, .fault = fault};
    const struct weight head = head_of(&m->config);
    int code = bind_stem(&b, &m->stem, &m->config);
    for (int i = 0; i < m->config.layers && !code; i++)
        code = bind_block(&b, &m->blocks[i], i, m);
    if (!code)
        code = weights_bind(&b, m, "", &head, 1);
    m->parameters = b.parameters;
    m->bytes = b.bytes;
    return code;
}

static void release_conv2d(const struct device *device, struct conv2d *k)
{
    floats_release(device, &k->weight);
    floats_release(device, &k->bias);
}

void model_release(struct fastconformer *m)
{
    struct weight table[BLOCK_WEIGHTS];
    block_table(table, &m->config);
    release_conv2d(m->device, &m->stem.first);
    for (int i = 0; i < STAGES; i++) {
        release_conv2d(m->device, &m->stem.stage[i].depthwise);
        linear_release(m->device, &m->stem.stage[i].pointwise);
    }
    linear_release(m->device, &m->stem.out);
    linear_release(m->device, &m->head);
    for (int i = 0; m->blocks && i < m->config.layers; i++) {
        weights_release(m->device, &m->blocks[i], table, BLOCK_WEIGHTS);
        floats_release(m->device, &m->blocks[i].depthwise.weight);
        floats_release(m->device, &m->blocks[i].depthwise.bias);
    }
}

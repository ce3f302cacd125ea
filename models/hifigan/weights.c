/* weights.c - from the tensors of a checkpoint to struct hifigan. */
#include "models/hifigan/model.h"
#include "models/load/weight_norm.h"

#include "src/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 128 };

struct reader {
    struct binder b;
    const char *prefix; /* of the checkpoint's names */
    const char *ups;    /* "ups": the authors' name; "upsampler": Hugging Face's */
};

static bool has(const struct reader *r, const char *name, const char *end)
{
    char full[2 * NAME];
    snprintf(full, sizeof full, "%s%s%s", r->prefix, name, end);
    return checkpoint_find(r->b.checkpoint, full) != NULL;
}

/* ---- convolutions ---- */

/* k: its shape and type are filled in. factor: of the weights. */
static int bind_convolution(struct reader *r, struct convolution *k, const char *name, float factor, bool has_bias)
{
    char bias_name[NAME];
    const int64_t shape[] = {k->transposed ? k->in : k->out, k->transposed ? k->out : k->in, k->kernel};
    const int64_t count = shape[0] * shape[1] * shape[2];
    float *weight = NULL, *bias = NULL;
    k->type = r->b.type;
    snprintf(bias_name, sizeof bias_name, "%s.bias", name);
    int code = weights_read_normed(&r->b, r->prefix, name, shape, &weight);
    if (!code && has_bias)
        code = weights_read(&r->b, r->prefix, bias_name, 1, &k->out, &bias);
    for (int64_t i = 0; !code && i < count; i++)
        weight[i] *= factor;
    if (!code)
        code = convolution_prepare(r->b.device, k, weight, bias, r->b.fault);
    if (!code)
        r->b.bytes += count * (int64_t)tensor_type_size(k->type) + (bias ? k->out * (int64_t)sizeof *bias : 0);
    free(weight);
    free(bias);
    return code;
}

/* Stride 1, as many steps out as in. */
static struct convolution same_length(int64_t in, int64_t out, int kernel, int dilation)
{
    return (struct convolution){
        .in = in, .out = out, .kernel = kernel, .dilation = dilation, .padding = dilation * (kernel - 1) / 2};
}

static int bind_block(struct reader *r, struct residual_block *b, const struct hifigan_config *g, int stage, int block)
{
    const int64_t n = hifigan_channels(g, stage);
    const int kernel = g->block_kernels[block], index = stage * g->blocks + block;
    int code = 0;
    for (int i = 0; i < g->dilations[block] && !code; i++) {
        char name[NAME];
        snprintf(name, sizeof name, "resblocks.%d.convs%s.%d", index, g->block_kind == 1 ? "1" : "", i);
        b->dilated[i] = same_length(n, n, kernel, g->dilation[block][i]);
        code = bind_convolution(r, &b->dilated[i], name, 1, true);
        if (code || g->block_kind != 1)
            continue;
        snprintf(name, sizeof name, "resblocks.%d.convs2.%d", index, i);
        b->after[i] = same_length(n, n, kernel, 1);
        code = bind_convolution(r, &b->after[i], name, 1, true);
    }
    return code;
}

static int bind_stage(struct reader *r, struct hifigan *m, int i)
{
    const struct hifigan_config *g = &m->config;
    struct stage *s = &m->stage[i];
    char name[NAME];
    snprintf(name, sizeof name, "%s.%d", r->ups, i);
    s->up = (struct convolution){.in = hifigan_channels(g, i - 1),
                                 .out = hifigan_channels(g, i),
                                 .kernel = g->kernels[i],
                                 .stride = g->rates[i],
                                 .padding = (g->kernels[i] - g->rates[i]) / 2,
                                 .transposed = true};
    int code = bind_convolution(r, &s->up, name, i ? 1 / (float)g->blocks : 1, true);
    for (int block = 0; block < g->blocks && !code; block++)
        code = bind_block(r, &s->block[block], g, i, block);
    return code;
}

/* ---- the rest ---- */

static int bind_condition(struct reader *r, struct hifigan *m)
{
    const int64_t shape[] = {m->config.initial_channels, m->config.conditioning, 1};
    const struct weight w = {"cond", WEIGHT_LINEAR, 0, true, 3, {shape[0], shape[1], 1}};
    return m->config.conditioning ? weights_bind(&r->b, &m->condition, r->prefix, &w, 1) : 0;
}

/* What frames are normalised by: nothing, where weights are random. */
static int read_normalisation(struct reader *r, struct hifigan *m)
{
    const int64_t mels = m->config.mels;
    if (!m->config.normalize || !strcmp(checkpoint_format(r->b.checkpoint), "random"))
        return 0;
    int code = weights_read(&r->b, r->prefix, "mean", 1, &mels, &m->mean);
    if (!code)
        code = weights_read(&r->b, r->prefix, "scale", 1, &mels, &m->scale);
    for (int64_t i = 0; i < mels && !code; i++)
        if (m->scale[i] == 0)
            code = fail(r->b.fault, UTTER_ERROR_MODEL, "%.200s: tensor '%sscale' holds a zero",
                        checkpoint_path(r->b.checkpoint), r->prefix);
    return code;
}

int hifigan_bind(struct hifigan *m, const struct checkpoint *checkpoint, const char *prefix, struct fault *fault)
{
    const struct hifigan_config *g = &m->config;
    struct reader r = {.b = {.checkpoint = checkpoint, .device = m->device, .type = m->type, .fault = fault}};
    r.prefix = prefix;
    r.ups = has(&r, "ups.0.bias", "") ? "ups" : "upsampler";
    m->first = same_length(g->mels, g->initial_channels, 7, 1);
    m->last = same_length(hifigan_channels(g, g->stages - 1), 1, 7, 1);
    int code = read_normalisation(&r, m);
    code = code ? code : bind_convolution(&r, &m->first, "conv_pre", 1, true);
    code = code ? code : bind_condition(&r, m);
    for (int i = 0; i < g->stages && !code; i++)
        code = bind_stage(&r, m, i);
    code = code ? code : bind_convolution(&r, &m->last, "conv_post", 1 / (float)g->blocks, g->last_bias);
    m->parameters = r.b.parameters;
    m->bytes = r.b.bytes;
    return code;
}

void hifigan_release(struct hifigan *m)
{
    for (int i = 0; i < HIFIGAN_STAGES; i++) {
        convolution_release(m->device, &m->stage[i].up);
        for (int block = 0; block < HIFIGAN_BLOCKS; block++)
            for (int k = 0; k < HIFIGAN_DILATIONS; k++) {
                convolution_release(m->device, &m->stage[i].block[block].dilated[k]);
                convolution_release(m->device, &m->stage[i].block[block].after[k]);
            }
    }
    convolution_release(m->device, &m->first);
    convolution_release(m->device, &m->last);
    linear_release(m->device, &m->condition);
    free(m->mean);
    free(m->scale);
}

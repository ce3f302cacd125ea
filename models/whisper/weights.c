/* weights.c - from a checkpoint's tensors to a model's weights, by the names of either publisher. */
#include "models/load/bind.h"
#include "models/whisper/model.h"

#include "src/base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How a publisher names the tensors. */
struct naming {
    const char *prefix; /* of all */
    const char *layers; /* "encoder.layers." */
    const char *self, *self_norm, *cross, *cross_norm;
    const char *query, *key, *value, *output;
    const char *up, *down, *norm;
    const char *encoder_norm, *decoder_norm;
    const char *audio_positions, *embedding, *text_positions;
};

static const struct naming openai = {"",
                                     "blocks",
                                     "attn",
                                     "attn_ln",
                                     "cross_attn",
                                     "cross_attn_ln",
                                     "query",
                                     "key",
                                     "value",
                                     "out",
                                     "mlp.0",
                                     "mlp.2",
                                     "mlp_ln",
                                     "encoder.ln_post",
                                     "decoder.ln",
                                     "encoder.positional_embedding",
                                     "decoder.token_embedding.weight",
                                     "decoder.positional_embedding"};

#define HUGGING_FACE(prefix)                                                                                           \
    {                                                                                                                  \
        prefix, "layers", "self_attn", "self_attn_layer_norm", "encoder_attn", "encoder_attn_layer_norm", "q_proj",    \
            "k_proj", "v_proj", "out_proj", "fc1", "fc2", "final_layer_norm", "encoder.layer_norm",                    \
            "decoder.layer_norm", "encoder.embed_positions.weight", "decoder.embed_tokens.weight",                     \
            "decoder.embed_positions.weight"                                                                           \
    }
static const struct naming hugging_face = HUGGING_FACE("model."), bare = HUGGING_FACE("");

/* Random weights (a checkpoint that lists none) go by any name. */
static const struct naming *naming_of(const struct checkpoint *checkpoint)
{
    if (checkpoint_find(checkpoint, "model.encoder.layer_norm.weight"))
        return &hugging_face;
    return checkpoint_find(checkpoint, "encoder.layer_norm.weight") ? &bare : &openai;
}

/* ---- tables ---- */

enum { NAME = 64, ATTENTION_WEIGHTS = 5, BLOCK_WEIGHTS = 3 };

/* Which rows an attention's matrices meet: a window's frames, a step's hypotheses, or queries of the hypotheses over
 * keys of the frames. */
enum attention_rows { ROWS_OF_FRAMES, ROWS_OF_STEPS, ROWS_OF_BOTH };

static void attention_table(struct weight *table, char (*names)[NAME], const struct naming *n, const char *attention,
                            const char *norm, int64_t d, enum attention_rows rows)
{
    const enum weight_kind query = rows == ROWS_OF_FRAMES ? WEIGHT_LINEAR : WEIGHT_LINEAR_FEW;
    const enum weight_kind key = rows == ROWS_OF_STEPS ? WEIGHT_LINEAR_FEW : WEIGHT_LINEAR;
    const struct {
        const char *name;
        enum weight_kind kind;
        size_t field;
        bool bias;
    } linears[] = {
        {n->query, query, offsetof(struct attention_weights, query), true},
        {n->key, key, offsetof(struct attention_weights, key), false},
        {n->value, key, offsetof(struct attention_weights, value), true},
        {n->output, query, offsetof(struct attention_weights, output), true},
    };
    for (int i = 0; i < ATTENTION_WEIGHTS - 1; i++) {
        snprintf(names[i], NAME, "%s.%s", attention, linears[i].name);
        table[i] = (struct weight){names[i], linears[i].kind, linears[i].field, linears[i].bias, 2, {d, d}};
    }
    table[ATTENTION_WEIGHTS - 1] =
        (struct weight){norm, WEIGHT_NORM, offsetof(struct attention_weights, norm), true, 1, {d}};
}

static void encoder_table(struct weight *table, const struct naming *n, int64_t d, int64_t f)
{
    table[0] = (struct weight){n->norm, WEIGHT_NORM, offsetof(struct encoder_block, norm), true, 1, {d}};
    table[1] = (struct weight){n->up, WEIGHT_LINEAR, offsetof(struct encoder_block, up), true, 2, {f, d}};
    table[2] = (struct weight){n->down, WEIGHT_LINEAR, offsetof(struct encoder_block, down), true, 2, {d, f}};
}

static void decoder_table(struct weight *table, const struct naming *n, int64_t d, int64_t f)
{
    table[0] = (struct weight){n->norm, WEIGHT_NORM, offsetof(struct decoder_block, norm), true, 1, {d}};
    table[1] = (struct weight){n->up, WEIGHT_LINEAR_FEW, offsetof(struct decoder_block, up), true, 2, {f, d}};
    table[2] = (struct weight){n->down, WEIGHT_LINEAR_FEW, offsetof(struct decoder_block, down), true, 2, {d, f}};
}

/* ---- binding ---- */

static int bind_attention(struct binder *b, struct attention_weights *a, const char *prefix, const struct naming *n,
                          enum attention_rows rows, int64_t d)
{
    const bool cross = rows == ROWS_OF_BOTH;
    struct weight table[ATTENTION_WEIGHTS];
    char names[ATTENTION_WEIGHTS][NAME];
    attention_table(table, names, n, cross ? n->cross : n->self, cross ? n->cross_norm : n->self_norm, d, rows);
    return weights_bind(b, a, prefix, table, ATTENTION_WEIGHTS);
}

static int bind_encoder_block(struct binder *b, struct whisper *m, int index, const struct naming *n)
{
    char prefix[NAME];
    struct weight table[BLOCK_WEIGHTS];
    snprintf(prefix, sizeof prefix, "%sencoder.%s.%d.", n->prefix, n->layers, index);
    encoder_table(table, n, m->config.width, m->config.encoder_inner);
    int code = bind_attention(b, &m->encoder[index].self, prefix, n, ROWS_OF_FRAMES, m->config.width);
    return code ? code : weights_bind(b, &m->encoder[index], prefix, table, BLOCK_WEIGHTS);
}

static int bind_decoder_block(struct binder *b, struct whisper *m, int index, const struct naming *n)
{
    char prefix[NAME];
    struct weight table[BLOCK_WEIGHTS];
    snprintf(prefix, sizeof prefix, "%sdecoder.%s.%d.", n->prefix, n->layers, index);
    decoder_table(table, n, m->config.width, m->config.decoder_inner);
    int code = bind_attention(b, &m->decoder[index].self, prefix, n, ROWS_OF_STEPS, m->config.width);
    if (!code)
        code = bind_attention(b, &m->decoder[index].cross, prefix, n, ROWS_OF_BOTH, m->config.width);
    return code ? code : weights_bind(b, &m->decoder[index], prefix, table, BLOCK_WEIGHTS);
}

/* A convolution's weight is stored [out, channel, tap]; over unfolded frames it is [out, tap, channel]. */
static int bind_convolution(struct binder *b, struct linear *l, const char *name, const struct naming *n, int64_t out,
                            int64_t in)
{
    enum { TAPS = 3 };
    const int64_t shape[] = {out, in, TAPS};
    char prefix[NAME];
    float *weight = NULL, *bias = NULL, *ordered = memory_new((size_t)(out * in * TAPS), sizeof *ordered);
    snprintf(prefix, sizeof prefix, "%sencoder.%s.", n->prefix, name);
    int code = ordered ? weights_read(b, prefix, "weight", 3, shape, &weight) : fail_memory(b->fault, "a model");
    if (!code)
        code = weights_read(b, prefix, "bias", 1, shape, &bias);
    for (int64_t o = 0; !code && o < out; o++)
        for (int64_t i = 0; i < in; i++)
            for (int64_t tap = 0; tap < TAPS; tap++)
                ordered[(o * TAPS + tap) * in + i] = weight[(o * in + i) * TAPS + tap];
    if (!code)
        code = weights_linear(b, l, ordered, bias, out, TAPS * in);
    free(weight);
    free(bias);
    free(ordered);
    return code;
}

/* Host floats as a tensor of the device's. */
static int bind_tensor(struct binder *b, struct tensor *out, enum tensor_type type, const float *values, int64_t rows,
                       int64_t width)
{
    *out = tensor_2d(type, NULL, rows, width);
    out->data = b->device->ops->memory_new(b->device, tensor_bytes(out));
    if (!out->data)
        return fail_memory(b->fault, "a model's weights");
    struct context c = {.device = b->device};
    b->device->ops->upload(&c, *out, values, rows * width);
    b->bytes += (int64_t)tensor_bytes(out);
    return c.fault.code ? fail(b->fault, c.fault.code, "%s", c.fault.message) : 0;
}

static int bind_rows(struct binder *b, struct tensor *out, const struct naming *n, const char *name, int64_t rows,
                     int64_t width)
{
    const int64_t shape[] = {rows, width};
    float *values = NULL;
    int code = weights_read(b, n->prefix, name, 2, shape, &values);
    if (!code)
        code = bind_tensor(b, out, TENSOR_F32, values, rows, width);
    free(values);
    return code;
}

/* Sines in the first half, cosines in the second, of wavelengths from 2π to 10000·2π (Whisper's own variant of Vaswani
 * et al. 2017, section 3.5). Computed where a file leaves them out. */
static void sinusoids(float *out, int64_t rows, int64_t width)
{
    const double step = log(10000.0) / (double)(width / 2 > 1 ? width / 2 - 1 : 1);
    for (int64_t t = 0; t < rows; t++)
        for (int64_t i = 0; i < width / 2; i++) {
            double angle = (double)t * exp(-step * (double)i);
            out[t * width + i] = (float)sin(angle);
            out[t * width + width / 2 + i] = (float)cos(angle);
        }
}

static int bind_audio_positions(struct binder *b, struct whisper *m, const struct naming *n)
{
    const int64_t rows = m->config.positions, width = m->config.width;
    char name[NAME];
    snprintf(name, sizeof name, "%s%s", n->prefix, n->audio_positions);
    if (checkpoint_find(b->checkpoint, name))
        return bind_rows(b, &m->audio_positions, n, n->audio_positions, rows, width);
    float *values = memory_new((size_t)(rows * width), sizeof *values);
    if (!values)
        return fail_memory(b->fault, "a model");
    sinusoids(values, rows, width);
    b->parameters += rows * width;
    int code = bind_tensor(b, &m->audio_positions, TENSOR_F32, values, rows, width);
    free(values);
    return code;
}

/* The embedding twice: as rows to look up, and as the output's matrix. */
static int bind_embedding(struct binder *b, struct whisper *m, const struct naming *n)
{
    const int64_t shape[] = {m->config.vocabulary, m->config.width};
    float *values = NULL;
    int code = weights_read(b, n->prefix, n->embedding, 2, shape, &values);
    if (!code)
        code = bind_tensor(b, &m->embedding, m->compute, values, shape[0], shape[1]);
    b->type = m->type;
    if (!code)
        code = weights_linear_few(b, &m->output, values, NULL, shape[0], shape[1]);
    b->type = m->compute;
    free(values);
    return code;
}

static int bind_norms(struct binder *b, struct whisper *m, const struct naming *n)
{
    const int64_t d = m->config.width;
    const struct weight table[] = {
        {n->encoder_norm, WEIGHT_NORM, offsetof(struct whisper, encoder_norm), true, 1, {d}},
        {n->decoder_norm, WEIGHT_NORM, offsetof(struct whisper, decoder_norm), true, 1, {d}},
    };
    return weights_bind(b, m, n->prefix, table, 2);
}

static int bind_blocks(struct binder *b, struct whisper *m, const struct naming *n)
{
    int code = 0;
    b->type = m->type;
    for (int i = 0; i < m->config.encoder_layers && !code; i++)
        code = bind_encoder_block(b, m, i, n);
    for (int i = 0; i < m->config.decoder_layers && !code; i++)
        code = bind_decoder_block(b, m, i, n);
    b->type = m->compute;
    return code;
}

int whisper_bind(struct whisper *m, const struct checkpoint *checkpoint, struct fault *fault)
{
    struct binder b = {.checkpoint = checkpoint, .device = m->device, .type = m->compute, .fault = fault};
    b.few_in_8_bits = true;
    const struct naming *n = naming_of(checkpoint);
    const int64_t d = m->config.width;
    int code = bind_convolution(&b, &m->conv1, "conv1", n, d, m->config.mel_bins);
    if (!code)
        code = bind_convolution(&b, &m->conv2, "conv2", n, d, d);
    if (!code)
        code = bind_audio_positions(&b, m, n);
    if (!code)
        code = bind_rows(&b, &m->text_positions, n, n->text_positions, m->config.text_positions, d);
    if (!code)
        code = bind_embedding(&b, m, n);
    if (!code)
        code = bind_norms(&b, m, n);
    if (!code)
        code = bind_blocks(&b, m, n);
    m->parameters = b.parameters;
    m->bytes = b.bytes;
    return code;
}

int whisper_bind_encoder(struct whisper *m, const struct checkpoint *checkpoint, struct fault *fault)
{
    struct binder b = {.checkpoint = checkpoint, .device = m->device, .type = m->type, .fault = fault};
    const struct naming *n = naming_of(checkpoint);
    const struct weight norm = {n->encoder_norm,  WEIGHT_NORM, offsetof(struct whisper, encoder_norm), true, 1,
                                {m->config.width}};
    int code = weights_bind(&b, m, n->prefix, &norm, 1);
    for (int i = 0; i < m->config.encoder_layers && !code; i++)
        code = bind_encoder_block(&b, m, i, n);
    return code;
}

/* ---- release ---- */

static void release_attention(const struct device *d, struct attention_weights *a)
{
    struct weight table[ATTENTION_WEIGHTS];
    char names[ATTENTION_WEIGHTS][NAME];
    attention_table(table, names, &openai, "", "", 1, ROWS_OF_FRAMES);
    weights_release(d, a, table, ATTENTION_WEIGHTS);
}

static void release_tensor(const struct device *d, struct tensor *t)
{
    if (t->data)
        d->ops->memory_free(d, t->data);
    t->data = NULL;
}

void whisper_release(struct whisper *m)
{
    struct weight table[BLOCK_WEIGHTS];
    const struct device *d = m->device;
    encoder_table(table, &openai, 1, 1);
    for (int i = 0; m->encoder && i < m->config.encoder_layers; i++) {
        release_attention(d, &m->encoder[i].self);
        weights_release(d, &m->encoder[i], table, BLOCK_WEIGHTS);
    }
    decoder_table(table, &openai, 1, 1);
    for (int i = 0; m->decoder && i < m->config.decoder_layers; i++) {
        release_attention(d, &m->decoder[i].self);
        release_attention(d, &m->decoder[i].cross);
        weights_release(d, &m->decoder[i], table, BLOCK_WEIGHTS);
    }
    const struct weight norms[] = {{"", WEIGHT_NORM, offsetof(struct whisper, encoder_norm), true, 1, {1}},
                                   {"", WEIGHT_NORM, offsetof(struct whisper, decoder_norm), true, 1, {1}}};
    weights_release(d, m, norms, 2);
    linear_release(d, &m->conv1);
    linear_release(d, &m->conv2);
    linear_release(d, &m->output);
    release_tensor(d, &m->audio_positions);
    release_tensor(d, &m->text_positions);
    release_tensor(d, &m->embedding);
}

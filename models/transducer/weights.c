/* weights.c - from the tensors of a ParakeetForRNNT or ParakeetForTDT checkpoint to struct transducer. */
#include "models/load/bind.h"
#include "models/transducer/model.h"

#include "src/base/memory.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static int bind_embedding(struct binder *b, struct transducer *m)
{
    const int64_t shape[] = {m->config.vocabulary, m->config.hidden_size}, count = shape[0] * shape[1];
    struct tensor t = tensor_2d(TENSOR_F32, NULL, shape[0], shape[1]);
    float *values = NULL, *kept = NULL;
    int code = weights_read(b, "decoder.", "embedding.weight", 2, shape, &values);
    if (!code)
        code = weights_floats(b, &kept, values, count);
    free(values);
    t.data = kept;
    m->embedding = t;
    return code;
}

/* PyTorch adds two biases in each layer; ours is their sum. Both are counted as parameters. */
static int read_biases(struct binder *b, int layer, const int64_t *shape, float **out)
{
    char name[32];
    float *second = NULL;
    snprintf(name, sizeof name, "bias_ih_l%d", layer);
    int code = weights_read(b, "decoder.lstm.", name, 1, shape, out);
    snprintf(name, sizeof name, "bias_hh_l%d", layer);
    if (!code)
        code = weights_read(b, "decoder.lstm.", name, 1, shape, &second);
    for (int64_t i = 0; !code && i < shape[0]; i++)
        (*out)[i] += second[i];
    free(second);
    return code;
}

/* The gates' order in the file, input, forget, cell, output, is lstm_cell's. */
static int bind_layer(struct binder *b, struct recurrent_layer *l, int layer, int64_t h)
{
    const int64_t shape[] = {4 * h, h};
    char name[32];
    float *input = NULL, *state = NULL, *bias = NULL;
    int code = read_biases(b, layer, shape, &bias);
    snprintf(name, sizeof name, "weight_ih_l%d", layer);
    if (!code)
        code = weights_read(b, "decoder.lstm.", name, 2, shape, &input);
    snprintf(name, sizeof name, "weight_hh_l%d", layer);
    if (!code)
        code = weights_read(b, "decoder.lstm.", name, 2, shape, &state);
    if (!code)
        code = weights_linear_few(b, &l->input, input, bias, 4 * h, h);
    if (!code)
        code = weights_linear_few(b, &l->state, state, NULL, 4 * h, h);
    free(input);
    free(state);
    free(bias);
    return code;
}

/* One matrix in the file, two here: each has a softmax of its own. Durations decide how far the search moves on and are
 * a few rows, so they stay out of int8. */
static int bind_head(struct binder *b, struct transducer *m)
{
    const int64_t v = m->config.vocabulary, n = m->config.duration_count, h = m->config.hidden_size;
    const int64_t shape[] = {v + n, h};
    float *weight = NULL, *bias = NULL;
    int code = weights_read(b, "joint.head.", "weight", 2, shape, &weight);
    if (!code)
        code = weights_read(b, "joint.head.", "bias", 1, shape, &bias);
    b->type = m->type;
    if (!code)
        code = weights_linear_few(b, &m->tokens, weight, bias, v, h);
    b->type = m->compute;
    if (!code && n)
        code = weights_linear_few(b, &m->durations, weight + v * h, bias + v, n, h);
    free(weight);
    free(bias);
    return code;
}

static struct weight projector_of(const struct transducer *m)
{
    const int64_t h = m->config.hidden_size;
    return (struct weight){
        "decoder.decoder_projector", WEIGHT_LINEAR_FEW, offsetof(struct transducer, projector), true, 2, {h, h}};
}

int transducer_bind(struct transducer *m, const struct checkpoint *checkpoint, struct fault *fault)
{
    struct binder b = {.checkpoint = checkpoint, .device = m->device, .type = m->type, .fault = fault};
    const struct weight projector = projector_of(m);
    int code = bind_embedding(&b, m);
    for (int i = 0; i < m->config.layers && !code; i++)
        code = bind_layer(&b, &m->layers[i], i, m->config.hidden_size);
    b.type = m->compute;
    if (!code)
        code = weights_bind(&b, m, "", &projector, 1);
    if (!code)
        code = bind_head(&b, m);
    m->parameters = b.parameters;
    m->bytes = b.bytes;
    return code;
}

void transducer_release(struct transducer *m)
{
    float *embedding = m->embedding.data;
    floats_release(m->device, &embedding);
    m->embedding.data = NULL;
    for (int i = 0; m->layers && i < m->config.layers; i++) {
        linear_release(m->device, &m->layers[i].input);
        linear_release(m->device, &m->layers[i].state);
    }
    linear_release(m->device, &m->projector);
    linear_release(m->device, &m->tokens);
    linear_release(m->device, &m->durations);
}

/* silero.c - Silero VAD: its published weights, and a stream with the state of its recurrent layer. */
#include "models/load/bind.h"
#include "models/vad/network.h"

#include "src/base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- weights ---- */

static const int64_t channels[SILERO_CONVOLUTIONS + 1] = {SILERO_BINS, 128, 64, 64, SILERO_HIDDEN};

/* What the files call the parts: Silero's own, and whisper.cpp's in ggml's form. */
struct naming {
    const char *transform, *convolution, *behind_number, *recurrent, *head;
    int first, head_rank; /* number of the first convolution */
    int64_t head_shape[3];
};

static const struct naming namings[] = {
    {"stft_conv.weight", "conv", ".", "lstm_cell.", "final_conv.", 1, 3, {1, SILERO_HIDDEN, 1}},
    {"_model.stft.forward_basis_buffer",
     "_model.encoder.",
     ".reparam_conv.",
     "_model.decoder.rnn.",
     "_model.decoder.decoder.2.",
     0,
     1,
     {SILERO_HIDDEN}},
};

/* The file's; Silero's own where it has neither's. */
static const struct naming *naming_of(const struct checkpoint *checkpoint)
{
    return &namings[checkpoint_find(checkpoint, namings[1].transform) != NULL];
}

bool silero_is(const struct checkpoint *checkpoint)
{
    return checkpoint_find(checkpoint, naming_of(checkpoint)->transform) != NULL;
}

/* Stored [out, in, 3]; a linear over unfolded steps takes [out, 3, in]. */
static int bind_convolution(struct binder *b, const struct naming *n, struct linear *l, int index)
{
    const int64_t out = channels[index + 1], in = channels[index], shape[] = {out, in, 3};
    char prefix[64];
    float *weight = NULL, *bias = NULL, *turned = memory_new((size_t)(out * in * 3), sizeof *turned);
    snprintf(prefix, sizeof prefix, "%s%d%s", n->convolution, n->first + index, n->behind_number);
    int code = turned ? weights_read(b, prefix, "weight", 3, shape, &weight) : fail_memory(b->fault, "Silero VAD");
    if (!code)
        code = weights_read(b, prefix, "bias", 1, shape, &bias);
    for (int64_t i = 0; i < out * in * 3 && !code; i++)
        turned[i / (3 * in) * 3 * in + i % 3 * in + i / 3 % in] = weight[i];
    if (!code)
        code = weights_linear_few(b, l, turned, bias, out, in * 3);
    free(weight);
    free(bias);
    free(turned);
    return code;
}

static int bind_gates(struct binder *b, const struct naming *n, struct linear *l, const char *weight_name,
                      const char *bias_name)
{
    const int64_t shape[] = {4 * SILERO_HIDDEN, SILERO_HIDDEN};
    float *weight = NULL, *bias = NULL;
    int code = weights_read(b, n->recurrent, weight_name, 2, shape, &weight);
    if (!code)
        code = weights_read(b, n->recurrent, bias_name, 1, shape, &bias);
    if (!code)
        code = weights_linear_few(b, l, weight, bias, shape[0], shape[1]);
    free(weight);
    free(bias);
    return code;
}

static int bind_ends(struct binder *b, const struct naming *n, struct silero *s)
{
    const int64_t transform[] = {2 * SILERO_BINS, 1, SILERO_FFT}, one[] = {1};
    float *weight = NULL, *bias = NULL;
    int code = weights_read(b, "", n->transform, 3, transform, &weight);
    if (!code)
        code = weights_linear_few(b, &s->transform, weight, NULL, 2 * SILERO_BINS, SILERO_FFT);
    if (!code)
        code = weights_read(b, n->head, "weight", n->head_rank, n->head_shape, &s->head);
    if (!code)
        code = weights_read(b, n->head, "bias", 1, one, &bias);
    if (!code)
        s->head_bias = *bias;
    free(weight);
    free(bias);
    return code;
}

int silero_open(struct silero **silero, const struct checkpoint *checkpoint, const struct device *device,
                struct fault *fault)
{
    struct silero *new = memory_new(1, sizeof *new);
    struct binder b = {.checkpoint = checkpoint, .device = device, .type = TENSOR_F32, .fault = fault};
    const struct naming *names = naming_of(checkpoint);
    *silero = NULL;
    if (!new)
        return fail_memory(fault, "Silero VAD");
    new->device = device;
    int code = bind_ends(&b, names, new);
    for (int i = 0; i < SILERO_CONVOLUTIONS && !code; i++)
        code = bind_convolution(&b, names, &new->convolution[i], i);
    if (!code)
        code = bind_gates(&b, names, &new->gates, "weight_ih", "bias_ih");
    if (!code)
        code = bind_gates(&b, names, &new->recurrent, "weight_hh", "bias_hh");
    if (code)
        silero_close(&new);
    *silero = new;
    return code;
}

void silero_close(struct silero **silero)
{
    struct silero *s = *silero;
    *silero = NULL;
    if (!s)
        return;
    linear_release(s->device, &s->transform);
    for (int i = 0; i < SILERO_CONVOLUTIONS; i++)
        linear_release(s->device, &s->convolution[i]);
    linear_release(s->device, &s->gates);
    linear_release(s->device, &s->recurrent);
    free(s->head);
    free(s);
}

/* ---- a stream ---- */

struct silero_stream {
    const struct silero *silero;
    struct context context;
    double flops;              /* of a step */
    float heard[SILERO_HEARD]; /* context, window, mirrored end */
    float *hidden, *cell;      /* [hidden], on the device */
};

static const float zeros[SILERO_HIDDEN];

static void forward(struct silero_stream *s, float *out)
{
    const struct silero_step step = {s->heard, s->hidden, s->cell, out};
    silero_forward(&s->context, s->silero, &step);
}

static int reserve(struct silero_stream *s, struct fault *fault)
{
    float out[SILERO_HIDDEN];
    context_measure(&s->context, true);
    forward(s, out);
    const size_t size = s->context.arena.peak;
    s->flops = s->context.flops;
    if (s->context.fault.code)
        return fail(fault, s->context.fault.code, "%s", s->context.fault.message);
    context_measure(&s->context, false);
    return context_reserve(&s->context, size, fault);
}

int silero_stream_open(struct silero_stream **stream, const struct silero *silero, struct fault *fault)
{
    struct silero_stream *new = memory_new(1, sizeof *new);
    const struct device *device = silero->device;
    *stream = NULL;
    if (!new)
        return fail_memory(fault, "a stream of voice activity");
    new->silero = silero;
    int code = context_open(&new->context, device, TENSOR_F32, fault);
    if (!code)
        code = floats_prepare(device, &new->hidden, zeros, SILERO_HIDDEN, fault);
    if (!code)
        code = floats_prepare(device, &new->cell, zeros, SILERO_HIDDEN, fault);
    if (!code)
        code = reserve(new, fault);
    if (code)
        silero_stream_close(&new);
    *stream = new;
    return code;
}

void silero_stream_close(struct silero_stream **stream)
{
    struct silero_stream *s = *stream;
    *stream = NULL;
    if (!s)
        return;
    floats_release(s->silero->device, &s->hidden);
    floats_release(s->silero->device, &s->cell);
    if (s->context.device)
        context_close(&s->context);
    free(s);
}

int silero_stream_reset(struct silero_stream *s, struct fault *fault)
{
    fault_clear(&s->context.fault);
    memset(s->heard, 0, sizeof s->heard);
    tensor_upload(&s->context, tensor_1d(TENSOR_F32, s->hidden, SILERO_HIDDEN), zeros, SILERO_HIDDEN);
    tensor_upload(&s->context, tensor_1d(TENSOR_F32, s->cell, SILERO_HIDDEN), zeros, SILERO_HIDDEN);
    return s->context.fault.code ? fail(fault, s->context.fault.code, "%s", s->context.fault.message) : 0;
}

/* The last of the window before becomes the context of the new one, whose end is mirrored about its last sample. */
static void hear(struct silero_stream *s, const float *samples)
{
    float *window = s->heard + SILERO_CONTEXT, *behind = window + SILERO_WINDOW;
    memcpy(s->heard, behind - SILERO_CONTEXT, SILERO_CONTEXT * sizeof *s->heard);
    memcpy(window, samples, SILERO_WINDOW * sizeof *window);
    for (int i = 0; i < SILERO_CONTEXT; i++)
        behind[i] = behind[-2 - i];
}

int silero_feed(struct silero_stream *s, const float samples[SILERO_WINDOW], float *probability, struct fault *fault)
{
    float hidden[SILERO_HIDDEN] = {0}, sum = s->silero->head_bias;
    hear(s, samples);
    forward(s, hidden);
    if (s->context.fault.code)
        return fail(fault, s->context.fault.code, "%s", s->context.fault.message);
    for (int i = 0; i < SILERO_HIDDEN; i++) /* one output: not worth an operation */
        sum += s->silero->head[i] * fmaxf(hidden[i], 0);
    *probability = 1 / (1 + expf(-sum));
    return 0;
}

double silero_stream_flops(const struct silero_stream *s)
{
    return s->flops;
}

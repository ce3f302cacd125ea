/* stream.c - our own network on a sound that is still growing: the frames that its first layer hears, and what went
 * into each block. Before the beginning there are zeros, in every layer. */
#include "models/vad/network.h"

#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct vad_stream {
    const struct vad *vad;
    struct context context;
    double flops;          /* of a step */
    int64_t frames, steps; /* fed, and judged in twos */
    float *window;         /* [taps·mels]: the last frames, normalised */
    float *zeros;          /* of the largest ring */
    float *history[VAD_MOST_BLOCKS];
};

static int64_t ring_size(const struct vad *v, int block)
{
    return (int64_t)(2 * v->config.dilations[block] + 1) * v->config.hidden_size;
}

static void forward(struct vad_stream *s, float *logits)
{
    const struct vad_step step = {s->steps, s->window, s->history, logits};
    vad_forward(&s->context, s->vad, &step);
}

/* The arena, by a step in measuring mode. */
static int reserve(struct vad_stream *s, struct fault *fault)
{
    float logits[VAD_STEP];
    context_measure(&s->context, true);
    forward(s, logits);
    const size_t size = s->context.arena.peak;
    s->flops = s->context.flops;
    if (s->context.fault.code)
        return fail(fault, s->context.fault.code, "%s", s->context.fault.message);
    context_measure(&s->context, false);
    return context_reserve(&s->context, size, fault);
}

static int make_state(struct vad_stream *s, struct fault *fault)
{
    const struct vad *v = s->vad;
    int64_t largest = 1;
    int code = 0;
    for (int i = 0; i < v->config.blocks; i++)
        largest = ring_size(v, i) > largest ? ring_size(v, i) : largest;
    s->window = memory_new((size_t)v->config.taps * (size_t)v->config.mel_bins, sizeof *s->window);
    s->zeros = memory_new((size_t)largest, sizeof *s->zeros);
    if (!s->window || !s->zeros)
        return fail_memory(fault, "a stream of voice activity");
    for (int i = 0; i < v->config.blocks && !code; i++)
        code = floats_prepare(v->device, &s->history[i], s->zeros, ring_size(v, i), fault);
    return code;
}

int vad_stream_open(struct vad_stream **stream, const struct vad *vad, struct fault *fault)
{
    struct vad_stream *new = memory_new(1, sizeof *new);
    *stream = NULL;
    if (!new)
        return fail_memory(fault, "a stream of voice activity");
    new->vad = vad;
    int code = context_open(&new->context, vad->device, TENSOR_F32, fault);
    if (!code)
        code = make_state(new, fault);
    if (!code)
        code = reserve(new, fault);
    if (code)
        vad_stream_close(&new);
    *stream = new;
    return code;
}

void vad_stream_close(struct vad_stream **stream)
{
    struct vad_stream *s = *stream;
    *stream = NULL;
    if (!s)
        return;
    for (int i = 0; i < s->vad->config.blocks; i++)
        floats_release(s->vad->device, &s->history[i]);
    if (s->context.device)
        context_close(&s->context);
    free(s->window);
    free(s->zeros);
    free(s);
}

int vad_stream_reset(struct vad_stream *s, struct fault *fault)
{
    const struct vad_config *g = &s->vad->config;
    s->frames = s->steps = 0;
    fault_clear(&s->context.fault);
    memset(s->window, 0, (size_t)g->taps * (size_t)g->mel_bins * sizeof *s->window);
    for (int i = 0; i < g->blocks; i++) {
        const int64_t size = ring_size(s->vad, i);
        tensor_upload(&s->context, tensor_1d(TENSOR_F32, s->history[i], size), s->zeros, size);
    }
    return s->context.fault.code ? fail(fault, s->context.fault.code, "%s", s->context.fault.message) : 0;
}

/* The window moves on by a frame; beyond the end, the last one stays. */
static void slide(struct vad_stream *s, const float *frame)
{
    const struct vad *v = s->vad;
    const size_t mels = (size_t)v->config.mel_bins, rest = (size_t)(v->config.taps - 1) * mels;
    memmove(s->window, s->window + mels, rest * sizeof *s->window);
    for (size_t i = 0; frame && i < mels; i++)
        s->window[rest + i] = (frame[i] - v->mean[i]) * v->scale[i];
    s->frames++;
}

int vad_feed(struct vad_stream *s, const float *frame, float out[VAD_STEP], struct fault *fault)
{
    float logits[VAD_STEP] = {0};
    slide(s, frame);
    if (s->frames < (s->steps + 1) * VAD_STEP + s->vad->config.look_ahead)
        return 0;
    forward(s, logits);
    s->steps++;
    if (s->context.fault.code)
        return fail(fault, s->context.fault.code, "%s", s->context.fault.message);
    for (int i = 0; i < VAD_STEP; i++)
        out[i] = 1 / (1 + expf(-logits[i]));
    return VAD_STEP;
}

double vad_stream_flops(const struct vad_stream *s)
{
    return s->flops;
}

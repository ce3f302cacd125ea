/* weights.c - from the tensors of a checkpoint to struct vad. */
#include "models/load/bind.h"
#include "models/vad/network.h"

#include "src/base/memory.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static int bind_linear(struct binder *b, struct linear *l, const char *name, int64_t out, int64_t in)
{
    const struct weight table[] = {{name, WEIGHT_LINEAR_FEW, 0, true, 2, {out, in}}};
    return weights_bind(b, l, "", table, 1);
}

static int bind(struct vad *v, const struct checkpoint *checkpoint, struct fault *fault)
{
    struct binder b = {.checkpoint = checkpoint, .device = v->device, .type = TENSOR_F32, .fault = fault};
    const struct vad_config *g = &v->config;
    const int64_t mels[] = {g->mel_bins}, d = g->hidden_size;
    char name[32];
    int code = weights_read(&b, "", "mean", 1, mels, &v->mean);
    if (!code)
        code = weights_read(&b, "", "scale", 1, mels, &v->scale);
    if (!code)
        code = bind_linear(&b, &v->input, "input", d, (int64_t)g->taps * g->mel_bins);
    for (int i = 0; i < g->blocks && !code; i++) {
        snprintf(name, sizeof name, "blocks.%d", i);
        code = bind_linear(&b, &v->blocks[i], name, d, 3 * d);
    }
    if (!code)
        code = bind_linear(&b, &v->output, "output", VAD_STEP, d);
    v->parameters = b.parameters;
    return code;
}

int vad_open(struct vad **vad, const struct vad_config *config, const struct checkpoint *checkpoint,
             const struct device *device, struct fault *fault)
{
    struct vad *new = memory_new(1, sizeof *new);
    *vad = NULL;
    if (!new)
        return fail_memory(fault, "a voice activity detector");
    new->config = *config;
    new->device = device;
    int code = bind(new, checkpoint, fault);
    if (code)
        vad_close(&new);
    *vad = new;
    return code;
}

void vad_close(struct vad **vad)
{
    struct vad *v = *vad;
    *vad = NULL;
    if (!v)
        return;
    linear_release(v->device, &v->input);
    for (int i = 0; i < v->config.blocks; i++)
        linear_release(v->device, &v->blocks[i]);
    linear_release(v->device, &v->output);
    free(v->mean);
    free(v->scale);
    free(v);
}

const struct vad_config *vad_get_config(const struct vad *vad)
{
    return &vad->config;
}

int64_t vad_parameters(const struct vad *vad)
{
    return vad->parameters;
}

/* model.c - opening and closing, and what a model says of itself. */
#include "models/whisper/config.h"
#include "models/whisper/model.h"

#include "src/base/memory.h"

#include <stdlib.h>

int whisper_open(struct whisper **model, const struct whisper_config *config, const struct checkpoint *checkpoint,
                 const struct device *device, enum tensor_type type, struct fault *fault)
{
    *model = NULL;
    struct whisper *m = memory_new(1, sizeof *m);
    if (!m)
        return fail_memory(fault, "a model");
    m->config = *config;
    m->device = device;
    m->type = type;
    m->weights = type == TENSOR_I8 && !device->has_i8 ? device->best : type;
    m->compute = type == TENSOR_I8 ? device->best : type;
    m->encoder = memory_new((size_t)config->encoder_layers, sizeof *m->encoder);
    m->decoder = memory_new((size_t)config->decoder_layers, sizeof *m->decoder);
    int code = m->encoder && m->decoder ? whisper_bind(m, checkpoint, fault) : fail_memory(fault, "a model");
    if (code)
        whisper_close(&m);
    *model = m;
    return code;
}

void whisper_close(struct whisper **model)
{
    struct whisper *m = *model;
    *model = NULL;
    if (!m)
        return;
    whisper_release(m);
    free(m->encoder);
    free(m->decoder);
    free(m);
}

const struct whisper_config *whisper_get_config(const struct whisper *model)
{
    return &model->config;
}

int64_t whisper_parameters(const struct whisper *model)
{
    return model->parameters;
}

int64_t whisper_weight_bytes(const struct whisper *model)
{
    return model->bytes;
}

/* The keys and values of the cross-attention are computed once per window, not per step. */
int64_t whisper_step_bytes(const struct whisper *model)
{
    const struct whisper_config *c = &model->config;
    int64_t d = c->width, block = 6 * d * d + 2 * d * (int64_t)c->decoder_inner;
    return (c->decoder_layers * block + c->vocabulary * d) * (int64_t)tensor_type_size(model->weights);
}

int whisper_alignment_heads(const struct whisper *model)
{
    int count = 0;
    for (int layer = 0; layer < model->config.decoder_layers; layer++)
        for (uint32_t heads = whisper_config_heads(&model->config, layer); heads; heads &= heads - 1)
            count++;
    return count;
}

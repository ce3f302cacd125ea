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
    m->compute = device_compute(device, type);
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

/* The keys and values of the cross-attention are computed once per window, not per step, but read in each. */
int64_t whisper_step_bytes(const struct whisper *model, int windows, int rows)
{
    const struct whisper_config *c = &model->config;
    const bool in_8_bits = tensor_type_size(model->type) == 1;
    const int64_t d = c->width, block = 6 * d * d + 2 * d * (int64_t)c->decoder_inner;
    const int64_t weights = c->decoder_layers * block + c->vocabulary * d;
    const int64_t kept = 2 * windows * (int64_t)c->decoder_layers * c->positions;
    const enum tensor_type type = rows > model->device->i8_rows ? model->compute : model->type;
    return weights * (int64_t)tensor_type_size(type) +
           kept * (d * (int64_t)tensor_type_size(model->type) + (in_8_bits ? c->decoder_heads * KEPT_SCALE : 0));
}

int whisper_alignment_heads(const struct whisper *model)
{
    int count = 0;
    for (int layer = 0; layer < model->config.decoder_layers; layer++)
        for (uint32_t heads = whisper_config_heads(&model->config, layer); heads; heads &= heads - 1)
            count++;
    return count;
}

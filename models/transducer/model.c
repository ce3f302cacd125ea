/* model.c - opening and closing. */
#include "models/transducer/model.h"

#include "src/base/memory.h"

#include <stdlib.h>

int transducer_open(struct transducer **model, const struct transducer_config *config,
                    const struct checkpoint *checkpoint, const struct device *device, enum tensor_type type,
                    struct fault *fault)
{
    *model = NULL;
    struct transducer *m = memory_new(1, sizeof *m);
    if (!m)
        return fail_memory(fault, "a model");
    m->config = *config;
    m->device = device;
    m->type = type;
    m->compute = device_compute(device, type);
    m->layers = memory_new((size_t)config->layers, sizeof *m->layers);
    int code = m->layers ? fastconformer_open(&m->encoder, &config->encoder, checkpoint, device, type, fault)
                         : fail_memory(fault, "a model");
    if (!code)
        code = transducer_bind(m, checkpoint, fault);
    if (code)
        transducer_close(&m);
    *model = m;
    return code;
}

void transducer_close(struct transducer **model)
{
    struct transducer *m = *model;
    *model = NULL;
    if (!m)
        return;
    transducer_release(m);
    fastconformer_close(&m->encoder);
    free(m->layers);
    free(m);
}

const struct transducer_config *transducer_get_config(const struct transducer *model)
{
    return &model->config;
}

int64_t transducer_parameters(const struct transducer *model)
{
    return model->parameters + fastconformer_parameters(model->encoder);
}

int64_t transducer_weight_bytes(const struct transducer *model)
{
    return model->bytes + fastconformer_weight_bytes(model->encoder);
}

static int64_t bytes_of(const struct linear *l)
{
    return l->out * l->in * (int64_t)tensor_type_size(l->type);
}

int64_t transducer_step_bytes(const struct transducer *model)
{
    int64_t bytes = bytes_of(&model->projector) + bytes_of(&model->tokens) + bytes_of(&model->durations);
    for (int i = 0; i < model->config.layers; i++)
        bytes += bytes_of(&model->layers[i].input) + bytes_of(&model->layers[i].state);
    return bytes;
}

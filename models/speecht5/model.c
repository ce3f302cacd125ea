/* model.c - opening and closing. */
#include "models/speecht5/model.h"

#include "src/base/memory.h"

#include <stdlib.h>

static bool make_arrays(struct speecht5 *m)
{
    const struct speecht5_config *g = &m->config;
    m->encoder = memory_new((size_t)g->encoder.layers, sizeof *m->encoder);
    m->decoder = memory_new((size_t)g->decoder.layers, sizeof *m->decoder);
    m->prenet.layers = memory_new((size_t)g->prenet_layers, sizeof *m->prenet.layers);
    m->postnet.layers = memory_new((size_t)g->postnet_layers, sizeof *m->postnet.layers);
    return m->encoder && m->decoder && m->prenet.layers && m->postnet.layers;
}

int speecht5_open(struct speecht5 **model, const struct speecht5_config *config, const struct checkpoint *checkpoint,
                  const struct device *device, enum tensor_type type, struct fault *fault)
{
    *model = NULL;
    struct speecht5 *m = memory_new(1, sizeof *m);
    if (!m)
        return fail_memory(fault, "a model");
    m->config = *config;
    m->device = device;
    m->type = type;
    m->compute = device_compute(device, type);
    int code = make_arrays(m) ? speecht5_bind(m, checkpoint, fault) : fail_memory(fault, "a model");
    if (code)
        speecht5_close(&m);
    *model = m;
    return code;
}

void speecht5_close(struct speecht5 **model)
{
    struct speecht5 *m = *model;
    *model = NULL;
    if (!m)
        return;
    speecht5_release(m);
    free(m->encoder);
    free(m->decoder);
    free(m->prenet.layers);
    free(m->postnet.layers);
    free(m);
}

const struct speecht5_config *speecht5_get_config(const struct speecht5 *model)
{
    return &model->config;
}

int64_t speecht5_parameters(const struct speecht5 *model)
{
    return model->parameters;
}

int64_t speecht5_weight_bytes(const struct speecht5 *model)
{
    return model->bytes;
}

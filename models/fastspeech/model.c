/* model.c - opening and closing. */
#include "models/fastspeech/model.h"

#include "src/base/memory.h"

#include <stdlib.h>

/* The arrays whose lengths the configuration gives. */
static bool make_arrays(struct fastspeech *m)
{
    const struct fastspeech_config *g = &m->config;
    m->encoder.shape = g->encoder;
    m->decoder.shape = g->decoder;
    m->encoder.blocks = memory_new((size_t)g->encoder.layers, sizeof *m->encoder.blocks);
    m->decoder.blocks = memory_new((size_t)g->decoder.layers, sizeof *m->decoder.blocks);
    m->duration.layers = memory_new((size_t)g->duration.layers, sizeof *m->duration.layers);
    m->pitch.predictor.layers = memory_new((size_t)g->pitch.layers, sizeof *m->pitch.predictor.layers);
    m->energy.predictor.layers = memory_new((size_t)g->energy.layers, sizeof *m->energy.predictor.layers);
    m->postnet.layers = memory_new((size_t)g->postnet_layers, sizeof *m->postnet.layers);
    return m->encoder.blocks && m->decoder.blocks && m->duration.layers && m->pitch.predictor.layers &&
           m->energy.predictor.layers && m->postnet.layers;
}

int fastspeech_open(struct fastspeech **model, const struct fastspeech_config *config,
                    const struct checkpoint *checkpoint, const char *prefix, const struct device *device,
                    enum tensor_type type, struct fault *fault)
{
    *model = NULL;
    struct fastspeech *m = memory_new(1, sizeof *m);
    if (!m)
        return fail_memory(fault, "a model");
    m->config = *config;
    m->device = device;
    m->type = type;
    m->compute = device_compute(device, type);
    int code = make_arrays(m) ? fastspeech_bind(m, checkpoint, prefix, fault) : fail_memory(fault, "a model");
    if (code)
        fastspeech_close(&m);
    *model = m;
    return code;
}

void fastspeech_close(struct fastspeech **model)
{
    struct fastspeech *m = *model;
    *model = NULL;
    if (!m)
        return;
    fastspeech_release(m);
    free(m->encoder.blocks);
    free(m->decoder.blocks);
    free(m->duration.layers);
    free(m->pitch.predictor.layers);
    free(m->energy.predictor.layers);
    free(m->postnet.layers);
    free(m);
}

const struct fastspeech_config *fastspeech_get_config(const struct fastspeech *model)
{
    return &model->config;
}

int64_t fastspeech_parameters(const struct fastspeech *model)
{
    return model->parameters;
}

int64_t fastspeech_weight_bytes(const struct fastspeech *model)
{
    return model->bytes;
}

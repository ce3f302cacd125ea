/* model.c - opening and closing. */
#include "models/fastconformer/model.h"

#include "src/base/memory.h"

#include <stdlib.h>

int fastconformer_open(struct fastconformer **model, const struct fastconformer_config *config,
                       const struct checkpoint *checkpoint, const struct device *device, enum tensor_type type,
                       struct fault *fault)
{
    *model = NULL;
    struct fastconformer *m = memory_new(1, sizeof *m);
    if (!m)
        return fail_memory(fault, "a model");
    m->config = *config;
    m->device = device;
    m->type = type;
    m->compute = device_compute(device, type);
    m->blocks = memory_new((size_t)config->layers, sizeof *m->blocks);
    int code = m->blocks ? model_bind(m, checkpoint, fault) : fail_memory(fault, "a model");
    if (code)
        fastconformer_close(&m);
    *model = m;
    return code;
}

void fastconformer_close(struct fastconformer **model)
{
    struct fastconformer *m = *model;
    *model = NULL;
    if (!m)
        return;
    model_release(m);
    free(m->blocks);
    free(m);
}

const struct fastconformer_config *fastconformer_get_config(const struct fastconformer *model)
{
    return &model->config;
}

int64_t fastconformer_parameters(const struct fastconformer *model)
{
    return model->parameters;
}

int64_t fastconformer_weight_bytes(const struct fastconformer *model)
{
    return model->bytes;
}

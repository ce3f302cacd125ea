/* model.c - opening and closing. */
#include "models/hifigan/model.h"

#include "src/base/memory.h"

#include <stdlib.h>

int hifigan_open(struct hifigan **model, const struct hifigan_config *config, const struct checkpoint *checkpoint,
                 const char *prefix, const struct device *device, enum tensor_type type, struct fault *fault)
{
    *model = NULL;
    struct hifigan *m = memory_new(1, sizeof *m);
    if (!m)
        return fail_memory(fault, "a model");
    m->config = *config;
    m->device = device;
    m->type = device_compute(device, type);
    int code = hifigan_bind(m, checkpoint, prefix, fault);
    if (code)
        hifigan_close(&m);
    *model = m;
    return code;
}

void hifigan_close(struct hifigan **model)
{
    struct hifigan *m = *model;
    *model = NULL;
    if (!m)
        return;
    hifigan_release(m);
    free(m);
}

const struct hifigan_config *hifigan_get_config(const struct hifigan *model)
{
    return &model->config;
}

int64_t hifigan_parameters(const struct hifigan *model)
{
    return model->parameters;
}

int64_t hifigan_weight_bytes(const struct hifigan *model)
{
    return model->bytes;
}

/* model.c - opening and closing. */
#include "models/vits/model.h"

#include "src/base/memory.h"

#include <stdlib.h>

int vits_open(struct vits **model, const struct vits_config *config, const struct checkpoint *checkpoint,
              const struct device *device, enum tensor_type type, struct fault *fault)
{
    *model = NULL;
    struct vits *m = memory_new(1, sizeof *m);
    if (!m)
        return fail_memory(fault, "a model");
    m->config = *config;
    m->device = device;
    m->compute = device_compute(device, type);
    int code = vits_bind(m, checkpoint, fault);
    if (code)
        vits_close(&m);
    *model = m;
    return code;
}

void vits_close(struct vits **model)
{
    struct vits *m = *model;
    *model = NULL;
    if (!m)
        return;
    vits_release(m);
    free(m);
}

const struct vits_config *vits_get_config(const struct vits *model)
{
    return &model->config;
}

int64_t vits_parameters(const struct vits *model)
{
    return model->parameters;
}

int64_t vits_weight_bytes(const struct vits *model)
{
    return model->bytes;
}

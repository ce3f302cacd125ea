/* linear_weights.cu - a linear layer's weights on their way to the card, in the types that products take. */
#include "models/cuda/linear.h"
#include "models/tensor/float8.h"

#include <stdlib.h>

static int upload_as(const struct device *d, void **out, enum tensor_type type, const float *host, int64_t count,
                     struct fault *fault)
{
    struct tensor t = tensor_1d(type, NULL, count);
    struct context c = {};
    c.device = d;
    *out = t.data = d->ops->memory_new(d, tensor_bytes(&t));
    if (!*out)
        return fail_memory(fault, "a model's weights");
    cuda_upload(&c, t, host, count);
    return c.fault.code ? fail(fault, c.fault.code, "%s", c.fault.message) : 0;
}

static int prepare_in_8_bits(const struct device *d, const struct linear *l, struct packed *packed, const float *weight,
                             struct fault *fault)
{
    packed->weight = d->ops->memory_new(d, (size_t)(l->out * l->in) * sizeof(uint16_t));
    if (!packed->weight)
        return fail_memory(fault, "a model's weights");
    return few_weights_prepare(d, &packed->few, packed->weight, weight, l->out, l->in, fault);
}

struct rounding {
    unsigned char *out;
    const float *weight;
    float scale;
};

static void round_part(void *context, int64_t begin, int64_t end, int worker)
{
    const struct rounding *r = (const struct rounding *)context;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        r->out[i] = e4m3_from_float(r->scale * r->weight[i]);
}

static int prepare_e4m3(const struct device *d, const struct linear *l, struct packed *packed, const float *weight,
                        struct fault *fault)
{
    enum { GRAIN = 1 << 16 };
    struct context c = {};
    c.device = d;
    const size_t count = (size_t)(l->out * l->in);
    const struct rounding r = {(unsigned char *)memory_new(count, 1), weight, e4m3_scale(weight, l->out * l->in)};
    packed->weight = d->ops->memory_new(d, count);
    packed->restore = 1 / r.scale;
    if (r.out && packed->weight) {
        thread_pool_run(d->threads, (int64_t)count, GRAIN, round_part, (void *)&r);
        cuda_ok(&c, cudaMemcpy(packed->weight, r.out, count, cudaMemcpyHostToDevice), "copying weights to it");
    } else {
        fail_memory(&c.fault, "a model's weights");
    }
    free(r.out);
    return c.fault.code ? fail(fault, c.fault.code, "%s", c.fault.message) : 0;
}

/* In 8 bits few rows meet whole numbers (if loads of 16 bytes make up their width), and many rows E4M3, of which
 * cuBLASLt wants sides that are multiples of 16. */
static int prepare_weight(const struct device *d, const struct linear *l, struct packed *packed, const float *weight,
                          struct fault *fault)
{
    const bool in_8_bits = tensor_type_size(l->type) == 1;
    packed->type = packed->result = device_compute(d, l->type);
    packed->restore = 1;
    if (in_8_bits && l->few_rows && few_rows_can(l->in))
        return prepare_in_8_bits(d, l, packed, weight, fault);
    if (l->type != TENSOR_E4M3 || l->few_rows || l->in % 16 || l->out % 16)
        return upload_as(d, &packed->weight, packed->type, weight, l->out * l->in, fault);
    packed->type = TENSOR_E4M3;
    return prepare_e4m3(d, l, packed, weight, fault);
}

int cuda_linear_prepare(const struct device *d, struct linear *l, const float *weight, const float *bias,
                        struct fault *fault)
{
    if (l->type == TENSOR_I8 && !l->few_rows)
        return fail(fault, UTTER_ERROR_UNSUPPORTED,
                    "a GPU computes in int8 only where rows are few, as in a Whisper's decoder; fp8, bf16, f16 and "
                    "f32 are for all models");
    struct packed *packed = (struct packed *)memory_new(1, sizeof *packed);
    l->packed = packed;
    if (!packed)
        return fail_memory(fault, "a model's weights");
    if (prepare_weight(d, l, packed, weight, fault) ||
        (bias && upload_as(d, &packed->bias, packed->result, bias, l->out, fault)))
        return fault->code;
    return floats_prepare(d, &l->bias, bias, l->out, fault);
}

void cuda_linear_release(const struct device *d, struct linear *l)
{
    struct packed *packed = (struct packed *)l->packed;
    if (packed) {
        d->ops->memory_free(d, packed->weight);
        d->ops->memory_free(d, packed->bias);
        few_weights_release(d, &packed->few);
        free(packed);
    }
    l->packed = NULL;
    floats_release(d, &l->bias);
}

/* linear.cu - linear layers: a matrix product, then what follows it in one pass over the result. */
#include "models/cuda/each.h"
#include "models/cuda/matmul.h"

#include <stdlib.h>

int cuda_linear_prepare(const struct device *d, struct linear *l, const float *weight, const float *bias,
                        struct fault *fault)
{
    if (l->type == TENSOR_I8)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "int8 is not computed with on a GPU; bf16 and f32 are");
    struct tensor packed = tensor_2d(l->type, NULL, l->out, l->in);
    struct context c = {};
    c.device = d;
    l->packed = packed.data = d->ops->memory_new(d, tensor_bytes(&packed));
    if (!l->packed)
        return fail_memory(fault, "a model's weights");
    cuda_upload(&c, packed, weight, l->out * l->in);
    if (c.fault.code)
        return fail(fault, c.fault.code, "%s", c.fault.message);
    return floats_prepare(d, &l->bias, bias, l->out, fault);
}

void cuda_linear_release(const struct device *d, struct linear *l)
{
    if (l->packed)
        d->ops->memory_free(d, l->packed);
    l->packed = NULL;
    floats_release(d, &l->bias);
}

/* What follows the product: bias and activation. `out` may be `sum`. */
struct followed {
    struct view out, sum;
    const float *bias;
    int64_t n;
    int after;
    float factor; /* of the bias */

    __device__ void operator()(int64_t i) const
    {
        float y = get(sum, i) + (bias ? factor * bias[i % n] : 0.0f);
        if (after == LINEAR_RELU)
            y = fmaxf(y, 0.0f);
        else if (after == LINEAR_SILU)
            y = y * sigmoid(y);
        else if (after == LINEAR_GELU)
            y = 0.5f * y * (1.0f + erff(y * 0.70710678f));
        put(out, i, y);
    }
};

struct rounded {
    struct view out, x;
    __device__ void operator()(int64_t i) const
    {
        put(out, i, get(x, i));
    }
};

void cuda_linear(struct context *c, struct tensor out, struct tensor x, const struct linear *l, enum linear_after after,
                 float scale, struct tensor residual)
{
    const int64_t m = tensor_rows(&x), count = m * l->out;
    const bool add = after == LINEAR_ADD;
    /* Rows of x that have another type than W, and sums that out cannot hold, lie in the scratch. */
    const bool copied = x.type != l->type, apart = l->type == TENSOR_F32 && out.type != TENSOR_F32;
    const size_t x_bytes = copied ? ((size_t)(m * l->in) * tensor_type_size(l->type) + 255) / 256 * 256 : 0;
    unsigned char *scratch = NULL;
    if (copied || apart)
        scratch = (unsigned char *)cuda_scratch(c, x_bytes + (apart ? (size_t)count * sizeof(float) : 0));
    if ((copied || apart) && !scratch)
        return;
    if (copied)
        each(c, "linear", m * l->in, rounded{{scratch, (int)l->type}, view_of(x)});
    struct view sum = apart ? view{scratch + x_bytes, TENSOR_F32} : view_of(out);
    if (add && residual.data != out.data)
        each(c, "linear", count, rounded{view_of(out), view_of(residual)});
    const struct product product = {
        m, l->out, l->in, l->type, (enum tensor_type)sum.type, add ? scale : 1.0f, add ? 1.0f : 0.0f};
    matmul_run(c, &product, sum.data, copied ? scratch : x.data, l->packed);
    if (apart || l->bias || (after != LINEAR_NONE && !add))
        each(c, "linear", count, followed{view_of(out), sum, l->bias, l->out, (int)after, add ? scale : 1.0f});
}

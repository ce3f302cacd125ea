/* linear.cu - linear layers: a matrix product that adds its bias, then an activation in one pass over the result. */
#include "models/cuda/each.h"
#include "models/cuda/few_rows.h"
#include "models/cuda/matmul.h"
#include "models/cuda/warp.h"

#include <stdlib.h>

/* struct linear's `packed`: on the host, with what it points to on the card. */
struct packed {
    enum tensor_type type; /* that cuBLASLt multiplies in */
    void *weight;
    void *bias;             /* in that type, for results in that type; NULL: none */
    struct few_weights few; /* in 8 bits, for few rows; `weight` is what they stand for */
};

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

/* Of weights in 8 bits only few rows have a use; rows of another width than loads of 16 bytes have none. */
int cuda_linear_prepare(const struct device *d, struct linear *l, const float *weight, const float *bias,
                        struct fault *fault)
{
    const bool in_8_bits = l->type == TENSOR_I8 && few_rows_can(l->in);
    if (l->type == TENSOR_I8 && !l->few_rows)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "int8 is not computed with on a GPU; bf16, f16 and f32 are");
    struct packed *packed = (struct packed *)memory_new(1, sizeof *packed);
    l->packed = packed;
    if (!packed)
        return fail_memory(fault, "a model's weights");
    packed->type = l->type == TENSOR_I8 ? TENSOR_BF16 : l->type;
    if (in_8_bits ? prepare_in_8_bits(d, l, packed, weight, fault)
                  : upload_as(d, &packed->weight, packed->type, weight, l->out * l->in, fault))
        return fault->code;
    if (bias && upload_as(d, &packed->bias, packed->type, bias, l->out, fault))
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

/* ---- what follows the product ---- */

/* Bias and activation, where the sums lie apart from the result or the bias is scaled. */
struct followed {
    struct view out, sum;
    const float *bias;
    int64_t n;
    int after;
    float factor; /* of the bias */

    __device__ void operator()(int64_t i) const
    {
        const float y = sum.type == TENSOR_F16 ? f16_held(get(sum, i)) : get(sum, i);
        put(out, i, activated(y + (bias ? factor * bias[i % n] : 0.0f), after));
    }
};

/* Bias and activation in place, eight numbers of 16 bits at a time. The bias is added here in f32: rounded, as the
 * product would have it, it would be a third rounding. */
template <class Half> struct activated_pieces {
    uint4 *x;
    const float4 *bias; /* NULL: none */
    uint32_t pieces;    /* of a row */
    int after;

    __device__ void operator()(int64_t i) const
    {
        const uint4 v = x[i];
        const uint32_t pairs[4] = {v.x, v.y, v.z, v.w}, at = (uint32_t)((uint64_t)i % pieces);
        const float4 low = bias ? bias[2 * at] : float4{0, 0, 0, 0}, high = bias ? bias[2 * at + 1] : low;
        const float add[8] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
        uint32_t y[4];
#pragma unroll
        for (int k = 0; k < 4; k++)
            y[k] = Half::pair(activated(Half::held(Half::low(pairs[k])) + add[2 * k], after),
                              activated(Half::held(Half::high(pairs[k])) + add[2 * k + 1], after));
        x[i] = {y[0], y[1], y[2], y[3]};
    }
};

struct rounded {
    struct view out, x;
    __device__ void operator()(int64_t i) const
    {
        put(out, i, get(x, i));
    }
};

static bool active_in_pieces(const struct tensor *out, const struct linear *l)
{
    return out->type != TENSOR_F32 && l->out % 8 == 0 && ((uintptr_t)out->data | (uintptr_t)l->bias) % 16 == 0;
}

template <class Half>
static void activate_pieces(struct context *c, struct tensor out, const struct linear *l, enum linear_after after)
{
    each(c, "linear", tensor_count(&out) / 8,
         activated_pieces<Half>{(uint4 *)out.data, (const float4 *)l->bias, (uint32_t)(l->out / 8), (int)after});
}

static void linear_by_product(struct context *c, struct tensor out, struct tensor x, const struct linear *l,
                              enum linear_after after, float scale, struct tensor residual)
{
    const struct packed *packed = (const struct packed *)l->packed;
    const int64_t m = tensor_rows(&x), count = m * l->out;
    const bool add = after == LINEAR_ADD;
    const float factor = add ? scale : 1.0f;
    /* Rows of x that have another type than W, and sums that out cannot hold, lie in the scratch. */
    const bool copied = x.type != packed->type, apart = out.type != TENSOR_F32 && out.type != packed->type;
    const size_t x_bytes = copied ? ((size_t)(m * l->in) * tensor_type_size(packed->type) + 255) / 256 * 256 : 0;
    unsigned char *scratch = NULL;
    if (copied || apart)
        scratch = (unsigned char *)cuda_scratch(c, x_bytes + (apart ? (size_t)count * sizeof(float) : 0));
    if ((copied || apart) && !scratch)
        return;
    if (copied)
        each(c, "linear", m * l->in, rounded{{scratch, (int)packed->type}, view_of(x)});
    struct view sum = apart ? view{scratch + x_bytes, TENSOR_F32} : view_of(out);
    if (add && residual.data != out.data)
        each(c, "linear", count, rounded{view_of(out), view_of(residual)});
    /* The product adds the bias itself, unless it is to be scaled, too, or an activation's pass can add it. */
    const bool active = after == LINEAR_SILU || after == LINEAR_GELU;
    const bool fused = l->bias && factor == 1.0f && !apart && !active, relu = after == LINEAR_RELU && !apart;
    const struct product product = {
        m, l->out, l->in, packed->type, (enum tensor_type)sum.type, factor, add ? 1.0f : 0.0f, fused, relu};
    matmul_run(c, &product, sum.data, copied ? scratch : x.data, packed->weight,
               sum.type == TENSOR_F32 ? (const void *)l->bias : packed->bias);
    if (active && !apart && active_in_pieces(&out, l))
        (out.type == TENSOR_BF16 ? activate_pieces<bf16> : activate_pieces<f16>)(c, out, l, after);
    else if (apart || active || (l->bias && !fused))
        each(c, "linear", count, followed{view_of(out), sum, l->bias, l->out, (int)after, factor});
}

void cuda_linear(struct context *c, struct tensor out, struct tensor x, const struct linear *l, enum linear_after after,
                 float scale, struct tensor residual)
{
    const struct packed *packed = (const struct packed *)l->packed;
    if (!packed->few.tiles || tensor_rows(&x) > MOST_FEW_ROWS ||
        !few_rows_linear(c, out, x, l, &packed->few, after, scale, residual))
        linear_by_product(c, out, x, l, after, scale, residual);
}

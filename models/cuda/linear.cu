/* linear.cu - linear layers: a matrix product that adds its bias, then an activation in one pass over the result. */
#include "models/cuda/each.h"
#include "models/cuda/linear.h"
#include "models/cuda/matmul.h"
#include "models/cuda/pieces.h"

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

struct rounded_to_e4m3 {
    uint4 *out;
    struct view x;
    int64_t pieces; /* whether x can be read in them */

    __device__ void operator()(int64_t i) const
    {
        float v[16];
        uint32_t pairs[8];
        if (pieces) {
            get_8(*(float(*)[8])v, x, 16 * i);
            get_8(*(float(*)[8])(v + 8), x, 16 * i + 8);
        }
#pragma unroll
        for (int k = 0; k < 16 && !pieces; k++)
            v[k] = get(x, 16 * i + k);
#pragma unroll
        for (int k = 0; k < 8; k++)
            pairs[k] = e4m3_pair(v[2 * k], v[2 * k + 1]);
        out[i] = {pairs[0] | pairs[1] << 16, pairs[2] | pairs[3] << 16, pairs[4] | pairs[5] << 16,
                  pairs[6] | pairs[7] << 16};
    }
};

/* Rows of x in the product's type. */
static void round_rows(struct context *c, void *to, enum tensor_type type, struct tensor x)
{
    if (type == TENSOR_E4M3)
        each(c, "linear", tensor_count(&x) / 16, rounded_to_e4m3{(uint4 *)to, view_of(x), in_pieces(view_of(x), 16)});
    else
        each(c, "linear", tensor_count(&x), rounded{{to, (int)type}, view_of(x)});
}

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
    const bool copied = x.type != packed->type, apart = out.type != TENSOR_F32 && out.type != packed->result;
    const size_t x_bytes = copied ? ((size_t)(m * l->in) * tensor_type_size(packed->type) + 255) / 256 * 256 : 0;
    unsigned char *scratch = NULL;
    if (copied || apart)
        scratch = (unsigned char *)cuda_scratch(c, x_bytes + (apart ? (size_t)count * sizeof(float) : 0));
    if ((copied || apart) && !scratch)
        return;
    if (copied)
        round_rows(c, scratch, packed->type, x);
    struct view sum = apart ? view{scratch + x_bytes, TENSOR_F32} : view_of(out);
    if (add && residual.data != out.data)
        each(c, "linear", count, rounded{view_of(out), view_of(residual)});
    /* The product adds the bias itself, unless it is to be scaled, too, or an activation's pass can add it. */
    const bool active = after == LINEAR_SILU || after == LINEAR_GELU;
    struct product product = {
        m,     l->out, l->in, packed->type, (enum tensor_type)sum.type, factor * packed->restore, add ? 1.0f : 0.0f,
        false, false};
    const bool fused = l->bias && factor == 1.0f && !apart && !active && matmul_adds_bias(c, &product);
    product.biased = fused;
    product.relu = after == LINEAR_RELU && !apart && (fused || !l->bias);
    matmul_run(c, &product, sum.data, copied ? scratch : x.data, packed->weight,
               sum.type == TENSOR_F32 && packed->type != TENSOR_E4M3 ? (const void *)l->bias : packed->bias);
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

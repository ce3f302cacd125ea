/* over_time.cu - convolutions over time: each output by itself, neighbouring threads on neighbouring channels. */
#include "models/cuda/each.h"

#include <stdlib.h>

/* struct convolution's `packed`: weights [kernel, in / groups, out] on the card, rounded to the product's type. */
static void arrange(float *to, const struct convolution *k, const float *weight)
{
    const int64_t in = k->in / k->groups, out = k->out / k->groups;
    for (int64_t o = 0; o < k->out; o++)
        for (int64_t i = 0; i < in; i++)
            for (int tap = 0; tap < k->kernel; tap++) {
                const int64_t from = k->transposed ? (o / out * in + i) * out + o % out : o * in + i;
                to[(tap * in + i) * k->out + o] = weight[from * k->kernel + tap];
            }
}

int cuda_convolution_prepare(const struct device *d, struct convolution *k, const float *weight, struct fault *fault)
{
    const int64_t count = k->in / k->groups * k->out * k->kernel;
    float *arranged = (float *)memory_new((size_t)count, sizeof *arranged);
    struct tensor t = tensor_1d(k->type, d->ops->memory_new(d, (size_t)count * tensor_type_size(k->type)), count);
    struct context c = {};
    c.device = d;
    k->packed = t.data;
    if (arranged && t.data) {
        arrange(arranged, k, weight);
        cuda_upload(&c, t, arranged, count);
    }
    free(arranged);
    if (!arranged || !t.data)
        return fail_memory(fault, "a model's weights");
    return c.fault.code ? fail(fault, c.fault.code, "%s", c.fault.message) : 0;
}

void cuda_convolution_release(const struct device *d, struct convolution *k)
{
    if (k->packed)
        d->ops->memory_free(d, k->packed);
    k->packed = NULL;
}

struct over_steps {
    struct view out, x, weight;
    const float *bias, *residual;
    const int *lengths;
    int kernel, stride, dilation, padding, transposed, after;
    float slope, factor;
    int64_t time, out_time, in, in_group, out_group, channels;

    /* The step of x under a tap for output step t; below 0: none. */
    __device__ int64_t step_under(int64_t t, int tap) const
    {
        const int64_t shift = (int64_t)tap * dilation;
        if (!transposed)
            return t * stride - padding + shift;
        const int64_t from = t + padding - shift;
        return from < 0 || from % stride ? -1 : from / stride;
    }

    /* x as the product sees it. */
    __device__ float input(int64_t at) const
    {
        const float v = get(x, at);
        return rounded_to(weight.type, v < 0.0f ? slope * v : v);
    }

    __device__ float finished(float y, int64_t i) const
    {
        if (after == CONVOLUTION_RELU)
            return fmaxf(y, 0.0f);
        if (after == CONVOLUTION_TANH)
            return tanhf(y);
        if (after == CONVOLUTION_LEAKY)
            return y < 0.0f ? factor * y : y;
        return after == CONVOLUTION_ADD ? residual[i] + factor * y : y;
    }

    __device__ void operator()(int64_t i) const
    {
        const int64_t o = i % channels, t = i / channels % out_time, row = i / channels / out_time;
        const int64_t valid = valid_steps(lengths, row, time), first = o / out_group * in_group;
        float sum = bias ? bias[o] : 0.0f;
        for (int tap = 0; tap < kernel; tap++) {
            const int64_t step = step_under(t, tap);
            if (step < 0 || step >= valid)
                continue;
            const int64_t from = (row * time + step) * in + first;
            for (int64_t k = 0; k < in_group; k++)
                sum += get(weight, (tap * in_group + k) * channels + o) * input(from + k);
        }
        put(out, i, finished(sum, i));
    }
};

void cuda_convolve(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                   const struct convolved *how)
{
    const int *on_card;
    if (send_lengths(c, how->lengths, x.shape[0], &on_card))
        each(c, "convolve", tensor_count(&out),
             over_steps{view_of(out),
                        view_of(x),
                        view{k->packed, (int)k->type},
                        k->bias,
                        (const float *)how->residual.data,
                        on_card,
                        k->kernel,
                        k->stride,
                        k->dilation,
                        k->padding,
                        k->transposed,
                        (int)how->after,
                        how->slope,
                        how->factor,
                        x.shape[1],
                        out.shape[1],
                        k->in,
                        k->in / k->groups,
                        k->out / k->groups,
                        k->out});
}

/* plain_over_time.c - convolutions over time, transposed or not, as their sums are written. */
#include "models/cpu/plain.h"

#include "models/cpu/convert.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>

/* packed: the weights, rounded, as PyTorch has them. */
int plain_convolution_prepare(const struct device *d, struct convolution *k, const float *weight, struct fault *fault)
{
    (void)d;
    const int64_t count = k->out * k->in / k->groups * k->kernel;
    float *values = memory_new((size_t)count, sizeof *values);
    k->packed = values;
    if (!values)
        return fail_memory(fault, "a model's weights");
    for (int64_t i = 0; i < count; i++)
        values[i] = rounded_to(k->type, weight[i]);
    return 0;
}

void plain_convolution_release(const struct device *d, struct convolution *k)
{
    (void)d;
    free(k->packed);
    k->packed = NULL;
}

/* The weight between channel i of a group's input and channel o of its output, under a tap. */
static float weight_of(const struct convolution *k, int64_t group, int64_t o, int64_t i, int tap)
{
    const int64_t in = k->in / k->groups, out = k->out / k->groups;
    const int64_t at = k->transposed ? (group * in + i) * out + o : (group * out + o) * in + i;
    return ((const float *)k->packed)[at * k->kernel + tap];
}

/* The step of x that lies under a tap for output step t; below 0: none. */
static int64_t step_under(const struct convolution *k, int64_t t, int tap)
{
    const int64_t shift = (int64_t)tap * k->dilation;
    if (!k->transposed)
        return t * k->stride - k->padding + shift;
    const int64_t from = t + k->padding - shift;
    return from < 0 || from % k->stride ? -1 : from / k->stride;
}

/* What x [valid, in] gives for channel o of the output at step t. from: the first element of x's row. */
static double sum_at(const struct tensor *x, int64_t from, int64_t valid, const struct convolution *k, float slope,
                     int64_t t, int64_t o)
{
    const int64_t in = k->in / k->groups, out = k->out / k->groups, group = o / out;
    double sum = 0;
    for (int tap = 0; tap < k->kernel; tap++) {
        const int64_t step = step_under(k, t, tap);
        if (step < 0 || step >= valid)
            continue;
        for (int64_t i = 0; i < in; i++) {
            const float value = element_get(x->data, x->type, from + step * k->in + group * in + i);
            sum +=
                (double)weight_of(k, group, o % out, i, tap) * rounded_to(k->type, value < 0 ? slope * value : value);
        }
    }
    return sum;
}

static double after_sum(const struct convolved *how, double y, int64_t at)
{
    switch (how->after) {
    case CONVOLUTION_RELU:
        return y < 0 ? 0 : y;
    case CONVOLUTION_TANH:
        return tanh(y);
    case CONVOLUTION_LEAKY:
        return y < 0 ? how->factor * y : y;
    case CONVOLUTION_ADD:
        return ((const float *)how->residual.data)[at] + how->factor * y;
    default:
        return y;
    }
}

void plain_convolve(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                    const struct convolved *how)
{
    (void)c;
    int64_t at = 0;
    for (int64_t row = 0; row < out.shape[0]; row++) {
        const int64_t from = row * x.shape[1] * k->in, valid = valid_steps(how->lengths, row, x.shape[1]);
        for (int64_t t = 0; t < out.shape[1]; t++)
            for (int64_t o = 0; o < k->out; o++, at++) {
                const double y = sum_at(&x, from, valid, k, how->slope, t, o) + (k->bias ? k->bias[o] : 0);
                element_set(out.data, out.type, at, (float)after_sum(how, y, at));
            }
    }
}

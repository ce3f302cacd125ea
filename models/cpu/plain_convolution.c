#include "models/cpu/plain.h"

#include "models/cpu/convert.h"

#include <math.h>

/* Sum over the kernel around output (t, w); x [time, width, step] from element `from` on, zero outside. */
static double windowed(const struct tensor *x, int64_t from, int64_t step, const struct conv2d *k, int64_t channel,
                       int64_t t, int64_t w)
{
    double sum = 0;
    for (int i = 0; i < k->kernel; i++)
        for (int j = 0; j < k->kernel; j++) {
            int64_t row = t * k->stride + i - k->padding, column = w * k->stride + j - k->padding;
            if (row >= 0 && row < x->shape[1] && column >= 0 && column < x->shape[2])
                sum += (double)k->weight[(channel * k->kernel + i) * k->kernel + j] *
                       element_get(x->data, x->type, from + (row * x->shape[2] + column) * step);
        }
    return sum + (k->bias ? k->bias[channel] : 0);
}

static void conv2d(struct tensor out, struct tensor x, const struct conv2d *k, bool first)
{
    int64_t i = 0, image = tensor_count(&x) / x.shape[0], step = first ? 1 : k->channels;
    for (int64_t row = 0; row < out.shape[0]; row++)
        for (int64_t t = 0; t < out.shape[1]; t++)
            for (int64_t w = 0; w < out.shape[2]; w++)
                for (int64_t channel = 0; channel < k->channels; channel++, i++) {
                    double y = windowed(&x, row * image + (first ? 0 : channel), step, k, channel, t, w);
                    element_set(out.data, out.type, i, (float)(first && y < 0 ? 0 : y));
                }
}

void plain_conv2d_first_relu(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k)
{
    (void)c;
    conv2d(out, x, k, true);
}

void plain_conv2d_depthwise(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k)
{
    (void)c;
    conv2d(out, x, k, false);
}

void plain_conv1d_depthwise_silu(struct context *c, struct tensor out, struct tensor x, const struct conv1d *k,
                                 const int *lengths)
{
    (void)c;
    int64_t steps = x.shape[1], half = k->kernel / 2;
    for (int64_t row = 0; row < x.shape[0]; row++)
        for (int64_t t = 0; t < steps; t++)
            for (int64_t channel = 0; channel < k->channels; channel++) {
                double y = k->bias ? k->bias[channel] : 0;
                for (int j = 0; j < k->kernel; j++) {
                    int64_t from = t + j - half;
                    if (from >= 0 && from < valid_steps(lengths, row, steps))
                        y += (double)k->weight[channel * k->kernel + j] *
                             element_get(x.data, x.type, (row * steps + from) * k->channels + channel);
                }
                element_set(out.data, out.type, (row * steps + t) * k->channels + channel, (float)(y / (1 + exp(-y))));
            }
}

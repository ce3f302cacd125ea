/* convolution.cu - the convolutions that are no matrix products: each output by itself. */
#include "models/cuda/each.h"

struct windowed {
    struct view out, x;
    const float *weight, *bias;
    int kernel, stride, padding;
    bool first; /* one channel in, and ReLU */
    int64_t time, width, channels, out_time, out_width;

    __device__ void operator()(int64_t i) const
    {
        const int64_t channel = i % channels, w = i / channels % out_width, t = i / channels / out_width % out_time;
        const int64_t row = i / channels / out_width / out_time, step = first ? 1 : channels;
        const int64_t image = row * time * width * step + (first ? 0 : channel);
        float sum = bias ? bias[channel] : 0.0f;
        for (int a = 0; a < kernel; a++)
            for (int b = 0; b < kernel; b++) {
                const int64_t y = t * stride + a - padding, x_at = w * stride + b - padding;
                if (y >= 0 && y < time && x_at >= 0 && x_at < width)
                    sum += weight[(channel * kernel + a) * kernel + b] * get(x, image + (y * width + x_at) * step);
            }
        put(out, i, first ? fmaxf(sum, 0.0f) : sum);
    }
};

static void conv2d(struct context *c, const char *op, struct tensor out, struct tensor x, const struct conv2d *k,
                   bool first)
{
    each(c, op, tensor_count(&out),
         windowed{view_of(out), view_of(x), k->weight, k->bias, k->kernel, k->stride, k->padding, first, x.shape[1],
                  x.shape[2], k->channels, out.shape[1], out.shape[2]});
}

void cuda_conv2d_first_relu(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k)
{
    conv2d(c, "conv2d_first_relu", out, x, k, true);
}

void cuda_conv2d_depthwise(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k)
{
    conv2d(c, "conv2d_depthwise", out, x, k, false);
}

struct over_time {
    struct view out, x;
    const float *weight, *bias;
    const int *lengths;
    int kernel;
    int64_t steps, channels;

    __device__ void operator()(int64_t i) const
    {
        const int64_t channel = i % channels, t = i / channels % steps, row = i / channels / steps;
        const int64_t valid = valid_steps(lengths, row, steps);
        float y = bias ? bias[channel] : 0.0f;
        for (int j = 0; j < kernel; j++) {
            const int64_t from = t + j - kernel / 2;
            if (from >= 0 && from < valid)
                y += weight[channel * kernel + j] * get(x, (row * steps + from) * channels + channel);
        }
        put(out, i, y * sigmoid(y));
    }
};

void cuda_conv1d_depthwise_silu(struct context *c, struct tensor out, struct tensor x, const struct conv1d *k,
                                const int *lengths)
{
    const int *on_card;
    if (send_lengths(c, lengths, x.shape[0], &on_card))
        each(c, "conv1d_depthwise_silu", tensor_count(&out),
             over_time{view_of(out), view_of(x), k->weight, k->bias, on_card, k->kernel, x.shape[1], k->channels});
}

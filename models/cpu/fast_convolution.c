#include "models/cpu/fast.h"

#include "models/cpu/device.h"
#include "models/cpu/kernels.h"
#include "models/cpu/scratch.h"

/* Weights [channels, taps] as [taps, channels] in the context's shared scratch, so that channels are the vector. */
static float *taps_first(struct context *c, const float *weight, int64_t channels, int64_t taps)
{
    if (!scratch_reserve(c, (size_t)(channels * taps) * sizeof(float), 0))
        return NULL;
    float *out = scratch_shared(c);
    for (int64_t channel = 0; channel < channels; channel++)
        for (int64_t tap = 0; tap < taps; tap++)
            out[tap * channels + channel] = weight[channel * taps + tap];
    return out;
}

/* The same as the right side of a small product. */
static float *taps_in_panels(struct context *c, const float *weight, int64_t channels, int64_t taps)
{
    const struct cpu_products *products = &cpu_of(c)->kernels->products;
    int64_t width = (channels + products->panel - 1) / products->panel * products->panel;
    if (!scratch_reserve(c, (size_t)(width * taps) * sizeof(float), 0))
        return NULL;
    products->pack_columns(scratch_shared(c), weight, TENSOR_F32, taps, taps, channels);
    return scratch_shared(c);
}

/* ---- two dimensions: an item is one output row of one image, [width', channels] ---- */

struct job2d {
    const struct cpu_kernels *kernels;
    struct tensor out, x;
    const struct conv2d *k;
    const float *weight;
    bool first;
};

static void convolve_rows(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct job2d *j = context;
    const void *rows[CONV2D_LARGEST_KERNEL];
    int64_t out_row = j->out.shape[2] * j->k->channels;
    int64_t x_row = j->x.shape[2] * (j->first ? 1 : j->k->channels);
    struct conv2d_row r = {.kernel = j->k->kernel,
                           .stride = j->k->stride,
                           .padding = j->k->padding,
                           .width = j->x.shape[2],
                           .channels = j->k->channels,
                           .out_width = j->out.shape[2],
                           .rows = rows,
                           .x_type = j->x.type,
                           .out_type = j->out.type,
                           .weight = j->weight,
                           .bias = j->k->bias};
    for (int64_t item = begin; item < end; item++) {
        int64_t image = item / j->out.shape[1], t = item % j->out.shape[1];
        for (int i = 0; i < r.kernel; i++) {
            int64_t from = t * r.stride + i - r.padding;
            bool inside = from >= 0 && from < j->x.shape[1];
            rows[i] = inside ? element_at(&j->x, (image * j->x.shape[1] + from) * x_row) : NULL;
        }
        r.out = element_at(&j->out, item * out_row);
        (j->first ? j->kernels->conv2d_first_relu : j->kernels->conv2d_depthwise)(&r);
    }
}

static void convolve_images(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k, bool first)
{
    struct job2d job = {.kernels = cpu_of(c)->kernels, .out = out, .x = x, .k = k, .first = first};
    if (k->kernel > CONV2D_LARGEST_KERNEL) {
        fail(&c->fault, UTTER_ERROR_UNSUPPORTED, "a convolution with a kernel of %d, beyond %d", k->kernel,
             CONV2D_LARGEST_KERNEL);
        return;
    }
    job.weight = (first ? taps_in_panels : taps_first)(c, k->weight, k->channels, (int64_t)k->kernel * k->kernel);
    if (job.weight)
        thread_pool_run(c->device->threads, out.shape[0] * out.shape[1], 1, convolve_rows, &job);
}

void fast_conv2d_first_relu(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k)
{
    convolve_images(c, out, x, k, true);
}

void fast_conv2d_depthwise(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k)
{
    convolve_images(c, out, x, k, false);
}

/* ---- one dimension: an item is one step of one row ---- */

struct job1d {
    const struct cpu_kernels *kernels;
    struct tensor out, x;
    const struct conv1d *k;
    const float *weight;
    const int *lengths;
};

static void convolve_steps(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct job1d *j = context;
    int64_t steps = j->x.shape[1], channels = j->k->channels, half = j->k->kernel / 2;
    for (int64_t item = begin; item < end; item++) {
        int64_t row = item / steps, t = item % steps, valid = valid_steps(j->lengths, row, steps);
        int64_t first = t - half < 0 ? 0 : t - half, last = t + half < valid ? t + half : valid - 1;
        int taps = last < first ? 0 : (int)(last - first + 1);
        const float *weight = j->weight + (taps ? first - (t - half) : 0) * channels;
        j->kernels->conv1d_silu(element_at(&j->out, item * channels), j->out.type,
                                element_at(&j->x, (row * steps + (taps ? first : 0)) * channels), j->x.type, weight,
                                j->k->bias, taps, channels);
    }
}

void fast_conv1d_depthwise_silu(struct context *c, struct tensor out, struct tensor x, const struct conv1d *k,
                                const int *lengths)
{
    struct job1d job = {.kernels = cpu_of(c)->kernels, .out = out, .x = x, .k = k, .lengths = lengths};
    job.weight = taps_first(c, k->weight, k->channels, k->kernel);
    if (job.weight)
        thread_pool_run(c->device->threads, x.shape[0] * x.shape[1], 16, convolve_steps, &job);
}

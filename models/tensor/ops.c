/* ops.c - the wrappers: each checks shapes and types once, counts the work, and calls the device's table. */
#include "models/tensor/ops.h"

#include <stdio.h>
#include <string.h>

enum { WHOLE_FLOATS = 1 << 24 }; /* up to here an f32 has every whole number */

/* ---- the device ---- */

void device_close(struct device **device)
{
    if (device && *device)
        (*device)->ops->close(device);
}

int device_matmul_rate(const struct device *device, int64_t m, int64_t k, int64_t n, enum tensor_type type, int repeats,
                       double *rate, struct fault *fault)
{
    if (!device->ops->matmul_rate)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "the device %s has no matrix product to time", device->ops->name);
    return device->ops->matmul_rate(device, m, k, n, type, repeats, rate, fault);
}

int device_memory_rate(const struct device *device, double *rate, struct fault *fault)
{
    if (!device->ops->memory_rate)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "the device %s does not time its memory", device->ops->name);
    return device->ops->memory_rate(device, rate, fault);
}

/* ---- checks ---- */

static void describe(char *text, size_t size, const struct tensor *t)
{
    int used = snprintf(text, size, "%s [", tensor_type_name(t->type));
    for (int i = 0; i < t->rank && i < TENSOR_RANK && used < (int)size; i++)
        used += snprintf(text + used, size - (size_t)used, i ? ", %lld" : "%lld", (long long)t->shape[i]);
    if (used < (int)size)
        snprintf(text + used, size - (size_t)used, "]");
}

/* Returns ok; when false, the failure that sticks names the op, the rule, and the two tensors. */
static bool check(struct context *c, bool ok, const char *op, const char *rule, const struct tensor *out,
                  const struct tensor *in)
{
    if (ok)
        return true;
    char a[96], b[96];
    describe(a, sizeof a, out);
    describe(b, sizeof b, in);
    fail(&c->fault, UTTER_ERROR_ARGUMENT, "%s: %s (out %s, in %s)", op, rule, a, b);
    return false;
}

static bool is_float(enum tensor_type type)
{
    return type == TENSOR_F32 || type == TENSOR_BF16 || type == TENSOR_F16;
}

/* Whether the device computes products in this type; tensors of others cannot be had from its arenas. */
static bool multiplies(const struct device *d, enum tensor_type type)
{
    return is_float(type) && (type != TENSOR_F16 || d->has_f16);
}

static bool is_any(const struct tensor *t)
{
    return is_float(t->type) && t->rank >= 1 && t->rank <= TENSOR_RANK;
}

static bool is_f32(const struct tensor *t)
{
    return is_any(t) && t->type == TENSOR_F32;
}

static bool has_memory(const struct tensor *t)
{
    return t->data || tensor_count(t) == 0;
}

/* The checks that every op shares: no failure yet, types that ops take, and memory unless measuring. */
static bool usable(struct context *c, const char *op, const struct tensor *out, const struct tensor *in)
{
    if (c->fault.code)
        return false;
    return check(c, is_any(out) && is_any(in), op, "only f32, bf16 and f16 tensors of 1 to 4 dimensions", out, in) &&
           check(c, c->measuring || (has_memory(out) && has_memory(in)), op, "a tensor without memory", out, in);
}

/* Whether the op is to be computed: not while measuring, and not over nothing. */
static bool computing(const struct context *c, const struct tensor *out)
{
    return !c->measuring && tensor_count(out) > 0;
}

enum tensor_type device_compute(const struct device *device, enum tensor_type weights)
{
    return is_float(weights) ? weights : device->best;
}

/* ---- steps ---- */

void step_begin(struct context *c)
{
    if (!c->measuring && !c->fault.code && c->device->ops->step_begin)
        c->device->ops->step_begin(c);
}

void step_end(struct context *c)
{
    if (!c->measuring && c->device->ops->step_end)
        c->device->ops->step_end(c);
}

/* ---- copies and weights ---- */

void tensor_upload(struct context *c, struct tensor out, const float *host, int64_t count)
{
    if (usable(c, "tensor_upload", &out, &out) &&
        check(c, count >= 0 && count <= tensor_count(&out), "tensor_upload", "more elements than out has", &out,
              &out) &&
        !c->measuring && count > 0)
        c->device->ops->upload(c, out, host, count);
}

void tensor_download(struct context *c, float *host, struct tensor in, int64_t count)
{
    if (usable(c, "tensor_download", &in, &in) &&
        check(c, count >= 0 && count <= tensor_count(&in), "tensor_download", "more elements than in has", &in, &in) &&
        !c->measuring && count > 0)
        c->device->ops->download(c, host, in, count);
}

/* l: shape, type and hint filled in */
static int prepare(const struct device *d, struct linear *l, const float *weight, const float *bias,
                   struct fault *fault)
{
    const int64_t in = l->in, out = l->out;
    const enum tensor_type type = l->type;
    if (in < 1 || out < 1 || in > INT32_MAX || out > INT32_MAX)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "a matrix of [%lld, %lld] is outside 1 to 2^31 - 1", (long long)out,
                    (long long)in);
    if (type == TENSOR_E4M3 ? !d->has_e4m3 : type != TENSOR_I8 && !multiplies(d, type))
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "matrix products in %s are not supported on %s",
                    tensor_type_name(type), d->name);
    int code = d->ops->linear_prepare(d, l, weight, bias, fault);
    if (code)
        linear_release(d, l);
    return code;
}

int linear_prepare(const struct device *d, struct linear *l, const float *weight, const float *bias, int64_t out,
                   int64_t in, enum tensor_type type, struct fault *fault)
{
    *l = (struct linear){.in = in, .out = out, .type = type};
    return prepare(d, l, weight, bias, fault);
}

int linear_prepare_few_rows(const struct device *d, struct linear *l, const float *weight, const float *bias,
                            int64_t out, int64_t in, enum tensor_type type, struct fault *fault)
{
    *l = (struct linear){.in = in, .out = out, .type = type, .few_rows = true};
    return prepare(d, l, weight, bias, fault);
}

void linear_release(const struct device *d, struct linear *l)
{
    if (d)
        d->ops->linear_release(d, l);
    *l = (struct linear){0};
}

int floats_prepare(const struct device *d, float **out, const float *host, int64_t count, struct fault *fault)
{
    *out = NULL;
    if (!host)
        return 0;
    *out = d->ops->memory_new(d, (size_t)count * sizeof(float));
    if (!*out)
        return fail_memory(fault, "a model's weights");
    struct context c = {.device = d};
    d->ops->upload(&c, tensor_1d(TENSOR_F32, *out, count), host, count);
    if (!c.fault.code)
        return 0;
    floats_release(d, out);
    return fail(fault, c.fault.code, "%s", c.fault.message);
}

void floats_release(const struct device *d, float **floats)
{
    if (*floats)
        d->ops->memory_free(d, *floats);
    *floats = NULL;
}

/* ---- matrix products ---- */

static void linear_checked(struct context *c, const char *op, struct tensor out, struct tensor x,
                           const struct linear *l, enum linear_after after, float factor, struct tensor residual)
{
    if (!usable(c, op, &out, &x) ||
        !check(c, tensor_width(&x) == l->in, op, "x is not as wide as the layer's input", &out, &x) ||
        !check(c, tensor_width(&out) == l->out, op, "out is not as wide as the layer's output", &out, &x) ||
        !check(c, tensor_rows(&out) == tensor_rows(&x), op, "out and x have different numbers of rows", &out, &x))
        return;
    c->flops += 2.0 * (double)tensor_rows(&x) * (double)l->in * (double)l->out;
    if (computing(c, &out))
        c->device->ops->linear(c, out, x, l, after, factor, residual);
}

void linear(struct context *c, struct tensor out, struct tensor x, const struct linear *l)
{
    linear_checked(c, "linear", out, x, l, LINEAR_NONE, 1, (struct tensor){0});
}

void linear_relu(struct context *c, struct tensor out, struct tensor x, const struct linear *l)
{
    linear_checked(c, "linear_relu", out, x, l, LINEAR_RELU, 1, (struct tensor){0});
}

void linear_silu(struct context *c, struct tensor out, struct tensor x, const struct linear *l)
{
    linear_checked(c, "linear_silu", out, x, l, LINEAR_SILU, 1, (struct tensor){0});
}

void linear_gelu(struct context *c, struct tensor out, struct tensor x, const struct linear *l)
{
    linear_checked(c, "linear_gelu", out, x, l, LINEAR_GELU, 1, (struct tensor){0});
}

void linear_add(struct context *c, struct tensor out, struct tensor x, const struct linear *l, float factor,
                struct tensor residual)
{
    if (usable(c, "linear_add", &out, &residual) &&
        check(c, is_f32(&out) && is_f32(&residual) && tensor_same_shape(&out, &residual), "linear_add",
              "out and residual are not f32 of one shape", &out, &residual))
        linear_checked(c, "linear_add", out, x, l, LINEAR_ADD, factor, residual);
}

/* ---- pointwise and norms ---- */

void layer_norm(struct context *c, struct tensor out, struct tensor x, const struct norm *n)
{
    if (usable(c, "layer_norm", &out, &x) &&
        check(c, is_f32(&x) && tensor_same_shape(&out, &x), "layer_norm", "x is not f32 of out's shape", &out, &x) &&
        check(c, tensor_width(&x) == n->width, "layer_norm", "x is not as wide as the norm", &out, &x) &&
        computing(c, &out))
        c->device->ops->layer_norm(c, out, x, n);
}

void add(struct context *c, struct tensor out, struct tensor a, float factor, struct tensor b)
{
    if (usable(c, "add", &out, &a) && usable(c, "add", &out, &b) &&
        check(c, is_f32(&out) && is_f32(&a) && tensor_same_shape(&out, &a), "add", "out and a are not f32 of one shape",
              &out, &a) &&
        check(c, tensor_same_shape(&out, &b), "add", "out and b differ in shape", &out, &b) && computing(c, &out))
        c->device->ops->add(c, out, a, factor, b);
}

void scale(struct context *c, struct tensor out, struct tensor x, float factor)
{
    if (usable(c, "scale", &out, &x) &&
        check(c, tensor_same_shape(&out, &x), "scale", "out and x differ in shape", &out, &x) && computing(c, &out))
        c->device->ops->scale(c, out, x, factor);
}

void glu(struct context *c, struct tensor out, struct tensor x)
{
    if (usable(c, "glu", &out, &x) &&
        check(c, tensor_width(&x) == 2 * tensor_width(&out) && tensor_rows(&x) == tensor_rows(&out), "glu",
              "x is not twice as wide as out", &out, &x) &&
        computing(c, &out))
        c->device->ops->glu(c, out, x);
}

void magnitudes(struct context *c, struct tensor out, struct tensor x)
{
    if (usable(c, "magnitudes", &out, &x) &&
        check(c, tensor_width(&x) == 2 * tensor_width(&out) && tensor_rows(&x) == tensor_rows(&out), "magnitudes",
              "x is not twice as wide as out", &out, &x) &&
        computing(c, &out))
        c->device->ops->magnitudes(c, out, x);
}

void gated_tanh(struct context *c, struct tensor out, struct tensor x)
{
    const char *op = "gated_tanh";
    if (usable(c, op, &out, &x) &&
        check(c, tensor_width(&x) == 2 * tensor_width(&out) && tensor_rows(&x) == tensor_rows(&out), op,
              "x is not twice as wide as out", &out, &x) &&
        computing(c, &out))
        c->device->ops->gated_tanh(c, out, x);
}

static void activate_checked(struct context *c, const char *op, struct tensor out, struct tensor x, enum activation a,
                             float slope)
{
    if (usable(c, op, &out, &x) && check(c, tensor_same_shape(&out, &x), op, "out and x differ in shape", &out, &x) &&
        computing(c, &out))
        c->device->ops->activate(c, out, x, a, slope);
}

void activate(struct context *c, struct tensor out, struct tensor x, enum activation a)
{
    activate_checked(c, "activate", out, x, a, 0);
}

void leaky_relu(struct context *c, struct tensor out, struct tensor x, float slope)
{
    activate_checked(c, "leaky_relu", out, x, ACTIVATION_LEAKY, slope);
}

void multiply(struct context *c, struct tensor out, struct tensor a, struct tensor b)
{
    const char *op = "multiply";
    if (usable(c, op, &out, &a) && usable(c, op, &out, &b) &&
        check(c, tensor_same_shape(&out, &a), op, "out and a differ in shape", &out, &a) &&
        check(c, tensor_same_shape(&out, &b), op, "out and b differ in shape", &out, &b) && computing(c, &out))
        c->device->ops->multiply(c, out, a, b);
}

void add_to_steps(struct context *c, struct tensor out, struct tensor x, struct tensor vectors)
{
    const char *op = "add_to_steps";
    if (usable(c, op, &out, &x) && usable(c, op, &out, &vectors) &&
        check(c, x.rank == 3 && tensor_same_shape(&out, &x), op, "out and x are not one [batch, time, width]", &out,
              &x) &&
        check(c, tensor_rows(&vectors) == x.shape[0] && tensor_width(&vectors) == x.shape[2], op,
              "vectors is not [batch, width]", &vectors, &x) &&
        computing(c, &out))
        c->device->ops->add_to_steps(c, out, x, vectors);
}

void lstm_cell(struct context *c, struct tensor out, struct tensor cell, struct tensor gates)
{
    const char *op = "lstm_cell";
    if (usable(c, op, &out, &gates) && usable(c, op, &cell, &gates) &&
        check(c, is_f32(&out) && is_f32(&cell) && is_f32(&gates), op, "not f32", &out, &gates) &&
        check(c, tensor_same_shape(&out, &cell), op, "out and cell differ in shape", &out, &cell) &&
        check(c, tensor_width(&gates) == 4 * tensor_width(&out) && tensor_rows(&gates) == tensor_rows(&out), op,
              "gates is not four times as wide as out", &out, &gates) &&
        computing(c, &out))
        c->device->ops->lstm_cell(c, out, cell, gates);
}

void mask_rows(struct context *c, struct tensor x, const int *lengths)
{
    if (usable(c, "mask_rows", &x, &x) &&
        check(c, x.rank >= 2 && lengths, "mask_rows", "x has no time, or there are no lengths", &x, &x) &&
        computing(c, &x))
        c->device->ops->mask_rows(c, x, lengths);
}

static void softmax_checked(struct context *c, const char *op, struct tensor out, struct tensor x, bool logarithm)
{
    if (usable(c, op, &out, &x) &&
        check(c, is_f32(&out) && tensor_same_shape(&out, &x), op, "out is not f32 of x's shape", &out, &x) &&
        computing(c, &out))
        c->device->ops->softmax(c, out, x, logarithm);
}

void softmax(struct context *c, struct tensor out, struct tensor x)
{
    softmax_checked(c, "softmax", out, x, false);
}

void log_softmax(struct context *c, struct tensor out, struct tensor x)
{
    softmax_checked(c, "log_softmax", out, x, true);
}

/* ---- convolutions ---- */

static int64_t convolved(int64_t size, const struct conv2d *k)
{
    int64_t reach = size + 2 * k->padding - k->kernel;
    return reach < 0 ? 0 : reach / k->stride + 1;
}

static bool check_conv2d(struct context *c, const char *op, const struct tensor *out, const struct tensor *x,
                         const struct conv2d *k)
{
    return usable(c, op, out, x) &&
           check(c, k->kernel >= 1 && k->stride >= 1 && k->padding >= 0, op, "a kernel or stride below 1", out, x) &&
           check(c, out->rank == 4 && out->shape[3] == k->channels, op, "out is not [batch, time, width, channels]",
                 out, x) &&
           check(c, out->shape[0] == x->shape[0], op, "out and x differ in batch", out, x) &&
           check(c, out->shape[1] == convolved(x->shape[1], k) && out->shape[2] == convolved(x->shape[2], k), op,
                 "out's time or width is not what the kernel gives", out, x);
}

void conv2d_first_relu(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k)
{
    if (!usable(c, "conv2d_first_relu", &out, &x) ||
        !check(c, x.rank == 3, "conv2d_first_relu", "x is not [batch, time, width]", &out, &x) ||
        !check_conv2d(c, "conv2d_first_relu", &out, &x, k))
        return;
    c->flops += 2.0 * (double)tensor_count(&out) * k->kernel * k->kernel;
    if (computing(c, &out))
        c->device->ops->conv2d_first_relu(c, out, x, k);
}

void conv2d_depthwise(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k)
{
    if (!usable(c, "conv2d_depthwise", &out, &x) ||
        !check(c, x.rank == 4 && x.shape[3] == k->channels, "conv2d_depthwise",
               "x is not [batch, time, width, channels]", &out, &x) ||
        !check_conv2d(c, "conv2d_depthwise", &out, &x, k))
        return;
    c->flops += 2.0 * (double)tensor_count(&out) * k->kernel * k->kernel;
    if (computing(c, &out))
        c->device->ops->conv2d_depthwise(c, out, x, k);
}

void conv1d_depthwise_silu(struct context *c, struct tensor out, struct tensor x, const struct conv1d *k,
                           const int *lengths)
{
    const char *op = "conv1d_depthwise_silu";
    if (!usable(c, op, &out, &x) ||
        !check(c, x.rank == 3 && tensor_same_shape(&out, &x), op, "out and x are not one [batch, time, channels]", &out,
               &x) ||
        !check(c, x.shape[2] == k->channels && k->kernel % 2 == 1, op, "not the kernel's channels, or an even kernel",
               &out, &x) ||
        !check(c, c->measuring || out.data != x.data || tensor_count(&out) == 0, op, "out is x", &out, &x))
        return;
    c->flops += 2.0 * (double)tensor_count(&out) * k->kernel;
    if (computing(c, &out))
        c->device->ops->conv1d_depthwise_silu(c, out, x, k, lengths);
}

/* ---- convolutions over time, all channels with all ---- */

static bool convolution_fits(const struct convolution *k)
{
    return k->in >= 1 && k->out >= 1 && k->in <= INT32_MAX && k->out <= INT32_MAX && k->kernel >= 1 && k->stride >= 1 &&
           k->dilation >= 1 && k->padding >= 0 && k->groups >= 1 && k->in % k->groups == 0 && k->out % k->groups == 0 &&
           (int64_t)k->kernel * k->dilation <= INT16_MAX && k->stride <= INT16_MAX && k->padding <= INT16_MAX;
}

static int or_one(int n)
{
    return n == 0 ? 1 : n;
}

int convolution_prepare(const struct device *d, struct convolution *k, const float *weight, const float *bias,
                        struct fault *fault)
{
    k->stride = or_one(k->stride);
    k->dilation = or_one(k->dilation);
    k->groups = or_one(k->groups);
    k->packed = NULL;
    k->bias = NULL;
    k->type = device_compute(d, k->type);
    if (!multiplies(d, k->type))
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "convolutions in %s are not supported on %s",
                    tensor_type_name(k->type), d->name);
    if (!convolution_fits(k))
        return fail(fault, UTTER_ERROR_UNSUPPORTED,
                    "a convolution of %lld to %lld channels in %d groups with kernel %d, stride %d, dilation %d and "
                    "padding %d is not supported",
                    (long long)k->in, (long long)k->out, k->groups, k->kernel, k->stride, k->dilation, k->padding);
    int code = floats_prepare(d, &k->bias, bias, k->out, fault);
    code = code ? code : d->ops->convolution_prepare(d, k, weight, fault);
    if (code)
        convolution_release(d, k);
    return code;
}

void convolution_release(const struct device *d, struct convolution *k)
{
    if (d) {
        d->ops->convolution_release(d, k);
        floats_release(d, &k->bias);
    }
    *k = (struct convolution){0};
}

int64_t convolution_steps(const struct convolution *k, int64_t time)
{
    const int64_t reach = (int64_t)k->dilation * (k->kernel - 1);
    if (time < 1)
        return 0;
    const int64_t whole = (time - 1) * k->stride - 2 * k->padding + reach + 1;
    if (k->transposed)
        return whole < 0 ? 0 : whole;
    const int64_t room = time + 2 * k->padding - reach - 1;
    return room < 0 ? 0 : room / k->stride + 1;
}

/* Multiply-adds: of every output, or transposed of every input, with the kernel. */
static double convolution_work(const struct tensor *out, const struct tensor *x, const struct convolution *k)
{
    if (k->transposed)
        return (double)tensor_count(x) * k->kernel * (double)(k->out / k->groups);
    return (double)tensor_count(out) * k->kernel * (double)(k->in / k->groups);
}

static void convolve_checked(struct context *c, const char *op, struct tensor out, struct tensor x,
                             const struct convolution *k, const struct convolved *how)
{
    if (!usable(c, op, &out, &x) ||
        !check(c, x.rank == 3 && x.shape[2] == k->in, op, "x is not [batch, time, in]", &out, &x) ||
        !check(c, out.rank == 3 && out.shape[2] == k->out && out.shape[0] == x.shape[0], op,
               "out is not [batch, time', out]", &out, &x) ||
        !check(c, out.shape[1] == convolution_steps(k, x.shape[1]), op, "out's time is not what the kernel gives", &out,
               &x) ||
        !check(c, c->measuring || out.data != x.data || tensor_count(&out) == 0, op, "out is x", &out, &x))
        return;
    c->flops += 2.0 * convolution_work(&out, &x, k);
    if (computing(c, &out))
        c->device->ops->convolve(c, out, x, k, how);
}

void convolve(struct context *c, struct tensor out, struct tensor x, const struct convolution *k, const int *lengths)
{
    convolve_checked(c, "convolve", out, x, k, &(struct convolved){.slope = 1, .lengths = lengths});
}

void convolve_relu(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                   const int *lengths)
{
    const struct convolved how = {.slope = 1, .after = CONVOLUTION_RELU, .lengths = lengths};
    convolve_checked(c, "convolve_relu", out, x, k, &how);
}

void convolve_tanh(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                   const int *lengths)
{
    const struct convolved how = {.slope = 1, .after = CONVOLUTION_TANH, .lengths = lengths};
    convolve_checked(c, "convolve_tanh", out, x, k, &how);
}

void convolve_leaky(struct context *c, struct tensor out, struct tensor x, const struct convolution *k, float slope,
                    const int *lengths)
{
    convolve_checked(c, "convolve_leaky", out, x, k, &(struct convolved){.slope = slope, .lengths = lengths});
}

void convolve_leaky_tanh(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                         float slope, const int *lengths)
{
    const struct convolved how = {.slope = slope, .after = CONVOLUTION_TANH, .lengths = lengths};
    convolve_checked(c, "convolve_leaky_tanh", out, x, k, &how);
}

void convolve_leaky_leaky(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                          float slope, const int *lengths)
{
    const struct convolved how = {.slope = slope, .after = CONVOLUTION_LEAKY, .factor = slope, .lengths = lengths};
    convolve_checked(c, "convolve_leaky_leaky", out, x, k, &how);
}

void convolve_leaky_add(struct context *c, struct tensor out, struct tensor x, const struct convolution *k, float slope,
                        float factor, struct tensor residual, const int *lengths)
{
    const struct convolved how = {slope, CONVOLUTION_ADD, factor, residual, lengths};
    if (usable(c, "convolve_leaky_add", &out, &residual) &&
        check(c, is_f32(&out) && is_f32(&residual) && tensor_same_shape(&out, &residual), "convolve_leaky_add",
              "out and residual are not f32 of one shape", &out, &residual))
        convolve_checked(c, "convolve_leaky_add", out, x, k, &how);
}

/* ---- attention ---- */

static bool is_sequence(const struct tensor *t, int heads)
{
    return t->rank == 3 && heads >= 1 && t->shape[2] % heads == 0;
}

/* Multiply-adds of one product of queries with keys, summed over the batch: valid keys only. */
static double attended(const struct tensor *q, int64_t keys, const int *lengths)
{
    double sum = 0;
    for (int64_t row = 0; row < q->shape[0]; row++)
        sum += (double)q->shape[1] * (double)(lengths ? lengths[row] : keys) * (double)q->shape[2];
    return sum;
}

static bool check_attention(struct context *c, const char *op, const struct tensor *out, const struct tensor *q,
                            const struct tensor *k, const struct tensor *v, int heads, const int *lengths)
{
    if (!usable(c, op, out, q) || !usable(c, op, out, k) || !usable(c, op, out, v))
        return false;
    bool ok = check(c, is_sequence(q, heads) && tensor_same_shape(out, q), op,
                    "out and q are not one [batch, time, heads·d]", out, q) &&
              check(c, is_sequence(k, heads) && k->shape[0] == q->shape[0] && k->shape[2] == q->shape[2], op,
                    "k does not go with q", out, k) &&
              check(c, tensor_same_shape(k, v), op, "v has not the shape of k", out, v);
    for (int64_t row = 0; ok && lengths && row < q->shape[0]; row++)
        ok = check(c, lengths[row] >= 0 && lengths[row] <= k->shape[1], op, "a length beyond the keys", out, k);
    return ok;
}

void attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v, int heads,
               float factor, const int *lengths, bool causal)
{
    if (!check_attention(c, "attention", &out, &q, &k, &v, heads, lengths))
        return;
    c->flops += 2 * 2 * attended(&q, k.shape[1], lengths);
    if (computing(c, &out))
        c->device->ops->attention(c, out, q, k, v, heads, factor, lengths, causal);
}

void relative_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                        struct tensor position, const float *u, const float *w, int heads, float factor,
                        const int *lengths)
{
    const char *op = "relative_attention";
    if (!check_attention(c, op, &out, &q, &k, &v, heads, lengths) || !usable(c, op, &out, &position) ||
        !check(c, tensor_same_shape(&q, &k), op, "k has not the shape of q", &out, &k) ||
        !check(c, q.shape[1] == 0 || tensor_rows(&position) == 2 * q.shape[1] - 1, op,
               "position has not 2·time - 1 rows", &out, &position) ||
        !check(c, tensor_width(&position) == q.shape[2], op, "position is not as wide as q", &out, &position))
        return;
    c->flops += 3 * 2 * attended(&q, k.shape[1], lengths);
    if (computing(c, &out))
        c->device->ops->relative_attention(c, out, q, k, v, position, u, w, heads, factor, lengths);
}

void windowed_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                        const struct attention_window *window, int heads, float factor, const int *lengths)
{
    const char *op = "windowed_attention";
    if (!check_attention(c, op, &out, &q, &k, &v, heads, lengths) ||
        !check(c, tensor_same_shape(&q, &k), op, "k has not the shape of q", &out, &k) ||
        !check(c, window->reach >= 0, op, "a window that reaches less than nowhere", &out, &q))
        return;
    c->flops += 2 * 2 * (attended(&q, k.shape[1], lengths) + (double)tensor_count(&q) * (2 * window->reach + 1));
    if (computing(c, &out))
        c->device->ops->windowed_attention(c, out, q, k, v, window, heads, factor, lengths);
}

/* ---- sequences that grow ---- */

void unfold(struct context *c, struct tensor out, struct tensor x, int kernel, int stride)
{
    const char *op = "unfold";
    if (usable(c, op, &out, &x) && check(c, x.rank == 3 && out.rank == 3, op, "not [batch, time, width]", &out, &x) &&
        check(c, kernel >= 1 && kernel % 2 == 1 && stride >= 1, op, "an even kernel, or a stride below 1", &out, &x) &&
        check(c,
              out.shape[0] == x.shape[0] && out.shape[1] == (x.shape[1] - 1) / stride + 1 &&
                  out.shape[2] == kernel * x.shape[2],
              op, "out is not what the kernel gives", &out, &x) &&
        computing(c, &out))
        c->device->ops->unfold(c, out, x, kernel, stride);
}

static bool ranges_within(const struct score_range *ranges, int64_t count, int64_t width)
{
    for (int64_t i = 0; i < count; i++)
        if (ranges[i].begin < 0 || ranges[i].begin > ranges[i].end || ranges[i].end > width)
            return false;
    return true;
}

void likeliest(struct context *c, struct tensor out, struct tensor x, const struct score_range *ranges, int per_row,
               const uint32_t *barred, int count)
{
    const char *op = "likeliest";
    if (usable(c, op, &out, &x) &&
        check(c, is_f32(&x) && x.rank == 2 && x.shape[1] <= WHOLE_FLOATS, op, "x is not f32 [n, width]", &out, &x) &&
        check(c, count >= 1 && count <= LIKELIEST_MOST, op, "too few or too many are asked for", &out, &x) &&
        check(c,
              is_f32(&out) && out.rank == 3 && out.shape[0] == x.shape[0] && out.shape[1] == per_row &&
                  out.shape[2] == 1 + 2 * count,
              op, "out is not f32 [n, ranges, 1 + 2·count]", &out, &x) &&
        check(c, c->measuring || ranges_within(ranges, x.shape[0] * per_row, x.shape[1]), op, "a range outside x", &out,
              &x) &&
        computing(c, &out))
        c->device->ops->likeliest(c, out, x, ranges, per_row, barred, count);
}

/* Whether rows[count] lie in t. */
static bool rows_within(const int *rows, int64_t count, const struct tensor *t)
{
    for (int64_t i = 0; i < count; i++)
        if (rows[i] < 0 || rows[i] >= t->shape[0])
            return false;
    return true;
}

void gather_rows(struct context *c, struct tensor out, struct tensor x, const int *rows)
{
    const char *op = "gather_rows";
    if (usable(c, op, &out, &x) &&
        check(c, x.rank == 2 && out.rank == 2 && x.shape[1] == out.shape[1], op, "not rows of one width", &out, &x) &&
        check(c, c->measuring || rows_within(rows, out.shape[0], &x), op, "a row outside x", &out, &x) &&
        computing(c, &out))
        c->device->ops->gather_rows(c, out, x, rows);
}

void scatter_rows(struct context *c, struct tensor out, struct tensor x, const int *rows)
{
    const char *op = "scatter_rows";
    if (usable(c, op, &out, &x) &&
        check(c, x.rank == 2 && out.rank == 2 && x.shape[1] == out.shape[1] && x.type == out.type, op,
              "not rows of one width and type", &out, &x) &&
        check(c, c->measuring || rows_within(rows, x.shape[0], &out), op, "a row outside out", &out, &x) &&
        computing(c, &x))
        c->device->ops->scatter_rows(c, out, x, rows);
}

/* Kept keys as floats of the same width, so that one set of rules is enough for both. */
static struct tensor without_scales(struct tensor keys)
{
    if (keys.type == TENSOR_I8 && keys.rank == 4 && keys.shape[3] > KEPT_SCALE) {
        keys.type = TENSOR_F32;
        keys.shape[3] -= KEPT_SCALE;
    }
    return keys;
}

void split_heads(struct context *c, struct tensor out, struct tensor x, int heads)
{
    const char *op = "split_heads";
    const struct tensor plain = without_scales(out);
    if (usable(c, op, &plain, &x) &&
        check(c, is_sequence(&x, heads), op, "x is not [batch, time, heads·d]", &out, &x) &&
        check(c,
              plain.rank == 4 && plain.shape[0] == x.shape[0] && plain.shape[1] == heads &&
                  plain.shape[2] == x.shape[1] && plain.shape[3] == x.shape[2] / heads,
              op, "out is not [batch, heads, time, d]", &out, &x) &&
        computing(c, &out))
        c->device->ops->split_heads(c, out, x, heads);
}

static bool keys_fit(const struct tensor *keys, int64_t width, int heads)
{
    if (keys->rank == 2)
        return keys->shape[1] == width;
    return keys->rank == 4 && keys->shape[1] == heads && keys->shape[3] * heads == width;
}

static bool span_fits(const struct query_span *s, const struct tensor *q, const struct tensor *keys)
{
    if (s->first < 0 || s->count < 0 || s->first + s->count > q->shape[0] || s->length < 1)
        return false;
    if (keys->rank == 4)
        return s->row >= 0 && s->row < keys->shape[0] && s->length <= keys->shape[2];
    return s->index && rows_within(s->index, s->length, keys);
}

/* Checks a span, and counts its multiply-adds of queries with keys. */
static bool check_span(struct context *c, const char *op, const struct query_span *s, const struct tensor *q,
                       const struct tensor *keys)
{
    if (!check(c, c->measuring || span_fits(s, q, keys), op, "a span outside queries or keys", q, keys))
        return false;
    c->flops += 2.0 * s->count * s->length * (double)q->shape[1];
    return true;
}

static bool check_kept(struct context *c, const char *op, const struct tensor *q, const struct tensor *keys, int heads)
{
    return check(c, q->rank == 2 && heads >= 1 && q->shape[1] % heads == 0, op, "q is not [n, heads·d]", q, keys) &&
           check(c, keys_fit(keys, q->shape[1], heads), op, "keys do not go with q", q, keys);
}

void kept_attention(struct context *c, struct tensor out, struct tensor q, struct tensor keys, struct tensor values,
                    int heads, float factor, const struct query_span *spans, int count)
{
    const char *op = "kept_attention";
    const struct tensor k = without_scales(keys), v = without_scales(values);
    if (!usable(c, op, &out, &q) || !usable(c, op, &k, &v) || !check_kept(c, op, &q, &k, heads) ||
        !check(c, tensor_same_shape(&out, &q), op, "out has not the shape of q", &out, &q) ||
        !check(c, tensor_same_shape(&keys, &values) && keys.type == values.type, op, "values are not like the keys",
               &keys, &values))
        return;
    for (int i = 0; i < count; i++)
        if (!check_span(c, op, &spans[i], &q, &k) || !check_span(c, op, &spans[i], &q, &v))
            return;
    if (computing(c, &out) && count > 0)
        c->device->ops->kept_attention(c, out, q, keys, values, heads, factor, spans, count);
}

void kept_attention_weights(struct context *c, struct tensor out, struct tensor q, struct tensor keys, int heads,
                            float factor, const struct query_span *span)
{
    const char *op = "kept_attention_weights";
    const struct tensor k = without_scales(keys);
    if (!usable(c, op, &out, &q) || !usable(c, op, &out, &k) || !check_kept(c, op, &q, &k, heads) ||
        !check_span(c, op, span, &q, &k) ||
        !check(c,
               is_f32(&out) && out.rank == 3 && out.shape[0] == heads && out.shape[1] == span->count &&
                   out.shape[2] == span->length,
               op, "out is not f32 [heads, n, length]", &out, &q))
        return;
    if (computing(c, &out))
        c->device->ops->kept_attention_weights(c, out, q, keys, heads, factor, span);
}

#include "models/cpu/fast.h"

#include "models/cpu/device.h"
#include "models/cpu/kernels.h"
#include "models/cpu/plain.h"

#include <math.h>

/* A thread's share of a row op is worth a wake-up from about this many elements on. */
enum { SHARE = 16 * 1024 };

struct job {
    const struct cpu_kernels *kernels;
    struct tensor out, a, b;
    const struct norm *norm;
    const int *lengths;
    int64_t width, step, steps;
    float scale;
    bool logarithm;
    enum activation activation;
};

static int64_t grain_of(int64_t width)
{
    return width < SHARE ? SHARE / width : 1;
}

static void run(struct context *c, struct job *job, thread_task task, int64_t rows, int64_t width)
{
    job->kernels = cpu_of(c)->kernels;
    job->width = width;
    thread_pool_run(c->device->threads, rows, grain_of(width), task, job);
}

/* ---- copies ---- */

void fast_upload(struct context *c, struct tensor out, const float *host, int64_t count)
{
    cpu_of(c)->kernels->scale(out.data, out.type, host, TENSOR_F32, 1, count);
}

void fast_download(struct context *c, float *host, struct tensor in, int64_t count)
{
    cpu_of(c)->kernels->scale(host, TENSOR_F32, in.data, in.type, 1, count);
}

/* ---- elements: items of a loop are single elements ---- */

static void add_elements(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct job *j = context;
    j->kernels->add((float *)j->out.data + begin, (const float *)j->a.data + begin, j->scale, element_at(&j->b, begin),
                    j->b.type, end - begin);
}

void fast_add(struct context *c, struct tensor out, struct tensor a, float scale, struct tensor b)
{
    struct job job = {.out = out, .a = a, .b = b, .scale = scale};
    run(c, &job, add_elements, tensor_count(&out), 1);
}

static void scale_elements(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct job *j = context;
    j->kernels->scale(element_at(&j->out, begin), j->out.type, element_at(&j->a, begin), j->a.type, j->scale,
                      end - begin);
}

void fast_scale(struct context *c, struct tensor out, struct tensor x, float scale)
{
    struct job job = {.out = out, .a = x, .scale = scale};
    run(c, &job, scale_elements, tensor_count(&out), 1);
}

static void activate_elements(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct job *j = context;
    j->kernels->activate(element_at(&j->out, begin), j->out.type, element_at(&j->a, begin), j->a.type, j->activation,
                         j->scale, end - begin);
}

void fast_activate(struct context *c, struct tensor out, struct tensor x, enum activation a, float slope)
{
    struct job job = {.out = out, .a = x, .activation = a, .scale = slope};
    run(c, &job, activate_elements, tensor_count(&out), 1);
}

static void multiply_elements(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct job *j = context;
    j->kernels->multiply(element_at(&j->out, begin), j->out.type, element_at(&j->a, begin), j->a.type,
                         element_at(&j->b, begin), j->b.type, end - begin);
}

void fast_multiply(struct context *c, struct tensor out, struct tensor a, struct tensor b)
{
    struct job job = {.out = out, .a = a, .b = b};
    run(c, &job, multiply_elements, tensor_count(&out), 1);
}

/* ---- rows ---- */

static void norm_rows(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct job *j = context;
    for (int64_t row = begin; row < end; row++)
        j->kernels->layer_norm(element_at(&j->out, row * j->width), j->out.type, element_at(&j->a, row * j->width),
                               j->norm);
}

void fast_layer_norm(struct context *c, struct tensor out, struct tensor x, const struct norm *n)
{
    struct job job = {.out = out, .a = x, .norm = n};
    run(c, &job, norm_rows, tensor_rows(&x), n->width);
}

static void glu_rows(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct job *j = context;
    for (int64_t row = begin; row < end; row++)
        j->kernels->glu(element_at(&j->out, row * j->width), j->out.type, element_at(&j->a, 2 * row * j->width),
                        j->a.type, j->width);
}

void fast_glu(struct context *c, struct tensor out, struct tensor x)
{
    struct job job = {.out = out, .a = x};
    run(c, &job, glu_rows, tensor_rows(&out), tensor_width(&out));
}

static void gated_tanh_rows(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct job *j = context;
    for (int64_t row = begin; row < end; row++)
        j->kernels->gated_tanh(element_at(&j->out, row * j->width), j->out.type, element_at(&j->a, 2 * row * j->width),
                               j->a.type, j->width);
}

void fast_gated_tanh(struct context *c, struct tensor out, struct tensor x)
{
    struct job job = {.out = out, .a = x};
    run(c, &job, gated_tanh_rows, tensor_rows(&out), tensor_width(&out));
}

/* The vector of a row's batch: a step of x by the row that it is in. */
static void add_vectors(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct job *j = context;
    for (int64_t row = begin; row < end; row++)
        j->kernels->sum(element_at(&j->out, row * j->width), j->out.type, element_at(&j->a, row * j->width), j->a.type,
                        element_at(&j->b, row / j->steps * j->width), j->b.type, j->width);
}

void fast_add_to_steps(struct context *c, struct tensor out, struct tensor x, struct tensor vectors)
{
    struct job job = {.out = out, .a = x, .b = vectors, .steps = x.shape[1]};
    run(c, &job, add_vectors, tensor_rows(&out), tensor_width(&out));
}

/* Square roots are vectors in every instruction set there is: the compiler's own will do. */
static void magnitude_rows(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct job *j = context;
    for (int64_t row = begin; row < end; row++) {
        const float *restrict real = (const float *)j->a.data + 2 * row * j->width, *restrict imaginary =
                                                                                        real + j->width;
        float *restrict to = (float *)j->out.data + row * j->width;
        for (int64_t i = 0; i < j->width; i++)
            to[i] = sqrtf(real[i] * real[i] + imaginary[i] * imaginary[i]);
    }
}

void fast_magnitudes(struct context *c, struct tensor out, struct tensor x)
{
    struct job job = {.out = out, .a = x};
    if (x.type == TENSOR_F32 && out.type == TENSOR_F32)
        run(c, &job, magnitude_rows, tensor_rows(&out), tensor_width(&out));
    else
        plain_magnitudes(c, out, x);
}

static void lstm_rows(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct job *j = context;
    for (int64_t row = begin; row < end; row++)
        j->kernels->lstm((float *)j->out.data + row * j->width, (float *)j->a.data + row * j->width,
                         (const float *)j->b.data + 4 * row * j->width, j->width);
}

void fast_lstm_cell(struct context *c, struct tensor out, struct tensor cell, struct tensor gates)
{
    struct job job = {.out = out, .a = cell, .b = gates};
    run(c, &job, lstm_rows, tensor_rows(&out), tensor_width(&out));
}

static void softmax_rows(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const struct job *j = context;
    for (int64_t row = begin; row < end; row++)
        j->kernels->softmax(element_at(&j->out, row * j->width), element_at(&j->a, row * j->width), j->a.type, j->width,
                            j->logarithm);
}

void fast_softmax(struct context *c, struct tensor out, struct tensor x, bool logarithm)
{
    struct job job = {.out = out, .a = x, .logarithm = logarithm};
    run(c, &job, softmax_rows, tensor_rows(&out), tensor_width(&out));
}

/* A row here is a step of the batch: zeros are zeros in every type. */
void fast_mask_rows(struct context *c, struct tensor x, const int *lengths)
{
    (void)c;
    int64_t batch = x.shape[0], steps = x.shape[1];
    size_t step = tensor_bytes(&x) / (size_t)(batch * steps);
    for (int64_t row = 0; row < batch; row++) {
        int64_t valid = valid_steps(lengths, row, steps);
        memset((unsigned char *)x.data + (size_t)(row * steps + valid) * step, 0, (size_t)(steps - valid) * step);
    }
}

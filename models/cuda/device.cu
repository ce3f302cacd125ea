/* device.cu - the card: opening it, its memory, and how host numbers get to it and back. */
#include "models/cuda/commands.h"
#include "models/cuda/cuda.h"
#include "models/cuda/element.h"
#include "models/cuda/few_rows.h"
#include "models/cuda/matmul.h"
#include "models/cuda/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t staging_size = 4 << 20, alignment = 256;
static const int64_t chunk = 1 << 20;      /* elements of an upload at once */
static const int64_t copy_grain = 1 << 18; /* bytes of a download that are worth a thread */

/* struct device's limits: a pass of so many windows keeps all of a large card busy, and leaves most of its memory to
 * the weights, the activations and other passes. */
static const int most_rows = 64, most_windows = 16;
static const double kept_share = 0.2;

/* ---- errors ---- */

static int code_of(cudaError_t error)
{
    return error == cudaErrorMemoryAllocation ? UTTER_ERROR_MEMORY : UTTER_ERROR_DEVICE;
}

bool cuda_ok(struct context *c, cudaError_t error, const char *what)
{
    if (error == cudaSuccess)
        return true;
    fail(&c->fault, code_of(error), "the GPU failed in %s: %s", what, cudaGetErrorString(error));
    return false;
}

void cuda_launched(struct context *c, const char *op)
{
    cuda_ok(c, cudaGetLastError(), op);
}

/* ---- memory ---- */

static void *memory_new_on(const struct device *d, size_t size)
{
    void *memory = NULL;
    cudaSetDevice(((const struct cuda_device *)d)->index);
    if (cudaMalloc(&memory, size ? size : 1) == cudaSuccess)
        return memory;
    cudaGetLastError(); /* told by the NULL; the next call is not to find it */
    return NULL;
}

static void memory_free_on(const struct device *d, void *memory)
{
    cudaSetDevice(((const struct cuda_device *)d)->index);
    cudaFree(memory);
}

/* What was in the block is lost, so whoever still reads it is waited for. */
static bool grow(struct context *c, struct block *block, size_t size, bool pinned)
{
    if (size <= block->size)
        return true;
    if (!cuda_wait(c))
        return false;
    void *memory = NULL;
    if (pinned)
        cudaFreeHost(block->memory);
    else
        cudaFree(block->memory);
    *block = {NULL, 0};
    if (!cuda_ok(c, pinned ? cudaMallocHost(&memory, size) : cudaMalloc(&memory, size),
                 "taking memory for an operation"))
        return false;
    *block = {(unsigned char *)memory, size};
    return true;
}

void *cuda_scratch(struct context *c, size_t size)
{
    struct cuda_context *g = cuda_of(c);
    return grow(c, &g->scratch, size, false) ? g->scratch.memory : NULL;
}

bool cuda_wait(struct context *c)
{
    struct cuda_context *g = cuda_of(c);
    steps_interrupt(c);
    g->used = 0;
    return cuda_ok(c, cudaStreamSynchronize(g->stream), "waiting for it");
}

bool cuda_staging(struct context *c, size_t size)
{
    struct cuda_context *g = cuda_of(c);
    const size_t needed = size > staging_size ? size : staging_size;
    return grow(c, &g->host, needed, true) && grow(c, &g->arrived, needed, false);
}

void *cuda_send(struct context *c, const void *host, size_t size)
{
    struct cuda_context *g = cuda_of(c);
    const size_t rounded = (size + alignment - 1) / alignment * alignment;
    void *known = g->listing ? steps_sent(c, host, size) : NULL;
    if (known)
        return known;
    if (g->used + rounded > g->host.size && (!cuda_wait(c) || !cuda_staging(c, rounded)))
        return NULL;
    unsigned char *from = g->host.memory + g->used, *to = g->arrived.memory + g->used;
    memcpy(from, host, size);
    if (g->listing)
        steps_note_sent(c, g->used, size);
    g->used += rounded;
    if (!g->listing && !cuda_ok(c, cudaMemcpyAsync(to, from, size, cudaMemcpyHostToDevice, g->stream), "copying to it"))
        return NULL;
    return to;
}

/* ---- contexts ---- */

static void context_closed(struct context *c)
{
    struct cuda_context *g = cuda_of(c);
    if (!g)
        return;
    cudaSetDevice(((const struct cuda_device *)c->device)->index);
    if (g->stream)
        cudaStreamSynchronize(g->stream);
    steps_close(g->steps);
    matmul_close(g->matmul);
    cudaFree(g->scratch.memory);
    cudaFree(g->arrived.memory);
    cudaFreeHost(g->host.memory);
    cudaFreeHost(g->returned.memory);
    if (g->stream)
        cudaStreamDestroy(g->stream);
    free(g->commands.bytes);
    free(g);
    c->scratch = NULL;
}

static int context_opened(struct context *c, struct fault *fault)
{
    struct cuda_context *g = (struct cuda_context *)memory_new(1, sizeof *g);
    c->scratch = g;
    if (!g)
        return fail_memory(fault, "a context of the GPU");
    g->steps = steps_open();
    if (!g->steps) {
        context_closed(c);
        return fail_memory(fault, "a context of the GPU");
    }
    cudaSetDevice(((const struct cuda_device *)c->device)->index);
    cudaError_t error = cudaStreamCreateWithFlags(&g->stream, cudaStreamNonBlocking);
    if (error == cudaSuccess) {
        g->matmul = matmul_open(fault);
        if (g->matmul)
            return 0;
    } else {
        fail(fault, code_of(error), "the GPU gives no stream: %s", cudaGetErrorString(error));
    }
    context_closed(c);
    return fault->code;
}

/* ---- to the card and back ---- */

static __global__ void round_floats(struct view out, const float *x, int64_t count)
{
    for (int64_t i = blockIdx.x * (int64_t)blockDim.x + threadIdx.x; i < count; i += (int64_t)gridDim.x * blockDim.x)
        put(out, i, x[i]);
}

static __global__ void widen(float *out, struct view x, int64_t count)
{
    for (int64_t i = blockIdx.x * (int64_t)blockDim.x + threadIdx.x; i < count; i += (int64_t)gridDim.x * blockDim.x)
        out[i] = get(x, i);
}

/* Weights are uploaded before there is a context with a stream: by calls that wait. */
static void upload_weights(struct context *c, struct tensor out, const float *host, int64_t count)
{
    float *floats = NULL;
    const size_t bytes = (size_t)count * sizeof *floats;
    cudaSetDevice(((const struct cuda_device *)c->device)->index);
    if (out.type == TENSOR_F32) {
        cuda_ok(c, cudaMemcpy(out.data, host, bytes, cudaMemcpyHostToDevice), "copying weights to it");
        return;
    }
    if (!cuda_ok(c, cudaMalloc((void **)&floats, bytes), "taking memory for weights"))
        return;
    if (cuda_ok(c, cudaMemcpy(floats, host, bytes, cudaMemcpyHostToDevice), "copying weights to it")) {
        launch(round_floats, blocks_of(count, 256), 256, 0, (cudaStream_t)0, view_of(out), (const float *)floats,
               count);
        cuda_launched(c, "rounding weights");
        cuda_ok(c, cudaDeviceSynchronize(), "rounding weights");
    }
    cudaFree(floats);
}

void cuda_upload(struct context *c, struct tensor out, const float *host, int64_t count)
{
    if (!c->scratch) {
        upload_weights(c, out, host, count);
        return;
    }
    for (int64_t done = 0; done < count; done += chunk) {
        const int64_t n = count - done < chunk ? count - done : chunk;
        const float *arrived = (const float *)cuda_send(c, host + done, (size_t)n * sizeof *host);
        if (!arrived)
            return;
        struct view to = {(unsigned char *)out.data + (size_t)done * tensor_type_size(out.type), (int)out.type};
        enqueue(c, round_floats, blocks_of(n, 256), 256, 0, to, arrived, n);
    }
    cuda_launched(c, "an upload");
}

struct copy {
    char *to;
    const char *from;
};

static void copy_part(void *context, int64_t begin, int64_t end, int worker)
{
    const struct copy *copy = (const struct copy *)context;
    (void)worker;
    memcpy(copy->to + begin, copy->from + begin, (size_t)(end - begin));
}

void cuda_download(struct context *c, float *host, struct tensor in, int64_t count)
{
    struct cuda_context *g = cuda_of(c);
    const float *from = (const float *)in.data;
    const size_t bytes = (size_t)count * sizeof *host;
    cuda_step_end(c);
    if (in.type != TENSOR_F32) {
        float *floats = (float *)cuda_scratch(c, bytes);
        if (!floats)
            return;
        enqueue(c, widen, blocks_of(count, 256), 256, 0, floats, view_of(in), count);
        cuda_launched(c, "a download");
        from = floats;
    }
    if (!grow(c, &g->returned, bytes, true) ||
        !cuda_ok(c, cudaMemcpyAsync(g->returned.memory, from, bytes, cudaMemcpyDeviceToHost, g->stream),
                 "copying from it") ||
        !cuda_wait(c))
        return;
    struct copy copy = {(char *)host, (const char *)g->returned.memory};
    thread_pool_run(c->device->threads, (int64_t)bytes, copy_grain, copy_part, &copy);
}

/* ---- the table ---- */

static void close_device(struct device **device)
{
    free(*device);
    *device = NULL;
}

static const struct ops *cuda_ops(void)
{
    static struct ops ops;
    static bool filled;
    if (filled)
        return &ops;
    ops.name = "cuda";
    ops.close = close_device;
    ops.matmul_rate = cuda_matmul_rate;
    ops.memory_rate = cuda_memory_rate;
    ops.context_opened = context_opened;
    ops.context_closed = context_closed;
    ops.memory_new = memory_new_on;
    ops.memory_free = memory_free_on;
    ops.linear_prepare = cuda_linear_prepare;
    ops.linear_release = cuda_linear_release;
    ops.step_begin = cuda_step_begin;
    ops.step_end = cuda_step_end;
    ops.upload = cuda_upload;
    ops.download = cuda_download;
    ops.linear = cuda_linear;
    ops.layer_norm = cuda_layer_norm;
    ops.add = cuda_add;
    ops.scale = cuda_scale;
    ops.glu = cuda_glu;
    ops.magnitudes = cuda_magnitudes;
    ops.lstm_cell = cuda_lstm_cell;
    ops.gated_tanh = cuda_gated_tanh;
    ops.activate = cuda_activate;
    ops.multiply = cuda_multiply;
    ops.add_to_steps = cuda_add_to_steps;
    ops.mask_rows = cuda_mask_rows;
    ops.softmax = cuda_softmax;
    ops.conv2d_first_relu = cuda_conv2d_first_relu;
    ops.conv2d_depthwise = cuda_conv2d_depthwise;
    ops.conv1d_depthwise_silu = cuda_conv1d_depthwise_silu;
    ops.convolution_prepare = cuda_convolution_prepare;
    ops.convolution_release = cuda_convolution_release;
    ops.convolve = cuda_convolve;
    ops.attention = cuda_attention;
    ops.relative_attention = cuda_relative_attention;
    ops.windowed_attention = cuda_windowed_attention;
    ops.likeliest = cuda_likeliest;
    ops.unfold = cuda_unfold;
    ops.gather_rows = cuda_gather_rows;
    ops.scatter_rows = cuda_scatter_rows;
    ops.split_heads = cuda_split_heads;
    ops.kept_attention = cuda_kept_attention;
    ops.kept_attention_weights = cuda_kept_attention_weights;
    filled = true;
    return &ops;
}

static int open_device(struct device **device, struct thread_pool *threads, int index, struct fault *fault)
{
    int count = 0;
    struct cudaDeviceProp properties;
    *device = NULL;
    cudaError_t error = cudaGetDeviceCount(&count);
    if (error != cudaSuccess)
        return fail(fault, UTTER_ERROR_DEVICE, "CUDA cannot be used: %s", cudaGetErrorString(error));
    if (index < 0 || index >= count)
        return fail(fault, UTTER_ERROR_DEVICE, "there is no GPU number %d: there are %d", index, count);
    error = cudaSetDevice(index);
    if (error == cudaSuccess)
        error = cudaGetDeviceProperties(&properties, index);
    if (error != cudaSuccess)
        return fail(fault, code_of(error), "GPU number %d cannot be opened: %s", index, cudaGetErrorString(error));
    if (properties.major < 8)
        return fail(fault, UTTER_ERROR_DEVICE, "%.100s has compute capability %d.%d, and 8.0 is needed",
                    properties.name, properties.major, properties.minor);
    struct cuda_device *cuda = (struct cuda_device *)memory_new(1, sizeof *cuda);
    if (!cuda)
        return fail_memory(fault, "a device");
    cuda->index = index;
    cuda->device.ops = cuda_ops();
    cuda->device.threads = threads;
    cuda->device.best = TENSOR_BF16;
    cuda->device.has_f16 = true;
    cuda->device.has_e4m3 = properties.major > 8 || properties.minor >= 9;
    cuda->device.i8_rows = MOST_FEW_ROWS;
    cuda->device.far = true;
    cuda->device.rows = most_rows;
    cuda->device.windows = most_windows;
    cuda->device.kept_bytes = kept_share * (double)properties.totalGlobalMem;
    snprintf(cuda->device.name, sizeof cuda->device.name, "cuda:%d, %.40s", index, properties.name);
    *device = &cuda->device;
    return 0;
}

extern "C" __attribute__((visibility("default"))) const struct cuda_module *utter_cuda_module(void)
{
    static const struct cuda_module module = {CUDA_MODULE_VERSION, open_device};
    return &module;
}

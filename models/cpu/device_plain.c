/* device_plain.c - the plain device: the oracle's table. */
#include "models/cpu/device.h"
#include "models/cpu/plain.h"

#include "src/base/memory.h"

#include <stdio.h>
#include <stdlib.h>

static int context_opened(struct context *c, struct fault *fault)
{
    (void)c;
    (void)fault;
    return 0;
}

static void context_closed(struct context *c)
{
    (void)c;
}

static void *plain_memory_new(const struct device *d, size_t size)
{
    (void)d;
    return memory_aligned(size);
}

static void plain_memory_free(const struct device *d, void *memory)
{
    (void)d;
    free(memory);
}

static const struct ops plain_ops = {
    .name = "plain",
    .close = cpu_device_close,
    .context_opened = context_opened,
    .context_closed = context_closed,
    .memory_new = plain_memory_new,
    .memory_free = plain_memory_free,
    .linear_prepare = plain_linear_prepare,
    .linear_release = plain_linear_release,
    .upload = plain_upload,
    .download = plain_download,
    .linear = plain_linear,
    .layer_norm = plain_layer_norm,
    .add = plain_add,
    .scale = plain_scale,
    .glu = plain_glu,
    .magnitudes = plain_magnitudes,
    .lstm_cell = plain_lstm_cell,
    .gated_tanh = plain_gated_tanh,
    .activate = plain_activate,
    .multiply = plain_multiply,
    .add_to_steps = plain_add_to_steps,
    .mask_rows = plain_mask_rows,
    .softmax = plain_softmax,
    .conv2d_first_relu = plain_conv2d_first_relu,
    .conv2d_depthwise = plain_conv2d_depthwise,
    .conv1d_depthwise_silu = plain_conv1d_depthwise_silu,
    .convolution_prepare = plain_convolution_prepare,
    .convolution_release = plain_convolution_release,
    .convolve = plain_convolve,
    .attention = plain_attention,
    .relative_attention = plain_relative_attention,
    .windowed_attention = plain_windowed_attention,
    .likeliest = plain_likeliest,
    .unfold = plain_unfold,
    .gather_rows = plain_gather_rows,
    .scatter_rows = plain_scatter_rows,
    .split_heads = plain_split_heads,
    .kept_attention = plain_kept_attention,
    .kept_attention_weights = plain_kept_attention_weights,
};

int cpu_plain_device_open(struct device **device, struct fault *fault)
{
    struct cpu_device *cpu = memory_new(1, sizeof *cpu);
    *device = NULL;
    if (!cpu)
        return fail_memory(fault, "a device");
    cpu->device.ops = &plain_ops;
    cpu->device.best = TENSOR_F32;
    cpu->device.has_f16 = cpu->device.has_e4m3 = true;
    cpu->device.i8_rows = INT_MAX;
    cpu->device.rows = CPU_ROWS;
    cpu->device.windows = 1;
    cpu->device.kept_bytes = CPU_KEPT_BYTES;
    snprintf(cpu->device.name, sizeof cpu->device.name, "cpu, plain C");
    *device = &cpu->device;
    return 0;
}

/* device.c - the CPU as a device: which instruction set, and the table of its ops. */
#include "models/cpu/device.h"

#include "models/cpu/fast.h"
#include "models/cpu/few_rows.h"
#include "models/cpu/kernels.h"
#include "models/cpu/onednn.h"
#include "models/cpu/plain.h"
#include "models/cpu/scratch.h"
#include "src/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif
#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

static int context_opened(struct context *c, struct fault *fault)
{
    return scratch_open(c, fault);
}

static void context_closed(struct context *c)
{
    scratch_close(c);
}

static void *cpu_memory_new(const struct device *d, size_t size)
{
    (void)d;
    return memory_aligned(size);
}

static void cpu_memory_free(const struct device *d, void *memory)
{
    (void)d;
    free(memory);
}

/* ---- a matrix: oneDNN's, or in blocks for few rows ---- */

/* Without VNNI, oneDNN's int8 products pay some 15 ms a pass of a small model for what does not depend on the rows, and
 * keep seven bits of a weight; with thousands of rows the two are as fast. */
static bool own_product(const struct cpu_device *d, const struct linear *l)
{
    const struct few_kernel *kernel = d->few[onednn_compute_type(l->type)];
    return kernel && (l->few_rows || kernel == &few_avx2_i8);
}

static int prepare_linear(const struct device *d, struct linear *l, const float *weight, const float *bias,
                          struct fault *fault)
{
    l->few_rows = own_product((const struct cpu_device *)d, l);
    return (l->few_rows ? few_linear_prepare : onednn_linear_prepare)(d, l, weight, bias, fault);
}

static void release_linear(const struct device *d, struct linear *l)
{
    (l->few_rows ? few_linear_release : onednn_linear_release)(d, l);
}

static void run_linear(struct context *c, struct tensor out, struct tensor x, const struct linear *l,
                       enum linear_after after, float scale, struct tensor residual)
{
    (l->few_rows ? few_linear : onednn_linear)(c, out, x, l, after, scale, residual);
}

static const struct ops cpu_ops = {
    .name = "cpu",
    .close = cpu_device_close,
    .matmul_rate = cpu_matmul_rate,
    .memory_rate = cpu_memory_rate,
    .context_opened = context_opened,
    .context_closed = context_closed,
    .memory_new = cpu_memory_new,
    .memory_free = cpu_memory_free,
    .linear_prepare = prepare_linear,
    .linear_release = release_linear,
    .upload = fast_upload,
    .download = fast_download,
    .linear = run_linear,
    .layer_norm = fast_layer_norm,
    .add = fast_add,
    .scale = fast_scale,
    .glu = fast_glu,
    .magnitudes = fast_magnitudes,
    .lstm_cell = fast_lstm_cell,
    .gated_tanh = fast_gated_tanh,
    .activate = fast_activate,
    .multiply = fast_multiply,
    .add_to_steps = fast_add_to_steps,
    .mask_rows = fast_mask_rows,
    .softmax = fast_softmax,
    .conv2d_first_relu = fast_conv2d_first_relu,
    .conv2d_depthwise = fast_conv2d_depthwise,
    .conv1d_depthwise_silu = fast_conv1d_depthwise_silu,
    .convolution_prepare = fast_convolution_prepare,
    .convolution_release = fast_convolution_release,
    .convolve = fast_convolve,
    .attention = fast_attention,
    .relative_attention = fast_relative_attention,
    .windowed_attention = fast_windowed_attention,
    .likeliest = plain_likeliest, /* the scores are at hand: what is asked elsewhere is asked of them */
    .unfold = fast_unfold,
    .gather_rows = fast_gather_rows,
    .scatter_rows = fast_scatter_rows,
    .split_heads = fast_split_heads,
    .kept_attention = fast_kept_attention,
    .kept_attention_weights = fast_kept_attention_weights,
};

#if defined(__x86_64__)
/* Whether there are tiles, with bf16, and the system gives them to this process, whose threads then all have them. */
static bool may_use_tiles(void)
{
#ifdef __linux__
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 }; /* ARCH_REQ_XCOMP_PERM and XFEATURE_XTILE_DATA */
    const unsigned bf16 = 1u << 22, tiles = 1u << 24;
    unsigned a, b, c, d = 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & bf16) && (d & tiles) &&
           __builtin_cpu_supports("avx512bf16") && syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
#else
    return false;
#endif
}

static enum cpu_level processor_level(void)
{
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return CPU_PLAIN;
    bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    return !avx512 ? CPU_AVX2 : may_use_tiles() ? CPU_AMX : CPU_AVX512;
}

static const struct cpu_kernels *kernels_of(enum cpu_level level)
{
    if (level >= CPU_AVX512 && __builtin_cpu_supports("avx512bf16"))
        return &cpu_kernels_avx512bf16;
    return level >= CPU_AVX512 ? &cpu_kernels_avx512 : level == CPU_AVX2 ? &cpu_kernels_avx2 : &cpu_kernels_plain;
}

static const struct cpu_products *half_products_of(enum cpu_level level)
{
    if (level == CPU_AMX)
        return &cpu_products_amx;
    return level == CPU_AVX512 && __builtin_cpu_supports("avx512bf16") ? &cpu_products_avx512bf16 : NULL;
}

static void find_few_kernels(struct cpu_device *cpu)
{
    if (cpu->level == CPU_AVX2) {
        cpu->few[TENSOR_F32] = &few_avx2_f32;
        cpu->few[TENSOR_I8] = &few_avx2_i8;
    }
    if (cpu->level < CPU_AVX512)
        return;
    cpu->few[TENSOR_F32] = &few_avx512_f32;
    cpu->few[TENSOR_BF16] = __builtin_cpu_supports("avx512bf16") ? &few_avx512bf16 : NULL;
    cpu->few[TENSOR_I8] = __builtin_cpu_supports("avx512vnni") ? &few_avx512vnni : &few_avx2_i8;
}
#else
static enum cpu_level processor_level(void)
{
    return CPU_PLAIN;
}

static const struct cpu_kernels *kernels_of(enum cpu_level level)
{
    (void)level;
    return &cpu_kernels_plain;
}

static const struct cpu_products *half_products_of(enum cpu_level level)
{
    (void)level;
    return NULL;
}

static void find_few_kernels(struct cpu_device *cpu)
{
    (void)cpu;
}
#endif

/* The level that UTTER_CPU_LEVEL allows; a word that is none of its own allows all. */
static enum cpu_level allowed_level(void)
{
    static const char *const names[] = {"plain", "avx2", "avx512", "amx"};
    const char *word = getenv("UTTER_CPU_LEVEL");
    for (int level = CPU_PLAIN; word && level <= CPU_BEST; level++)
        if (strcmp(word, names[level]) == 0)
            return (enum cpu_level)level;
    return CPU_BEST;
}

static enum cpu_level lower(enum cpu_level a, enum cpu_level b)
{
    return a < b ? a : b;
}

int cpu_device_open(struct device **device, struct thread_pool *threads, enum cpu_level level, struct fault *fault)
{
    *device = NULL;
    struct cpu_device *cpu = memory_new(1, sizeof *cpu);
    if (!cpu)
        return fail_memory(fault, "a device");
    cpu->level = lower(level, lower(processor_level(), allowed_level()));
    cpu->kernels = kernels_of(cpu->level);
    cpu->half = half_products_of(cpu->level);
    find_few_kernels(cpu);
    cpu->engine = onednn_engine_new();
    if (!cpu->engine) {
        free(cpu);
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "oneDNN has no engine for this processor");
    }
    bool bf16 = onednn_has_bf16();
    cpu->device.ops = &cpu_ops;
    cpu->device.threads = threads;
    cpu->device.best = bf16 ? TENSOR_BF16 : TENSOR_F32;
    cpu->device.rows = CPU_ROWS;
    cpu->device.i8_rows = INT_MAX;
    cpu->device.windows = 1;
    cpu->device.kept_bytes = CPU_KEPT_BYTES;
    snprintf(cpu->device.name, sizeof cpu->device.name, "cpu, %s%s%s", cpu->kernels->name, bf16 ? ", bf16" : "",
             cpu->level == CPU_AMX ? ", amx" : "");
    *device = &cpu->device;
    return 0;
}

void cpu_device_close(struct device **device)
{
    struct cpu_device *cpu = (struct cpu_device *)*device;
    *device = NULL;
    if (!cpu)
        return;
    onednn_engine_free(cpu->engine);
    free(cpu);
}

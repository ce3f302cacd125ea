/* bench_ops.c - times each op of the CPU, fast beside plain C, and oneDNN's own matrix product beside ours.
 *
 *     bench_ops [threads] [op] [plain|cuda]     op: only those with this in their name; plain: time plain C too
 *                                               (minutes); cuda: a GPU instead of the CPU, four times as many rows
 *
 * GFLOP/s of products and convolutions, by the clock and by the processor time used ("per core": what counts on a
 * machine that others use too); GB/s (bytes in and out, once) of the rest. The best of some runs. */
#include "models/cpu/cpu.h"
#include "models/cuda/cuda.h"
#include "src/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPEATS = 15 };

static struct fault fault;
static const char *only = "";
static int64_t batch = 8;
static int calls = 1; /* that are timed together: what a GPU is given is waited for once behind them */

static void require(bool ok)
{
    if (ok)
        return;
    fprintf(stderr, "bench_ops: %s\n", fault.code ? fault.message : "failed");
    exit(1);
}

struct bench {
    const char *name;
    const struct device *device;
    struct context c;
    struct tensor out, in[4];
    struct linear linear;
    struct norm norm;
    struct conv2d conv2d;
    struct conv1d conv1d;
    float *floats; /* enough for any small weights */
    int heads;
    int *lengths;
    void (*run)(struct bench *b);
};

/* Seconds of processor time that the process has used. */
static double processor_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec * 1e-9;
}

struct timing {
    double wall, processor; /* the least of some runs, each by itself */
};

static struct timing least_seconds(struct bench *b, int repeats)
{
    struct timing least = {1e9, 1e9};
    for (int i = -2; i < repeats; i++) {
        double wall = clock_seconds(), processor = processor_seconds();
        for (int k = 0; k < calls; k++)
            b->run(b);
        float waited;
        if (calls > 1)
            tensor_download(&b->c, &waited, b->out, 1);
        processor = processor_seconds() - processor;
        wall = clock_seconds() - wall;
        least.wall = i >= 0 && wall < least.wall ? wall : least.wall;
        least.processor = i >= 0 && processor < least.processor ? processor : least.processor;
    }
    if (b->c.fault.code)
        fault = b->c.fault;
    require(!b->c.fault.code);
    return (struct timing){least.wall / calls, least.processor / calls};
}

static struct tensor filled(struct context *c, enum tensor_type type, int64_t a, int64_t b, int64_t d, int64_t e)
{
    struct tensor t = tensor_new(c, type, 4, (int64_t[]){a, b, d, e});
    int64_t count = tensor_count(&t);
    float *values = memory_new((size_t)count, sizeof *values);
    require(values && !c->fault.code);
    for (int64_t i = 0; i < count; i++)
        values[i] = (float)((i * 7919) % 2001 - 1000) / 1000.0f;
    tensor_upload(c, t, values, count);
    free(values);
    return t;
}

static struct tensor sequence(struct context *c, enum tensor_type type, int64_t a, int64_t b, int64_t d)
{
    struct tensor t = filled(c, type, a, b, d, 1);
    return tensor_reshape(t, 3, (int64_t[]){a, b, d});
}

static void open_bench(struct bench *b, const char *name, const struct device *device)
{
    *b = (struct bench){.name = name, .device = device};
    require(context_open(&b->c, device, TENSOR_BF16, &fault) == 0);
    require(context_reserve(&b->c, (size_t)400 << 20, &fault) == 0);
    float *host = memory_new(1 << 16, sizeof(float));
    require(host != NULL);
    for (int i = 0; i < 1 << 16; i++)
        host[i] = 0.01f * (float)(i % 100);
    require(floats_prepare(device, &b->floats, host, 1 << 16, &fault) == 0);
    free(host);
}

static void close_bench(struct bench *b)
{
    linear_release(b->device, &b->linear);
    context_close(&b->c);
    floats_release(b->device, &b->floats);
}

static void report(struct bench *b, const char *shape, double bytes, int repeats)
{
    if (!strstr(b->name, only))
        return;
    double before = b->c.flops;
    struct timing least = least_seconds(b, repeats);
    double flops = (b->c.flops - before) / (repeats + 2) / calls;
    printf("%-22s %-30s %-18s %9.3f ms", b->name, shape, b->device->name, least.wall * 1e3);
    if (flops > 0)
        printf(" %8.1f GFLOP/s %8.1f per core", flops / least.wall * 1e-9, flops / least.processor * 1e-9);
    if (bytes > 0)
        printf(" %7.1f GB/s", bytes / least.wall * 1e-9);
    printf("\n");
    fflush(stdout);
}

/* ---- the ops ---- */

static void run_linear(struct bench *b)
{
    linear(&b->c, b->out, b->in[0], &b->linear);
}

static void run_silu(struct bench *b)
{
    linear_silu(&b->c, b->out, b->in[0], &b->linear);
}

static void run_add_linear(struct bench *b)
{
    linear_add(&b->c, b->out, b->in[0], &b->linear, 0.5f, b->out);
}

static void run_norm(struct bench *b)
{
    layer_norm(&b->c, b->out, b->in[0], &b->norm);
}

static void run_glu(struct bench *b)
{
    glu(&b->c, b->out, b->in[0]);
}

static void run_log_softmax(struct bench *b)
{
    log_softmax(&b->c, b->out, b->in[0]);
}

static void run_first(struct bench *b)
{
    conv2d_first_relu(&b->c, b->out, b->in[0], &b->conv2d);
}

static void run_depthwise(struct bench *b)
{
    conv2d_depthwise(&b->c, b->out, b->in[0], &b->conv2d);
}

static void run_conv1d(struct bench *b)
{
    conv1d_depthwise_silu(&b->c, b->out, b->in[0], &b->conv1d, NULL);
}

static void run_relative(struct bench *b)
{
    relative_attention(&b->c, b->out, b->in[0], b->in[1], b->in[2], b->in[3], b->floats, b->floats, b->heads, 0.1f,
                       NULL);
}

static void bench_linear(const struct device *d, int64_t m, int64_t k, int64_t n, enum tensor_type type,
                         enum tensor_type x, void (*run)(struct bench *), const char *name, bool f32_out)
{
    struct bench b;
    char shape[64];
    if (!strstr(name, only))
        return;
    open_bench(&b, name, d);
    float *weight = memory_new((size_t)(k * n), sizeof *weight);
    require(weight && linear_prepare(d, &b.linear, weight, b.floats, n, k, type, &fault) == 0);
    free(weight);
    b.in[0] = sequence(&b.c, x, 1, m, k);
    b.out = sequence(&b.c, f32_out ? TENSOR_F32 : x, 1, m, n);
    b.run = run;
    snprintf(shape, sizeof shape, "%lldx%lldx%lld %s", (long long)m, (long long)k, (long long)n,
             tensor_type_name(type));
    report(&b, shape, 0, REPEATS);
    close_bench(&b);
    double most = 0, rate = 0;
    for (int i = 0; i < REPEATS && device_matmul_rate(d, m, k, n, type, 1, &rate, &fault) == 0; i++)
        most = rate > most ? rate : most;
    printf("%-22s %-30s %-18s %12s %8.1f GFLOP/s\n", "  its own", shape, "oneDNN", "", most * 1e-9);
}

static void bench_products(const struct device *d)
{
    static const int64_t shapes[][3] = {{2000, 256, 1024},  {2000, 1024, 256},  {2000, 256, 256},   {40000, 96, 96},
                                        {2000, 1024, 4096}, {2000, 4096, 1024}, {2000, 1024, 1024}, {16, 1024, 4096}};
    static const enum tensor_type types[] = {TENSOR_F32, TENSOR_BF16, TENSOR_I8};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int t = 0; t < 3; t++)
            bench_linear(d, shapes[i][0], shapes[i][1], shapes[i][2], types[t],
                         types[t] == TENSOR_F32 ? TENSOR_F32 : TENSOR_BF16, run_linear, "linear", false);
    bench_linear(d, 2000, 256, 1024, TENSOR_BF16, TENSOR_BF16, run_silu, "linear_silu", false);
    bench_linear(d, 2000, 1024, 256, TENSOR_BF16, TENSOR_BF16, run_add_linear, "linear_add", true);
}

static void bench_rows(const struct device *d, int repeats)
{
    struct bench b;
    open_bench(&b, "layer_norm", d);
    b.norm = (struct norm){256, 1e-5f, b.floats, b.floats};
    b.in[0] = sequence(&b.c, TENSOR_F32, batch, 250, 256);
    b.out = sequence(&b.c, TENSOR_BF16, batch, 250, 256);
    b.run = run_norm;
    report(&b, "rows of 256, f32 to bf16", (double)batch * 250 * 256 * 6, repeats);
    b.name = "glu";
    b.in[0] = sequence(&b.c, TENSOR_BF16, batch, 250, 512);
    b.run = run_glu;
    report(&b, "rows of 512 bf16", (double)batch * 250 * 256 * 6, repeats);
    b.name = "log_softmax";
    b.in[0] = b.out = sequence(&b.c, TENSOR_F32, batch, 250, 1025);
    b.run = run_log_softmax;
    report(&b, "rows of 1025 f32", (double)batch * 250 * 1025 * 8, repeats);
    close_bench(&b);
}

static void bench_convolutions(const struct device *d, int repeats)
{
    struct bench b;
    open_bench(&b, "conv2d_first_relu", d);
    b.conv2d = (struct conv2d){96, 3, 2, 1, b.floats, b.floats};
    b.in[0] = sequence(&b.c, TENSOR_F32, batch, 2000, 80);
    b.out = filled(&b.c, TENSOR_BF16, batch, 1000, 40, 96);
    b.run = run_first;
    report(&b, "2000x80 to 1000x40x96", (double)batch * (2000 * 80 * 4.0 + 1000 * 40 * 96 * 2.0), repeats);
    b.name = "conv2d_depthwise";
    b.in[0] = b.out;
    b.out = filled(&b.c, TENSOR_BF16, batch, 500, 20, 96);
    b.run = run_depthwise;
    report(&b, "1000x40x96 to 500x20x96", (double)batch * 2 * (1000 * 40 * 96 + 500 * 20 * 96.0), repeats);
    b.name = "conv1d_depthwise_silu";
    b.conv1d = (struct conv1d){256, 9, b.floats, b.floats};
    b.in[0] = sequence(&b.c, TENSOR_BF16, batch, 250, 256);
    b.out = sequence(&b.c, TENSOR_BF16, batch, 250, 256);
    b.run = run_conv1d;
    report(&b, "250x256, kernel 9", (double)batch * 250 * 256 * 4, repeats);
    close_bench(&b);
}

static void bench_attention(const struct device *d, int64_t t, int heads, int64_t width, enum tensor_type type,
                            int repeats)
{
    struct bench b;
    char shape[64];
    open_bench(&b, "relative_attention", d);
    for (int i = 0; i < 3; i++)
        b.in[i] = sequence(&b.c, type, batch, t, width);
    b.in[3] = sequence(&b.c, type, 1, 2 * t - 1, width);
    b.in[3] = tensor_reshape(b.in[3], 2, (int64_t[]){2 * t - 1, width});
    b.out = sequence(&b.c, type, batch, t, width);
    b.heads = heads;
    b.run = run_relative;
    snprintf(shape, sizeof shape, "%lldx%lld, %d heads %s", (long long)t, (long long)width, heads,
             tensor_type_name(type));
    report(&b, shape, 0, repeats);
    close_bench(&b);
}

int main(int argc, char **argv)
{
    struct thread_pool *pool;
    struct device *devices[2] = {NULL, NULL};
    int threads = argc > 1 ? atoi(argv[1]) : 0;
    const char *also = argc > 3 ? argv[3] : "";
    const bool cuda = strcmp(also, "cuda") == 0;
    require(thread_pool_open(&pool, threads, &fault) == 0);
    if (cuda)
        batch = 32, calls = 50;
    require((cuda ? cuda_device_open(&devices[0], pool, 0, &fault)
                  : cpu_device_open(&devices[0], pool, CPU_BEST, &fault)) == 0);
    only = argc > 2 ? argv[2] : "";
    if (strcmp(also, "plain") == 0)
        require(cpu_plain_device_open(&devices[1], &fault) == 0);
    if (!cuda)
        bench_products(devices[0]);
    for (int i = 0; i < 2 && devices[i]; i++) {
        bench_rows(devices[i], i ? 1 : REPEATS);
        bench_convolutions(devices[i], i ? 1 : REPEATS);
        bench_attention(devices[i], 250, 4, 256, TENSOR_BF16, i ? 1 : REPEATS);
        bench_attention(devices[i], 250, 4, 256, TENSOR_F32, i ? 1 : REPEATS);
        if (i == 0)
            bench_attention(devices[i], 250, 8, 1024, TENSOR_BF16, REPEATS);
    }
    for (int i = 0; i < 2; i++)
        device_close(&devices[i]);
    thread_pool_close(&pool);
    return 0;
}

/* bench_convolution.c - the convolutions of a HiFi-GAN one by one, with random weights, over one row of so many frames.
 *
 *     bench_convolution SHAPE [THREADS] [FRAMES] [REPEATS]      SHAPE: hifigan-v1, -v2, -v3 or -small
 *
 * A line for each that differs: channels, kernel, dilation, steps; how often a pass has it, its share of the pass's
 * multiplications, milliseconds of the processor's time (the least of some runs, all threads together; a run alone
 * finds its weights in the cache), its share of the pass's time, and GFLOP/s a thread of what a direct sum would
 * take. Last their sums. */
#include "models/cpu/cpu.h"
#include "models/hifigan/model.h"
#include "src/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_LAYERS = 256 };

struct layer {
    const struct convolution *k;
    int64_t time; /* steps of the input */
    int count;
    double flops, seconds; /* of one */
};

struct bench {
    struct thread_pool *pool;
    struct device *device;
    struct context c;
    struct hifigan *model;
    struct layer layers[MOST_LAYERS];
    int count, repeats;
};

static struct fault fault;

static void need(int code)
{
    if (code) {
        fprintf(stderr, "bench_convolution: %s\n", fault.message);
        exit(1);
    }
}

/* ---- which ---- */

static bool alike(const struct convolution *a, const struct convolution *b)
{
    return a->in == b->in && a->out == b->out && a->kernel == b->kernel && a->dilation == b->dilation &&
           a->stride == b->stride;
}

static void list(struct bench *b, const struct convolution *k, int64_t time)
{
    for (int i = 0; i < b->count; i++)
        if (alike(b->layers[i].k, k) && b->layers[i].time == time) {
            b->layers[i].count++;
            return;
        }
    if (b->count < MOST_LAYERS)
        b->layers[b->count++] = (struct layer){.k = k, .time = time, .count = 1};
}

static void list_all(struct bench *b, int64_t time)
{
    const struct hifigan *m = b->model;
    list(b, &m->first, time);
    for (int i = 0; i < m->config.stages; i++) {
        list(b, &m->stage[i].up, time);
        time *= m->config.rates[i];
        for (int block = 0; block < m->config.blocks; block++)
            for (int d = 0; d < m->config.dilations[block]; d++) {
                list(b, &m->stage[i].block[block].dilated[d], time);
                if (m->config.block_kind == 1)
                    list(b, &m->stage[i].block[block].after[d], time);
            }
    }
    list(b, &m->last, time);
}

/* ---- how fast ---- */

static struct tensor filled(struct context *c, int64_t steps, int64_t channels)
{
    struct tensor t = tensor_new(c, TENSOR_F32, 3, (int64_t[]){1, steps, channels});
    float *values = memory_new((size_t)(steps * channels), sizeof *values);
    need(c->fault.code || values ? c->fault.code : fail_memory(&fault, "values"));
    for (int64_t i = 0; i < steps * channels; i++)
        values[i] = (float)((i * 7919) % 2001 - 1000) / 1000.0f;
    tensor_upload(c, t, values, steps * channels);
    free(values);
    return t;
}

static void run(struct context *c, const struct convolution *k, struct tensor out, struct tensor x)
{
    if (k->transposed || k->in != k->out)
        convolve_leaky(c, out, x, k, 0.1f, NULL);
    else
        convolve_leaky_add(c, out, x, k, 0.1f, 1, out, NULL);
}

static void measure(struct bench *b, struct layer *l)
{
    const size_t mark = arena_mark(&b->c);
    struct tensor x = filled(&b->c, l->time, l->k->in),
                  out = filled(&b->c, convolution_steps(l->k, l->time), l->k->out);
    const double before = b->c.flops;
    l->seconds = 1e9;
    for (int i = -1; i < b->repeats; i++) {
        const clock_t begin = clock();
        run(&b->c, l->k, out, x);
        const double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
        l->seconds = i >= 0 && seconds < l->seconds ? seconds : l->seconds;
    }
    l->flops = (b->c.flops - before) / (b->repeats + 1);
    fault = b->c.fault;
    need(fault.code);
    arena_release(&b->c, mark);
}

static void print(const struct bench *b)
{
    double flops = 0, seconds = 0;
    for (int i = 0; i < b->count; i++) {
        flops += b->layers[i].count * b->layers[i].flops;
        seconds += b->layers[i].count * b->layers[i].seconds;
    }
    for (int i = 0; i < b->count; i++) {
        const struct layer *l = &b->layers[i];
        printf("%4d to %4d, kernel %2d%s%d, %6d steps: %2d × %8.3f ms, %4.1f %% of flops, %4.1f %% of time, %6.1f "
               "GFLOP/s\n",
               (int)l->k->in, (int)l->k->out, l->k->kernel, l->k->transposed ? " stride " : " dilation ",
               l->k->transposed ? l->k->stride : l->k->dilation, (int)l->time, l->count, l->seconds * 1e3,
               100 * l->count * l->flops / flops, 100 * l->count * l->seconds / seconds, l->flops / l->seconds * 1e-9);
    }
    printf("all: %.1f ms, %.1f GFLOP, %.1f GFLOP/s\n", seconds * 1e3, flops * 1e-9, flops / seconds * 1e-9);
}

int main(int argc, char **argv)
{
    struct bench b = {.repeats = argc > 4 ? atoi(argv[4]) : 5};
    struct hifigan_config config;
    struct checkpoint *checkpoint;
    if (argc < 2 || !hifigan_config_named(&config, argv[1]))
        return 2;
    need(thread_pool_open(&b.pool, argc > 2 ? atoi(argv[2]) : 1, &fault));
    need(cpu_device_open(&b.device, b.pool, CPU_BEST, &fault));
    need(checkpoint_open_random(&checkpoint, 1, &fault));
    need(hifigan_open(&b.model, &config, checkpoint, "", b.device, TENSOR_F32, &fault));
    need(context_open(&b.c, b.device, TENSOR_F32, &fault));
    need(context_reserve(&b.c, (size_t)256 << 20, &fault));
    list_all(&b, argc > 3 ? atoi(argv[3]) : 64);
    for (int i = 0; i < b.count; i++)
        measure(&b, &b.layers[i]);
    print(&b);
    context_close(&b.c);
    hifigan_close(&b.model);
    checkpoint_close(&checkpoint);
    device_close(&b.device);
    thread_pool_close(&b.pool);
    return 0;
}

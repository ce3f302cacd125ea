/* bench_vocoder.c - HiFi-GAN with random weights: seconds of audio per second, in one row of so many frames.
 *   bench_vocoder SHAPE [f32|bf16|f16] [THREADS|cuda] [FRAMES] [REPEATS]
 * SHAPE: hifigan-v1, -v2, -v3 or -small. cuda: on a GPU. One line: shape, type, threads, times real time (the median
 * run), the same of the processor's time, all threads together (for a busy machine), GFLOP/s by that, MB of arena. */
#include "models/cpu/cpu.h"
#include "models/cuda/cuda.h"
#include "models/hifigan/hifigan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_REPEATS = 101 };

static struct fault fault;

static void need(int code)
{
    if (code) {
        fprintf(stderr, "%s\n", fault.message);
        exit(1);
    }
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct times {
    double wall, cpu; /* seconds */
};

static double median(double *seconds, int count)
{
    qsort(seconds, (size_t)count, sizeof *seconds, by_size);
    return seconds[count / 2];
}

static struct times measure(struct hifigan_pass *pass, const struct hifigan_config *config, int frames, int repeats)
{
    float *mel = calloc((size_t)frames * (size_t)config->mels, sizeof *mel);
    float *samples = malloc((size_t)hifigan_samples(config, frames) * sizeof *samples);
    double wall[MOST_REPEATS], cpu[MOST_REPEATS];
    for (int i = 0; i < frames * config->mels; i++)
        mel[i] = (float)((i * 37) % 101) / 50 - 1;
    for (int i = -1; i < repeats; i++) {
        const double begin = clock_seconds(), begin_cpu = (double)clock();
        need(hifigan_forward(pass, mel, &frames, 1, frames, NULL, samples, &fault));
        if (i < 0)
            continue;
        wall[i] = clock_seconds() - begin;
        cpu[i] = ((double)clock() - begin_cpu) / CLOCKS_PER_SEC;
    }
    free(mel);
    free(samples);
    return (struct times){median(wall, repeats), median(cpu, repeats)};
}

int main(int argc, char **argv)
{
    struct hifigan_config config;
    struct thread_pool *pool;
    struct device *device;
    struct checkpoint *checkpoint;
    struct hifigan *model;
    struct hifigan_pass *pass;
    if (argc < 2 || !hifigan_config_named(&config, argv[1]))
        return 2;
    const char *name = argc > 2 ? argv[2] : "f32", *threads = argc > 3 ? argv[3] : "2";
    const enum tensor_type type = !strcmp(name, "bf16") ? TENSOR_BF16 : !strcmp(name, "f16") ? TENSOR_F16 : TENSOR_F32;
    const bool cuda = strcmp(threads, "cuda") == 0;
    const int frames = argc > 4 ? atoi(argv[4]) : 100, repeats = argc > 5 ? atoi(argv[5]) : 5;
    need(thread_pool_open(&pool, cuda ? 0 : atoi(threads), &fault));
    need(cuda ? cuda_device_open(&device, pool, 0, &fault) : cpu_device_open(&device, pool, CPU_BEST, &fault));
    need(checkpoint_open_random(&checkpoint, 1, &fault));
    need(hifigan_open(&model, &config, checkpoint, "", device, type, &fault));
    need(hifigan_pass_open(&pass, model, &fault));
    const struct times t = measure(pass, &config, frames, repeats < MOST_REPEATS ? repeats : MOST_REPEATS);
    const double audio = (double)hifigan_samples(&config, frames) / config.sample_rate;
    printf("%s %s %s %.2f %.2f %.1f %.1f\n", argv[1], tensor_type_name(type), threads, audio / t.wall, audio / t.cpu,
           hifigan_pass_flops(pass) / t.cpu * 1e-9, (double)hifigan_pass_bytes(pass) / 1e6);
    hifigan_pass_close(&pass);
    hifigan_close(&model);
    checkpoint_close(&checkpoint);
    device_close(&device);
    thread_pool_close(&pool);
    return 0;
}

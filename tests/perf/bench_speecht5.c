/* bench_speecht5.c - SpeechT5 with random weights: how long a text's spectrogram takes.
 *
 *     bench_speecht5 SHAPE [THREADS] [f32|bf16|i8] [TOKENS] [RATIO] [REPEATS]
 *
 * SHAPE: speecht5_tts. A text of so many tokens becomes RATIO frames a token, since random weights end nowhere. One
 * line: shape, type, threads, frames, milliseconds by the clock and of the processor (the median runs), GFLOP. */
#include "models/cpu/cpu.h"
#include "models/speecht5/speecht5.h"
#include "src/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_REPEATS = 101 };

static struct fault fault;

static void need(int code)
{
    if (code) {
        fprintf(stderr, "bench_speecht5: %s\n", fault.message);
        exit(1);
    }
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_size);
    return values[count / 2];
}

static void *zeros(size_t count, size_t size)
{
    void *memory = memory_new(count, size);
    need(memory ? 0 : fail_memory(&fault, "a text"));
    return memory;
}

/* Nothing ends a row before so many frames, and they do. */
static void measure(struct speecht5_pass *pass, const struct speecht5_config *g, int count, float ratio, int repeats)
{
    const struct speecht5_ending ending = {.threshold = 1e6f, .minimum_ratio = ratio, .maximum_ratio = ratio};
    int *tokens = zeros((size_t)count, sizeof *tokens), frames = 0;
    float *speaker = zeros((size_t)g->speaker_embedding_dim, sizeof *speaker);
    float *mel = zeros((size_t)speecht5_most_frames(g, count, &ending) * (size_t)g->mel_bins, sizeof *mel);
    double wall[MOST_REPEATS], processor[MOST_REPEATS];
    for (int i = 0; i < count; i++)
        tokens[i] = 4 + i * 7 % (g->vocabulary - 4);
    for (int i = 0; i < g->speaker_embedding_dim; i++)
        speaker[i] = (float)(i % 7 - 3);
    for (int i = -1; i < repeats; i++) {
        const struct speecht5_row row = {.speaker = speaker, .seed = 1};
        const double begin = clock_seconds(), worked = (double)clock();
        need(speecht5_speak(pass, tokens, &count, 1, count, &row, &ending, mel, &frames, &fault));
        wall[i < 0 ? 0 : i] = clock_seconds() - begin;
        processor[i < 0 ? 0 : i] = ((double)clock() - worked) / CLOCKS_PER_SEC;
    }
    printf("%d %.1f %.1f %.1f\n", frames, median(wall, repeats) * 1e3, median(processor, repeats) * 1e3,
           speecht5_pass_flops(pass) * 1e-9);
    free(tokens);
    free(speaker);
    free(mel);
}

static enum tensor_type type_of(const char *name)
{
    return !strcmp(name, "bf16") ? TENSOR_BF16 : !strcmp(name, "i8") ? TENSOR_I8 : TENSOR_F32;
}

int main(int argc, char **argv)
{
    struct speecht5_config config;
    struct thread_pool *pool;
    struct device *device;
    struct checkpoint *checkpoint;
    struct speecht5 *model;
    struct speecht5_pass *pass;
    if (argc < 2 || !speecht5_config_named(&config, argv[1]))
        return fprintf(stderr, "usage: bench_speecht5 SHAPE [THREADS] [f32|bf16|i8] [TOKENS] [RATIO] [REPEATS]\n"), 2;
    const enum tensor_type type = type_of(argc > 3 ? argv[3] : "f32");
    const int count = argc > 4 ? atoi(argv[4]) : 50, repeats = argc > 6 ? atoi(argv[6]) : 3;
    need(thread_pool_open(&pool, argc > 2 ? atoi(argv[2]) : 2, &fault));
    need(cpu_device_open(&device, pool, CPU_BEST, &fault));
    need(checkpoint_open_random(&checkpoint, 1, &fault));
    need(speecht5_open(&model, &config, checkpoint, device, type, &fault));
    need(speecht5_pass_open(&pass, model, &fault));
    printf("%s %s %s ", argv[1], tensor_type_name(type), argc > 2 ? argv[2] : "2");
    measure(pass, &config, count, argc > 5 ? strtof(argv[5], NULL) : 5,
            repeats < 1              ? 1
            : repeats > MOST_REPEATS ? MOST_REPEATS
                                     : repeats);
    speecht5_pass_close(&pass);
    speecht5_close(&model);
    checkpoint_close(&checkpoint);
    device_close(&device);
    thread_pool_close(&pool);
    return 0;
}

/* What a step of a transducer's search costs beside its floor, the bytes of its weights over the rate that memory is
 * read at, by the rows that it has: the prediction and joint networks at a published shape, under a small encoder.
 *
 *     bench_transducer [shape [threads]]        (parakeet-tdt-0.6b-v3, 2) */
#include "models/cpu/cpu.h"
#include "models/transducer/transducer.h"
#include "src/base/memory.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_ROWS = 64, FRAMES = 400, RUNS = 25 };

/* The least time of a step with so many predictions and joints, for others may use the cores; negative: it failed. */
static double time_step(struct transducer_pass *pass, int predictions, int joints, float *tokens, float *durations,
                        struct fault *fault)
{
    struct transducer_prediction p[MOST_ROWS];
    struct transducer_joint j[MOST_ROWS];
    double least = 1e9;
    for (int i = 0; i < MOST_ROWS; i++) {
        p[i] = (struct transducer_prediction){i, 1 + i, i};
        j[i] = (struct transducer_joint){0, i % (FRAMES / 8), i};
    }
    for (int run = 0; run < RUNS; run++) {
        double began = clock_seconds();
        if (transducer_step(pass, p, predictions, j, joints, tokens, durations, fault))
            return -1;
        double took = clock_seconds() - began;
        least = took < least ? took : least;
    }
    return least;
}

static int begin(struct transducer_pass *pass, const struct transducer_config *config, struct fault *fault)
{
    const int lengths[] = {FRAMES};
    int heard[1];
    float tokens[1], *features = memory_new((size_t)FRAMES * (size_t)config->encoder.mel_bins, sizeof *features);
    if (!features)
        return fail_memory(fault, "features");
    int code = transducer_encode(pass, features, lengths, 1, FRAMES, heard, NULL, fault);
    for (int i = 0; i < MOST_ROWS && !code; i++)
        code = transducer_step(pass, &(struct transducer_prediction){-1, config->blank, i}, 1, NULL, 0, tokens, NULL,
                               fault);
    free(features);
    return code;
}

static int run(const struct transducer_config *config, const struct device *device, enum tensor_type type, double rate,
               struct fault *fault)
{
    struct checkpoint *random = NULL;
    struct transducer *model = NULL;
    struct transducer_pass *pass = NULL;
    float *tokens = memory_new((size_t)MOST_ROWS * (size_t)config->vocabulary, sizeof *tokens);
    float *durations = memory_new(MOST_ROWS * TRANSDUCER_DURATIONS, sizeof *durations);
    int code = tokens && durations ? checkpoint_open_random(&random, 1, fault) : fail_memory(fault, "scores");
    if (!code)
        code = transducer_open(&model, config, random, device, type, fault);
    if (!code)
        code = transducer_pass_open(&pass, model, MOST_ROWS, MOST_ROWS, fault);
    if (!code)
        code = begin(pass, config, fault);
    for (int rows = 1; rows <= MOST_ROWS && !code; rows *= 2) {
        double whole = time_step(pass, rows, rows, tokens, durations, fault);
        double ahead = time_step(pass, 1, rows, tokens, durations, fault);
        double floor = (double)transducer_step_bytes(model) / rate;
        code = fault->code;
        printf("%-4s %2d rows: %7.2f ms, %5.2f times its floor; one prediction and %2d joints: %7.2f ms\n",
               tensor_type_name(type), rows, 1e3 * whole, whole / floor, rows, 1e3 * ahead);
    }
    transducer_pass_close(&pass);
    transducer_close(&model);
    checkpoint_close(&random);
    free(tokens);
    free(durations);
    return code;
}

int main(int count, char **arguments)
{
    const enum tensor_type types[] = {TENSOR_F32, TENSOR_BF16, TENSOR_I8};
    struct transducer_config config;
    struct thread_pool *pool = NULL;
    struct device *device = NULL;
    struct fault fault = {0};
    double rate = 1;
    if (!transducer_config_named(&config, count > 1 ? arguments[1] : "parakeet-tdt-0.6b-v3"))
        return 2;
    config.encoder.layers = 1;
    config.encoder.hidden_size = 64;
    config.encoder.intermediate_size = 64;
    int code = thread_pool_open(&pool, count > 2 ? atoi(arguments[2]) : 2, &fault);
    if (!code)
        code = cpu_device_open(&device, pool, CPU_BEST, &fault);
    if (!code)
        code = device_memory_rate(device, &rate, &fault);
    printf("memory %.1f GB/s\n", 1e-9 * rate);
    for (int i = 0; i < 3 && !code; i++)
        code = run(&config, device, types[i], rate, &fault);
    if (code)
        fprintf(stderr, "%s\n", fault.message);
    device_close(&device);
    thread_pool_close(&pool);
    return code != 0;
}

/* A FastSpeech's log-mel against that of transformers, for a folder that tests/golden/fastspeech_full_shape.py wrote,
 * or of a shape in random weights; and how long encoder and decoder take for about 40 tokens and 260 frames.
 *
 *     bench_fastspeech DIR|SHAPE [threads [f32|bf16|i8]]      SHAPE: as default-voice-en */
#include "models/cpu/cpu.h"
#include "models/fastspeech/fastspeech.h"
#include "models/load/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TOKENS = 40, FRAMES = 260, MOST_FRAMES = 4000, REPEATS = 27 };

struct run {
    struct fastspeech_config config;
    struct checkpoint *checkpoint;
    struct fastspeech *model;
    struct fastspeech_pass *pass;
    bool golden; /* whether there are durations and a log-mel to compare with */
    int tokens[TOKENS], expected[TOKENS], durations[TOKENS], frames;
    float rate[TOKENS], *mel;
};

static char *read_file(const char *folder, const char *name, size_t *length)
{
    static char bytes[1 << 22];
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    *length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return bytes;
}

static void read_numbers(int *out, const cJSON *array)
{
    for (int i = 0; i < TOKENS; i++)
        out[i] = (int)cJSON_GetNumberValue(cJSON_GetArrayItem(array, i));
}

static int open_folder(struct run *r, const char *folder, struct fault *fault)
{
    size_t length;
    char *text = read_file(folder, "config.json", &length);
    if (!text)
        return fail(fault, UTTER_ERROR_IO, "%s is neither a folder with a config.json nor a shape", folder);
    int code = fastspeech_config_read(&r->config, text, length, "config.json", fault);
    text = code ? NULL : read_file(folder, "cases.json", &length);
    cJSON *cases = text ? json_parse(text, length, "cases.json", fault) : NULL;
    r->golden = cases;
    read_numbers(r->tokens, cJSON_GetObjectItem(cJSON_GetArrayItem(cases, 0), "tokens"));
    read_numbers(r->expected, cJSON_GetObjectItem(cJSON_GetArrayItem(cases, 0), "durations"));
    cJSON_Delete(cases);
    return code ? code : checkpoint_open(&r->checkpoint, folder, fault);
}

static int open_model(struct run *r, const char *name, const struct device *device, enum tensor_type type,
                      struct fault *fault)
{
    int code;
    if (fastspeech_config_named(&r->config, name)) {
        for (int i = 0; i < TOKENS; i++)
            r->tokens[i] = i * 31 % r->config.vocabulary;
        code = checkpoint_open_random(&r->checkpoint, 1, fault);
    } else
        code = open_folder(r, name, fault);
    if (!code)
        code = fastspeech_open(&r->model, &r->config, r->checkpoint, r->config.with_vocoder ? "model." : "", device,
                               type, fault);
    r->mel = calloc((size_t)(MOST_FRAMES * r->config.mel_bins), sizeof *r->mel);
    return code ? code : fastspeech_pass_open(&r->pass, r->model, fault);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int speak(struct run *r, bool stretched, double *encoded, double *decoded, struct fault *fault)
{
    const int count = TOKENS;
    const struct fastspeech_control control = {.rate = stretched ? r->rate : NULL};
    const double begin = seconds();
    int code =
        fastspeech_encode(r->pass, r->tokens, &count, 1, count, &control, MOST_FRAMES, r->durations, &r->frames, fault);
    const double between = seconds();
    code = code ? code : fastspeech_decode(r->pass, r->mel, fault);
    *encoded = between - begin;
    *decoded = seconds() - between;
    return code;
}

static void compare(const struct run *r, const char *folder)
{
    size_t length;
    const float *expected = (const float *)(void *)read_file(folder, "mel.f32", &length);
    const size_t n = (size_t)(r->frames * r->config.mel_bins);
    double ab = 0, aa = 0, bb = 0, largest = 0;
    printf("durations %s", memcmp(r->durations, r->expected, sizeof r->expected) ? "differ" : "are the same");
    if (!expected || length != n * sizeof *expected) {
        printf(", other frames\n");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        ab += (double)r->mel[i] * (double)expected[i];
        aa += (double)r->mel[i] * (double)r->mel[i];
        bb += (double)expected[i] * (double)expected[i];
        largest = fmax(largest, fabs((double)r->mel[i] - (double)expected[i]));
    }
    printf(", cosine %.8f, largest difference %.2g\n", ab / sqrt(aa * bb), largest);
}

/* The rate at which the tokens take about FRAMES frames. */
static int stretch(struct run *r, struct fault *fault)
{
    double encoded, decoded, rate = 1;
    int code = 0;
    for (int i = 0; i < 6 && !code; i++) {
        for (int j = 0; j < TOKENS; j++)
            r->rate[j] = (float)rate;
        code = speak(r, true, &encoded, &decoded, fault);
        rate *= (double)r->frames / FRAMES;
    }
    return code;
}

static int smaller(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int measure(struct run *r, struct fault *fault)
{
    double encoded[REPEATS], decoded[REPEATS];
    int code = stretch(r, fault);
    for (int i = 0; i < REPEATS && !code; i++)
        code = speak(r, true, &encoded[i], &decoded[i], fault);
    if (code)
        return code;
    qsort(encoded, REPEATS, sizeof *encoded, smaller);
    qsort(decoded, REPEATS, sizeof *decoded, smaller);
    printf("%d tokens, %d frames: encoder %.2f ms (least %.2f), decoder %.2f ms (least %.2f), %.2f GFLOP, %.1f M "
           "parameters\n",
           TOKENS, r->frames, 1e3 * encoded[REPEATS / 2], 1e3 * encoded[0], 1e3 * decoded[REPEATS / 2],
           1e3 * decoded[0], 1e-9 * fastspeech_pass_flops(r->pass), 1e-6 * (double)fastspeech_parameters(r->model));
    return 0;
}

static enum tensor_type type_of(const char *name)
{
    return !strcmp(name, "bf16") ? TENSOR_BF16 : !strcmp(name, "i8") ? TENSOR_I8 : TENSOR_F32;
}

int main(int argc, char **argv)
{
    struct fault fault = {0};
    struct thread_pool *threads = NULL;
    struct device *device = NULL;
    struct run r = {0};
    double encoded, decoded;
    if (argc < 2)
        return fprintf(stderr, "usage: bench_fastspeech DIR|SHAPE [threads [f32|bf16|i8]]\n"), 2;
    int code = thread_pool_open(&threads, argc > 2 ? atoi(argv[2]) : 2, &fault);
    code = code ? code : cpu_device_open(&device, threads, CPU_BEST, &fault);
    code = code ? code : open_model(&r, argv[1], device, type_of(argc > 3 ? argv[3] : "f32"), &fault);
    code = code ? code : speak(&r, false, &encoded, &decoded, &fault);
    if (!code && r.golden)
        compare(&r, argv[1]);
    code = code ? code : measure(&r, &fault);
    if (code)
        fprintf(stderr, "%s\n", fault.message);
    free(r.mel);
    if (r.pass)
        fastspeech_pass_close(&r.pass);
    if (r.model)
        fastspeech_close(&r.model);
    if (r.checkpoint)
        checkpoint_close(&r.checkpoint);
    device_close(&device);
    thread_pool_close(&threads);
    return code ? 1 : 0;
}

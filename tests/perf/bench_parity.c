/* Our scores against those of transformers for a folder that tests/golden/make_fastconformer.py or full_shape.py
 * wrote, in every type, with the time of a forward.
 *
 *     bench_parity DIR [threads [f32|bf16|i8]] */
#include "models/cpu/cpu.h"
#include "models/fastconformer/fastconformer.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reference {
    struct fastconformer_config config;
    struct checkpoint *checkpoint;
    int rows, frames, time, lengths[8];
    float *features, *scores;
};

static int read_config(struct reference *r, const char *folder, struct fault *fault)
{
    static char text[1 << 16];
    char path[1024];
    snprintf(path, sizeof path, "%s/config.json", folder);
    FILE *file = fopen(path, "rb");
    if (!file)
        return fail(fault, UTTER_ERROR_IO, "%s: cannot be read", path);
    size_t length = fread(text, 1, sizeof text, file);
    fclose(file);
    return fastconformer_config_read(&r->config, text, length, path, fault);
}

static int read_shape(struct reference *r, const char *folder)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/shape.txt", folder);
    FILE *file = fopen(path, "r");
    int read = file ? fscanf(file, "%d %d", &r->rows, &r->frames) : 0;
    for (int i = 0; read == 2 && i < r->rows && i < 8; i++)
        if (fscanf(file, "%d", &r->lengths[i]) != 1)
            read = 0;
    if (read == 2 && fscanf(file, "%d", &r->time) != 1)
        read = 0;
    if (file)
        fclose(file);
    return read == 2 && r->rows <= 8 ? 0 : -1;
}

static int read_scores(struct reference *r, const char *folder)
{
    char path[1024];
    size_t count = (size_t)(r->rows * r->time * r->config.vocabulary);
    snprintf(path, sizeof path, "%s/scores.f32", folder);
    FILE *file = fopen(path, "rb");
    r->scores = memory_new(count, sizeof(float));
    size_t read = file && r->scores ? fread(r->scores, sizeof(float), count, file) : 0;
    if (file)
        fclose(file);
    return read == count ? 0 : -1;
}

/* The features of make_fastconformer.py. */
static int make_features(struct reference *r)
{
    int count = r->rows * r->frames * r->config.mel_bins;
    r->features = memory_new((size_t)count, sizeof(float));
    for (int i = 0; r->features && i < count; i++) {
        uint32_t h = (uint32_t)i * 2654435761u + 12345u;
        h ^= h >> 15;
        h *= 2246822519u;
        r->features[i] = ((float)(h >> 8) / 8388608 - 1) * 1.75f;
    }
    return r->features ? 0 : -1;
}

static int best(const float *scores, int n)
{
    int at = 0;
    for (int i = 1; i < n; i++)
        if (scores[i] > scores[at])
            at = i;
    return at;
}

/* Cosine of two frames around their means. */
static double cosine(const float *a, const float *b, int n)
{
    double ab = 0, aa = 0, bb = 0, x = 0, y = 0;
    for (int i = 0; i < n; i++) {
        x += (double)a[i] / n;
        y += (double)b[i] / n;
    }
    for (int i = 0; i < n; i++) {
        ab += ((double)a[i] - x) * ((double)b[i] - y);
        aa += ((double)a[i] - x) * ((double)a[i] - x);
        bb += ((double)b[i] - y) * ((double)b[i] - y);
    }
    return ab / sqrt(aa * bb);
}

static void report(const struct reference *r, const float *scores, const int *lengths)
{
    const int v = r->config.vocabulary;
    double least = 1, sum = 0, largest = 0;
    int frames = 0, same = 0;
    for (int row = 0; row < r->rows; row++)
        for (int t = 0; t < lengths[row]; t++, frames++) {
            const float *a = scores + (size_t)(row * r->time + t) * (size_t)v;
            const float *b = r->scores + (size_t)(row * r->time + t) * (size_t)v;
            double c = cosine(a, b, v);
            sum += c;
            least = fmin(least, c);
            same += best(a, v) == best(b, v);
            for (int i = 0; i < v; i++)
                largest = fmax(largest, fabs((double)a[i] - (double)b[i]));
        }
    printf("cosine least %.7f, mean %.7f; largest difference %.3g; same best token in %d of %d frames\n", least,
           sum / frames, largest, same, frames);
}

static int run(const struct reference *r, const struct device *device, enum tensor_type type, struct fault *fault)
{
    struct fastconformer *model = NULL;
    struct fastconformer_pass *pass = NULL;
    int lengths[8];
    float *scores = memory_new((size_t)(r->rows * r->time * r->config.vocabulary), sizeof *scores);
    double start = clock_seconds();
    int code = scores ? fastconformer_open(&model, &r->config, r->checkpoint, device, type, fault)
                      : fail_memory(fault, "scores");
    double opened = clock_seconds() - start, seconds = 1e9;
    if (!code)
        code = fastconformer_pass_open(&pass, model, fault);
    for (int i = 0; i < 3 && !code; i++) {
        start = clock_seconds();
        code = fastconformer_forward(pass, r->features, r->lengths, r->rows, r->frames, scores, lengths, fault);
        seconds = fmin(seconds, clock_seconds() - start);
    }
    if (!code) {
        printf("%-4s opened in %.2f s, %lld parameters, weights %.0f MB, pass %.0f MB, forward %.3f s, %.3f TFLOP/s\n",
               tensor_type_name(type), opened, (long long)fastconformer_parameters(model),
               (double)fastconformer_weight_bytes(model) / 1e6, (double)fastconformer_pass_bytes(pass) / 1e6, seconds,
               fastconformer_pass_flops(pass) / seconds / 1e12);
        report(r, scores, lengths);
        fflush(stdout);
    }
    fastconformer_pass_close(&pass);
    fastconformer_close(&model);
    free(scores);
    return code;
}

static int run_all(struct reference *r, int threads, const char *only, struct fault *fault)
{
    struct thread_pool *pool = NULL;
    struct device *device = NULL;
    int code = thread_pool_open(&pool, threads, fault);
    if (!code)
        code = cpu_device_open(&device, pool, CPU_BEST, fault);
    const enum tensor_type types[] = {TENSOR_F32, TENSOR_BF16, TENSOR_I8};
    for (int i = 0; i < 3 && !code; i++)
        if (!only || !strcmp(only, tensor_type_name(types[i])))
            code = run(r, device, types[i], fault);
    device_close(&device);
    thread_pool_close(&pool);
    return code;
}

int main(int count, char **arguments)
{
    struct reference r = {0};
    struct fault fault = {0};
    if (count < 2) {
        fprintf(stderr, "usage: bench_parity DIR [threads [f32|bf16|i8]]\n");
        return 2;
    }
    int code = read_config(&r, arguments[1], &fault);
    if (!code && (read_shape(&r, arguments[1]) || read_scores(&r, arguments[1]) || make_features(&r)))
        code = fail(&fault, UTTER_ERROR_IO, "%s: shape.txt or scores.f32 is missing or short", arguments[1]);
    if (!code)
        code = checkpoint_open(&r.checkpoint, arguments[1], &fault);
    if (!code)
        code = run_all(&r, count > 2 ? atoi(arguments[2]) : 2, count > 3 ? arguments[3] : NULL, &fault);
    if (code)
        fprintf(stderr, "%s\n", fault.message);
    checkpoint_close(&r.checkpoint);
    free(r.features);
    free(r.scores);
    return code != 0;
}

/* Our spectrogram against that of transformers for a folder that tests/golden/speecht5_full_shape.py wrote, and the
 * time; with a precision, against the same.
 *
 *     bench_speecht5_parity DIR [threads [f32|bf16|i8]]
 */
#include "models/cpu/cpu.h"
#include "models/speecht5/speecht5.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_TOKENS = 600, REPEATS = 2 };

/* The folder's row. */
struct reference {
    struct speecht5_config config;
    struct checkpoint *checkpoint;
    int count, frames, tokens[MOST_TOKENS];
    unsigned seed;
    struct speecht5_ending ending;
    float *speaker, *mel; /* [speaker_embedding_dim], [frames, mels] */
};

static FILE *open_file(const char *folder, const char *name, struct fault *fault)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail(fault, UTTER_ERROR_IO, "%s: cannot be read", path);
    return file;
}

static int read_config(struct reference *r, const char *folder, struct fault *fault)
{
    static char text[1 << 16];
    FILE *file = open_file(folder, "config.json", fault);
    if (!file)
        return fault->code;
    size_t length = fread(text, 1, sizeof text, file);
    fclose(file);
    return speecht5_config_read(&r->config, text, length, "config.json", fault);
}

static int read_row(struct reference *r, const char *folder, struct fault *fault)
{
    FILE *file = open_file(folder, "rows.txt", fault);
    if (!file)
        return fault->code;
    bool good = fscanf(file, "%d %u %f %d", &r->count, &r->seed, &r->ending.maximum_ratio, &r->frames) == 4 &&
                r->count > 0 && r->count <= MOST_TOKENS;
    for (int i = 0; good && i < r->count; i++)
        good = fscanf(file, "%d", &r->tokens[i]) == 1;
    fclose(file);
    return good ? 0 : fail(fault, UTTER_ERROR_MODEL, "rows.txt is damaged");
}

static float *read_floats(const char *folder, const char *name, size_t count, struct fault *fault)
{
    FILE *file = open_file(folder, name, fault);
    if (!file)
        return NULL;
    float *values = memory_new(count, sizeof *values);
    if (!values || fread(values, sizeof *values, count, file) != count)
        fail(fault, UTTER_ERROR_MODEL, "%s is damaged", name);
    fclose(file);
    return values;
}

static int open_reference(struct reference *r, const char *folder, struct fault *fault)
{
    if (read_config(r, folder, fault) || checkpoint_open(&r->checkpoint, folder, fault) || read_row(r, folder, fault))
        return fault->code;
    r->speaker = read_floats(folder, "speaker.f32", (size_t)r->config.speaker_embedding_dim, fault);
    r->mel = r->speaker ? read_floats(folder, "mel.f32", (size_t)r->frames * (size_t)r->config.mel_bins, fault) : NULL;
    return fault->code;
}

/* The cosine of the frame that agrees least, and the largest difference. */
static void compare(const struct reference *r, const float *mel)
{
    const int width = r->config.mel_bins;
    double least = 1, largest = 0;
    for (int f = 0; f < r->frames; f++) {
        const float *a = r->mel + f * width, *b = mel + f * width;
        double ab = 0, aa = 0, bb = 0;
        for (int i = 0; i < width; i++) {
            ab += (double)a[i] * (double)b[i];
            aa += (double)a[i] * (double)a[i];
            bb += (double)b[i] * (double)b[i];
            largest = fmax(largest, fabs((double)a[i] - (double)b[i]));
        }
        least = fmin(least, ab / sqrt(aa * bb));
    }
    printf("cosine of every frame at least %.8f, differences at most %.1e\n", least, largest);
}

static int run(const struct reference *r, struct speecht5_pass *pass, struct fault *fault)
{
    const struct speecht5_row row = {r->speaker, r->seed};
    const size_t most = (size_t)speecht5_most_frames(&r->config, r->count, &r->ending) * (size_t)r->config.mel_bins;
    float *mel = memory_new(most, sizeof *mel);
    int frames = 0;
    if (!mel)
        return fail_memory(fault, "a spectrogram");
    const clock_t worked = clock(); /* on a busy machine the one that means something */
    int code = speecht5_speak(pass, r->tokens, &r->count, 1, r->count, &row, &r->ending, mel, &frames, fault);
    const double spent = (double)(clock() - worked) / CLOCKS_PER_SEC;
    if (!code)
        printf("%d frames of %d: %.0f ms of processor time, %.1f GFLOP\n", frames, r->frames, spent * 1e3,
               speecht5_pass_flops(pass) / 1e9);
    if (!code && frames == r->frames)
        compare(r, mel);
    free(mel);
    return code;
}

static int bench(const struct reference *r, int threads, enum tensor_type type, struct fault *fault)
{
    struct thread_pool *pool = NULL;
    struct device *device = NULL;
    struct speecht5 *model = NULL;
    struct speecht5_pass *pass = NULL;
    int code = thread_pool_open(&pool, threads, fault);
    code = code ? code : cpu_device_open(&device, pool, CPU_BEST, fault);
    code = code ? code : speecht5_open(&model, &r->config, r->checkpoint, device, type, fault);
    code = code ? code : speecht5_pass_open(&pass, model, fault);
    if (!code)
        printf("%s, %s, %d threads: %.1f M parameters, %.0f MB of weights\n", device->name, tensor_type_name(type),
               thread_pool_size(pool), (double)speecht5_parameters(model) / 1e6,
               (double)speecht5_weight_bytes(model) / 1e6);
    for (int i = 0; i < REPEATS && !code; i++)
        code = run(r, pass, fault);
    speecht5_pass_close(&pass);
    speecht5_close(&model);
    device_close(&device);
    thread_pool_close(&pool);
    return code;
}

static enum tensor_type type_of(const char *name)
{
    return !strcmp(name, "bf16") ? TENSOR_BF16 : !strcmp(name, "i8") ? TENSOR_I8 : TENSOR_F32;
}

int main(int argc, char **argv)
{
    static struct reference r;
    struct fault fault = {0};
    if (argc < 2) {
        fprintf(stderr, "usage: bench_speecht5_parity DIR [threads [f32|bf16|i8]]\n");
        return 2;
    }
    int code = open_reference(&r, argv[1], &fault);
    if (!code)
        code = bench(&r, argc > 2 ? atoi(argv[2]) : 0, type_of(argc > 3 ? argv[3] : "f32"), &fault);
    if (code)
        fprintf(stderr, "%s\n", fault.message);
    checkpoint_close(&r.checkpoint);
    free(r.speaker);
    free(r.mel);
    return code ? 1 : 0;
}

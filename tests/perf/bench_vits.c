/* Our waveform against that of transformers for a folder that tests/golden/make_vits.py or vits_full_shape.py wrote,
 * and the time of each stage; or, by the name of a published shape, random weights and times alone.
 *
 *     bench_vits DIR|NAME [threads [f32|bf16 [rate]]]      rate: times that of rows.txt; with one, nothing is compared
 */
#include "models/cpu/cpu.h"
#include "models/vits/vits.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_TOKENS = 4096, MOST_FRAMES = 4096, REPEATS = 3 };

/* The first row of the folder. */
struct reference {
    struct vits_config config;
    struct checkpoint *checkpoint;
    int count, speaker, frames, tokens[MOST_TOKENS], durations[MOST_TOKENS];
    float rate, *waveform; /* NULL: nothing to compare with */
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
    return vits_config_read(&r->config, text, length, "config.json", fault);
}

static bool read_numbers(FILE *file, int *numbers, int count)
{
    for (int i = 0; i < count; i++)
        if (fscanf(file, "%d", &numbers[i]) != 1)
            return false;
    return true;
}

static int read_row(struct reference *r, const char *folder, struct fault *fault)
{
    int rows;
    FILE *file = open_file(folder, "rows.txt", fault);
    if (!file)
        return fault->code;
    bool good = fscanf(file, "%d %d %d %f %d", &rows, &r->count, &r->speaker, &r->rate, &r->frames) == 5 &&
                r->count <= MOST_TOKENS && read_numbers(file, r->tokens, r->count) &&
                read_numbers(file, r->durations, r->count);
    fclose(file);
    return good ? 0 : fail(fault, UTTER_ERROR_MODEL, "rows.txt is damaged");
}

static int read_waveform(struct reference *r, const char *folder, struct fault *fault)
{
    const size_t count = (size_t)r->frames * (size_t)vits_hop(&r->config);
    FILE *file = open_file(folder, "waveform.f32", fault);
    if (!file)
        return fault->code;
    r->waveform = memory_new(count, sizeof *r->waveform);
    const size_t read = r->waveform ? fread(r->waveform, sizeof *r->waveform, count, file) : 0;
    fclose(file);
    return read == count ? 0 : fail(fault, UTTER_ERROR_MODEL, "waveform.f32 is damaged");
}

static int open_reference(struct reference *r, const char *folder, struct fault *fault)
{
    if (vits_config_named(&r->config, folder)) {
        r->count = 121;
        r->speaker = -1;
        r->rate = 1;
        for (int t = 1; t < r->count; t += 2)
            r->tokens[t] = t * 7 % r->config.vocabulary;
        return checkpoint_open_random(&r->checkpoint, 1, fault);
    }
    int code = read_config(r, folder, fault);
    code = code ? code : checkpoint_open(&r->checkpoint, folder, fault);
    code = code ? code : read_row(r, folder, fault);
    return code ? code : read_waveform(r, folder, fault);
}

/* The noise of make_vits.py. */
static void make_noise(float *out, int seed, int count)
{
    for (int i = 0; i < count; i++) {
        uint32_t h = (uint32_t)i * 2654435761u + (uint32_t)seed;
        h ^= h >> 15;
        h *= 2246822519u;
        out[i] = ((float)(h >> 8) / 8388608 - 1) * 1.75f;
    }
}

static double snr(const float *expected, const float *got, int count)
{
    double signal = 0, noise = 0;
    for (int i = 0; i < count; i++) {
        signal += (double)expected[i] * (double)expected[i];
        noise += ((double)expected[i] - (double)got[i]) * ((double)expected[i] - (double)got[i]);
    }
    return noise > 0 ? 10 * log10(signal / noise) : 200;
}

/* 3 s of sound, whatever random weights ask for: the row that is asked for, when something is compared. */
static int most_frames(const struct reference *r)
{
    return r->waveform ? MOST_FRAMES : 3 * r->config.sampling_rate / vits_hop(&r->config);
}

static int run(const struct reference *r, struct vits_pass *pass, struct fault *fault)
{
    static float noise[2 * MOST_TOKENS], prior[MOST_FRAMES * 512], z[MOST_FRAMES * 512];
    static int durations[MOST_TOKENS];
    struct vits_control control;
    int frames;
    const int *speaker = r->speaker < 0 ? NULL : &r->speaker;
    make_noise(noise, 1000, 2 * r->count);
    make_noise(prior, 2000, MOST_FRAMES * r->config.flow_size);
    vits_control_init(&control, &r->config);
    control.rate = r->rate;
    control.noise = noise;
    const clock_t worked = clock(); /* on a busy machine the one that means something */
    const double begin = clock_seconds();
    int code = vits_durations(pass, r->tokens, &r->count, 1, r->count, &control, speaker, most_frames(r), durations,
                              &frames, fault);
    const double told = clock_seconds();
    code = code ? code : vits_latents(pass, prior, z, fault);
    const double sampled = clock_seconds();
    float *samples = memory_new((size_t)(code ? 1 : frames) * (size_t)vits_hop(&r->config), sizeof *samples);
    code = code || samples ? code : fail_memory(fault, "samples");
    code = code ? code : vits_decode(pass, z, &frames, 1, frames, speaker, samples, fault);
    const double end = clock_seconds();
    if (!code)
        printf("%d frames, %.2f s: durations %.1f ms, latents %.1f ms, decoder %.1f ms; %.1f GFLOP, %.0f GFLOP/s, "
               "%.0f ms of processor time\n",
               frames, (double)frames * vits_hop(&r->config) / r->config.sampling_rate, (told - begin) * 1e3,
               (sampled - told) * 1e3, (end - sampled) * 1e3, vits_pass_flops(pass) / 1e9,
               vits_pass_flops(pass) / (end - begin) / 1e9, (double)(clock() - worked) * 1e3 / CLOCKS_PER_SEC);
    if (!code && r->waveform)
        printf("durations %s, %.1f dB\n",
               memcmp(durations, r->durations, (size_t)r->count * sizeof *durations) ? "DIFFER" : "the same",
               snr(r->waveform, samples, (frames < r->frames ? frames : r->frames) * vits_hop(&r->config)));
    free(samples);
    return code;
}

static int bench(struct reference *r, int threads, enum tensor_type type, struct fault *fault)
{
    struct thread_pool *pool = NULL;
    struct device *device = NULL;
    struct vits *model = NULL;
    struct vits_pass *pass = NULL;
    int code = thread_pool_open(&pool, threads, fault);
    code = code ? code : cpu_device_open(&device, pool, CPU_BEST, fault);
    code = code ? code : vits_open(&model, &r->config, r->checkpoint, device, type, fault);
    code = code ? code : vits_pass_open(&pass, model, fault);
    if (!code)
        printf("%s, %s, %d threads: %.1f M parameters, %.0f MB of weights\n", device->name, tensor_type_name(type),
               thread_pool_size(pool), (double)vits_parameters(model) / 1e6, (double)vits_weight_bytes(model) / 1e6);
    for (int i = 0; i < REPEATS && !code; i++)
        code = run(r, pass, fault);
    if (!code)
        printf("arena %.0f MB\n", (double)vits_pass_bytes(pass) / 1e6);
    vits_pass_close(&pass);
    vits_close(&model);
    device_close(&device);
    thread_pool_close(&pool);
    return code;
}

int main(int argc, char **argv)
{
    static struct reference r;
    struct fault fault = {0};
    if (argc < 2) {
        fprintf(stderr, "usage: bench_vits DIR|NAME [threads [f32|bf16 [rate]]]\n");
        return 2;
    }
    int code = open_reference(&r, argv[1], &fault);
    if (argc > 4) {
        r.rate *= (float)atof(argv[4]);
        free(r.waveform);
        r.waveform = NULL;
    }
    const bool half = argc > 3 && !strcmp(argv[3], "bf16");
    code = code ? code : bench(&r, argc > 2 ? atoi(argv[2]) : 0, half ? TENSOR_BF16 : TENSOR_F32, &fault);
    if (code)
        fprintf(stderr, "%s\n", fault.message);
    checkpoint_close(&r.checkpoint);
    free(r.waveform);
    return code ? 1 : 0;
}

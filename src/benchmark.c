#include "src/base/memory.h"
#include "src/batch.h"
#include "src/message.h"

#include <stdlib.h>

static const double seconds_limit = 120;
enum { BATCH_LIMIT = 256, REPEATS_LIMIT = 1000, MATMULS = 64, RATE_REPEATS = 5 };
enum { TOKENS = 32, TOKENS_LIMIT = 224 };

static int read_params(struct utter_benchmark_params *params, const struct utter_benchmark_params *given,
                       struct fault *fault)
{
    if (params_read(params, sizeof *params, given, "utter_benchmark_params", fault))
        return fault->code;
    if (params->seconds == 0)
        params->seconds = 20;
    if (!params->batch)
        params->batch = 8;
    if (!params->repeats)
        params->repeats = 5;
    if (!(params->seconds >= 0.1 && params->seconds <= seconds_limit))
        return fail(fault, UTTER_ERROR_ARGUMENT, "seconds is %g, and must be 0.1 to %g", params->seconds,
                    seconds_limit);
    if (params->batch < 1 || params->batch > BATCH_LIMIT)
        return fail(fault, UTTER_ERROR_ARGUMENT, "batch is %d, and must be 1 to %d", params->batch, BATCH_LIMIT);
    if (params->repeats < 1 || params->repeats > REPEATS_LIMIT)
        return fail(fault, UTTER_ERROR_ARGUMENT, "repeats is %d, and must be 1 to %d", params->repeats, REPEATS_LIMIT);
    if (params->tokens < 0 || params->tokens > TOKENS_LIMIT)
        return fail(fault, UTTER_ERROR_ARGUMENT, "tokens is %d, and must be 0 to %d", params->tokens, TOKENS_LIMIT);
    return 0;
}

/* ---- the batch ---- */

struct noise {
    struct window *windows;   /* [count] */
    struct window **pointers; /* [count], to them */
    int count;
};

static void noise_free(struct noise *noise)
{
    for (int i = 0; noise->windows && i < noise->count; i++)
        window_free(&noise->windows[i]);
    free(noise->windows);
    free(noise->pointers);
}

/* White noise at -20 dB of full scale, by xorshift (Marsaglia 2003). */
static void fill_noise(float *samples, int64_t count, uint32_t state)
{
    for (int64_t i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        samples[i] = ((float)(state >> 8) / 8388608.0f - 1) * 0.1f;
    }
}

static int noise_make(struct noise *noise, int count, double seconds, struct fault *fault)
{
    noise->count = count;
    noise->windows = memory_new((size_t)count, sizeof *noise->windows);
    noise->pointers = memory_new((size_t)count, sizeof(struct window *));
    if (!noise->windows || !noise->pointers)
        return fail_memory(fault, "a benchmark");
    for (int i = 0; i < count; i++) {
        struct window *w = &noise->windows[i];
        w->count = (int64_t)(seconds * WINDOW_RATE);
        w->samples = memory_new((size_t)w->count, sizeof *w->samples);
        if (!w->samples)
            return fail_memory(fault, "a benchmark");
        fill_noise(w->samples, w->count, 2463534242u + (uint32_t)i);
        noise->pointers[i] = w;
    }
    return 0;
}

/* ---- medians ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* times: [4, repeats], of features, model, search, and one decoder step. The first run warms up and is not counted. */
static int time_stages(struct batch *batch, const struct noise *noise, double *times, int repeats, struct fault *fault)
{
    for (int run = -1; run < repeats; run++) {
        double began = clock_seconds();
        if (batch_features(batch, noise->pointers, noise->count, fault))
            return fault->code;
        double heard = clock_seconds();
        if (batch_forward(batch, fault))
            return fault->code;
        double scored = clock_seconds();
        if (batch_search(batch, fault))
            return fault->code;
        if (run < 0)
            continue;
        times[run] = heard - began;
        times[repeats + run] = scored - heard;
        times[2 * repeats + run] = clock_seconds() - scored;
        times[3 * repeats + run] = batch_steps(batch) ? times[2 * repeats + run] / batch_steps(batch) : 0;
    }
    return 0;
}

static int list_matmuls(const struct utter_model *model, int batch, int frames, struct matmul_shape *shapes)
{
    if (model->whisper)
        return whisper_encode_matmuls(whisper_get_config(model->whisper), batch, model->engine->device->windows, shapes,
                                      MATMULS);
    const struct fastconformer_config *config = model->transducer ? &transducer_get_config(model->transducer)->encoder
                                                                  : fastconformer_get_config(model->network);
    return fastconformer_matmuls(config, batch, frames, shapes, MATMULS);
}

/* The rate of all matrix products together, had each run at the speed that it reaches alone: operations over time. */
static int matmul_rate(const struct utter_model *model, int batch, int frames, double *rate, struct fault *fault)
{
    struct matmul_shape shapes[MATMULS];
    int count = list_matmuls(model, batch, frames, shapes);
    double operations = 0, seconds = 0;
    for (int i = 0; i < count; i++) {
        const struct matmul_shape *s = &shapes[i];
        double alone;
        if (device_matmul_rate(model->engine->device, s->m, s->k, s->n, model->type, RATE_REPEATS, &alone, fault))
            return fault->code;
        double own = 2.0 * (double)s->m * (double)s->k * (double)s->n * (double)s->count;
        operations += own;
        seconds += own / alone;
    }
    *rate = seconds > 0 ? operations / seconds : 0;
    return 0;
}

/* ---- all of it ---- */

static void report(const struct utter_benchmark_params *params, const struct batch *batch, double *times,
                   struct utter_benchmark *out)
{
    int repeats = params->repeats;
    out->features_seconds = median(times, repeats);
    out->model_seconds = median(times + repeats, repeats);
    out->search_seconds = median(times + 2 * repeats, repeats);
    out->step_seconds = median(times + 3 * repeats, repeats);
    out->audio_seconds = params->seconds * params->batch;
    out->model_flops = batch_flops(batch);
    out->activation_bytes = (double)batch_bytes(batch);
}

/* The passes, with every window of a Whisper decoded to the same number of tokens. */
static int run_passes(struct utter_model *model, const struct utter_benchmark_params *params,
                      const struct decoding *decoding, struct noise *noise, struct utter_benchmark *out,
                      struct fault *fault)
{
    struct batch *batch = NULL;
    double *times = memory_new(4 * (size_t)params->repeats, sizeof *times);
    if (!times)
        return fail_memory(fault, "a benchmark");
    int rows = batch_rows(model, decoding, params->batch);
    if (rows < params->batch)
        fail(fault, UTTER_ERROR_ARGUMENT, "a batch of %d does not fit; with this beam, one of %d does", params->batch,
             rows);
    else if (!noise_make(noise, params->batch, params->seconds, fault) &&
             !batch_open(&batch, model, params->batch, noise->windows[0].count, decoding, fault) &&
             !time_stages(batch, noise, times, params->repeats, fault))
        report(params, batch, times, out);
    batch_close(&batch);
    free(times);
    return fault->code;
}

static int measure(struct utter_model *model, struct utter_benchmark_params *params, struct noise *noise,
                   struct utter_benchmark *out, struct fault *fault)
{
    struct decoding decoding;
    struct utter_decoding_params forced;
    utter_decoding_params_init(&forced);
    forced.force_tokens = params->tokens ? params->tokens : TOKENS;
    if (model->whisper) {
        double whole = (double)batch_longest(model) / WINDOW_RATE;
        params->seconds = params->seconds < whole ? params->seconds : whole;
    }
    if (decoding_read(&decoding, model, params->beam, 0, model->whisper ? "en" : NULL, &forced, fault))
        return fault->code;
    if (model->whisper)
        out->step_bytes = (double)whisper_step_bytes(model->whisper, params->batch, params->batch * decoding.beam);
    if (model->transducer)
        out->step_bytes = (double)transducer_step_bytes(model->transducer);
    if (out->step_bytes > 0)
        device_memory_rate(model->engine->device, &out->memory_rate, fault);
    if (!fault->code && !run_passes(model, params, &decoding, noise, out, fault))
        matmul_rate(model, params->batch, logmel_frames(model->logmel, noise->windows[0].count), &out->matmul_rate,
                    fault);
    decoding_free(&decoding);
    return fault->code;
}

int utter_benchmark_run(utter_model *model, const struct utter_benchmark_params *given, struct utter_benchmark *result)
{
    struct fault fault = {0};
    struct utter_benchmark_params params;
    struct utter_benchmark full = {0};
    struct noise noise = {0};
    if (!need_pointer(model, "model", &fault) && !need_pointer(result, "result", &fault) &&
        !read_params(&params, given, &fault) && !measure(model, &params, &noise, &full, &fault))
        result_write(result, &full, sizeof full, "utter_benchmark", &fault);
    noise_free(&noise);
    return message_publish(&fault);
}

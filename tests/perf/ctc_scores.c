/* ctc_scores.c - the CTC log-probabilities of recordings, each heard whole, for searches to be compared on the same
 * scores (peers_ctc.py).
 *
 *     ctc_scores MODEL OUT FILE ...
 *
 * OUT has, for each file, two int32 (frames, vocabulary) and float32 [frames, vocabulary]. */
#include "audio/file.h"
#include "audio/resample.h"
#include "src/base/memory.h"
#include "src/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEARD_RATE = 16000, BLOCK = 4096, LEAST_FRAMES = 8 };

struct sound {
    float *samples; /* [count] at HEARD_RATE */
    size_t count, capacity;
};

/* What the resampler gave. */
static int append(struct sound *sound, const float *samples, int64_t count, struct fault *fault)
{
    void *grown = sound->samples;
    if (count <= 0)
        return (int)count;
    bool ok = memory_grow(&grown, &sound->capacity, sound->count + (size_t)count, sizeof *samples);
    sound->samples = grown;
    if (!ok)
        return fail_memory(fault, "a recording");
    memcpy(sound->samples + sound->count, samples, (size_t)count * sizeof *samples);
    sound->count += (size_t)count;
    return 0;
}

static void mix(float *samples, int64_t frames, int channels)
{
    for (int64_t i = 0; i < frames; i++) {
        float sum = 0.0f;
        for (int c = 0; c < channels; c++)
            sum += samples[i * channels + c];
        samples[i] = sum / (float)channels;
    }
}

static int read_all(struct audio_file *file, struct resampler *resampler, int channels, struct sound *sound,
                    struct fault *fault)
{
    float *in = memory_new((size_t)(BLOCK * channels), sizeof *in);
    float *out = memory_new((size_t)resampler_bound(resampler, BLOCK), sizeof *out);
    int64_t frames = 0, left = 1;
    if (!in || !out)
        fail_memory(fault, "a recording");
    while (!fault->code && (frames = audio_file_read(file, in, BLOCK, fault)) > 0) {
        mix(in, frames, channels);
        append(sound, out, resampler_feed(resampler, in, frames, out, fault), fault);
    }
    while (!fault->code && left > 0) {
        left = resampler_finish(resampler, out, fault);
        append(sound, out, left, fault);
    }
    free(in);
    free(out);
    return fault->code;
}

static int read_sound(const char *path, struct sound *sound, struct fault *fault)
{
    struct audio_file *file = NULL;
    struct resampler *resampler = NULL;
    struct audio_file_info info;
    if (!audio_file_open_path(&file, path, path, fault)) {
        audio_file_get_info(file, &info);
        if (!resampler_open(&resampler, info.sample_rate, HEARD_RATE, fault))
            read_all(file, resampler, info.channels, sound, fault);
    }
    resampler_close(&resampler);
    audio_file_close(&file);
    return fault->code;
}

/* [frames, mels], normalised. NULL: no memory. */
static float *features_of(const struct logmel *logmel, const struct sound *sound, int *frames)
{
    int valid = logmel_frames(logmel, (int64_t)sound->count);
    size_t mels = (size_t)logmel_get_params(logmel)->mels;
    *frames = valid < LEAST_FRAMES ? LEAST_FRAMES : valid;
    float *features = memory_new((size_t)*frames * mels, sizeof *features);
    void *scratch = memory_aligned(logmel_scratch_size(logmel));
    if (features && scratch) {
        logmel_compute(logmel, sound->samples, (int64_t)sound->count, 0, valid, features, scratch);
        if (valid >= LEAST_FRAMES)
            logmel_normalise(logmel, features, valid);
    }
    free(scratch);
    return features;
}

static int write_scores(const struct utter_model *model, struct fastconformer_pass *pass, const char *path, FILE *out,
                        struct fault *fault)
{
    const struct fastconformer_config *config = fastconformer_get_config(model->network);
    struct sound sound = {0};
    int frames, length = 0;
    if (read_sound(path, &sound, fault)) {
        free(sound.samples);
        return fault->code;
    }
    float *features = features_of(model->logmel, &sound, &frames);
    size_t most = (size_t)fastconformer_frames(config, frames) * (size_t)config->vocabulary;
    float *scores = memory_new(most, sizeof *scores);
    if (!features || !scores)
        fail_memory(fault, "scores");
    else if (!fastconformer_forward(pass, features, &frames, 1, frames, scores, &length, fault)) {
        const int32_t shape[2] = {length, config->vocabulary};
        size_t count = (size_t)length * (size_t)config->vocabulary;
        if (fwrite(shape, sizeof shape, 1, out) != 1 || fwrite(scores, sizeof *scores, count, out) != count)
            fail(fault, UTTER_ERROR_IO, "the scores cannot be written");
    }
    free(sound.samples);
    free(features);
    free(scores);
    return fault->code;
}

static int run(const char *name, char **paths, int count, FILE *out)
{
    utter_engine *engine = NULL;
    utter_model *model = NULL;
    struct utter_model_params params;
    struct fastconformer_pass *pass = NULL;
    struct fault fault = {0};
    utter_model_params_init(&params);
    params.precision = UTTER_PRECISION_F32;
    if (utter_engine_open(&engine, NULL) < 0 || utter_model_open(engine, name, &params, &model) < 0)
        fail(&fault, UTTER_ERROR_MODEL, "%s", utter_error_message());
    else if (!model->network)
        fail(&fault, UTTER_ERROR_UNSUPPORTED, "%s has no CTC head", name);
    else
        fastconformer_pass_open(&pass, model->network, &fault);
    for (int i = 0; i < count && !fault.code; i++)
        write_scores(model, pass, paths[i], out, &fault);
    if (pass)
        fastconformer_pass_close(&pass);
    utter_model_close(&model);
    utter_engine_close(&engine);
    if (fault.code)
        fprintf(stderr, "ctc_scores: %s\n", fault.message);
    return fault.code ? 1 : 0;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: ctc_scores MODEL OUT FILE ...\n");
        return 2;
    }
    FILE *out = fopen(argv[2], "wb");
    int status = out ? run(argv[1], argv + 3, argc - 3, out) : 1;
    if (!out || fclose(out)) {
        fprintf(stderr, "ctc_scores: %s: cannot be written\n", argv[2]);
        status = 1;
    }
    return status;
}

#include "src/feature_batch.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Fewer frames of features than this make no sound of speech; the normalisation needs two. */
enum { FEWEST_FRAMES = 8 };

static size_t mels_of(const struct utter_model *model)
{
    return (size_t)logmel_get_params(model->logmel)->mels;
}

/* Frames that a Whisper's encoder hears, whatever there is to be heard. */
static int whole_frames(const struct utter_model *model)
{
    return 2 * whisper_get_config(model->whisper)->positions;
}

int64_t feature_batch_whole(const struct utter_model *model)
{
    return (int64_t)whole_frames(model) * logmel_get_params(model->logmel)->hop;
}

int feature_batch_open(struct feature_batch *b, const struct utter_model *model, int rows, int64_t samples,
                       struct fault *fault)
{
    const size_t threads = (size_t)thread_pool_size(model->engine->threads);
    b->model = model;
    b->rows = rows;
    b->samples = samples;
    b->scratch_size = (logmel_scratch_size(model->logmel) + 63) / 64 * 64;
    b->scratch = memory_aligned(b->scratch_size * threads);
    b->lengths = memory_new((size_t)rows, sizeof *b->lengths);
    if (model->whisper)
        b->padded = memory_new(threads * (size_t)feature_batch_whole(model), sizeof *b->padded);
    return b->scratch && b->lengths && (b->padded || !model->whisper) ? 0 : fail_memory(fault, "a session");
}

void feature_batch_close(struct feature_batch *b)
{
    free(b->scratch);
    free(b->padded);
    free(b->features);
    free(b->lengths);
    memset(b, 0, sizeof *b);
}

int need_floats(float **floats, size_t *capacity, size_t needed, const char *what, struct fault *fault)
{
    if (needed <= *capacity)
        return 0;
    free(*floats);
    *capacity = 0;
    *floats = memory_aligned(needed * sizeof **floats);
    if (!*floats)
        return fail_memory(fault, what);
    *capacity = needed;
    return 0;
}

/* ---- lengths ---- */

static void measure(struct feature_batch *b)
{
    const struct logmel *logmel = b->model->logmel;
    b->frames = b->model->whisper ? whole_frames(b->model) : FEWEST_FRAMES;
    for (int row = 0; row < b->count; row++) {
        const int valid = logmel_frames(logmel, b->windows[row]->count);
        b->lengths[row] = valid < FEWEST_FRAMES ? FEWEST_FRAMES : valid;
        if (!b->model->whisper && b->lengths[row] > b->frames)
            b->frames = b->lengths[row];
    }
}

bool feature_batch_says(const struct feature_batch *b, int row)
{
    return logmel_frames(b->model->logmel, b->windows[row]->count) >= FEWEST_FRAMES;
}

int feature_batch_most_frames(const struct feature_batch *b)
{
    const int promised = b->model->whisper ? 0 : logmel_frames(b->model->logmel, b->samples);
    return promised > b->frames ? promised : b->frames;
}

/* ---- features ---- */

static void hear_to_longest(const struct feature_batch *b, const struct window *w, float *out, void *scratch)
{
    const struct logmel *logmel = b->model->logmel;
    const size_t mels = mels_of(b->model);
    const int valid = logmel_frames(logmel, w->count);
    logmel_compute(logmel, w->samples, w->count, 0, valid, out, scratch);
    if (valid >= FEWEST_FRAMES)
        logmel_normalise(logmel, out, valid);
    memset(out + (size_t)valid * mels, 0, (size_t)(b->frames - valid) * mels * sizeof *out);
}

/* Sound, then silence up to the whole window, as the published extractor pads it. Frames that hear nothing but the
 * padding are log10 of the extractor's floor. */
static void hear_whole(const struct feature_batch *b, const struct window *w, float *padded, float *out, void *scratch)
{
    const float silence = -10;
    const struct logmel *logmel = b->model->logmel;
    const int64_t whole = feature_batch_whole(b->model), count = w->count < whole ? w->count : whole;
    const int64_t reach = count / logmel_get_params(logmel)->hop + 3;
    const int heard = (int)(reach < b->frames ? reach : b->frames);
    const size_t mels = mels_of(b->model);
    memcpy(padded, w->samples, (size_t)count * sizeof *padded);
    memset(padded + count, 0, (size_t)(whole - count) * sizeof *padded);
    logmel_compute(logmel, padded, whole, 0, heard, out, scratch);
    for (size_t i = (size_t)heard * mels; i < (size_t)b->frames * mels; i++)
        out[i] = silence;
    logmel_normalise(logmel, out, b->frames);
}

static void hear(void *context, int64_t begin, int64_t end, int worker)
{
    struct feature_batch *b = context;
    const size_t thread = (size_t)worker;
    for (int64_t row = begin; row < end; row++) {
        float *out = b->features + (size_t)row * (size_t)b->frames * mels_of(b->model);
        void *scratch = b->scratch + thread * b->scratch_size;
        if (b->model->whisper)
            hear_whole(b, b->windows[row], b->padded + thread * (size_t)feature_batch_whole(b->model), out, scratch);
        else
            hear_to_longest(b, b->windows[row], out, scratch);
    }
}

int feature_batch_compute(struct feature_batch *b, struct window *const *windows, int count, struct fault *fault)
{
    b->windows = windows;
    b->count = count;
    measure(b);
    /* The memory of every later pass is taken at the first one, as long as no window is longer than promised. */
    const int rows = b->capacity ? count : b->rows, frames = b->capacity ? b->frames : feature_batch_most_frames(b);
    const size_t needed = (size_t)rows * (size_t)frames * mels_of(b->model);
    if (need_floats(&b->features, &b->capacity, needed, "a batch of features", fault))
        return fault->code;
    thread_pool_run(b->model->engine->threads, count, 1, hear, b);
    return 0;
}

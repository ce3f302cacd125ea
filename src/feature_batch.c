#include "src/feature_batch.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Fewer frames of features than this make no sound of speech; the normalisation needs two. */
enum { FEWEST_FRAMES = 8 };

int feature_batch_open(struct feature_batch *b, const struct utter_model *model, int rows, struct fault *fault)
{
    b->model = model;
    b->scratch_size = (logmel_scratch_size(model->logmel) + 63) / 64 * 64;
    b->scratch = memory_aligned(b->scratch_size * (size_t)thread_pool_size(model->engine->threads));
    b->lengths = memory_new((size_t)rows, sizeof *b->lengths);
    return b->scratch && b->lengths ? 0 : fail_memory(fault, "a session");
}

void feature_batch_close(struct feature_batch *b)
{
    free(b->scratch);
    free(b->features);
    free(b->lengths);
    memset(b, 0, sizeof *b);
}

void feature_batch_begin(struct feature_batch *b, struct window *const *windows, int count)
{
    b->windows = windows;
    b->count = count;
    b->frames = FEWEST_FRAMES;
    for (int row = 0; row < count; row++) {
        int valid = logmel_frames(b->model->logmel, windows[row]->count);
        b->lengths[row] = valid < FEWEST_FRAMES ? FEWEST_FRAMES : valid;
        b->frames = b->lengths[row] > b->frames ? b->lengths[row] : b->frames;
    }
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

int feature_batch_reserve(struct feature_batch *b, int rows, int frames, struct fault *fault)
{
    size_t mels = (size_t)logmel_get_params(b->model->logmel)->mels;
    return need_floats(&b->features, &b->capacity, (size_t)rows * (size_t)frames * mels, "a batch of features", fault);
}

static void compute_features(void *context, int64_t begin, int64_t end, int worker)
{
    struct feature_batch *b = context;
    const struct logmel *logmel = b->model->logmel;
    size_t mels = (size_t)logmel_get_params(logmel)->mels;
    for (int64_t row = begin; row < end; row++) {
        const struct window *w = b->windows[row];
        int valid = logmel_frames(logmel, w->count);
        float *out = b->features + (size_t)row * (size_t)b->frames * mels;
        logmel_compute(logmel, w->samples, w->count, 0, valid, out, b->scratch + (size_t)worker * b->scratch_size);
        if (valid >= FEWEST_FRAMES)
            logmel_normalise(logmel, out, valid);
        memset(out + (size_t)valid * mels, 0, (size_t)(b->frames - valid) * mels * sizeof *out);
    }
}

void feature_batch_compute(struct feature_batch *b)
{
    thread_pool_run(b->model->engine->threads, b->count, 1, compute_features, b);
}

bool feature_batch_says(const struct feature_batch *b, int row)
{
    return logmel_frames(b->model->logmel, b->windows[row]->count) >= FEWEST_FRAMES;
}

#include "src/ctc_batch.h"

#include "src/base/memory.h"
#include "src/nbest.h"

#include <stdlib.h>
#include <string.h>

/* Fewer frames of features than this make no sound of speech; the normalisation needs two. */
enum { FEWEST_FRAMES = 8 };

struct ctc_batch {
    const struct utter_model *model;
    const struct decoding *decoding; /* borrowed */
    int rows;
    int64_t samples;
    struct fastconformer_pass *pass;
    unsigned char *scratch; /* [threads, scratch_size] for the features */
    size_t scratch_size;
    float *features; /* [count, frames, mels] */
    size_t feature_capacity;
    float *scores; /* [count, score_frames, vocabulary] */
    size_t score_capacity;
    int *lengths, *score_lengths; /* [rows] */
    struct fault *faults;         /* [rows], of the search */
    bool reserved;

    struct window *const *windows; /* of the pass in progress */
    int count, frames, score_frames;
};

int ctc_batch_open(struct ctc_batch **batch, const struct utter_model *model, int rows, int64_t samples,
                   const struct decoding *decoding, struct fault *fault)
{
    struct ctc_batch *b = memory_new(1, sizeof *b);
    if (!b)
        return fail_memory(fault, "a session");
    b->model = model;
    b->rows = rows;
    b->decoding = decoding;
    b->samples = samples;
    b->scratch_size = (logmel_scratch_size(model->logmel) + 63) / 64 * 64;
    b->scratch = memory_aligned(b->scratch_size * (size_t)thread_pool_size(model->engine->threads));
    b->lengths = memory_new((size_t)rows, sizeof *b->lengths);
    b->score_lengths = memory_new((size_t)rows, sizeof *b->score_lengths);
    b->faults = memory_new((size_t)rows, sizeof *b->faults);
    if (!b->scratch || !b->lengths || !b->score_lengths || !b->faults)
        fail_memory(fault, "a session");
    else
        fastconformer_pass_open(&b->pass, model->network, fault);
    if (fault->code)
        ctc_batch_close(&b);
    else
        *batch = b;
    return fault->code;
}

void ctc_batch_close(struct ctc_batch **batch)
{
    struct ctc_batch *b = *batch;
    if (!b)
        return;
    if (b->pass)
        fastconformer_pass_close(&b->pass);
    free(b->scratch);
    free(b->features);
    free(b->scores);
    free(b->lengths);
    free(b->score_lengths);
    free(b->faults);
    free(b);
    *batch = NULL;
}

void ctc_batch_decode(struct ctc_batch *b, const struct decoding *decoding)
{
    b->decoding = decoding;
}

/* ---- features ---- */

/* Makes *floats hold at least needed; what was in it is lost. */
static int need_floats(float **floats, size_t *capacity, size_t needed, const char *what, struct fault *fault)
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

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Takes the memory of every later pass at the first one, as long as no window is longer than promised. */
static int reserve(struct ctc_batch *b, struct fault *fault)
{
    const struct fastconformer_config *config = fastconformer_get_config(b->model->network);
    int longest = (int)larger(logmel_frames(b->model->logmel, b->samples), b->frames);
    int rows = b->reserved ? b->count : b->rows;
    int frames = b->reserved ? b->frames : longest;
    if (need_floats(&b->features, &b->feature_capacity, (size_t)rows * (size_t)frames * (size_t)config->mel_bins,
                    "a batch of features", fault) ||
        need_floats(&b->scores, &b->score_capacity,
                    (size_t)rows * (size_t)fastconformer_frames(config, frames) * (size_t)config->vocabulary,
                    "a batch of scores", fault))
        return fault->code;
    if (!b->reserved && fastconformer_pass_reserve(b->pass, rows, frames, fault))
        return fault->code;
    b->reserved = true;
    return 0;
}

static void compute_features(void *context, int64_t begin, int64_t end, int worker)
{
    struct ctc_batch *b = context;
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

int ctc_batch_features(struct ctc_batch *b, struct window *const *windows, int count, struct fault *fault)
{
    b->windows = windows;
    b->count = count;
    b->frames = FEWEST_FRAMES;
    for (int row = 0; row < count; row++) {
        int valid = logmel_frames(b->model->logmel, windows[row]->count);
        b->lengths[row] = valid < FEWEST_FRAMES ? FEWEST_FRAMES : valid;
        b->frames = b->lengths[row] > b->frames ? b->lengths[row] : b->frames;
    }
    if (reserve(b, fault))
        return fault->code;
    thread_pool_run(b->model->engine->threads, count, 1, compute_features, b);
    return 0;
}

/* ---- scores ---- */

int ctc_batch_forward(struct ctc_batch *b, struct fault *fault)
{
    b->score_frames = fastconformer_frames(fastconformer_get_config(b->model->network), b->frames);
    return fastconformer_forward(b->pass, b->features, b->lengths, b->count, b->frames, b->scores, b->score_lengths,
                                 fault);
}

/* ---- words ---- */

static void shift_words(struct word_list *list, double seconds)
{
    for (size_t i = 0; i < list->count; i++) {
        list->words[i].start += seconds;
        list->words[i].end += seconds;
    }
}

static int add_alternative(const struct ctc_batch *b, const struct ctc_hypothesis *h, struct nbest *nbest,
                           struct fault *fault)
{
    const struct tokenizer *tokenizer = b->model->tokenizer;
    struct nbest_token *tokens = memory_new(h->count + 1, sizeof *tokens);
    int *ids = memory_new(h->count + 1, sizeof *ids);
    char *text = NULL;
    for (size_t i = 0; tokens && ids && i < h->count; i++) {
        const char *piece = tokenizer_piece(tokenizer, h->tokens[i].id);
        ids[i] = h->tokens[i].id;
        tokens[i] = (struct nbest_token){.id = ids[i],
                                         .log_probability = h->tokens[i].log_probability,
                                         .bytes = piece ? piece : "",
                                         .length = piece ? strlen(piece) : 0};
    }
    size_t size = tokens && ids ? tokenizer_decode(tokenizer, ids, h->count, NULL, 0) + 1 : 0;
    if (size && (text = memory_new(size, 1))) {
        tokenizer_decode(tokenizer, ids, h->count, text, size);
        nbest_add(nbest, text, h->score, tokens, h->count, fault);
    } else {
        fail_memory(fault, "a stretch's alternatives");
    }
    free(text);
    free(ids);
    free(tokens);
    return fault->code;
}

static int keep_nbest(const struct ctc_batch *b, const struct ctc_result *result, struct window *w, struct fault *fault)
{
    nbest_free(w->nbest);
    w->nbest = nbest_new(w, result->count);
    if (!w->nbest)
        return fail_memory(fault, "a stretch's alternatives");
    for (size_t i = 0; i < result->count && !fault->code; i++)
        add_alternative(b, &result->best[i], w->nbest, fault);
    return fault->code;
}

/* Whatever model of the language the search asked, the confidence asks the one that it was fitted with. */
static void calibrate(const struct ctc_batch *b, struct word_list *words)
{
    const struct utter_model *model = b->model;
    if (model->calibrated)
        confidence_set(b->decoding->guide.fusion ? &model->confidence.guided : &model->confidence.alone,
                       language_model_fusion(model->lm)->ngram, words);
}

static int search_window(struct ctc_batch *b, int row, struct fault *fault)
{
    const struct fastconformer_config *config = fastconformer_get_config(b->model->network);
    struct window *w = b->windows[row];
    words_free(&w->words);
    if (logmel_frames(b->model->logmel, w->count) < FEWEST_FRAMES)
        return 0;
    const struct decoding *d = b->decoding;
    struct ctc_params params = {.blank = config->blank,
                                .beam = d->beam,
                                .nbest = d->nbest ? d->nbest : 1,
                                .guide = &d->guide,
                                .spelling = b->model->spelling,
                                .recombine = d->nbest <= 1};
    struct ctc_result result = {0};
    const float *scores = b->scores + (size_t)row * (size_t)b->score_frames * (size_t)config->vocabulary;
    if (ctc_decode(scores, b->score_lengths[row], config->vocabulary, &params, &result, fault))
        return fault->code;
    if (result.count && !words_from_tokens(b->model->tokenizer, &result.best[0], b->model->frame_seconds,
                                           (double)w->count / WINDOW_RATE, &w->words, fault))
        shift_words(&w->words, (double)w->begin / WINDOW_RATE);
    calibrate(b, &w->words);
    if (d->nbest && result.count && !fault->code)
        keep_nbest(b, &result, w, fault);
    ctc_free(&result);
    return fault->code;
}

static void search_windows(void *context, int64_t begin, int64_t end, int worker)
{
    struct ctc_batch *b = context;
    (void)worker;
    for (int64_t row = begin; row < end; row++)
        search_window(b, (int)row, &b->faults[row]);
}

int ctc_batch_search(struct ctc_batch *b, struct fault *fault)
{
    for (int row = 0; row < b->count; row++)
        fault_clear(&b->faults[row]);
    thread_pool_run(b->model->engine->threads, b->count, 1, search_windows, b);
    for (int row = 0; row < b->count; row++)
        if (b->faults[row].code)
            return fail(fault, b->faults[row].code, "%s", b->faults[row].message);
    return 0;
}

size_t ctc_batch_bytes(const struct ctc_batch *b)
{
    return fastconformer_pass_bytes(b->pass);
}

double ctc_batch_flops(const struct ctc_batch *b)
{
    return fastconformer_pass_flops(b->pass);
}

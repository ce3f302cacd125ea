#include "src/whisper_batch.h"

#include "src/base/memory.h"
#include "src/nbest.h"
#include "src/whisper_heard.h"

#include <stdlib.h>
#include <string.h>

/* A window that is this sure of its language decides for the stream. */
static const float language_sure = 0.5f;

struct whisper_batch {
    const struct utter_model *model;
    const struct decoding *decoding;
    int rows; /* windows */
    struct whisper_pass *pass;
    struct whisper_row *step_rows;
    struct score_range *step_ranges; /* WHISPER_RANGES of each */
    int language;                    /* of the stream, or LANGUAGE_UNKNOWN */
    int steps;
    double flops; /* of the last forward */

    /* Of the pass in progress: */
    struct window *const *windows;
    int count;
    int *languages; /* [rows] */
    struct whisper_search_window *tasks;
    struct whisper_result *results;
};

/* Hypotheses that one window may have at once. */
static int group_of(const struct decoding *decoding)
{
    return whisper_search_rows(&decoding->search, 1);
}

int whisper_batch_rows(const struct utter_model *model, const struct decoding *decoding, int wanted)
{
    const struct whisper_config *c = whisper_get_config(model->whisper);
    const double number = model->type == TENSOR_F32 ? 4 : 2,
                 across = tensor_type_size(model->type) == 1 ? 1.125 : number;
    double position = 2.0 * c->decoder_layers * c->width;
    double window = position * (across * c->positions + number * group_of(decoding) * c->text_positions);
    const struct device *device = model->engine->device;
    int rows = (int)(device->kept_bytes / window);
    rows = rows > device->rows ? device->rows : rows;
    rows = rows > wanted ? wanted : rows;
    return rows > 1 ? rows : 1;
}

static int take_memory(struct whisper_batch *b, struct fault *fault)
{
    const size_t rows = (size_t)b->rows;
    b->step_rows = memory_new(rows * (size_t)group_of(b->decoding), sizeof *b->step_rows);
    b->step_ranges = memory_new(rows * (size_t)group_of(b->decoding) * WHISPER_RANGES, sizeof *b->step_ranges);
    b->languages = memory_new(rows, sizeof *b->languages);
    b->tasks = memory_new(rows, sizeof *b->tasks);
    b->results = memory_new(rows, sizeof *b->results);
    if (!b->step_rows || !b->step_ranges || !b->languages || !b->tasks || !b->results)
        return fail_memory(fault, "a session");
    return 0;
}

int whisper_batch_open(struct whisper_batch **batch, const struct utter_model *model, int rows,
                       const struct decoding *decoding, struct fault *fault)
{
    struct whisper_batch *b = memory_new(1, sizeof *b);
    if (!b)
        return fail_memory(fault, "a session");
    b->model = model;
    b->decoding = decoding;
    b->rows = rows;
    b->language = decoding->language;
    if (!take_memory(b, fault))
        whisper_pass_open(&b->pass, model->whisper, rows, rows * group_of(decoding), fault);
    if (fault->code)
        whisper_batch_close(&b);
    else
        *batch = b;
    return fault->code;
}

void whisper_batch_close(struct whisper_batch **batch)
{
    struct whisper_batch *b = *batch;
    if (!b)
        return;
    if (b->pass)
        whisper_pass_close(&b->pass);
    free(b->step_rows);
    free(b->step_ranges);
    free(b->languages);
    free(b->tasks);
    free(b->results);
    free(b);
    *batch = NULL;
}

void whisper_batch_reset(struct whisper_batch *b)
{
    b->language = b->decoding->language;
}

void whisper_batch_decode(struct whisper_batch *b, const struct decoding *decoding)
{
    b->decoding = decoding;
}

const char *whisper_batch_language(const struct whisper_batch *b)
{
    if (b->language == -1)
        return "en";
    return b->language < 0 ? "" : whisper_vocabulary_language_code(b->model->vocabulary, b->language);
}

int whisper_batch_forward(struct whisper_batch *b, const struct feature_batch *heard, struct fault *fault)
{
    b->windows = heard->windows;
    b->count = heard->count;
    int code = whisper_encode(b->pass, heard->features, heard->count, NULL, fault);
    b->flops = whisper_pass_flops(b->pass); /* before a step of the search counts its own */
    return code;
}

/* ---- search ---- */

/* The decoder room and the model room each name a row's fields for themselves: this is where they meet. */
static void take_rows(struct whisper_batch *b, const struct whisper_search_row *rows, int count)
{
    for (int i = 0; i < count; i++)
        b->step_rows[i] = (struct whisper_row){rows[i].window, rows[i].parent, rows[i].tokens, rows[i].token_count};
    b->steps++;
}

static int step_likeliest(void *context, const struct whisper_search_row *rows, int count,
                          const struct whisper_ask *ask, float *found, struct fault *fault)
{
    struct whisper_batch *b = context;
    const struct whisper_wanted wanted = {b->step_ranges, WHISPER_RANGES, ask->barred, ask->count};
    take_rows(b, rows, count);
    for (int i = 0; i < count * WHISPER_RANGES; i++)
        b->step_ranges[i] = (struct score_range){ask->ranges[i].begin, ask->ranges[i].end};
    return whisper_step_likeliest(b->pass, b->step_rows, count, &wanted, found, fault);
}

static int step(void *context, const struct whisper_search_row *rows, int count, float *logits, struct fault *fault)
{
    struct whisper_batch *b = context;
    take_rows(b, rows, count);
    return whisper_step(b->pass, b->step_rows, count, logits, fault);
}

/* Every window's language: the stream's, where it is known, else what the window itself sounds like. */
static int find_languages(struct whisper_batch *b, struct fault *fault)
{
    for (int i = 0; i < b->count; i++)
        b->languages[i] = b->language;
    if (b->language != LANGUAGE_UNKNOWN)
        return 0;
    int *rows = memory_new((size_t)b->count, sizeof *rows);
    float *sure = memory_new((size_t)b->count, sizeof *sure);
    if (!rows || !sure) {
        free(rows);
        free(sure);
        return fail_memory(fault, "a language's probabilities");
    }
    for (int i = 0; i < b->count; i++)
        rows[i] = i;
    if (!whisper_detect_language(b->model->vocabulary, step, b, rows, b->count, b->languages, sure, fault)) {
        int best = 0;
        for (int i = 1; i < b->count; i++)
            if (sure[i] > sure[best])
                best = i;
        if (sure[best] >= language_sure && !b->decoding->passing)
            b->language = b->languages[best];
    }
    free(rows);
    free(sure);
    return fault->code;
}

static int fill_windows(struct whisper_batch *b, struct fault *fault)
{
    for (int i = 0; i < b->count && !fault->code; i++) {
        struct whisper_heard heard = {b->model, b->decoding, b->pass, i, b->languages[i], &b->results[i]};
        whisper_heard_fill(&heard, b->windows[i], fault);
    }
    return fault->code;
}

/* Of a window that may be searched again, as a benchmark does. */
static void forget_heard(struct window *w)
{
    words_free(&w->words);
    free(w->dropped);
    free(w->tokens);
    w->dropped = NULL;
    w->reason = UTTER_REASON_NONE;
    w->sentence = false;
    w->tokens = NULL;
    w->token_count = 0;
    nbest_free(w->nbest);
    w->nbest = NULL;
}

int whisper_batch_search(struct whisper_batch *b, struct fault *fault)
{
    b->steps = 0;
    if (find_languages(b, fault))
        return fault->code;
    for (int i = 0; i < b->count; i++) {
        const struct window *w = b->windows[i];
        bool own = w->prompt != NULL;
        forget_heard(b->windows[i]);
        b->tasks[i] = (struct whisper_search_window){.window = i,
                                                     .language = b->languages[i],
                                                     .prompt = own ? w->prompt : b->decoding->prompt,
                                                     .prompt_count = own ? w->prompt_count : b->decoding->prompt_count};
    }
    struct whisper_search_params params = b->decoding->search;
    params.threads = b->model->engine->threads;
    params.unfinished = b->decoding->passing;
    params.guide = &b->decoding->guide;
    params.likeliest = b->model->engine->device->far ? step_likeliest : NULL;
    if (whisper_search(b->model->vocabulary, &params, step, b, b->tasks, b->count, b->results, fault))
        return fault->code;
    fill_windows(b, fault);
    for (int i = 0; i < b->count; i++)
        whisper_result_free(&b->results[i]);
    return fault->code;
}

size_t whisper_batch_bytes(const struct whisper_batch *b)
{
    return whisper_pass_bytes(b->pass);
}

double whisper_batch_flops(const struct whisper_batch *b)
{
    return b->flops;
}

int whisper_batch_steps(const struct whisper_batch *b)
{
    return b->steps;
}

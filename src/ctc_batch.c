#include "src/ctc_batch.h"

#include "src/base/memory.h"
#include "src/window_tokens.h"

#include <stdlib.h>

struct ctc_batch {
    const struct utter_model *model;
    const struct decoding *decoding; /* borrowed */
    int rows;
    struct fastconformer_pass *pass;
    float *scores; /* [count, score_frames, vocabulary] */
    size_t score_capacity;
    int *score_lengths;   /* [rows] */
    struct fault *faults; /* [rows], of the search */
    bool reserved;

    /* Of the pass in progress: */
    const struct feature_batch *heard;
    int score_frames;
};

int ctc_batch_open(struct ctc_batch **batch, const struct utter_model *model, int rows, const struct decoding *decoding,
                   struct fault *fault)
{
    struct ctc_batch *b = memory_new(1, sizeof *b);
    if (!b)
        return fail_memory(fault, "a session");
    b->model = model;
    b->rows = rows;
    b->decoding = decoding;
    b->score_lengths = memory_new((size_t)rows, sizeof *b->score_lengths);
    b->faults = memory_new((size_t)rows, sizeof *b->faults);
    if (!b->score_lengths || !b->faults)
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
    free(b->scores);
    free(b->score_lengths);
    free(b->faults);
    free(b);
    *batch = NULL;
}

void ctc_batch_decode(struct ctc_batch *b, const struct decoding *decoding)
{
    b->decoding = decoding;
}

/* ---- scores ---- */

/* Takes the memory of every later pass at the first one, as long as no window is longer than promised. */
static int reserve(struct ctc_batch *b, struct fault *fault)
{
    const struct fastconformer_config *config = fastconformer_get_config(b->model->network);
    const int rows = b->reserved ? b->heard->count : b->rows;
    const int frames = b->reserved ? b->heard->frames : feature_batch_most_frames(b->heard);
    const size_t scores = (size_t)rows * (size_t)fastconformer_frames(config, frames) * (size_t)config->vocabulary;
    if (need_floats(&b->scores, &b->score_capacity, scores, "a batch of scores", fault) ||
        (!b->reserved && fastconformer_pass_reserve(b->pass, rows, frames, fault)))
        return fault->code;
    b->reserved = true;
    return 0;
}

int ctc_batch_forward(struct ctc_batch *b, const struct feature_batch *heard, struct fault *fault)
{
    b->heard = heard;
    b->score_frames = fastconformer_frames(fastconformer_get_config(b->model->network), heard->frames);
    if (reserve(b, fault))
        return fault->code;
    return fastconformer_forward(b->pass, heard->features, heard->lengths, heard->count, heard->frames, b->scores,
                                 b->score_lengths, fault);
}

/* ---- words ---- */

static const float *scores_of(const struct ctc_batch *b, int row)
{
    size_t vocabulary = (size_t)fastconformer_get_config(b->model->network)->vocabulary;
    return b->scores + (size_t)row * (size_t)b->score_frames * vocabulary;
}

/* Holds the best sentence against the likeliest path of all. */
static int judge_sentence(const struct ctc_batch *b, const float *scores, int frames, const struct ctc_params *params,
                          const struct ctc_result *result, struct window *w, struct fault *fault)
{
    struct ctc_params plain = {.blank = params->blank};
    struct ctc_result heard = {0};
    if (ctc_decode(scores, frames, fastconformer_get_config(b->model->network)->vocabulary, &plain, &heard, fault))
        return fault->code;
    window_take_sentence(w, b->model, b->decoding->constraint, result, &heard.best[0], fault);
    ctc_free(&heard);
    return fault->code;
}

/* ---- a window ---- */

/* The search with a walk of its own through the grammar, where there is one. */
static int decode_row(const struct ctc_batch *b, int row, struct ctc_params *params, struct guide *guide,
                      struct ctc_result *result, struct fault *fault)
{
    const struct decoding *d = b->decoding;
    const float *scores = scores_of(b, row);
    *guide = d->guide;
    guide->unfinished = d->passing;
    params->guide = guide;
    if (d->constraint && constraint_walk(d->constraint, &guide->grammar, fault))
        return fault->code;
    int vocabulary = fastconformer_get_config(b->model->network)->vocabulary;
    if (!ctc_decode(scores, b->score_lengths[row], vocabulary, params, result, fault) && guide->grammar &&
        grammar_check(guide->grammar, fault))
        ctc_free(result);
    grammar_walk_close(&guide->grammar);
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

/* Fills w->evidence. A phrase that was listened for may fit worse than the words in whose place it stands: it says
 * nothing against speech where there were any. */
static int gather_evidence(const struct ctc_batch *b, int row, const struct ctc_hypothesis *plain, struct window *w,
                           struct fault *fault)
{
    const struct fastconformer_config *config = fastconformer_get_config(b->model->network);
    const double seconds = (double)w->count / WINDOW_RATE;
    struct word_list words = {0};
    if (plain->count && words_from_tokens(b->model->tokenizer, plain, b->model->frame_seconds, seconds, &words, fault))
        return fault->code;
    presence_gather(&w->evidence, scores_of(b, row), b->score_lengths[row], config->vocabulary, config->blank, seconds,
                    words.count ? &words : &w->words);
    words_free(&words);
    return 0;
}

/* Speech that runs on from or into another window is never taken for noise. */
static int judge_presence(const struct ctc_batch *b, int row, const struct ctc_hypothesis *plain, struct window *w,
                          struct fault *fault)
{
    const struct presence *presence = &b->model->presence;
    const struct presence_weights *weights = b->decoding->guide.fusion ? &presence->guided : &presence->alone;
    const double no_speech = b->decoding->no_speech;
    if (!b->model->tells_noise || !w->words.count || w->seam_before || w->seam_after)
        return 0;
    if (gather_evidence(b, row, plain, w, fault))
        return fault->code;
    const double least = no_speech > 0 ? 1.0 - no_speech : weights->threshold;
    if (no_speech < 0 || presence_probability(weights, &w->evidence) >= least)
        return 0;
    return window_drop_words(w, UTTER_REASON_SILENCE, fault);
}

/* What the best hypothesis says, unless it is made of noise. */
static int take_words(const struct ctc_batch *b, int row, const struct ctc_result *result, struct window *w,
                      struct fault *fault)
{
    if (window_take_words(w, b->model, &result->best[0], fault))
        return fault->code;
    calibrate(b, &w->words);
    return judge_presence(b, row, &result->plain, w, fault);
}

static int search_window(struct ctc_batch *b, int row, struct fault *fault)
{
    struct window *w = b->heard->windows[row];
    window_forget_tokens(w);
    if (!feature_batch_says(b->heard, row))
        return 0;
    const struct decoding *d = b->decoding;
    struct ctc_params params = {.blank = fastconformer_get_config(b->model->network)->blank,
                                .beam = d->beam,
                                .nbest = d->nbest ? d->nbest : 1,
                                .blank_penalty = d->blank_penalty,
                                .spelling = b->model->spelling,
                                .recombine = d->nbest <= 1};
    struct guide guide;
    struct ctc_result result = {0};
    if (decode_row(b, row, &params, &guide, &result, fault))
        return fault->code;
    if (d->constraint)
        judge_sentence(b, scores_of(b, row), b->score_lengths[row], &params, &result, w, fault);
    else if (result.count)
        take_words(b, row, &result, w, fault);
    if (d->nbest && result.count && !fault->code)
        window_keep_alternatives(w, b->model, &result, fault);
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
    for (int row = 0; row < b->heard->count; row++)
        fault_clear(&b->faults[row]);
    thread_pool_run(b->model->engine->threads, b->heard->count, 1, search_windows, b);
    for (int row = 0; row < b->heard->count; row++)
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

#include "src/transducer_batch.h"

#include "decoder/search/transducer.h"
#include "src/base/memory.h"
#include "src/window_tokens.h"

#include <stdlib.h>

/* STEP_ROWS: predictions or joints of one matrix product. LOOK_AHEAD: joints that a step of a greedy search may
 * be filled up to with frames that lie ahead: weights are read once for all of them. */
enum { STEP_ROWS = 128, LOOK_AHEAD = 8 };

struct transducer_batch {
    const struct utter_model *model;
    const struct decoding *decoding; /* borrowed */
    int rows;
    struct transducer_pass *pass;
    const struct feature_batch *heard;         /* of the pass in progress */
    int *state_lengths;                        /* [rows] */
    struct ctc_result *results;                /* [rows] */
    struct ctc_result *heard_freely;           /* [rows]: without a grammar, where there is one */
    struct grammar_walk **walks;               /* [rows], each window's, while it is searched */
    struct guide guide;                        /* the decoding's, of the search in progress */
    struct transducer_prediction *predictions; /* [joint_capacity] of a step */
    struct transducer_joint *joints;           /* [joint_capacity] */
    int joint_capacity;
    bool reserved;
    int steps; /* of the last search */
};

int transducer_batch_open(struct transducer_batch **batch, const struct utter_model *model, int rows,
                          const struct decoding *decoding, struct fault *fault)
{
    struct transducer_batch *b = memory_new(1, sizeof *b);
    if (!b)
        return fail_memory(fault, "a session");
    *b = (struct transducer_batch){.model = model, .decoding = decoding, .rows = rows};
    b->state_lengths = memory_new((size_t)rows, sizeof *b->state_lengths);
    b->results = memory_new((size_t)rows, sizeof *b->results);
    b->heard_freely = memory_new((size_t)rows, sizeof *b->heard_freely);
    b->walks = memory_new((size_t)rows, sizeof(struct grammar_walk *));
    if (!b->state_lengths || !b->results || !b->heard_freely || !b->walks)
        fail_memory(fault, "a session");
    else
        transducer_pass_open(&b->pass, model->transducer, rows, STEP_ROWS, fault);
    if (fault->code)
        transducer_batch_close(&b);
    else
        *batch = b;
    return fault->code;
}

void transducer_batch_close(struct transducer_batch **batch)
{
    struct transducer_batch *b = *batch;
    if (!b)
        return;
    if (b->pass)
        transducer_pass_close(&b->pass);
    free(b->state_lengths);
    free(b->results);
    free(b->heard_freely);
    free(b->walks);
    free(b->predictions);
    free(b->joints);
    free(b);
    *batch = NULL;
}

void transducer_batch_decode(struct transducer_batch *b, const struct decoding *decoding)
{
    b->decoding = decoding;
}

/* ---- states ---- */

static struct transducer_search_params search_params(const struct transducer_batch *b)
{
    const struct transducer_config *config = transducer_get_config(b->model->transducer);
    const struct decoding *d = b->decoding;
    return (struct transducer_search_params){
        .vocabulary = config->vocabulary,
        .blank = config->blank,
        .duration_count = config->duration_count,
        .durations = config->durations,
        .max_symbols = config->max_symbols,
        .beam = d->beam,
        .nbest = d->nbest ? d->nbest : 1,
        .ahead = LOOK_AHEAD,
        .guide = &b->guide,
        .threads = b->model->engine->threads,
    };
}

/* Room for the rows of a step as this decoding asks for them, which another one did not need. */
static int reserve_steps(struct transducer_batch *b, int rows, struct fault *fault)
{
    const struct transducer_search_params params = search_params(b);
    const int joints = transducer_search_joints(&params, rows);
    if (transducer_pass_need_slots(b->pass, transducer_search_slots(&params, rows), fault))
        return fault->code;
    if (joints <= b->joint_capacity)
        return 0;
    b->joint_capacity = 0;
    free(b->predictions);
    free(b->joints);
    b->predictions = memory_new((size_t)joints, sizeof *b->predictions);
    b->joints = memory_new((size_t)joints, sizeof *b->joints);
    if (!b->predictions || !b->joints)
        return fail_memory(fault, "a session");
    b->joint_capacity = joints;
    return 0;
}

/* Takes the memory of every later pass at the first one, as long as no window is longer than promised. */
static int reserve(struct transducer_batch *b, struct fault *fault)
{
    const int rows = b->reserved ? b->heard->count : b->rows;
    const int frames = b->reserved ? b->heard->frames : feature_batch_most_frames(b->heard);
    if (reserve_steps(b, rows, fault) || (!b->reserved && transducer_pass_reserve(b->pass, rows, frames, fault)))
        return fault->code;
    b->reserved = true;
    return 0;
}

int transducer_batch_forward(struct transducer_batch *b, const struct feature_batch *heard, struct fault *fault)
{
    b->heard = heard;
    if (reserve(b, fault))
        return fault->code;
    return transducer_encode(b->pass, heard->features, heard->lengths, heard->count, heard->frames, b->state_lengths,
                             NULL, fault);
}

/* ---- search ---- */

/* The decoder room and the model room each name the rows of a step for themselves: this is where they meet. */
static int step(void *context, const struct transducer_search_ask *ask, float *tokens, float *durations,
                struct fault *fault)
{
    struct transducer_batch *b = context;
    for (int i = 0; i < ask->prediction_count; i++) {
        const struct transducer_search_prediction *p = &ask->predictions[i];
        b->predictions[i] = (struct transducer_prediction){p->from, p->token, p->to};
    }
    for (int i = 0; i < ask->joint_count; i++) {
        const struct transducer_search_joint *j = &ask->joints[i];
        b->joints[i] = (struct transducer_joint){j->window, j->frame, j->slot};
    }
    b->steps++;
    return transducer_step(b->pass, b->predictions, ask->prediction_count, b->joints, ask->joint_count, tokens,
                           durations, fault);
}

static int take_result(const struct transducer_batch *b, int row, struct fault *fault)
{
    const struct ctc_result *result = &b->results[row];
    struct window *w = b->heard->windows[row];
    if (b->decoding->constraint)
        window_take_sentence(w, b->model, b->decoding->constraint, result, &b->heard_freely[row].best[0], fault);
    else if (result->count)
        window_take_words(w, b->model, &result->best[0], fault);
    if (b->decoding->nbest && result->count && !fault->code)
        window_keep_alternatives(w, b->model, result, fault);
    return fault->code;
}

static int take_results(struct transducer_batch *b, struct fault *fault)
{
    for (int row = 0; row < b->heard->count && !fault->code; row++)
        if (feature_batch_says(b->heard, row))
            take_result(b, row, fault);
    return fault->code;
}

/* Every window walks through the grammar by itself. */
static int open_walks(struct transducer_batch *b, struct fault *fault)
{
    for (int row = 0; b->decoding->constraint && row < b->heard->count; row++)
        if (constraint_walk(b->decoding->constraint, &b->walks[row], fault))
            return fault->code;
    return 0;
}

static int check_walks(const struct transducer_batch *b, struct fault *fault)
{
    for (int row = 0; b->decoding->constraint && row < b->heard->count; row++)
        if (grammar_check(b->walks[row], fault))
            return fault->code;
    return 0;
}

/* What would be heard without a grammar, which a sentence of it is held against. */
static int search_freely(struct transducer_batch *b, struct transducer_search_params params, struct fault *fault)
{
    params.beam = 1;
    params.nbest = 1;
    params.guide = NULL;
    params.walks = NULL;
    return b->decoding->constraint
               ? transducer_search(&params, step, b, b->state_lengths, b->heard->count, b->heard_freely, fault)
               : 0;
}

static void forget_search(struct transducer_batch *b)
{
    for (int row = 0; row < b->heard->count; row++) {
        ctc_free(&b->results[row]);
        ctc_free(&b->heard_freely[row]);
        grammar_walk_close(&b->walks[row]);
    }
}

int transducer_batch_search(struct transducer_batch *b, struct fault *fault)
{
    b->steps = 0;
    b->guide = b->decoding->guide;
    b->guide.unfinished = b->decoding->passing;
    struct transducer_search_params params = search_params(b);
    for (int row = 0; row < b->heard->count; row++) {
        window_forget_tokens(b->heard->windows[row]);
        if (!feature_batch_says(b->heard, row))
            b->state_lengths[row] = 0;
    }
    if (b->decoding->constraint)
        params.walks = b->walks;
    if (!open_walks(b, fault) &&
        !transducer_search(&params, step, b, b->state_lengths, b->heard->count, b->results, fault) &&
        !check_walks(b, fault) && !search_freely(b, params, fault))
        take_results(b, fault);
    forget_search(b);
    return fault->code;
}

size_t transducer_batch_bytes(const struct transducer_batch *b)
{
    return transducer_pass_bytes(b->pass);
}

double transducer_batch_flops(const struct transducer_batch *b)
{
    return transducer_pass_flops(b->pass);
}

int transducer_batch_steps(const struct transducer_batch *b)
{
    return b->steps;
}

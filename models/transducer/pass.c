/* pass.c - the encoder's pass, a context beside it, and what lies in its arena: the states of the windows, the kept
 * predictions, and behind them what a step needs. */
#include "models/transducer/forward.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_SLOTS = 1 << 20 };

struct transducer_pass {
    const struct transducer *model;
    struct fastconformer_pass *encoder;
    struct context context;
    int slots, rows;
    struct kept kept;
    size_t behind_kept; /* arena mark */
    int64_t frames;     /* of states that there is room for, of all windows together */
    float *states;      /* [frames, h] on the host */
    int windows, time;  /* encoded */
    int *lengths;       /* [lengths_capacity]: of the windows */
    int lengths_capacity;
    int *from, *tokens, *to; /* [rows]: of a run */
};

/* ---- memory ---- */

static int take_memory(struct transducer_pass *p, struct fault *fault)
{
    const size_t layers = (size_t)p->model->config.layers, rows = (size_t)p->rows;
    p->kept.hidden = memory_new(layers, sizeof *p->kept.hidden);
    p->kept.cell = memory_new(layers, sizeof *p->kept.cell);
    p->from = memory_new(rows, sizeof *p->from);
    p->tokens = memory_new(rows, sizeof *p->tokens);
    p->to = memory_new(rows, sizeof *p->to);
    if (!p->kept.hidden || !p->kept.cell || !p->from || !p->tokens || !p->to)
        return fail_memory(fault, "a forward pass");
    return 0;
}

int transducer_pass_open(struct transducer_pass **pass, const struct transducer *model, int slots, int rows,
                         struct fault *fault)
{
    *pass = NULL;
    if (slots < 1 || rows < 1 || slots > MOST_SLOTS || rows > 1 << 16)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a pass of %d predictions and %d rows", slots, rows);
    struct transducer_pass *p = memory_new(1, sizeof *p);
    if (!p)
        return fail_memory(fault, "a forward pass");
    p->model = model;
    p->slots = slots;
    p->rows = rows;
    int code = take_memory(p, fault);
    if (!code)
        code = fastconformer_pass_open(&p->encoder, model->encoder, fault);
    if (!code)
        code = context_open(&p->context, model->device, model->compute, fault);
    if (code)
        transducer_pass_close(&p);
    *pass = p;
    return code;
}

void transducer_pass_close(struct transducer_pass **pass)
{
    struct transducer_pass *p = *pass;
    *pass = NULL;
    if (!p)
        return;
    fastconformer_pass_close(&p->encoder);
    if (p->context.device)
        context_close(&p->context);
    free(p->kept.hidden);
    free(p->kept.cell);
    free(p->from);
    free(p->tokens);
    free(p->to);
    free(p->states);
    free(p->lengths);
    free(p);
}

int transducer_pass_need_slots(struct transducer_pass *pass, int slots, struct fault *fault)
{
    if (slots > MOST_SLOTS)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a pass of %d predictions", slots);
    if (slots <= pass->slots)
        return 0;
    pass->slots = slots;
    pass->frames = pass->windows = 0; /* the arena is laid out anew */
    return 0;
}

size_t transducer_pass_bytes(const struct transducer_pass *pass)
{
    return fastconformer_pass_bytes(pass->encoder) + pass->context.arena.size;
}

double transducer_pass_flops(const struct transducer_pass *pass)
{
    return fastconformer_pass_flops(pass->encoder);
}

static struct tensor new_rows(struct transducer_pass *p, int64_t rows)
{
    return tensor_new(&p->context, TENSOR_F32, 2, (int64_t[]){rows, p->model->config.hidden_size});
}

static void place_kept(struct transducer_pass *p, int64_t frames)
{
    const int64_t slots = p->slots + 1;
    arena_release(&p->context, 0);
    for (int i = 0; i < p->model->config.layers; i++) {
        p->kept.hidden[i] = new_rows(p, slots);
        p->kept.cell[i] = new_rows(p, slots);
    }
    p->kept.predicted = new_rows(p, slots);
    p->kept.states = new_rows(p, frames);
    p->behind_kept = arena_mark(&p->context);
}

/* Of a step of as many rows as are computed together. Host data is not looked at while measuring. */
static size_t measure(struct transducer_pass *p, int64_t frames)
{
    struct context *c = &p->context;
    const struct predictions predictions = {.n = p->rows};
    const struct joints joints = {.n = p->rows};
    context_measure(c, true);
    place_kept(p, frames);
    transducer_predict(c, p->model, &p->kept, &predictions);
    transducer_join(c, p->model, &p->kept, &joints);
    context_measure(c, false);
    return c->arena.peak;
}

static int reserve_states(struct transducer_pass *p, int64_t frames, struct fault *fault)
{
    if (frames <= p->frames)
        return 0;
    p->frames = 0;
    free(p->states);
    p->states = memory_new((size_t)frames * (size_t)p->model->config.hidden_size, sizeof *p->states);
    if (!p->states)
        return fail_memory(fault, "a batch");
    size_t size = measure(p, frames);
    if (p->context.fault.code)
        return fail(fault, p->context.fault.code, "%s", p->context.fault.message);
    int code = context_reserve(&p->context, size, fault);
    if (code)
        return code;
    place_kept(p, frames);
    p->frames = frames;
    return 0;
}

static int reserve_lengths(struct transducer_pass *p, int batch, struct fault *fault)
{
    if (batch <= p->lengths_capacity)
        return 0;
    free(p->lengths);
    p->lengths_capacity = 0;
    p->lengths = memory_new((size_t)batch, sizeof *p->lengths);
    if (!p->lengths)
        return fail_memory(fault, "a batch");
    p->lengths_capacity = batch;
    return 0;
}

int transducer_pass_reserve(struct transducer_pass *pass, int batch, int frames, struct fault *fault)
{
    int code = fastconformer_pass_reserve(pass->encoder, batch, frames, fault);
    pass->windows = 0;
    if (!code)
        code = reserve_lengths(pass, batch, fault);
    if (!code)
        code = reserve_states(pass, (int64_t)batch * fastconformer_frames(&pass->model->config.encoder, frames), fault);
    return code;
}

/* ---- the encoder ---- */

static int end(const struct transducer_pass *p, struct fault *fault)
{
    return p->context.fault.code ? fail(fault, p->context.fault.code, "%s", p->context.fault.message) : 0;
}

/* The prediction of nothing. The host's states are overwritten with the zeros: they are on the device by then. */
static void zero_first_slot(struct transducer_pass *p)
{
    const int64_t h = p->model->config.hidden_size;
    memset(p->states, 0, (size_t)h * sizeof *p->states);
    for (int i = 0; i < p->model->config.layers; i++) {
        tensor_upload(&p->context, p->kept.hidden[i], p->states, h);
        tensor_upload(&p->context, p->kept.cell[i], p->states, h);
    }
    tensor_upload(&p->context, p->kept.predicted, p->states, h);
}

int transducer_encode(struct transducer_pass *p, const float *features, const int *lengths, int batch, int frames,
                      int *state_lengths, float *states, struct fault *fault)
{
    const int64_t h = p->model->config.hidden_size;
    int code = transducer_pass_reserve(p, batch, frames, fault);
    if (code)
        return code;
    const int time = fastconformer_frames(&p->model->config.encoder, frames);
    const int64_t count = (int64_t)batch * time * h;
    code = fastconformer_forward(p->encoder, features, lengths, batch, frames, p->states, p->lengths, fault);
    if (code)
        return code;
    fault_clear(&p->context.fault);
    tensor_upload(&p->context, p->kept.states, p->states, count);
    if (states)
        memcpy(states, p->states, (size_t)count * sizeof *states);
    memcpy(state_lengths, p->lengths, (size_t)batch * sizeof *state_lengths);
    zero_first_slot(p);
    p->windows = batch;
    p->time = time;
    return end(p, fault);
}

/* ---- steps ---- */

static int check_prediction(const struct transducer_pass *p, const struct transducer_prediction *r, struct fault *fault)
{
    if (r->from < -1 || r->from >= p->slots || r->to < 0 || r->to >= p->slots)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a prediction from slot %d to %d, of which there are %d", r->from,
                    r->to, p->slots);
    if (r->token < 0 || r->token >= p->model->config.vocabulary)
        return fail(fault, UTTER_ERROR_ARGUMENT, "token %d is outside the vocabulary of %d", r->token,
                    p->model->config.vocabulary);
    return p->windows ? 0 : fail(fault, UTTER_ERROR_ARGUMENT, "a prediction before anything was encoded");
}

static int check_joint(const struct transducer_pass *p, const struct transducer_joint *r, struct fault *fault)
{
    if (r->slot < 0 || r->slot >= p->slots)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a joint of slot %d, of which there are %d", r->slot, p->slots);
    if (r->window < 0 || r->window >= p->windows || r->frame < 0 || r->frame >= p->lengths[r->window])
        return fail(fault, UTTER_ERROR_ARGUMENT, "frame %d of window %d was not encoded", r->frame, r->window);
    return 0;
}

static void run_predictions(struct transducer_pass *p, const struct transducer_prediction *r, int count)
{
    for (int i = 0; i < count; i++) {
        p->from[i] = r[i].from + 1;
        p->tokens[i] = r[i].token;
        p->to[i] = r[i].to + 1;
    }
    const struct predictions run = {count, p->from, p->tokens, p->to};
    transducer_predict(&p->context, p->model, &p->kept, &run);
}

static void run_joints(struct transducer_pass *p, const struct transducer_joint *r, int count, float *tokens,
                       float *durations)
{
    for (int i = 0; i < count; i++) {
        p->from[i] = r[i].window * p->time + r[i].frame;
        p->to[i] = r[i].slot + 1;
    }
    const struct joints run = {count, p->from, p->to, tokens, durations};
    transducer_join(&p->context, p->model, &p->kept, &run);
}

/* How many of those that are left a run takes. */
static int run_of(const struct transducer_pass *p, int left)
{
    return left < p->rows ? left : p->rows;
}

int transducer_step(struct transducer_pass *p, const struct transducer_prediction *predictions, int prediction_count,
                    const struct transducer_joint *joints, int joint_count, float *tokens, float *durations,
                    struct fault *fault)
{
    const size_t v = (size_t)p->model->config.vocabulary, n = (size_t)p->model->config.duration_count;
    int code = 0;
    if (joint_count > 0 && (!tokens || (n && !durations)))
        return fail(fault, UTTER_ERROR_ARGUMENT, "a step without room for its scores");
    for (int i = 0; i < prediction_count && !code; i++)
        code = check_prediction(p, &predictions[i], fault);
    for (int i = 0; i < joint_count && !code; i++)
        code = check_joint(p, &joints[i], fault);
    if (code)
        return code;
    fault_clear(&p->context.fault);
    arena_release(&p->context, p->behind_kept);
    step_begin(&p->context);
    for (int i = 0; i < prediction_count; i += p->rows)
        run_predictions(p, predictions + i, run_of(p, prediction_count - i));
    for (int i = 0; i < joint_count; i += p->rows)
        run_joints(p, joints + i, run_of(p, joint_count - i), tokens + (size_t)i * v,
                   n ? durations + (size_t)i * n : NULL);
    step_end(&p->context);
    return end(p, fault);
}

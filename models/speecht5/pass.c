/* pass.c - a context and its arena, and the steps of a batch until its last row has ended. */
#include "models/speecht5/batch.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct speecht5_pass {
    const struct speecht5 *model;
    struct context context;
    struct batch batch;
    struct kept kept;
};

int speecht5_pass_open(struct speecht5_pass **pass, const struct speecht5 *model, struct fault *fault)
{
    *pass = NULL;
    struct speecht5_pass *p = memory_new(1, sizeof *p);
    if (!p)
        return fail_memory(fault, "a forward pass");
    p->model = model;
    p->kept.layers = memory_new((size_t)model->config.decoder.layers, sizeof *p->kept.layers);
    int code = p->kept.layers ? context_open(&p->context, model->device, model->compute, fault)
                              : fail_memory(fault, "a forward pass");
    if (code)
        speecht5_pass_close(&p);
    *pass = p;
    return code;
}

void speecht5_pass_close(struct speecht5_pass **pass)
{
    struct speecht5_pass *p = *pass;
    *pass = NULL;
    if (!p)
        return;
    if (p->context.device)
        context_close(&p->context);
    speecht5_batch_release(&p->batch);
    free(p->kept.layers);
    free(p);
}

size_t speecht5_pass_bytes(const struct speecht5_pass *pass)
{
    return pass->context.arena.size;
}

double speecht5_pass_flops(const struct speecht5_pass *pass)
{
    return pass->context.flops;
}

/* ---- when a row ends ---- */

struct bounds {
    int minimum, maximum; /* steps */
    float threshold;
};

static int steps_of(int tokens, float ratio, int reduction_factor, int most)
{
    const double steps = (double)tokens * (double)ratio / reduction_factor;
    return steps < most ? (int)steps : most;
}

static struct bounds bounds_of(const struct speecht5_config *g, int tokens, const struct speecht5_ending *ending)
{
    const struct speecht5_ending e = ending ? *ending : (struct speecht5_ending){0};
    const int most = g->max_speech_positions;
    return (struct bounds){.minimum = steps_of(tokens, e.minimum_ratio, g->reduction_factor, most),
                           .maximum =
                               steps_of(tokens, e.maximum_ratio > 0 ? e.maximum_ratio : 20, g->reduction_factor, most),
                           .threshold = e.threshold > 0 ? e.threshold : 0.5f};
}

static int most_steps(const struct speecht5_config *g, int tokens, const struct speecht5_ending *ending)
{
    const struct bounds b = bounds_of(g, tokens, ending);
    const int most = b.minimum > b.maximum ? b.minimum : b.maximum;
    return most > 1 ? most : 1;
}

int speecht5_most_frames(const struct speecht5_config *config, int tokens, const struct speecht5_ending *ending)
{
    return most_steps(config, tokens, ending) * config->reduction_factor;
}

/* Whether a row ends with a step, of which there were `steps`, this one counted in. stops [reduction_factor]: logits.
 */
static bool ends(const struct bounds *b, const float *stops, int reduction_factor, int steps)
{
    float sum = 0;
    for (int i = 0; i < reduction_factor; i++)
        sum += 1 / (1 + expf(-stops[i]));
    return steps >= b->minimum && (steps >= b->maximum || sum >= b->threshold);
}

static int check_ending(const struct speecht5_ending *e, struct fault *fault)
{
    if (!e || (e->threshold >= 0 && e->minimum_ratio >= 0 && e->minimum_ratio <= 1000 && e->maximum_ratio >= 0 &&
               e->maximum_ratio <= 1000))
        return 0;
    return fail(fault, UTTER_ERROR_ARGUMENT, "a threshold below 0, or a ratio of frames to tokens outside 0 to 1000");
}

/* ---- room ---- */

static int measure(struct speecht5_pass *p, struct fault *fault)
{
    struct context *c = &p->context;
    const struct batch *b = &p->batch;
    const struct encoding e = speecht5_batch_encoding(b);
    const struct step s = {.n = b->rows, .self = b->self, .cross = b->cross};
    context_measure(c, true);
    speecht5_new_kept(c, p->model, &p->kept, b->rows, b->count, b->steps);
    speecht5_run_encoder(c, p->model, &p->kept, &e);
    speecht5_run_step(c, p->model, &p->kept, &s);
    speecht5_run_postnet(c, p->model, NULL, b->steps * p->model->config.reduction_factor);
    context_measure(c, false);
    if (c->fault.code)
        return fail(fault, c->fault.code, "%s", c->fault.message);
    return context_reserve(c, c->arena.peak, fault);
}

int speecht5_pass_reserve(struct speecht5_pass *pass, int batch, int count, const struct speecht5_ending *ending,
                          struct fault *fault)
{
    const struct speecht5_config *g = &pass->model->config;
    if (batch < 1 || batch > 4096 || count < 1 || count > g->max_text_positions)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a batch of %d rows of %d tokens, of which the model takes %d", batch,
                    count, g->max_text_positions);
    int code = check_ending(ending, fault);
    if (code)
        return code;
    const int steps = most_steps(g, count, ending);
    if (batch == pass->batch.rows && count == pass->batch.count && steps == pass->batch.steps)
        return 0;
    code = speecht5_batch_reserve(&pass->batch, pass->model, batch, count, steps, fault);
    if (!code)
        code = measure(pass, fault);
    if (code)
        speecht5_batch_release(&pass->batch);
    return code;
}

/* ---- speaking ---- */

/* The last frame of every active row, or what stands for one at the beginning. */
static void hear(struct batch *b, const struct speecht5_config *g, const float *mel, int n, int step)
{
    const size_t bins = (size_t)g->mel_bins, r = (size_t)g->reduction_factor, frames = (size_t)b->steps * r;
    memset(b->mel, 0, (size_t)n * bins * sizeof *b->mel);
    for (int i = 0; i < n && step > 0; i++)
        memcpy(b->mel + (size_t)i * bins, mel + ((size_t)b->active[i] * frames + (size_t)step * r - 1) * bins,
               bins * sizeof *mel);
}

/* Keeps what a step gave; returns how many rows go on. */
static int take(struct batch *b, const struct speecht5_config *g, const struct speecht5_ending *ending, float *mel,
                int *frames, int n, int step)
{
    const size_t r = (size_t)g->reduction_factor, each = r * (size_t)g->mel_bins;
    int left = 0;
    for (int i = 0; i < n; i++) {
        const int row = b->active[i];
        const struct bounds bounds = bounds_of(g, b->lengths[row], ending);
        memcpy(mel + ((size_t)row * (size_t)b->steps + (size_t)step) * each, b->frames + (size_t)i * each,
               each * sizeof *mel);
        frames[row] = (step + 1) * g->reduction_factor;
        if (!ends(&bounds, b->stops + (size_t)i * r, g->reduction_factor, step + 1) && step + 1 < b->steps)
            b->active[left++] = row;
    }
    return left;
}

static void run_steps(struct speecht5_pass *p, const struct speecht5_row *rows, const struct speecht5_ending *ending,
                      float *mel, int *frames)
{
    struct batch *b = &p->batch;
    for (int step = 0, n = b->rows; n > 0 && !p->context.fault.code; step++) {
        hear(b, &p->model->config, mel, n, step);
        const struct step s = speecht5_batch_step(b, p->model, rows, n, step);
        speecht5_run_step(&p->context, p->model, &p->kept, &s);
        n = take(b, &p->model->config, ending, mel, frames, n, step);
    }
}

/* From the encoder to the postnet; failures stick to the context. */
static void run(struct speecht5_pass *p, const struct speecht5_row *rows, const struct speecht5_ending *ending,
                float *mel, int *frames)
{
    struct context *c = &p->context;
    const struct batch *b = &p->batch;
    const size_t each = (size_t)(b->steps * p->model->config.reduction_factor * p->model->config.mel_bins);
    const struct encoding e = speecht5_batch_encoding(b);
    fault_clear(&c->fault);
    arena_release(c, 0);
    c->flops = 0;
    memset(mel, 0, (size_t)b->rows * each * sizeof *mel);
    speecht5_new_kept(c, p->model, &p->kept, b->rows, b->count, b->steps);
    speecht5_run_encoder(c, p->model, &p->kept, &e);
    run_steps(p, rows, ending, mel, frames);
    for (int row = 0; row < b->rows && !c->fault.code; row++)
        speecht5_run_postnet(c, p->model, mel + (size_t)row * each, frames[row]);
}

int speecht5_speak(struct speecht5_pass *pass, const int *tokens, const int *lengths, int batch, int count,
                   const struct speecht5_row *rows, const struct speecht5_ending *ending, float *mel, int *frames,
                   struct fault *fault)
{
    if (!tokens || !lengths || !rows || !mel || !frames)
        return fail(fault, UTTER_ERROR_ARGUMENT,
                    "a forward pass without tokens, lengths, rows or room for its log-mel");
    int code = speecht5_pass_reserve(pass, batch, count, ending, fault);
    if (!code)
        code = speecht5_batch_fill(&pass->batch, &pass->model->config, tokens, lengths, rows, fault);
    if (code)
        return code;
    run(pass, rows, ending, mel, frames);
    const struct fault *f = &pass->context.fault;
    return f->code ? fail(fault, f->code, "%s", f->message) : 0;
}

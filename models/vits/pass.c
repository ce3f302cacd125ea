/* pass.c - a context with its arena, and what the host keeps between the stages. */
#include "models/vits/pass.h"
#include "models/vits/spline.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* ---- opening and closing ---- */

int vits_pass_open(struct vits_pass **pass, const struct vits *model, struct fault *fault)
{
    *pass = NULL;
    struct vits_pass *p = memory_new(1, sizeof *p);
    if (!p)
        return fail_memory(fault, "a forward pass");
    p->model = model;
    int code = context_open(&p->context, model->device, model->compute, fault);
    if (!code)
        code = hifigan_pass_open(&p->decoder, model->decoder, fault);
    if (code)
        vits_pass_close(&p);
    *pass = p;
    return code;
}

static void free_text(struct text_room *r)
{
    void *const all[] = {r->tokens, r->durations,  r->lengths,    r->frames,  r->control,
                         r->prior,  r->latents[0], r->latents[1], r->splines, r->speakers};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    *r = (struct text_room){0};
}

static void free_flow(struct flow_room *r)
{
    free(r->halves[0]);
    free(r->halves[1]);
    *r = (struct flow_room){0};
}

void vits_pass_close(struct vits_pass **pass)
{
    struct vits_pass *p = *pass;
    *pass = NULL;
    if (!p)
        return;
    hifigan_pass_close(&p->decoder);
    if (p->context.device)
        context_close(&p->context);
    free_text(&p->text);
    free_flow(&p->flow);
    free(p->decode.speakers);
    free(p);
}

size_t vits_pass_bytes(const struct vits_pass *pass)
{
    return pass->context.arena.size + hifigan_pass_bytes(pass->decoder);
}

double vits_pass_flops(const struct vits_pass *pass)
{
    return pass->text_flops + pass->flow_flops + pass->decode_flops;
}

/* ---- room ---- */

/* What was in a room is lost when it grows. */
static int reserve_text_room(struct vits_pass *p, int rows, int count, struct fault *fault)
{
    struct text_room *r = &p->text;
    const struct vits_config *g = &p->model->config;
    free_text(r);
    const size_t all = (size_t)rows * (size_t)count;
    r->tokens = memory_new(all, sizeof *r->tokens);
    r->durations = memory_new(all, sizeof *r->durations);
    r->lengths = memory_new((size_t)rows, sizeof *r->lengths);
    r->frames = memory_new((size_t)rows, sizeof *r->frames);
    r->control = memory_new((size_t)rows, sizeof *r->control);
    r->prior = memory_new(all, 2 * (size_t)g->flow_size * sizeof *r->prior);
    r->latents[0] = memory_new(all, sizeof *r->latents[0]);
    r->latents[1] = memory_new(all, sizeof *r->latents[1]);
    r->splines = memory_new(all, (size_t)spline_parameters(g->spline_bins) * sizeof *r->splines);
    r->speakers = memory_new((size_t)rows, (size_t)g->speaker_size * sizeof *r->speakers);
    if (!r->tokens || !r->durations || !r->lengths || !r->frames || !r->control || !r->prior || !r->latents[0] ||
        !r->latents[1] || !r->splines || !r->speakers) {
        free_text(r);
        return fail_memory(fault, "a batch of texts");
    }
    return 0;
}

static int reserve_flow_room(struct vits_pass *p, int rows, int frames, struct fault *fault)
{
    struct flow_room *r = &p->flow;
    const size_t half = (size_t)p->model->config.flow_size / 2;
    free_flow(r);
    for (int i = 0; i < 2; i++)
        r->halves[i] = memory_new((size_t)rows * (size_t)frames, half * sizeof *r->halves[i]);
    if (!r->halves[0] || !r->halves[1]) {
        free_flow(r);
        return fail_memory(fault, "a batch of latents");
    }
    return 0;
}

static int reserve_decode_room(struct vits_pass *p, int rows, struct fault *fault)
{
    if (rows <= p->decode.rows)
        return 0;
    free(p->decode.speakers);
    p->decode.rows = 0;
    p->decode.speakers = memory_new((size_t)rows, (size_t)p->model->config.speaker_size * sizeof(float));
    if (!p->decode.speakers)
        return fail_memory(fault, "a batch of speakers");
    p->decode.rows = rows;
    return 0;
}

/* ---- the arena: a stage is run once in measuring mode with the batch that it will meet ---- */

struct text vits_text_of(const struct vits_pass *p, int rows, int count, const float *speakers)
{
    const struct text_room *r = &p->text;
    return (struct text){.tokens = r->tokens,
                         .lengths = r->lengths,
                         .rows = rows,
                         .count = count,
                         .speakers = speakers,
                         .prior = r->prior,
                         .latents = {r->latents[0], r->latents[1]},
                         .splines = r->splines};
}

struct latents vits_latents_of(const struct vits_pass *p, int rows, int frames, const float *speakers)
{
    return (struct latents){.lengths = p->text.frames,
                            .rows = rows,
                            .frames = frames,
                            .speakers = speakers,
                            .halves = {p->flow.halves[0], p->flow.halves[1]}};
}

/* The arena for what was just measured. */
static int take_arena(struct vits_pass *p, struct fault *fault)
{
    struct context *c = &p->context;
    context_measure(c, false);
    if (c->fault.code)
        return fail(fault, c->fault.code, "%s", c->fault.message);
    return context_reserve(c, c->arena.peak, fault);
}

static void fill_lengths(int *lengths, int rows, int length)
{
    for (int row = 0; row < rows; row++)
        lengths[row] = length;
}

/* With speakers where the model has any: they take a little more. */
static int reserve_text(struct vits_pass *p, int rows, int count, struct fault *fault)
{
    if (rows <= p->text_rows && count <= p->text_count)
        return 0;
    rows = rows > p->text_rows ? rows : p->text_rows;
    count = count > p->text_count ? count : p->text_count;
    p->text_rows = p->rows = 0;
    int code = reserve_text_room(p, rows, count, fault);
    if (code)
        return code;
    const struct text t = vits_text_of(p, rows, count, has_speakers(&p->model->config) ? p->text.speakers : NULL);
    fill_lengths(p->text.lengths, rows, count);
    context_measure(&p->context, true);
    vits_forward_text(&p->context, p->model, &t);
    code = take_arena(p, fault);
    p->text_rows = code ? 0 : rows;
    p->text_count = count;
    return code;
}

/* The lengths that a measured flow is given are not looked at. */
static int reserve_flow(struct vits_pass *p, int rows, int frames, struct fault *fault)
{
    if (rows <= p->flow_rows && frames <= p->flow_frames)
        return 0;
    rows = rows > p->flow_rows ? rows : p->flow_rows;
    frames = frames > p->flow_frames ? frames : p->flow_frames;
    p->flow_rows = 0;
    int code = reserve_flow_room(p, rows, frames, fault);
    if (code)
        return code;
    struct latents l = vits_latents_of(p, rows, frames, has_speakers(&p->model->config) ? p->text.speakers : NULL);
    l.lengths = NULL;
    context_measure(&p->context, true);
    vits_forward_flow(&p->context, p->model, &l);
    code = take_arena(p, fault);
    p->flow_rows = code ? 0 : rows;
    p->flow_frames = frames;
    return code;
}

int vits_pass_reserve(struct vits_pass *pass, int batch, int tokens, int frames, int decoded, struct fault *fault)
{
    if (batch < 1 || batch > VITS_MOST_ROWS || tokens < 0 || tokens > VITS_MOST_TOKENS || frames < 0 ||
        frames > VITS_MOST_FRAMES || decoded < 0 || decoded > VITS_MOST_FRAMES)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a batch of %d rows of %d tokens, %d frames and %d to decode", batch,
                    tokens, frames, decoded);
    int code = tokens ? reserve_text(pass, batch, tokens, fault) : 0;
    if (!code && frames)
        code = reserve_flow(pass, batch, frames, fault);
    if (!code && decoded)
        code = reserve_decode_room(pass, batch, fault);
    return !code && decoded ? hifigan_pass_reserve(pass->decoder, batch, decoded, fault) : code;
}

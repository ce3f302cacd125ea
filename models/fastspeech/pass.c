/* pass.c - a context and its arena, and the calls that a batch goes through: encode, then decode. */
#include "models/fastspeech/batch.h"
#include "models/fastspeech/durations.h"
#include "models/fastspeech/forward.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The largest batch that the arena is known to hold. */
struct room {
    int rows, count, frames;
};

struct fastspeech_pass {
    const struct fastspeech *model;
    struct context context;
    struct batch batch;
    bool encoded;               /* whether the batch waits for its decode */
    struct room encode, decode; /* encode's frames stay 0 */
    float *positions;           /* [2·positions_time - 1, d] */
    int positions_time;
    double encode_flops, flops;
};

int fastspeech_pass_open(struct fastspeech_pass **pass, const struct fastspeech *model, struct fault *fault)
{
    *pass = NULL;
    struct fastspeech_pass *p = memory_new(1, sizeof *p);
    if (!p)
        return fail_memory(fault, "a forward pass");
    p->model = model;
    int code = context_open(&p->context, model->device, model->compute, fault);
    if (code)
        fastspeech_pass_close(&p);
    *pass = p;
    return code;
}

void fastspeech_pass_close(struct fastspeech_pass **pass)
{
    struct fastspeech_pass *p = *pass;
    *pass = NULL;
    if (!p)
        return;
    if (p->context.device)
        context_close(&p->context);
    fastspeech_batch_release(&p->batch);
    free(p->positions);
    free(p);
}

size_t fastspeech_pass_bytes(const struct fastspeech_pass *pass)
{
    return pass->context.arena.size;
}

double fastspeech_pass_flops(const struct fastspeech_pass *pass)
{
    return pass->flops;
}

/* ---- positions ---- */

/* Sines and cosines of the distances time-1 … -(time-1) (Vaswani et al. 2017, section 3.5), interleaved: out
 * [2·time - 1, d]. Frequency and angle are rounded to f32, as where the weights were trained. */
static void encode_positions(float *out, int time, int d)
{
    const float step = (float)-(log(10000.0) / d);
    for (int i = 0; i < d; i += 2) {
        const float frequency = expf((float)i * step);
        for (int distance = 0; distance < time; distance++) {
            const float angle = (float)distance * frequency, sine = sinf(angle), cosine = cosf(angle);
            float *left = out + (size_t)(time - 1 - distance) * (size_t)d + i;
            float *right = out + (size_t)(time - 1 + distance) * (size_t)d + i;
            right[0] = -sine;
            left[0] = sine;
            left[1] = right[1] = cosine;
        }
    }
}

/* More than is asked for, so that a stream of ever longer texts does not compute them ever again. */
static int reserve_positions(struct fastspeech_pass *p, int time, struct fault *fault)
{
    const int d = p->model->config.hidden_size;
    if (time <= p->positions_time)
        return 0;
    const int grown = time > 2 * p->positions_time ? time : 2 * p->positions_time;
    float *positions = memory_new((2 * (size_t)grown - 1) * (size_t)d, sizeof *positions);
    if (!positions)
        return fail_memory(fault, "the positions of a forward pass");
    encode_positions(positions, grown, d);
    free(p->positions);
    p->positions = positions;
    p->positions_time = grown;
    return 0;
}

/* Those of a shorter time are a run in the middle of those that there are. */
static const float *positions_for(const struct fastspeech_pass *p, int time)
{
    return p->positions + (size_t)(p->positions_time - time) * (size_t)p->model->config.hidden_size;
}

/* ---- room ---- */

static struct encoding encoding_of(const struct fastspeech_pass *p)
{
    const struct batch *b = &p->batch;
    return (struct encoding){.steps = {b->rows, b->count, b->lengths, positions_for(p, b->count)},
                             .tokens = b->tokens,
                             .speakers = b->speakers,
                             .languages = b->languages,
                             .embeddings = b->embeddings,
                             .embedded = b->embedded,
                             .pitch = b->pitch,
                             .energy = b->energy,
                             .durations = b->logarithms,
                             .states = b->states};
}

static struct decoding decoding_of(const struct fastspeech_pass *p, int time, float *mel)
{
    const struct batch *b = &p->batch;
    return (struct decoding){.steps = {b->rows, time, b->frames, positions_for(p, time)},
                             .tokens = b->rows * b->count,
                             .states = b->states,
                             .token = b->token,
                             .mel = mel};
}

static bool fits(struct room known, struct room wanted)
{
    return wanted.rows <= known.rows && wanted.count <= known.count && wanted.frames <= known.frames;
}

/* After measuring. */
static int reserve_arena(struct fastspeech_pass *p, struct fault *fault)
{
    struct context *c = &p->context;
    context_measure(c, false);
    if (c->fault.code)
        return fail(fault, c->fault.code, "%s", c->fault.message);
    return context_reserve(c, c->arena.peak, fault);
}

static int reserve_encode(struct fastspeech_pass *p, int rows, int count, struct fault *fault)
{
    const struct room wanted = {rows, count, 0};
    if (fits(p->encode, wanted))
        return 0;
    p->encode = (struct room){0};
    int code = fastspeech_batch_reserve_tokens(&p->batch, &p->model->config, rows, count, fault);
    if (!code)
        code = reserve_positions(p, count, fault);
    if (code)
        return code;
    fastspeech_batch_fill_full(&p->batch, rows, count);
    struct encoding e = encoding_of(p);
    e.embedded = p->model->config.speaker_embed_dim > 0;
    context_measure(&p->context, true);
    fastspeech_run_encoder(&p->context, p->model, &e);
    code = reserve_arena(p, fault);
    if (!code)
        p->encode = wanted;
    return code;
}

/* For the batch that is there, with its tokens. */
static int reserve_decode(struct fastspeech_pass *p, int frames, struct fault *fault)
{
    const struct room wanted = {p->batch.rows, p->batch.count, frames};
    if (fits(p->decode, wanted))
        return 0;
    p->decode = (struct room){0};
    int code = fastspeech_batch_reserve_frames(&p->batch, wanted.rows, frames, fault);
    if (!code)
        code = reserve_positions(p, frames, fault);
    if (code)
        return code;
    const struct decoding d = decoding_of(p, frames, NULL);
    context_measure(&p->context, true);
    fastspeech_run_decoder(&p->context, p->model, &d);
    code = reserve_arena(p, fault);
    if (!code)
        p->decode = wanted;
    return code;
}

static int check_size(int batch, int count, struct fault *fault)
{
    if (batch < 1 || count < 1 || batch > INT32_MAX / 16 / count)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a batch of %d rows of %d steps", batch, count);
    return 0;
}

int fastspeech_pass_reserve(struct fastspeech_pass *pass, int batch, int count, int frames, struct fault *fault)
{
    pass->encoded = false;
    int code = check_size(batch, count, fault);
    if (!code)
        code = check_size(batch, frames, fault);
    if (!code)
        code = reserve_encode(pass, batch, count, fault);
    if (code)
        return code;
    fastspeech_batch_fill_full(&pass->batch, batch, count);
    for (int row = 0; row < batch; row++)
        pass->batch.frames[row] = frames;
    return reserve_decode(pass, frames, fault);
}

/* ---- the calls ---- */

/* What a row's controls say instead of the predictor, in its own terms. */
static void give_durations(float *logarithms, const int *durations, int count)
{
    for (int i = 0; durations && i < count; i++)
        logarithms[i] = logf(1 + (float)durations[i]);
}

static int round_rows(struct batch *b, const struct fastspeech_control *controls, float speed, int max_frames,
                      struct fault *fault)
{
    int code = 0;
    b->longest = 0;
    memset(b->durations, 0, (size_t)b->rows * (size_t)b->count * sizeof *b->durations);
    for (int row = 0; row < b->rows && !code; row++) {
        const size_t at = (size_t)row * (size_t)b->count;
        give_durations(b->logarithms + at, controls ? controls[row].durations : NULL, b->lengths[row]);
        code = fastspeech_round(b->logarithms + at, controls ? controls[row].rate : NULL, speed, b->lengths[row],
                                max_frames, row, b->durations + at, &b->frames[row], fault);
        b->longest = b->frames[row] > b->longest ? b->frames[row] : b->longest;
    }
    return code ? code : check_size(b->rows, b->longest, fault);
}

/* Runs the encoder over the batch that was filled. */
static int run_encode(struct fastspeech_pass *p, struct fault *fault)
{
    struct context *c = &p->context;
    const struct encoding e = encoding_of(p);
    fault_clear(&c->fault);
    arena_release(c, 0);
    c->flops = 0;
    fastspeech_run_encoder(c, p->model, &e);
    p->encode_flops = p->flops = c->flops;
    return c->fault.code ? fail(fault, c->fault.code, "%s", c->fault.message) : 0;
}

int fastspeech_encode(struct fastspeech_pass *pass, const int *tokens, const int *lengths, int batch, int count,
                      const struct fastspeech_control *controls, int max_frames, int *durations, int *frames,
                      struct fault *fault)
{
    struct batch *b = &pass->batch;
    pass->encoded = false;
    if (!tokens || !lengths || !durations || !frames)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a forward pass without tokens, lengths or room for durations");
    int code = check_size(batch, count, fault);
    if (!code)
        code = reserve_encode(pass, batch, count, fault);
    if (!code)
        code = fastspeech_batch_fill(b, &pass->model->config, tokens, lengths, batch, count, controls, fault);
    if (!code)
        code = run_encode(pass, fault);
    if (!code)
        code = round_rows(b, controls, pass->model->config.speaking_speed, max_frames, fault);
    if (code)
        return code;
    memcpy(durations, b->durations, (size_t)batch * (size_t)count * sizeof *durations);
    memcpy(frames, b->frames, (size_t)batch * sizeof *frames);
    pass->encoded = true;
    return 0;
}

int fastspeech_decode(struct fastspeech_pass *pass, float *mel, struct fault *fault)
{
    struct context *c = &pass->context;
    const struct batch *b = &pass->batch;
    if (!pass->encoded)
        return fail(fault, UTTER_ERROR_STATE, "a decode without an encode before it");
    if (!mel)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a forward pass without room for its log-mel");
    int code = reserve_decode(pass, b->longest, fault);
    if (code)
        return code;
    for (int row = 0; row < b->rows; row++)
        fastspeech_spread(b->durations + (size_t)row * (size_t)b->count, b->count, row * b->count,
                          b->token + (size_t)row * (size_t)b->longest, b->longest);
    const struct decoding d = decoding_of(pass, b->longest, mel);
    fault_clear(&c->fault);
    arena_release(c, 0);
    c->flops = 0;
    fastspeech_run_decoder(c, pass->model, &d);
    pass->flops = pass->encode_flops + c->flops;
    return c->fault.code ? fail(fault, c->fault.code, "%s", c->fault.message) : 0;
}

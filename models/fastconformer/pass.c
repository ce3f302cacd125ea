/* pass.c - a context, its arena, and the relative positions that it keeps between forwards.
 *
 * The arena from its beginning: every layer's projected positions, [2·time - 1, d] each, which depend on the weights
 * and on the largest time alone; behind them what a forward needs. Where the positions of all layers would be too
 * large to keep, only their encodings are there and each forward projects them anew. */
#include "models/fastconformer/forward.h"

#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A minute of speech (time 750) in the 0.6b model takes 74 MB in bf16. */
static const size_t POSITIONS_LIMIT = 96 << 20;

struct fastconformer_pass {
    const struct fastconformer *model;
    struct context context;
    int rows, frames; /* a batch that the arena is known to hold, or 0 */
    struct tensor *layers;
    struct positions positions;
    size_t behind_positions; /* arena mark */
    int *lengths;            /* [STAGES + 1, lengths_rows] */
    int lengths_rows;
};

int fastconformer_pass_open(struct fastconformer_pass **pass, const struct fastconformer *model, struct fault *fault)
{
    *pass = NULL;
    struct fastconformer_pass *p = memory_new(1, sizeof *p);
    if (!p)
        return fail_memory(fault, "a forward pass");
    p->model = model;
    p->layers = memory_new((size_t)model->config.layers, sizeof *p->layers);
    int code = p->layers ? context_open(&p->context, model->device, model->compute, fault)
                         : fail_memory(fault, "a forward pass");
    if (code)
        fastconformer_pass_close(&p);
    *pass = p;
    return code;
}

void fastconformer_pass_close(struct fastconformer_pass **pass)
{
    struct fastconformer_pass *p = *pass;
    *pass = NULL;
    if (!p)
        return;
    if (p->context.device)
        context_close(&p->context);
    free(p->layers);
    free(p->lengths);
    free(p);
}

size_t fastconformer_pass_bytes(const struct fastconformer_pass *pass)
{
    return pass->context.arena.size;
}

double fastconformer_pass_flops(const struct fastconformer_pass *pass)
{
    return pass->context.flops;
}

/* ---- positions ---- */

/* Sines and cosines of the distances time-1 … -(time-1) (Vaswani et al. 2017, section 3.5), interleaved: out
 * [2·time - 1, d]. The angle is rounded to f32 before the sine, as where the weights were trained. */
static void encode_positions(float *out, int time, int d)
{
    for (int i = 0; i < d / 2; i++) {
        const float frequency = 1 / powf(10000, (float)(2 * i) / (float)d);
        for (int row = 0; row < 2 * time - 1; row++) {
            const float angle = (float)(time - 1 - row) * frequency;
            out[(size_t)row * (size_t)d + 2 * (size_t)i] = sinf(angle);
            out[(size_t)row * (size_t)d + 2 * (size_t)i + 1] = cosf(angle);
        }
    }
}

/* Lays the positions for time out at the arena's beginning, where the same time always has them at the same place. */
static void place_positions(struct fastconformer_pass *p, int time)
{
    struct context *c = &p->context;
    const struct fastconformer_config *g = &p->model->config;
    const int64_t shape[] = {2 * (int64_t)time - 1, g->hidden_size};
    const size_t bytes = (size_t)(shape[0] * shape[1] * g->layers) * tensor_type_size(c->compute);
    arena_release(c, 0);
    p->positions = (struct positions){.time = time};
    if (bytes > POSITIONS_LIMIT)
        p->positions.encodings = tensor_new(c, c->compute, 2, shape);
    else
        p->positions.layers = p->layers;
    for (int i = 0; p->positions.layers && i < g->layers; i++)
        p->layers[i] = tensor_new(c, c->compute, 2, shape);
    p->behind_positions = arena_mark(c);
}

/* host: the encodings; not looked at while measuring. */
static void fill_positions(struct fastconformer_pass *p, const float *host)
{
    struct context *c = &p->context;
    const struct fastconformer_config *g = &p->model->config;
    struct tensor encodings = p->positions.encodings;
    if (p->positions.layers)
        encodings = tensor_new(c, c->compute, 2, (int64_t[]){2 * (int64_t)p->positions.time - 1, g->hidden_size});
    tensor_upload(c, encodings, host, tensor_count(&encodings));
    for (int i = 0; p->positions.layers && i < g->layers; i++)
        project_positions(c, p->layers[i], encodings, &p->model->blocks[i]);
    arena_release(c, p->behind_positions);
}

static int compute_positions(struct fastconformer_pass *p, struct fault *fault)
{
    const int time = p->positions.time, d = p->model->config.hidden_size;
    float *host = memory_new((2 * (size_t)time - 1) * (size_t)d, sizeof *host);
    if (!host)
        return fail_memory(fault, "the positions of a forward pass");
    encode_positions(host, time, d);
    fill_positions(p, host);
    free(host);
    return p->context.fault.code ? fail(fault, p->context.fault.code, "%s", p->context.fault.message) : 0;
}

/* ---- room ---- */

/* Room for the valid frames of rows rows, before the stem and after each of its stages. */
static int reserve_lengths(struct fastconformer_pass *p, int rows, struct fault *fault)
{
    if (rows <= p->lengths_rows)
        return 0;
    int *grown = memory_new((size_t)rows * (STAGES + 1), sizeof *grown);
    if (!grown)
        return fail_memory(fault, "a batch");
    free(p->lengths);
    p->lengths = grown;
    p->lengths_rows = rows;
    return 0;
}

/* The batch without its data. lengths NULL: every row is as long as the longest. */
static struct batch new_batch(struct fastconformer_pass *p, int rows, int frames, const int *lengths)
{
    const struct conv2d *k = &p->model->stem.first;
    struct batch b = {.rows = rows, .frames = frames, .time = fastconformer_frames(&p->model->config, frames)};
    for (int stage = 0; stage <= p->model->stem.stages; stage++) {
        int *to = p->lengths + (size_t)stage * (size_t)p->lengths_rows;
        for (int row = 0; row < rows; row++)
            if (stage)
                to[row] = (b.lengths[stage - 1][row] + 2 * k->padding - k->kernel) / k->stride + 1;
            else
                to[row] = lengths ? lengths[row] : frames;
        b.lengths[stage] = to;
    }
    return b;
}

static size_t measure(struct fastconformer_pass *p, const struct batch *b, int time)
{
    context_measure(&p->context, true);
    place_positions(p, time);
    fill_positions(p, NULL);
    forward(&p->context, p->model, &p->positions, b);
    context_measure(&p->context, false);
    return p->context.arena.peak;
}

/* Positions that are there already are kept when neither their number nor the arena changes. */
static int make_room(struct fastconformer_pass *p, const struct batch *b, struct fault *fault)
{
    const int had = p->positions.time, time = b->time > had ? b->time : had;
    size_t size = measure(p, b, time);
    p->positions.time = 0; /* until they are computed */
    if (p->context.fault.code)
        return fail(fault, p->context.fault.code, "%s", p->context.fault.message);
    bool grows = size > p->context.arena.size;
    int code = context_reserve(&p->context, size, fault);
    if (code)
        return code;
    place_positions(p, time);
    if (grows || time != had)
        code = compute_positions(p, fault);
    if (code)
        p->positions.time = 0;
    return code;
}

int fastconformer_pass_reserve(struct fastconformer_pass *pass, int batch, int frames, struct fault *fault)
{
    if (batch < 1 || frames < 1 || frames > INT32_MAX / 4 || batch > INT32_MAX / 16)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a batch of %d rows of %d frames", batch, frames);
    /* A smaller batch may need more: the stem takes as many rows at a time as fit its piece, so short rows fill it
     * better than long ones. Measuring costs microseconds. */
    if (batch == pass->rows && frames == pass->frames)
        return 0;
    pass->rows = pass->frames = 0;
    int code = reserve_lengths(pass, batch, fault);
    if (code)
        return code;
    const struct batch b = new_batch(pass, batch, frames, NULL);
    code = make_room(pass, &b, fault);
    if (code)
        return code;
    pass->rows = batch;
    pass->frames = frames;
    return 0;
}

/* ---- forward ---- */

static int check_lengths(const int *lengths, int batch, int frames, struct fault *fault)
{
    for (int row = 0; row < batch; row++)
        if (lengths[row] < 1 || lengths[row] > frames)
            return fail(fault, UTTER_ERROR_ARGUMENT, "row %d of a batch has %d frames, outside 1 to %d", row,
                        lengths[row], frames);
    return 0;
}

int fastconformer_forward(struct fastconformer_pass *pass, const float *features, const int *lengths, int batch,
                          int frames, float *scores, int *score_lengths, struct fault *fault)
{
    struct context *c = &pass->context;
    if (!features || !lengths || !scores || !score_lengths)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a forward pass without features, lengths or room for scores");
    int code = check_lengths(lengths, batch, frames, fault);
    if (!code)
        code = fastconformer_pass_reserve(pass, batch, frames, fault);
    if (code)
        return code;
    struct batch b = new_batch(pass, batch, frames, lengths);
    b.features = features;
    b.scores = scores;
    fault_clear(&c->fault);
    c->flops = 0;
    arena_release(c, pass->behind_positions);
    forward(c, pass->model, &pass->positions, &b);
    if (c->fault.code)
        return fail(fault, c->fault.code, "%s", c->fault.message);
    memcpy(score_lengths, b.lengths[pass->model->stem.stages], (size_t)batch * sizeof *score_lengths);
    return 0;
}

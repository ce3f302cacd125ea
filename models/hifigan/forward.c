/* forward.c - Kong et al. 2020, figure 1. Everything is [batch, time, channels]. */
#include "models/hifigan/forward.h"

/* A tensor of x's rows, with so many steps of n channels. */
static struct tensor new_like(struct context *c, enum tensor_type type, struct tensor x, int64_t steps, int64_t n)
{
    return tensor_new(c, type, 3, (int64_t[]){x.shape[0], steps, n});
}

/* Kind 1: for each dilation out = x + after(leaky(dilated(leaky(x)))), x being the last out. */
static void block_of_pairs(struct context *c, struct tensor out, struct tensor x, const struct residual_block *b,
                           int dilations, float slope, const int *lengths)
{
    const size_t mark = arena_mark(c);
    struct tensor between = new_like(c, c->compute, x, x.shape[1], x.shape[2]);
    for (int i = 0; i < dilations; i++) {
        convolve_leaky_leaky(c, between, x, &b->dilated[i], slope, lengths);
        convolve_leaky_add(c, out, between, &b->after[i], 1, 1, x, lengths);
        x = out;
    }
    arena_release(c, mark);
}

/* Kind 2: for each dilation out = x + dilated(leaky(x)); out and another tensor take turns, so that out is the last. */
static void block_of_single(struct context *c, struct tensor out, struct tensor x, const struct residual_block *b,
                            int dilations, float slope, const int *lengths)
{
    const size_t mark = arena_mark(c);
    struct tensor other = new_like(c, TENSOR_F32, x, x.shape[1], x.shape[2]);
    for (int i = 0; i < dilations; i++) {
        struct tensor to = (dilations - i) % 2 ? out : other;
        convolve_leaky_add(c, to, x, &b->dilated[i], slope, 1, x, lengths);
        x = to;
    }
    arena_release(c, mark);
}

/* The sum of all blocks of x. */
static void blocks(struct context *c, struct tensor out, struct tensor x, const struct stage *s,
                   const struct hifigan_config *g, const int *lengths)
{
    const size_t mark = arena_mark(c);
    struct tensor one = g->blocks > 1 ? new_like(c, TENSOR_F32, x, x.shape[1], x.shape[2]) : out;
    for (int i = 0; i < g->blocks; i++) {
        struct tensor to = i ? one : out;
        (g->block_kind == 1 ? block_of_pairs : block_of_single)(c, to, x, &s->block[i], g->dilations[i], g->slope,
                                                                lengths);
        if (i)
            add(c, out, out, 1, one);
    }
    arena_release(c, mark);
}

/* out: the first convolution of the frames, and what the conditioning adds to it. */
static void begin(struct context *c, struct tensor out, const struct hifigan *m, const struct batch *b)
{
    const size_t mark = arena_mark(c);
    struct tensor frames = new_like(c, TENSOR_F32, out, b->time, m->config.mels);
    tensor_upload(c, frames, b->frames, tensor_count(&frames));
    convolve(c, out, frames, &m->first, b->lengths[0]);
    if (m->config.conditioning && b->conditioning) {
        struct tensor vectors = tensor_new(c, TENSOR_F32, 2, (int64_t[]){b->rows, m->config.conditioning});
        struct tensor added = tensor_new(c, TENSOR_F32, 2, (int64_t[]){b->rows, m->config.initial_channels});
        tensor_upload(c, vectors, b->conditioning, tensor_count(&vectors));
        linear(c, added, vectors, &m->condition);
        add_to_steps(c, out, out, added);
    }
    arena_release(c, mark);
}

/* Elements of the largest activation. */
static int64_t largest(const struct hifigan_config *g, const struct batch *b)
{
    int64_t steps = (int64_t)b->rows * b->time, most = steps * g->initial_channels;
    for (int i = 0; i < g->stages; i++) {
        steps *= g->rates[i];
        const int64_t elements = steps * hifigan_channels(g, i);
        most = elements > most ? elements : most;
    }
    return most;
}

/* Memory for one activation, seen as that of x's rows with so many steps of n channels. */
static struct tensor seen_as(struct tensor memory, struct tensor x, int64_t steps, int64_t n)
{
    return tensor_3d(TENSOR_F32, memory.data, x.shape[0], steps, n);
}

void hifigan_run(struct context *c, const struct hifigan *m, const struct batch *b)
{
    const struct hifigan_config *g = &m->config;
    const int64_t elements = largest(g, b);
    struct tensor now = tensor_new(c, TENSOR_F32, 1, &elements), between = tensor_new(c, TENSOR_F32, 1, &elements);
    struct tensor x = tensor_3d(TENSOR_F32, now.data, b->rows, b->time, g->initial_channels);
    begin(c, x, m, b);
    for (int i = 0; i < g->stages; i++) { /* x, which the transposed convolution has read, becomes the blocks' sum */
        const int64_t steps = x.shape[1] * g->rates[i], n = hifigan_channels(g, i);
        struct tensor up = seen_as(between, x, steps, n), sum = seen_as(now, x, steps, n);
        convolve_leaky(c, up, x, &m->stage[i].up, g->slope, b->lengths[i]);
        blocks(c, sum, up, &m->stage[i], g, b->lengths[i + 1]);
        x = sum;
    }
    struct tensor samples = seen_as(between, x, x.shape[1], 1);
    convolve_leaky_tanh(c, samples, x, &m->last, g->last_slope, b->lengths[g->stages]);
    mask_rows(c, samples, b->lengths[g->stages]);
    tensor_download(c, b->samples, samples, tensor_count(&samples));
}

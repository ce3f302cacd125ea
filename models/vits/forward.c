/* forward.c - the text encoder and the flow of VITS (Kim et al. 2021, section 2.5.2). */
#include "models/vits/forward.h"

struct tensor vits_upload_speakers(struct context *c, const float *speakers, int rows, int size)
{
    if (!speakers)
        return (struct tensor){0};
    struct tensor x = tensor_new(c, TENSOR_F32, 2, (int64_t[]){rows, size});
    tensor_upload(c, x, speakers, tensor_count(&x));
    return x;
}

/* ---- the text encoder: x [rows, count, d], in place ---- */

static void self_attention(struct context *c, struct tensor x, const struct encoder_layer *l, int heads,
                           const int *lengths)
{
    size_t mark = arena_mark(c);
    const int64_t rows = x.shape[0], time = x.shape[1], d = x.shape[2];
    struct tensor h = new_3d(c, TENSOR_F32, rows, time, d);
    struct tensor q = new_3d(c, TENSOR_F32, rows, time, d);
    struct tensor k = new_3d(c, TENSOR_F32, rows, time, d);
    struct tensor v = new_3d(c, TENSOR_F32, rows, time, d);
    linear(c, q, x, &l->query);
    linear(c, k, x, &l->key);
    linear(c, v, x, &l->value);
    windowed_attention(c, h, q, k, v, &l->window, heads, 1 / __builtin_sqrtf((float)(d / heads)), lengths);
    linear_add(c, x, h, &l->out, 1, x);
    layer_norm(c, x, x, &l->attention_norm);
    arena_release(c, mark);
}

static void feed_forward(struct context *c, struct tensor x, const struct encoder_layer *l, const int *lengths)
{
    size_t mark = arena_mark(c);
    struct tensor u = new_3d(c, TENSOR_F32, x.shape[0], x.shape[1], l->up.out);
    convolve_relu(c, u, x, &l->up, lengths);
    convolve_leaky_add(c, x, u, &l->down, 1, 1, x, lengths);
    layer_norm(c, x, x, &l->out_norm);
    arena_release(c, mark);
}

static struct tensor encode(struct context *c, const struct vits *m, const struct text *t)
{
    const struct vits_config *g = &m->config;
    struct tensor x = new_3d(c, TENSOR_F32, t->rows, t->count, g->hidden_size);
    gather_rows(c, tensor_2d(TENSOR_F32, x.data, (int64_t)t->rows * t->count, g->hidden_size),
                tensor_2d(TENSOR_F32, m->encoder.embedding, g->vocabulary, g->hidden_size), t->tokens);
    for (int i = 0; i < g->layers; i++) {
        self_attention(c, x, &m->encoder.layers[i], g->heads, t->lengths);
        feed_forward(c, x, &m->encoder.layers[i], t->lengths);
    }
    return x;
}

void vits_forward_text(struct context *c, const struct vits *m, const struct text *t)
{
    size_t mark = arena_mark(c);
    struct tensor x = encode(c, m, t);
    struct tensor prior = new_3d(c, TENSOR_F32, t->rows, t->count, m->encoder.prior.out);
    linear(c, prior, x, &m->encoder.prior);
    tensor_download(c, t->prior, prior, tensor_count(&prior));
    vits_forward_durations(c, m, x, t);
    arena_release(c, mark);
}

/* ---- the flow ---- */

/* sum += what leaves the layer, x += what goes on to the next (van den Oord et al. 2016, figure 4). first: sum is
 * empty.
 */
static void wavenet_layer(struct context *c, struct tensor sum, struct tensor x, const struct wavenet_layer *l,
                          struct tensor speakers, const int *lengths, bool first)
{
    size_t mark = arena_mark(c);
    const int64_t rows = x.shape[0], frames = x.shape[1], d = x.shape[2];
    struct tensor u = new_3d(c, c->compute, rows, frames, 2 * d);
    struct tensor g = new_3d(c, c->compute, rows, frames, d);
    convolve(c, u, x, &l->in, lengths);
    if (speakers.rank) {
        struct tensor s = tensor_new(c, TENSOR_F32, 2, (int64_t[]){rows, 2 * d});
        linear(c, s, speakers, &l->speaker);
        add_to_steps(c, u, u, s);
    }
    gated_tanh(c, g, u);
    if (l->residual.packed)
        linear_add(c, x, g, &l->residual, 1, x);
    if (first)
        linear(c, sum, g, &l->skip);
    else
        linear_add(c, sum, g, &l->skip, 1, sum);
    arena_release(c, mark);
}

/* A coupling layer backwards: changed -= network(kept) (section 2.5.2; additive coupling, Dinh et al. 2014, section
 * 3.2). */
static void coupling(struct context *c, struct tensor changed, struct tensor kept, const struct coupling *f, int layers,
                     struct tensor speakers, const int *lengths)
{
    size_t mark = arena_mark(c);
    const int64_t rows = kept.shape[0], frames = kept.shape[1], d = f->in.out;
    struct tensor x = new_3d(c, TENSOR_F32, rows, frames, d);
    struct tensor sum = new_3d(c, TENSOR_F32, rows, frames, d);
    linear(c, x, kept, &f->in);
    for (int i = 0; i < layers; i++)
        wavenet_layer(c, sum, x, &f->layers[i], speakers, lengths, i == 0);
    linear_add(c, changed, sum, &f->out, -1, changed);
    arena_release(c, mark);
}

void vits_forward_flow(struct context *c, const struct vits *m, const struct latents *l)
{
    size_t mark = arena_mark(c);
    struct tensor halves[2];
    for (int i = 0; i < 2; i++) {
        halves[i] = new_3d(c, TENSOR_F32, l->rows, l->frames, m->config.flow_size / 2);
        tensor_upload(c, halves[i], l->halves[i], tensor_count(&halves[i]));
    }
    struct tensor speakers = vits_upload_speakers(c, l->speakers, l->rows, m->config.speaker_size);
    for (int run = 0; run < m->config.flows; run++)
        coupling(c, halves[run % 2], halves[1 - run % 2], &m->flows[run], m->config.wavenet_layers, speakers,
                 l->lengths);
    for (int i = 0; i < 2; i++)
        tensor_download(c, l->halves[i], halves[i], tensor_count(&halves[i]));
    arena_release(c, mark);
}

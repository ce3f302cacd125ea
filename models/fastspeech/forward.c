/* forward.c - FastSpeech 2 (Ren et al. 2021, figure 1): tokens to durations and states, states to log-mel. */
#include "models/fastspeech/forward.h"

static struct tensor new_3d(struct context *c, enum tensor_type type, int64_t n0, int64_t n1, int64_t n2)
{
    return tensor_new(c, type, 3, (int64_t[]){n0, n1, n2});
}

static struct tensor flat(struct tensor x)
{
    return tensor_2d(x.type, x.data, x.shape[0] * x.shape[1], x.shape[2]);
}

/* ---- who speaks: x [rows, time, d] f32, in place ---- */

static void add_voice(struct context *c, struct tensor x, float *table, int known, const int *which)
{
    if (!table)
        return;
    size_t mark = arena_mark(c);
    struct tensor vectors = tensor_new(c, TENSOR_F32, 2, (int64_t[]){x.shape[0], x.shape[2]});
    gather_rows(c, vectors, tensor_2d(TENSOR_F32, table, known + 1, x.shape[2]), which);
    add_to_steps(c, x, x, vectors);
    arena_release(c, mark);
}

/* x = [x, embedding] W + b. */
static void project_embeddings(struct context *c, struct tensor x, const struct voices *v, const float *embeddings)
{
    size_t mark = arena_mark(c);
    const int64_t rows = x.shape[0], width = v->projected_embedding.in;
    struct tensor given = tensor_new(c, TENSOR_F32, 2, (int64_t[]){rows, width});
    struct tensor vectors = tensor_new(c, TENSOR_F32, 2, (int64_t[]){rows, x.shape[2]});
    struct tensor projected = new_3d(c, TENSOR_F32, rows, x.shape[1], x.shape[2]);
    tensor_upload(c, given, embeddings, rows * width);
    linear(c, vectors, given, &v->projected_embedding);
    linear(c, projected, x, &v->projected_hidden);
    add_to_steps(c, x, projected, vectors);
    arena_release(c, mark);
}

static void add_voices(struct context *c, struct tensor x, const struct fastspeech *m, const struct encoding *e)
{
    add_voice(c, x, m->voices.speakers, m->config.speakers, e->speakers);
    add_voice(c, x, m->voices.languages, m->config.languages, e->languages);
    if (e->embedded)
        project_embeddings(c, x, &m->voices, e->embeddings);
}

/* ---- what is predicted of each token: out [rows, time, 1] f32 ---- */

static void predict(struct context *c, struct tensor out, struct tensor x, const struct predictor *p,
                    const int *lengths)
{
    size_t mark = arena_mark(c);
    const int64_t channels = p->out.in;
    struct tensor y = new_3d(c, TENSOR_F32, x.shape[0], x.shape[1], channels);
    struct tensor normed = new_3d(c, c->compute, x.shape[0], x.shape[1], channels);
    for (int i = 0; i < p->count; i++) {
        convolve_relu(c, y, i ? normed : x, &p->layers[i].convolution, lengths);
        layer_norm(c, normed, y, &p->layers[i].norm);
    }
    linear(c, out, normed, &p->out);
    arena_release(c, mark);
}

/* The same, and what the caller wants on top of it. */
static struct tensor predict_variance(struct context *c, struct tensor x, const struct variance *v, const float *added,
                                      const int *lengths)
{
    struct tensor out = new_3d(c, TENSOR_F32, x.shape[0], x.shape[1], 1);
    struct tensor more = new_3d(c, TENSOR_F32, x.shape[0], x.shape[1], 1);
    predict(c, out, x, &v->predictor, lengths);
    tensor_upload(c, more, added, tensor_count(&more));
    add(c, out, out, 1, more);
    return out;
}

void fastspeech_run_encoder(struct context *c, const struct fastspeech *m, const struct encoding *e)
{
    size_t mark = arena_mark(c);
    const int64_t rows = e->steps.rows, time = e->steps.time, d = m->config.hidden_size;
    const int *lengths = e->steps.lengths;
    struct tensor x = new_3d(c, TENSOR_F32, rows, time, d), durations = new_3d(c, TENSOR_F32, rows, time, 1);
    gather_rows(c, flat(x), tensor_2d(TENSOR_F32, m->tokens, m->config.vocabulary, d), e->tokens);
    fastspeech_conformer(c, x, &m->encoder, &e->steps);
    add_voices(c, x, m, e);
    predict(c, durations, x, &m->duration, lengths);
    tensor_download(c, e->durations, durations, rows * time);
    struct tensor pitch = predict_variance(c, x, &m->pitch, e->pitch, lengths);
    struct tensor energy = predict_variance(c, x, &m->energy, e->energy, lengths);
    convolve_leaky_add(c, x, energy, &m->energy.embed, 1, 1, x, lengths);
    convolve_leaky_add(c, x, pitch, &m->pitch.embed, 1, 1, x, lengths);
    tensor_download(c, e->states, x, tensor_count(&x));
    arena_release(c, mark);
}

/* ---- decoder ---- */

/* Log-mel, and added to it what five convolutions or so make of it (Shen et al. 2018, section 2.2). */
static struct tensor postnet(struct context *c, const struct postnet *p, struct tensor x, const int *lengths)
{
    const int64_t rows = x.shape[0], time = x.shape[1];
    struct tensor before = new_3d(c, TENSOR_F32, rows, time, p->first.out);
    struct tensor after = new_3d(c, TENSOR_F32, rows, time, p->first.out), y = before;
    linear(c, before, x, &p->first);
    for (int i = 0; i < p->count - 1; i++) {
        struct tensor next = new_3d(c, c->compute, rows, time, p->layers[i].out);
        convolve_tanh(c, next, y, &p->layers[i], lengths);
        y = next;
    }
    convolve_leaky_add(c, after, y, &p->layers[p->count - 1], 1, 1, before, lengths);
    return after;
}

void fastspeech_run_decoder(struct context *c, const struct fastspeech *m, const struct decoding *d)
{
    size_t mark = arena_mark(c);
    const int64_t width = m->config.hidden_size;
    struct tensor x = new_3d(c, TENSOR_F32, d->steps.rows, d->steps.time, width);
    struct tensor states = tensor_new(c, TENSOR_F32, 2, (int64_t[]){d->tokens, width});
    tensor_upload(c, states, d->states, tensor_count(&states));
    gather_rows(c, flat(x), states, d->token);
    scale(c, x, x, __builtin_sqrtf((float)width));
    fastspeech_conformer(c, x, &m->decoder, &d->steps);
    struct tensor mel = postnet(c, &m->postnet, x, d->steps.lengths);
    mask_rows(c, mel, d->steps.lengths);
    tensor_download(c, d->mel, mel, tensor_count(&mel));
    arena_release(c, mark);
}

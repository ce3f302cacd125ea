/* forward.c - SpeechT5 (Ao et al. 2022, section 2.1): a Transformer (Vaswani et al. 2017) whose encoder tells distances
 * apart (Shaw et al. 2018), and whose decoder hears the last frame through a prenet (Shen et al. 2018, section 2.2). */
#include "models/speecht5/forward.h"

static struct tensor new_2d(struct context *c, enum tensor_type type, int64_t n0, int64_t n1)
{
    return tensor_new(c, type, 2, (int64_t[]){n0, n1});
}

static struct tensor new_3d(struct context *c, enum tensor_type type, int64_t n0, int64_t n1, int64_t n2)
{
    return tensor_new(c, type, 3, (int64_t[]){n0, n1, n2});
}

static struct tensor like(struct context *c, struct tensor x, enum tensor_type type)
{
    return tensor_new(c, type, x.rank, x.shape);
}

static struct tensor flat(struct tensor x)
{
    return tensor_2d(x.type, x.data, x.shape[0] * x.shape[1], x.shape[2]);
}

/* Scores are scaled by 1/√(d/heads). */
static float scale_of(int64_t width, int heads)
{
    return 1 / __builtin_sqrtf((float)(width / heads));
}

/* x = LN(x + W2 gelu(W1 x)) */
static void feed_forward(struct context *c, struct tensor x, const struct linear *up, const struct linear *down,
                         const struct norm *norm)
{
    size_t mark = arena_mark(c);
    struct tensor u = new_2d(c, c->compute, tensor_rows(&x), up->out);
    linear_gelu(c, u, x, up);
    linear_add(c, x, u, down, 1, x);
    layer_norm(c, x, x, norm);
    arena_release(c, mark);
}

/* x = LN(x + Wo heard) */
static void take_in(struct context *c, struct tensor x, struct tensor heard, const struct attention_weights *a)
{
    linear_add(c, x, heard, &a->output, 1, x);
    layer_norm(c, x, x, &a->norm);
}

void speecht5_new_kept(struct context *c, const struct speecht5 *m, struct kept *k, int rows, int time, int steps)
{
    const int64_t d = m->config.hidden_size, heads = m->config.decoder.heads;
    const int64_t across[] = {rows, heads, time, d / heads}, along[] = {(int64_t)rows * steps, d};
    k->speakers = new_2d(c, TENSOR_F32, rows, d);
    for (int i = 0; i < m->config.decoder.layers; i++)
        k->layers[i] = (struct kept_layer){tensor_new(c, c->compute, 4, across), tensor_new(c, c->compute, 4, across),
                                           tensor_new(c, c->compute, 2, along), tensor_new(c, c->compute, 2, along)};
}

/* ---- encoder: x [rows, time, d] f32, in place ---- */

static struct tensor row_of(struct tensor x, int row)
{
    const size_t bytes = (size_t)row * (size_t)(x.shape[1] * x.shape[2]) * tensor_type_size(x.type);
    return tensor_3d(x.type, x.data ? (char *)x.data + bytes : NULL, 1, x.shape[1], x.shape[2]);
}

static void embed(struct context *c, struct tensor x, const struct speecht5 *m, const struct encoding *e)
{
    size_t mark = arena_mark(c);
    const int64_t d = x.shape[2];
    struct tensor positions = new_3d(c, TENSOR_F32, 1, x.shape[1], d);
    gather_rows(c, flat(x), tensor_2d(TENSOR_F32, m->tokens, m->config.vocabulary, d), e->tokens);
    tensor_upload(c, positions, e->positions, tensor_count(&positions));
    for (int row = 0; row < e->rows; row++)
        add(c, row_of(x, row), row_of(x, row), 1, positions);
    arena_release(c, mark);
}

static void encoder_attention(struct context *c, struct tensor x, const struct speecht5 *m,
                              const struct attention_weights *a, struct tensor distances, const int *lengths)
{
    size_t mark = arena_mark(c);
    const int heads = m->config.encoder.heads;
    struct tensor q = like(c, x, c->compute), k = like(c, x, c->compute), v = like(c, x, c->compute);
    struct tensor h = like(c, x, c->compute);
    linear(c, q, x, &a->query);
    linear(c, k, x, &a->key);
    linear(c, v, x, &a->value);
    relative_attention(c, h, q, k, v, distances, m->zeros, m->zeros, heads, scale_of(x.shape[2], heads), lengths);
    take_in(c, x, h, a);
    arena_release(c, mark);
}

/* What every step will attend to, computed once. */
static void keep_cross(struct context *c, struct tensor x, const struct speecht5 *m, const struct kept *k)
{
    for (int i = 0; i < m->config.decoder.layers; i++) {
        size_t mark = arena_mark(c);
        const struct attention_weights *a = &m->decoder[i].cross;
        struct tensor h = like(c, x, c->compute);
        linear(c, h, x, &a->key);
        split_heads(c, k->layers[i].cross_keys, h, m->config.decoder.heads);
        linear(c, h, x, &a->value);
        split_heads(c, k->layers[i].cross_values, h, m->config.decoder.heads);
        arena_release(c, mark);
    }
}

static void keep_speakers(struct context *c, const struct speecht5 *m, const struct kept *k, const float *speakers)
{
    size_t mark = arena_mark(c);
    struct tensor given = new_2d(c, TENSOR_F32, k->speakers.shape[0], m->config.speaker_embedding_dim);
    tensor_upload(c, given, speakers, tensor_count(&given));
    linear(c, k->speakers, given, &m->prenet.speaker);
    arena_release(c, mark);
}

void speecht5_run_encoder(struct context *c, const struct speecht5 *m, const struct kept *k, const struct encoding *e)
{
    size_t mark = arena_mark(c);
    const int64_t d = m->config.hidden_size, far = 2 * (int64_t)m->config.max_relative_position;
    struct tensor x = new_3d(c, TENSOR_F32, e->rows, e->time, d);
    struct tensor distances = new_2d(c, c->compute, 2 * (int64_t)e->time - 1, d);
    gather_rows(c, distances, tensor_2d(TENSOR_F32, m->distances, far, d), e->distances);
    embed(c, x, m, e);
    layer_norm(c, x, x, &m->encoder_norm);
    for (int i = 0; i < m->config.encoder.layers; i++) {
        const struct encoder_block *b = &m->encoder[i];
        encoder_attention(c, x, m, &b->self, distances, e->lengths);
        feed_forward(c, x, &b->up, &b->down, &b->norm);
    }
    keep_cross(c, x, m, k);
    keep_speakers(c, m, k, e->speakers);
    arena_release(c, mark);
}

/* ---- a step: x [n, d] f32, in place ---- */

static const float *host_at(const float *host, int64_t offset)
{
    return host ? host + offset : NULL;
}

/* Of the last frames, what the layers with their dropout leave: [n, units] */
static struct tensor prenet_layers(struct context *c, const struct speecht5 *m, const struct step *s)
{
    const int64_t units = m->config.prenet_units;
    struct tensor h = new_2d(c, TENSOR_F32, s->n, m->config.mel_bins);
    struct tensor dropout = new_2d(c, TENSOR_F32, s->n, units);
    tensor_upload(c, h, s->mel, tensor_count(&h));
    for (int i = 0; i < m->config.prenet_layers; i++) {
        struct tensor next = new_2d(c, TENSOR_F32, s->n, units);
        linear_relu(c, next, h, &m->prenet.layers[i]);
        tensor_upload(c, dropout, host_at(s->dropout, i * s->n * units), tensor_count(&dropout));
        multiply(c, next, next, dropout);
        h = next;
    }
    return h;
}

static void prenet(struct context *c, struct tensor x, const struct speecht5 *m, const struct kept *k,
                   const struct step *s)
{
    size_t mark = arena_mark(c);
    struct tensor h = like(c, x, TENSOR_F32), positions = like(c, x, TENSOR_F32);
    linear(c, h, prenet_layers(c, m, s), &m->prenet.out);
    tensor_upload(c, positions, s->positions, tensor_count(&positions));
    add(c, h, h, 1, positions);
    gather_rows(c, x, k->speakers, s->rows);
    linear_add(c, x, h, &m->prenet.hidden, 1, x);
    activate(c, x, x, ACTIVATION_RELU);
    arena_release(c, mark);
}

static void self_attention(struct context *c, struct tensor x, const struct attention_weights *a, int heads,
                           const struct kept_layer *kept, const struct step *s)
{
    size_t mark = arena_mark(c);
    struct tensor q = like(c, x, c->compute), k = like(c, x, c->compute), v = like(c, x, c->compute);
    struct tensor h = like(c, x, c->compute);
    linear(c, q, x, &a->query);
    linear(c, k, x, &a->key);
    linear(c, v, x, &a->value);
    scatter_rows(c, kept->keys, k, s->slots);
    scatter_rows(c, kept->values, v, s->slots);
    kept_attention(c, h, q, kept->keys, kept->values, heads, scale_of(x.shape[1], heads), s->self, s->n);
    take_in(c, x, h, a);
    arena_release(c, mark);
}

static void cross_attention(struct context *c, struct tensor x, const struct attention_weights *a, int heads,
                            const struct kept_layer *kept, const struct step *s)
{
    size_t mark = arena_mark(c);
    struct tensor q = like(c, x, c->compute), h = like(c, x, c->compute);
    linear(c, q, x, &a->query);
    kept_attention(c, h, q, kept->cross_keys, kept->cross_values, heads, scale_of(x.shape[1], heads), s->cross, s->n);
    take_in(c, x, h, a);
    arena_release(c, mark);
}

void speecht5_run_step(struct context *c, const struct speecht5 *m, const struct kept *k, const struct step *s)
{
    size_t mark = arena_mark(c);
    const int heads = m->config.decoder.heads;
    struct tensor x = new_2d(c, TENSOR_F32, s->n, m->config.hidden_size);
    struct tensor frames = new_2d(c, TENSOR_F32, s->n, m->postnet.mel.out);
    struct tensor stops = new_2d(c, TENSOR_F32, s->n, m->postnet.stop.out);
    step_begin(c);
    prenet(c, x, m, k, s);
    for (int i = 0; i < m->config.decoder.layers; i++) {
        const struct decoder_block *b = &m->decoder[i];
        self_attention(c, x, &b->self, heads, &k->layers[i], s);
        cross_attention(c, x, &b->cross, heads, &k->layers[i], s);
        feed_forward(c, x, &b->up, &b->down, &b->norm);
    }
    linear(c, frames, x, &m->postnet.mel);
    linear(c, stops, x, &m->postnet.stop);
    step_end(c);
    tensor_download(c, s->frames, frames, tensor_count(&frames));
    tensor_download(c, s->stops, stops, tensor_count(&stops));
    arena_release(c, mark);
}

/* ---- postnet ---- */

void speecht5_run_postnet(struct context *c, const struct speecht5 *m, float *mel, int frames)
{
    size_t mark = arena_mark(c);
    const struct postnet *p = &m->postnet;
    struct tensor before = new_3d(c, TENSOR_F32, 1, frames, m->config.mel_bins), y = before;
    struct tensor after = like(c, before, TENSOR_F32);
    tensor_upload(c, before, mel, tensor_count(&before));
    for (int i = 0; i < p->count - 1; i++) {
        struct tensor next = new_3d(c, c->compute, 1, frames, p->layers[i].out);
        convolve_tanh(c, next, y, &p->layers[i], NULL);
        y = next;
    }
    convolve_leaky_add(c, after, y, &p->layers[p->count - 1], 1, 1, before, NULL);
    tensor_download(c, mel, after, tensor_count(&after));
    arena_release(c, mark);
}

/* forward.c - the encoder and the decoder of Whisper (Radford et al. 2022, section 2.2 and figure 1): pre-norm blocks
 * of Vaswani et al. 2017, the encoder over log-mel frames halved by a convolution. */
#include "models/whisper/forward.h"

#include "models/whisper/config.h"

#include <math.h>

static struct tensor new_2d(struct context *c, enum tensor_type type, int64_t n0, int64_t n1)
{
    return tensor_new(c, type, 2, (int64_t[]){n0, n1});
}

static struct tensor new_3d(struct context *c, enum tensor_type type, int64_t n0, int64_t n1, int64_t n2)
{
    return tensor_new(c, type, 3, (int64_t[]){n0, n1, n2});
}

/* Scores are scaled by 1/√(d/heads). */
static float scale_of(int64_t width, int heads)
{
    return 1 / sqrtf((float)(width / heads));
}

static void feed_forward(struct context *c, struct tensor x, const struct norm *norm, const struct linear *up,
                         const struct linear *down)
{
    size_t mark = arena_mark(c);
    struct tensor h = tensor_new(c, c->compute, x.rank, x.shape);
    struct tensor u = new_2d(c, c->compute, tensor_rows(&x), up->out);
    layer_norm(c, h, x, norm);
    linear_gelu(c, u, h, up);
    linear_add(c, x, u, down, 1, x);
    arena_release(c, mark);
}

/* ---- encoder ---- */

/* Of x [windows, …], the part that is so many windows, from the first on. */
static struct tensor windows_of(struct tensor x, int first, int count)
{
    size_t bytes = tensor_bytes(&x) / (size_t)x.shape[0] * (size_t)first;
    x.data = x.data ? (char *)x.data + bytes : NULL;
    x.shape[0] = count;
    return x;
}

/* x [windows, positions, d] f32, from features [windows, 2·positions, mels] */
static void stem(struct context *c, struct tensor x, const struct whisper *m, const float *features)
{
    size_t mark = arena_mark(c);
    const int64_t windows = x.shape[0], frames = 2 * x.shape[1], d = x.shape[2], mels = m->config.mel_bins;
    struct tensor mel = new_3d(c, TENSOR_F32, windows, frames, mels);
    struct tensor unfolded = new_3d(c, c->compute, windows, frames, 3 * mels);
    struct tensor h = new_3d(c, c->compute, windows, frames, d);
    struct tensor halved = new_3d(c, c->compute, windows, x.shape[1], 3 * d);
    const struct tensor positions = tensor_3d(TENSOR_F32, m->audio_positions.data, 1, x.shape[1], d);
    tensor_upload(c, mel, features, tensor_count(&mel));
    unfold(c, unfolded, mel, 3, 1);
    linear_gelu(c, h, unfolded, &m->conv1);
    unfold(c, halved, h, 3, 2);
    linear_gelu(c, x, halved, &m->conv2);
    for (int i = 0; i < (int)windows; i++)
        add(c, windows_of(x, i, 1), windows_of(x, i, 1), 1, positions);
    arena_release(c, mark);
}

/* x [windows, positions, d], in place */
static void encoder_attention(struct context *c, struct tensor x, const struct attention_weights *a, int heads)
{
    size_t mark = arena_mark(c);
    struct tensor h = tensor_new(c, c->compute, 3, x.shape);
    struct tensor q = tensor_new(c, c->compute, 3, x.shape);
    struct tensor k = tensor_new(c, c->compute, 3, x.shape);
    struct tensor v = tensor_new(c, c->compute, 3, x.shape);
    layer_norm(c, h, x, &a->norm);
    linear(c, q, h, &a->query);
    linear(c, k, h, &a->key);
    linear(c, v, h, &a->value);
    attention(c, h, q, k, v, heads, scale_of(x.shape[2], heads), NULL, false);
    linear_add(c, x, h, &a->output, 1, x);
    arena_release(c, mark);
}

void encoder_blocks(struct context *c, const struct whisper *m, struct tensor x)
{
    for (int i = 0; i < m->config.encoder_layers; i++) {
        const struct encoder_block *b = &m->encoder[i];
        encoder_attention(c, x, &b->self, m->config.encoder_heads);
        feed_forward(c, x, &b->norm, &b->up, &b->down);
    }
}

/* What every step of the windows from `first` on will attend to, computed once. heard [windows, positions, d] */
static void keep_cross(struct context *c, const struct whisper *m, const struct kept *kept, int first,
                       struct tensor heard)
{
    const int heads = m->config.decoder_heads, count = (int)heard.shape[0];
    for (int layer = 0; layer < m->config.decoder_layers; layer++) {
        size_t mark = arena_mark(c);
        const struct attention_weights *a = &m->decoder[layer].cross;
        struct tensor h = tensor_new(c, c->compute, 3, heard.shape);
        linear(c, h, heard, &a->key);
        split_heads(c, windows_of(kept[layer].cross_keys, first, count), h, heads);
        linear(c, h, heard, &a->value);
        split_heads(c, windows_of(kept[layer].cross_values, first, count), h, heads);
        arena_release(c, mark);
    }
}

void encode_windows(struct context *c, const struct whisper *m, const struct kept *kept, int first, int count,
                    const float *features, float *output)
{
    size_t mark = arena_mark(c);
    struct tensor x = new_3d(c, TENSOR_F32, count, m->config.positions, m->config.width);
    struct tensor heard = tensor_new(c, c->compute, 3, x.shape);
    stem(c, x, m, features);
    encoder_blocks(c, m, x);
    layer_norm(c, x, x, &m->encoder_norm);
    if (output)
        tensor_download(c, output, x, tensor_count(&x));
    scale(c, heard, x, 1);
    keep_cross(c, m, kept, first, heard);
    arena_release(c, mark);
}

/* ---- decoder: x [n, d] f32, in place ---- */

static void embed(struct context *c, struct tensor x, const struct whisper *m, const struct lines *l)
{
    size_t mark = arena_mark(c);
    struct tensor position = tensor_new(c, TENSOR_F32, 2, x.shape);
    gather_rows(c, x, m->embedding, l->tokens);
    gather_rows(c, position, m->text_positions, l->positions);
    add(c, x, x, 1, position);
    arena_release(c, mark);
}

static struct tensor as_sequence(struct tensor x)
{
    return tensor_3d(x.type, x.data, 1, x.shape[0], x.shape[1]);
}

static void self_attention(struct context *c, struct tensor x, const struct attention_weights *a, int heads,
                           const struct kept *kept, const struct lines *l)
{
    size_t mark = arena_mark(c);
    const float factor = scale_of(x.shape[1], heads);
    struct tensor h = tensor_new(c, c->compute, 2, x.shape);
    struct tensor q = tensor_new(c, c->compute, 2, x.shape);
    struct tensor k = tensor_new(c, c->compute, 2, x.shape);
    struct tensor v = tensor_new(c, c->compute, 2, x.shape);
    layer_norm(c, h, x, &a->norm);
    linear(c, q, h, &a->query);
    linear(c, k, h, &a->key);
    linear(c, v, h, &a->value);
    if (l->before) {
        scatter_rows(c, kept->keys, k, l->slots);
        scatter_rows(c, kept->values, v, l->slots);
        kept_attention(c, h, q, kept->keys, kept->values, heads, factor, l->before, l->before_count);
    } else {
        attention(c, as_sequence(h), as_sequence(q), as_sequence(k), as_sequence(v), heads, factor, NULL, true);
    }
    linear_add(c, x, h, &a->output, 1, x);
    arena_release(c, mark);
}

/* Copies the rows of the heads in the mask to *attention, and moves it behind them. */
static void give_attention(struct context *c, struct tensor q, const struct kept *kept, int heads, float factor,
                           const struct lines *l, uint32_t mask, float **attention)
{
    size_t mark = arena_mark(c);
    const int64_t positions = kept->cross_keys.shape[2], each = l->n * positions;
    struct tensor w = new_3d(c, TENSOR_F32, heads, l->n, positions);
    kept_attention_weights(c, w, q, kept->cross_keys, heads, factor, &l->cross[0]);
    for (int head = 0; head < heads; head++) {
        if (!(mask >> head & 1))
            continue;
        char *from = w.data ? (char *)w.data + (size_t)(head * each) * sizeof(float) : NULL;
        tensor_download(c, *attention, tensor_2d(TENSOR_F32, from, l->n, positions), each);
        *attention += each;
    }
    arena_release(c, mark);
}

static void cross_attention(struct context *c, struct tensor x, const struct attention_weights *a, int heads,
                            const struct kept *kept, const struct lines *l, uint32_t mask, float **attention)
{
    size_t mark = arena_mark(c);
    const float factor = scale_of(x.shape[1], heads);
    struct tensor h = tensor_new(c, c->compute, 2, x.shape);
    struct tensor q = tensor_new(c, c->compute, 2, x.shape);
    layer_norm(c, h, x, &a->norm);
    linear(c, q, h, &a->query);
    if (mask && *attention)
        give_attention(c, q, kept, heads, factor, l, mask, attention);
    kept_attention(c, h, q, kept->cross_keys, kept->cross_values, heads, factor, l->cross, l->cross_count);
    linear_add(c, x, h, &a->output, 1, x);
    arena_release(c, mark);
}

/* Of out [n, vocabulary]. */
static void give_likeliest(struct context *c, struct tensor out, const struct answer *answer)
{
    const struct whisper_wanted *ask = answer->ask;
    struct tensor found = new_3d(c, TENSOR_F32, out.shape[0], ask->per_row, 1 + 2 * ask->count);
    likeliest(c, found, out, ask->ranges, ask->per_row, ask->barred, ask->count);
    step_end(c);
    tensor_download(c, answer->found, found, tensor_count(&found));
}

static void give_scores(struct context *c, struct tensor x, const struct whisper *m, const struct lines *l,
                        const struct answer *answer)
{
    struct tensor last = new_2d(c, TENSOR_F32, l->last_count, x.shape[1]);
    struct tensor h = tensor_new(c, c->compute, 2, last.shape);
    struct tensor out = new_2d(c, TENSOR_F32, l->last_count, m->config.vocabulary);
    gather_rows(c, last, x, l->last);
    layer_norm(c, h, last, &m->decoder_norm);
    linear(c, out, h, &m->output);
    if (answer->ask) {
        give_likeliest(c, out, answer);
        return;
    }
    step_end(c);
    tensor_download(c, answer->logits, out, tensor_count(&out));
}

void decode_lines(struct context *c, const struct whisper *m, const struct kept *kept, const struct lines *l,
                  const struct answer *answer)
{
    float *attention = answer->attention;
    size_t mark = arena_mark(c);
    const int heads = m->config.decoder_heads;
    struct tensor x = new_2d(c, TENSOR_F32, l->n, m->config.width);
    step_begin(c);
    embed(c, x, m, l);
    for (int i = 0; i < m->config.decoder_layers; i++) {
        const struct decoder_block *b = &m->decoder[i];
        self_attention(c, x, &b->self, heads, &kept[i], l);
        cross_attention(c, x, &b->cross, heads, &kept[i], l, whisper_config_heads(&m->config, i), &attention);
        feed_forward(c, x, &b->norm, &b->up, &b->down);
    }
    if (answer->logits || answer->ask)
        give_scores(c, x, m, l, answer);
    step_end(c);
    arena_release(c, mark);
}

/* forward.c - FastConformer with a CTC head (Rekesh et al. 2023; the block is Gulati et al. 2020, figure 1). */
#include "models/fastconformer/forward.h"

/* The stem's and the head's tensors are many times wider than the blocks', so they take a batch some rows at a time:
 * as many as keep the widest tensor near this many elements. */
static const int64_t PIECE = 4 << 20;

static struct tensor new_3d(struct context *c, enum tensor_type type, int64_t n0, int64_t n1, int64_t n2)
{
    return tensor_new(c, type, 3, (int64_t[]){n0, n1, n2});
}

/* Rows [first, first + count) of x [rows, time, width]. */
static struct tensor rows_of(struct tensor x, int64_t first, int64_t count)
{
    size_t bytes = (size_t)(first * x.shape[1] * x.shape[2]) * tensor_type_size(x.type);
    return tensor_3d(x.type, x.data ? (char *)x.data + bytes : NULL, count, x.shape[1], x.shape[2]);
}

/* While a pass is measured there is nothing on the host, and NULL takes no offset. */
static const float *host_at(const float *host, int64_t offset)
{
    return host ? host + offset : NULL;
}

static int rows_at_once(int64_t elements, int rows)
{
    int64_t n = PIECE / (elements > 0 ? elements : 1);
    return n < 1 ? 1 : n > rows ? rows : (int)n;
}

/* ---- stem: [rows, frames, mels] → [rows, time, d] ---- */

static int64_t halved(int64_t size, const struct conv2d *k)
{
    return (size + 2 * k->padding - k->kernel) / k->stride + 1;
}

/* Frames past a row's length are zeroed before each convolution, so that a row sees what it would see alone: the
 * convolution's own padding. */
static struct tensor stem_stages(struct context *c, const struct stem *s, struct tensor x, int first,
                                 const struct batch *batch)
{
    struct tensor y = tensor_new(
        c, c->compute, 4,
        (int64_t[]){x.shape[0], halved(x.shape[1], &s->first), halved(x.shape[2], &s->first), s->first.channels});
    mask_rows(c, x, batch->lengths[0] + first);
    conv2d_first_relu(c, y, x, &s->first);
    for (int i = 1; i < s->stages; i++) {
        const struct conv2d *k = &s->stage[i].depthwise;
        const int64_t shape[] = {y.shape[0], halved(y.shape[1], k), halved(y.shape[2], k), k->channels};
        struct tensor h = tensor_new(c, c->compute, 4, shape);
        mask_rows(c, y, batch->lengths[i] + first);
        conv2d_depthwise(c, h, y, k);
        y = tensor_new(c, c->compute, 4, shape);
        linear_relu(c, y, h, &s->stage[i].pointwise);
    }
    return y;
}

static void stem(struct context *c, struct tensor out, const struct fastconformer *m, const struct batch *batch)
{
    const struct conv2d *k = &m->stem.first;
    const int64_t mels = m->config.mel_bins;
    const int64_t widest = halved(batch->frames, k) * halved(mels, k) * k->channels;
    const int step = rows_at_once(widest, batch->rows);
    for (int first = 0; first < batch->rows; first += step) {
        const int n = batch->rows - first < step ? batch->rows - first : step;
        size_t mark = arena_mark(c);
        struct tensor x = new_3d(c, TENSOR_F32, n, batch->frames, mels);
        tensor_upload(c, x, host_at(batch->features, (int64_t)first * batch->frames * mels), tensor_count(&x));
        struct tensor y = stem_stages(c, &m->stem, x, first, batch); /* [n, time, mels', channels] */
        y = tensor_3d(y.type, y.data, n, y.shape[1], y.shape[2] * y.shape[3]);
        linear(c, rows_of(out, first, n), y, &m->stem.out);
        arena_release(c, mark);
    }
}

/* ---- block: x [rows, time, d], in place ---- */

static void feed_forward(struct context *c, struct tensor x, const struct norm *norm, const struct linear *up,
                         const struct linear *down)
{
    size_t mark = arena_mark(c);
    struct tensor h = new_3d(c, c->compute, x.shape[0], x.shape[1], x.shape[2]);
    struct tensor u = new_3d(c, c->compute, x.shape[0], x.shape[1], up->out);
    layer_norm(c, h, x, norm);
    linear_silu(c, u, h, up);
    linear_add(c, x, u, down, 0.5f, x);
    arena_release(c, mark);
}

void project_positions(struct context *c, struct tensor out, struct tensor encodings, const struct block *b)
{
    linear(c, out, encodings, &b->position);
}

/* The rows for i - j = time-1 … -(time-1) out of those for a longer time: a run in the middle. */
static struct tensor middle(struct tensor x, int64_t has, int64_t time)
{
    size_t bytes = (size_t)((has - time) * x.shape[1]) * tensor_type_size(x.type);
    return tensor_2d(x.type, x.data ? (char *)x.data + bytes : NULL, 2 * time - 1, x.shape[1]);
}

static struct tensor layer_positions(struct context *c, const struct positions *p, const struct fastconformer *m,
                                     int layer, int64_t time)
{
    if (p->layers)
        return middle(p->layers[layer], p->time, time);
    struct tensor out = tensor_new(c, c->compute, 2, (int64_t[]){2 * time - 1, m->config.hidden_size});
    project_positions(c, out, middle(p->encodings, p->time, time), &m->blocks[layer]);
    return out;
}

static void self_attention(struct context *c, struct tensor x, const struct block *b, struct tensor position, int heads,
                           const int *lengths)
{
    size_t mark = arena_mark(c);
    const int64_t rows = x.shape[0], time = x.shape[1], d = x.shape[2];
    struct tensor h = new_3d(c, c->compute, rows, time, d);
    struct tensor q = new_3d(c, c->compute, rows, time, d);
    struct tensor k = new_3d(c, c->compute, rows, time, d);
    struct tensor v = new_3d(c, c->compute, rows, time, d);
    layer_norm(c, h, x, &b->attention_norm);
    linear(c, q, h, &b->query);
    linear(c, k, h, &b->key);
    linear(c, v, h, &b->value);
    relative_attention(c, h, q, k, v, position, b->content_bias, b->position_bias, heads,
                       1 / __builtin_sqrtf((float)(d / heads)), lengths);
    linear_add(c, x, h, &b->attention_out, 1, x);
    arena_release(c, mark);
}

static void convolution(struct context *c, struct tensor x, const struct block *b, const int *lengths)
{
    size_t mark = arena_mark(c);
    struct tensor h = new_3d(c, c->compute, x.shape[0], x.shape[1], x.shape[2]);
    struct tensor g = new_3d(c, c->compute, x.shape[0], x.shape[1], x.shape[2]);
    struct tensor u = new_3d(c, c->compute, x.shape[0], x.shape[1], 2 * x.shape[2]);
    layer_norm(c, h, x, &b->convolution_norm);
    linear(c, u, h, &b->gate);
    glu(c, g, u);
    conv1d_depthwise_silu(c, h, g, &b->depthwise, lengths);
    linear_add(c, x, h, &b->mix, 1, x);
    arena_release(c, mark);
}

static void block(struct context *c, struct tensor x, const struct block *b, struct tensor position, int heads,
                  const int *lengths)
{
    feed_forward(c, x, &b->feed_forward1_norm, &b->up1, &b->down1);
    self_attention(c, x, b, position, heads, lengths);
    convolution(c, x, b, lengths);
    feed_forward(c, x, &b->feed_forward2_norm, &b->up2, &b->down2);
    layer_norm(c, x, x, &b->out_norm);
}

/* ---- head: [rows, time, d] → log-probabilities, or projected states, on the host ---- */

static void head(struct context *c, struct tensor x, const struct linear *l, bool states, const struct batch *batch)
{
    const int64_t time = x.shape[1];
    const int step = rows_at_once(time * l->out, batch->rows);
    for (int first = 0; first < batch->rows; first += step) {
        const int n = batch->rows - first < step ? batch->rows - first : step;
        size_t mark = arena_mark(c);
        struct tensor logits = new_3d(c, TENSOR_F32, n, time, l->out);
        struct tensor scores = states ? logits : new_3d(c, TENSOR_F32, n, time, l->out);
        linear(c, logits, rows_of(x, first, n), l);
        if (!states)
            log_softmax(c, scores, logits);
        float *to = batch->scores ? batch->scores + (int64_t)first * time * l->out : NULL;
        tensor_download(c, to, scores, tensor_count(&scores));
        arena_release(c, mark);
    }
}

void forward(struct context *c, const struct fastconformer *m, const struct positions *p, const struct batch *batch)
{
    size_t mark = arena_mark(c);
    const int *lengths = batch->lengths[m->stem.stages];
    struct tensor x = new_3d(c, TENSOR_F32, batch->rows, batch->time, m->config.hidden_size);
    stem(c, x, m, batch);
    for (int i = 0; i < m->config.layers; i++) {
        size_t layer = arena_mark(c);
        block(c, x, &m->blocks[i], layer_positions(c, p, m, i, batch->time), m->config.heads, lengths);
        arena_release(c, layer);
    }
    head(c, x, &m->head, m->config.projection > 0, batch);
    arena_release(c, mark);
}

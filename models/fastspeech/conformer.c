/* conformer.c - a stack of Conformer blocks (Gulati et al. 2020, figure 1), with convolutions over time for
 * feed-forward layers (Ren et al. 2019, section 3.1) and layer norms in front of the parts or behind their residuals.
 */
#include "models/fastspeech/forward.h"

static struct tensor like(struct context *c, struct tensor x, enum tensor_type type, int64_t width)
{
    return tensor_new(c, type, 3, (int64_t[]){x.shape[0], x.shape[1], width});
}

/* What a part gets to see: x normed, or where norms come behind, x itself. */
static struct tensor into_part(struct context *c, struct tensor x, const struct norm *n, bool before)
{
    if (!before)
        return x;
    struct tensor h = like(c, x, c->compute, x.shape[2]);
    layer_norm(c, h, x, n);
    return h;
}

static void out_of_part(struct context *c, struct tensor x, const struct norm *n, bool before)
{
    if (!before)
        layer_norm(c, x, x, n);
}

static void feed_forward(struct context *c, struct tensor x, const struct feed_forward *f, float factor, bool before,
                         const int *lengths)
{
    size_t mark = arena_mark(c);
    struct tensor u = like(c, x, c->compute, f->up.out);
    convolve_relu(c, u, into_part(c, x, &f->norm, before), &f->up, lengths);
    convolve_leaky_add(c, x, u, &f->down, 1, factor, x, lengths);
    out_of_part(c, x, &f->norm, before);
    arena_release(c, mark);
}

/* x += [h, attended] W, as two products. h may be x, which is therefore read before it is written. */
static void add_concatenated(struct context *c, struct tensor x, struct tensor h, struct tensor attended,
                             const struct block *b)
{
    struct tensor part = like(c, x, TENSOR_F32, x.shape[2]);
    linear(c, part, h, &b->concat_hidden);
    linear_add(c, part, attended, &b->concat_attended, 1, part);
    add(c, x, x, 1, part);
}

static void self_attention(struct context *c, struct tensor x, const struct block *b, struct tensor encodings,
                           const struct fastspeech_stack *shape, const int *lengths)
{
    size_t mark = arena_mark(c);
    const int64_t d = x.shape[2];
    struct tensor h = into_part(c, x, &b->attention_norm, shape->normalize_before);
    struct tensor q = like(c, x, c->compute, d), k = like(c, x, c->compute, d), v = like(c, x, c->compute, d);
    struct tensor a = like(c, x, c->compute, d);
    struct tensor position = tensor_new(c, c->compute, 2, encodings.shape);
    linear(c, q, h, &b->query);
    linear(c, k, h, &b->key);
    linear(c, v, h, &b->value);
    linear(c, position, encodings, &b->position);
    relative_attention(c, a, q, k, v, position, b->content_bias, b->position_bias, shape->heads,
                       1 / __builtin_sqrtf((float)(d / shape->heads)), lengths);
    if (shape->concat_after) {
        linear(c, q, a, &b->attention_out);
        add_concatenated(c, x, h, q, b);
    } else
        linear_add(c, x, a, &b->attention_out, 1, x);
    out_of_part(c, x, &b->attention_norm, shape->normalize_before);
    arena_release(c, mark);
}

static void convolution(struct context *c, struct tensor x, const struct block *b, bool before, const int *lengths)
{
    size_t mark = arena_mark(c);
    const int64_t d = x.shape[2];
    struct tensor u = like(c, x, c->compute, 2 * d);
    struct tensor g = like(c, x, c->compute, d), h = like(c, x, c->compute, d);
    linear(c, u, into_part(c, x, &b->convolution_norm, before), &b->gate);
    glu(c, g, u);
    conv1d_depthwise_silu(c, h, g, &b->depthwise, lengths);
    linear_add(c, x, h, &b->mix, 1, x);
    out_of_part(c, x, &b->convolution_norm, before);
    arena_release(c, mark);
}

static void block(struct context *c, struct tensor x, const struct block *b, struct tensor encodings,
                  const struct fastspeech_stack *shape, const int *lengths)
{
    const bool before = shape->normalize_before, macaron = b->macaron.up.out > 0;
    const float factor = macaron ? 0.5f : 1;
    if (macaron)
        feed_forward(c, x, &b->macaron, factor, before, lengths);
    self_attention(c, x, b, encodings, shape, lengths);
    convolution(c, x, b, before, lengths);
    feed_forward(c, x, &b->feed_forward, factor, before, lengths);
    layer_norm(c, x, x, &b->out_norm);
}

void fastspeech_conformer(struct context *c, struct tensor x, const struct stack *s, const struct steps *steps)
{
    size_t mark = arena_mark(c);
    struct tensor encodings = tensor_new(c, c->compute, 2, (int64_t[]){2 * x.shape[1] - 1, x.shape[2]});
    tensor_upload(c, encodings, steps->positions, tensor_count(&encodings));
    for (int i = 0; i < s->shape.layers; i++)
        block(c, x, &s->blocks[i], encodings, &s->shape, steps->lengths);
    arena_release(c, mark);
}

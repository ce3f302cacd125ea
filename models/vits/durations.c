/* durations.c - how long each token lasts: by flows from noise (Kim et al. 2021, sections 2.2.2 and 2.5.5), or by a
 * small network alone. */
#include "models/vits/forward.h"
#include "models/vits/spline.h"

/* Dilated, depth-separable convolutions; x [rows, count, d], in place. */
static void separable(struct context *c, struct tensor x, const struct separable_layer *layers, int count,
                      const int *lengths)
{
    size_t mark = arena_mark(c);
    struct tensor h = new_3d(c, TENSOR_F32, x.shape[0], x.shape[1], x.shape[2]);
    struct tensor u = new_3d(c, TENSOR_F32, x.shape[0], x.shape[1], x.shape[2]);
    for (int i = 0; i < count; i++) {
        convolve(c, h, x, &layers[i].dilated, lengths);
        layer_norm(c, h, h, &layers[i].dilated_norm);
        activate(c, h, h, ACTIVATION_GELU);
        linear(c, u, h, &layers[i].pointwise);
        layer_norm(c, u, u, &layers[i].pointwise_norm);
        activate(c, u, u, ACTIVATION_GELU);
        add(c, x, x, 1, u);
    }
    arena_release(c, mark);
}

static void add_speakers(struct context *c, struct tensor x, const struct linear *speaker, struct tensor speakers)
{
    if (!speakers.rank)
        return;
    struct tensor s = tensor_new(c, TENSOR_F32, 2, (int64_t[]){x.shape[0], x.shape[2]});
    linear(c, s, speakers, speaker);
    add_to_steps(c, x, x, s);
}

/* ---- stochastic ---- */

/* What the flows go by: out [rows, count, d]. */
static void condition(struct context *c, struct tensor out, struct tensor x, const struct vits *m, const struct text *t)
{
    size_t mark = arena_mark(c);
    const struct stochastic *s = &m->stochastic;
    struct tensor h = new_3d(c, TENSOR_F32, x.shape[0], x.shape[1], x.shape[2]);
    linear(c, h, x, &s->in);
    add_speakers(c, h, &s->speaker, vits_upload_speakers(c, t->speakers, t->rows, m->config.speaker_size));
    separable(c, h, s->layers, m->config.separable_layers, t->lengths);
    linear(c, out, h, &s->out);
    arena_release(c, mark);
}

/* The parameters of one flow's splines into t->splines, by the half that the flow keeps. */
static void find_splines(struct context *c, const struct spline_flow *f, struct tensor given, const struct vits *m,
                         const struct text *t, const float *kept)
{
    size_t mark = arena_mark(c);
    struct tensor x = new_3d(c, TENSOR_F32, t->rows, t->count, 1);
    struct tensor h = new_3d(c, TENSOR_F32, t->rows, t->count, m->config.hidden_size);
    struct tensor splines = new_3d(c, TENSOR_F32, t->rows, t->count, f->out.out);
    tensor_upload(c, x, kept, tensor_count(&x));
    linear(c, h, x, &f->in);
    add(c, h, h, 1, given);
    separable(c, h, f->layers, m->config.separable_layers, t->lengths);
    linear(c, splines, h, &f->out);
    tensor_download(c, t->splines, splines, tensor_count(&splines));
    arena_release(c, mark);
}

static void bend(const struct text *t, float *half, const struct vits_config *g)
{
    const int each = spline_parameters(g->spline_bins);
    const float scale = 1 / __builtin_sqrtf((float)g->hidden_size);
    for (int row = 0; row < t->rows; row++)
        for (int64_t i = (int64_t)row * t->count, end = i + t->lengths[row]; i < end; i++)
            half[i] = spline_inverse(half[i], t->splines + i * each, g->spline_bins, g->spline_bound, scale);
}

/* Before every flow the halves change places. */
static void stochastic_durations(struct context *c, const struct vits *m, struct tensor x, const struct text *t)
{
    const struct stochastic *s = &m->stochastic;
    float *kept = t->latents[1], *bent = t->latents[0];
    struct tensor given = new_3d(c, TENSOR_F32, x.shape[0], x.shape[1], x.shape[2]);
    condition(c, given, x, m, t);
    for (int i = 0; i < m->config.duration_flows - 1; i++) {
        find_splines(c, &s->flows[i], given, m, t, kept);
        if (!c->measuring && !c->fault.code)
            bend(t, bent, &m->config);
        float *other = kept;
        kept = bent;
        bent = other;
    }
    for (int64_t i = 0; !c->measuring && i < (int64_t)t->rows * t->count; i++)
        t->latents[0][i] = (kept[i] - s->translate[0]) * s->scale[0];
}

/* ---- deterministic ---- */

static void deterministic_durations(struct context *c, const struct vits *m, struct tensor x, const struct text *t)
{
    const struct deterministic *p = &m->deterministic;
    struct tensor first = new_3d(c, TENSOR_F32, t->rows, t->count, p->first.out);
    struct tensor second = new_3d(c, TENSOR_F32, t->rows, t->count, p->second.out);
    struct tensor out = new_3d(c, TENSOR_F32, t->rows, t->count, 1);
    add_speakers(c, x, &p->speaker, vits_upload_speakers(c, t->speakers, t->rows, m->config.speaker_size));
    convolve_relu(c, first, x, &p->first, t->lengths);
    layer_norm(c, first, first, &p->first_norm);
    convolve_relu(c, second, first, &p->second, t->lengths);
    layer_norm(c, second, second, &p->second_norm);
    linear(c, out, second, &p->out);
    tensor_download(c, t->latents[0], out, tensor_count(&out));
}

void vits_forward_durations(struct context *c, const struct vits *m, struct tensor x, const struct text *t)
{
    size_t mark = arena_mark(c);
    (m->config.stochastic_durations ? stochastic_durations : deterministic_durations)(c, m, x, t);
    arena_release(c, mark);
}

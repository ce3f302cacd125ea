/* forward.c - the two networks, over the seam: one step of one stream. */
#include "models/vad/network.h"

static struct tensor row_of(struct context *c, int64_t width)
{
    return tensor_new(c, TENSOR_F32, 2, (int64_t[]){1, width});
}

/* h += relu(W [h two dilations ago, h one dilation ago, h] + b) */
static void dilated_block(struct context *c, struct tensor h, const struct linear *l, float *history, int dilation,
                          int64_t step)
{
    const int64_t d = tensor_width(&h), length = 2 * dilation + 1;
    const struct tensor ring = tensor_2d(TENSOR_F32, history, length, d);
    const int rows[3] = {(int)((step + 1) % length), (int)((step + 1 + dilation) % length), (int)(step % length)};
    struct tensor taps = tensor_new(c, TENSOR_F32, 2, (int64_t[]){3, d}), u = row_of(c, d);
    scatter_rows(c, ring, h, &rows[2]);
    gather_rows(c, taps, ring, rows);
    linear_relu(c, u, tensor_reshape(taps, 2, (int64_t[]){1, 3 * d}), l);
    add(c, h, h, 1, u);
}

void vad_forward(struct context *c, const struct vad *v, const struct vad_step *s)
{
    const size_t mark = arena_mark(c);
    const struct vad_config *g = &v->config;
    struct tensor x = row_of(c, (int64_t)g->taps * g->mel_bins), h = row_of(c, g->hidden_size), y = row_of(c, VAD_STEP);
    tensor_upload(c, x, s->window, tensor_count(&x));
    linear_relu(c, h, x, &v->input);
    for (int i = 0; i < g->blocks; i++) {
        const size_t inner = arena_mark(c);
        dilated_block(c, h, &v->blocks[i], s->history[i], g->dilations[i], s->step);
        arena_release(c, inner);
    }
    linear(c, y, h, &v->output);
    tensor_download(c, s->logits, y, VAD_STEP);
    arena_release(c, mark);
}

/* ---- Silero's ---- */

/* samples → magnitudes [1, frames, bins] of overlapping windows: hops in pairs, so that a window is two of them. */
static struct tensor spectrum(struct context *c, const struct silero *s, const float *samples)
{
    int rows[2 * SILERO_FRAMES];
    struct tensor hops = tensor_new(c, TENSOR_F32, 2, (int64_t[]){SILERO_FRAMES + 1, SILERO_HOP});
    struct tensor pairs = tensor_new(c, TENSOR_F32, 2, (int64_t[]){2 * SILERO_FRAMES, SILERO_HOP});
    struct tensor parts = tensor_new(c, TENSOR_F32, 2, (int64_t[]){SILERO_FRAMES, 2 * SILERO_BINS});
    struct tensor out = tensor_new(c, TENSOR_F32, 3, (int64_t[]){1, SILERO_FRAMES, SILERO_BINS});
    for (int i = 0; i < 2 * SILERO_FRAMES; i++)
        rows[i] = i / 2 + i % 2;
    tensor_upload(c, hops, samples, SILERO_HEARD);
    gather_rows(c, pairs, hops, rows);
    linear(c, parts, tensor_reshape(pairs, 2, (int64_t[]){SILERO_FRAMES, SILERO_FFT}), &s->transform);
    magnitudes(c, tensor_reshape(out, 2, (int64_t[]){SILERO_FRAMES, SILERO_BINS}), parts);
    return out;
}

static struct tensor convolve_strided(struct context *c, struct tensor x, const struct linear *l, int stride)
{
    const int64_t time = (x.shape[1] - 1) / stride + 1;
    struct tensor taps = tensor_new(c, TENSOR_F32, 3, (int64_t[]){1, time, 3 * x.shape[2]});
    struct tensor out = tensor_new(c, TENSOR_F32, 3, (int64_t[]){1, time, l->out});
    unfold(c, taps, x, 3, stride);
    linear_relu(c, out, taps, l);
    return out;
}

void silero_forward(struct context *c, const struct silero *s, const struct silero_step *step)
{
    static const int strides[SILERO_CONVOLUTIONS] = {1, 2, 2, 1}; /* time: 4, 4, 2, 1, 1 */
    const size_t mark = arena_mark(c);
    const struct tensor hidden = tensor_2d(TENSOR_F32, step->hidden, 1, SILERO_HIDDEN);
    const struct tensor cell = tensor_2d(TENSOR_F32, step->cell, 1, SILERO_HIDDEN);
    struct tensor sums = row_of(c, 4 * SILERO_HIDDEN), x = spectrum(c, s, step->samples);
    for (int i = 0; i < SILERO_CONVOLUTIONS; i++)
        x = convolve_strided(c, x, &s->convolution[i], strides[i]);
    linear(c, sums, tensor_reshape(x, 2, (int64_t[]){1, SILERO_HIDDEN}), &s->gates);
    linear_add(c, sums, hidden, &s->recurrent, 1, sums);
    lstm_cell(c, hidden, cell, sums);
    tensor_download(c, step->out, hidden, SILERO_HIDDEN);
    arena_release(c, mark);
}

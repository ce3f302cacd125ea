/* stages.c - tokens to durations, durations to latents, latents to samples. */
#include "models/vits/pass.h"
#include "models/vits/path.h"

#include <string.h>

/* ---- what stages have in common ---- */

/* The embeddings of a batch's speakers into out [rows, e]. */
static int take_speakers(const struct vits *m, const int *speakers, int rows, float *out, struct fault *fault)
{
    const size_t size = (size_t)m->config.speaker_size;
    for (int row = 0; row < rows && speakers; row++) {
        if (!has_speakers(&m->config) || speakers[row] < 0 || speakers[row] >= m->config.speakers)
            return fail(fault, UTTER_ERROR_ARGUMENT, "speaker %d of a model that has %d", speakers[row],
                        has_speakers(&m->config) ? m->config.speakers : 0);
        memcpy(out + (size_t)row * size, m->speakers + (size_t)speakers[row] * size, size * sizeof *out);
    }
    return 0;
}

static void begin(struct context *c)
{
    fault_clear(&c->fault);
    c->flops = 0;
    arena_release(c, 0);
}

static int end(const struct context *c, double *flops, struct fault *fault)
{
    *flops = c->flops;
    return c->fault.code ? fail(fault, c->fault.code, "%s", c->fault.message) : 0;
}

/* ---- tokens to durations ---- */

static int check_control(const struct vits_control *row, int length, struct fault *fault)
{
    bool good = row->rate > 0 && row->noise_scale >= 0 && row->noise_scale_duration >= 0;
    for (int t = 0; t < length && row->rates; t++)
        good = good && row->rates[t] > 0;
    return good ? 0 : fail(fault, UTTER_ERROR_ARGUMENT, "a rate that is not above 0, or a noise scale below 0");
}

/* One row's tokens into the room, 0 behind its end. */
static int take_row(struct vits_pass *p, int row, const int *tokens, int length, int count,
                    const struct vits_control *control, struct fault *fault)
{
    struct text_room *r = &p->text;
    const size_t at = (size_t)row * (size_t)count;
    for (int t = 0; t < count; t++) {
        const int token = t < length ? tokens[t] : 0;
        if (token < 0 || token >= p->model->config.vocabulary)
            return fail(fault, UTTER_ERROR_ARGUMENT, "token %d, outside a vocabulary of %d", token,
                        p->model->config.vocabulary);
        r->tokens[at + (size_t)t] = token;
    }
    r->lengths[row] = length;
    r->control[row] = *control;
    path_noise(r->latents[0] + at, r->latents[1] + at, control, length, count);
    return check_control(control, length, fault);
}

static int take_texts(struct vits_pass *p, const int *tokens, const int *lengths, int batch, int count,
                      const struct vits_control *rows, struct fault *fault)
{
    int code = 0;
    for (int row = 0; row < batch && !code; row++) {
        if (lengths[row] < 1 || lengths[row] > count)
            return fail(fault, UTTER_ERROR_ARGUMENT, "row %d of a batch has %d tokens, outside 1 to %d", row,
                        lengths[row], count);
        code = take_row(p, row, tokens + (size_t)row * (size_t)count, lengths[row], count, &rows[row], fault);
    }
    return code;
}

static int hold(struct vits_pass *p, int batch, int count, int most, int *durations, int *frames, struct fault *fault)
{
    struct text_room *r = &p->text;
    for (int row = 0; row < batch; row++) {
        const size_t at = (size_t)row * (size_t)count;
        frames[row] = r->frames[row] =
            path_hold(r->durations + at, r->latents[0] + at, &r->control[row], r->lengths[row], count, most);
        if (frames[row] < 0)
            return fail(fault, UTTER_ERROR_MODEL, "the model gives a duration that is not a number");
    }
    memcpy(durations, r->durations, (size_t)batch * (size_t)count * sizeof *durations);
    return 0;
}

int vits_durations(struct vits_pass *pass, const int *tokens, const int *lengths, int batch, int count,
                   const struct vits_control *rows, const int *speakers, int most_frames, int *durations, int *frames,
                   struct fault *fault)
{
    if (!tokens || !lengths || !rows || !durations || !frames || batch < 1 || count < 1 || most_frames < 1 ||
        most_frames > VITS_MOST_FRAMES)
        return fail(fault, UTTER_ERROR_ARGUMENT, "durations of %d rows of %d tokens, of at most %d frames", batch,
                    count, most_frames);
    int code = vits_pass_reserve(pass, batch, count, 0, 0, fault);
    pass->rows = 0;
    if (!code)
        code = take_texts(pass, tokens, lengths, batch, count, rows, fault);
    if (!code)
        code = take_speakers(pass->model, speakers, batch, pass->text.speakers, fault);
    if (code)
        return code;
    const struct text t = vits_text_of(pass, batch, count, speakers ? pass->text.speakers : NULL);
    begin(&pass->context);
    vits_forward_text(&pass->context, pass->model, &t);
    code = end(&pass->context, &pass->text_flops, fault);
    if (!code)
        code = hold(pass, batch, count, most_frames, durations, frames, fault);
    pass->rows = code ? 0 : batch;
    pass->count = count;
    pass->speaks = speakers != NULL;
    return code;
}

/* ---- durations to latents ---- */

static int longest(const int *frames, int rows)
{
    int most = 1;
    for (int row = 0; row < rows; row++)
        most = frames[row] > most ? frames[row] : most;
    return most;
}

static void sample(struct vits_pass *p, int row, int frames, const float *noise)
{
    const struct text_room *r = &p->text;
    const int size = p->model->config.flow_size;
    const size_t at = (size_t)row * (size_t)p->count, to = (size_t)row * (size_t)frames * (size_t)size;
    const struct path path = {.prior = r->prior + at * 2 * (size_t)size,
                              .durations = r->durations + at,
                              .count = p->count,
                              .frames = r->frames[row],
                              .size = size,
                              .scale = r->control[row].noise_scale,
                              .seed = r->control[row].seed,
                              .noise = noise ? noise + to : NULL};
    float *const halves[2] = {p->flow.halves[0] + to / 2, p->flow.halves[1] + to / 2};
    memset(halves[0], 0, (size_t)frames * (size_t)size / 2 * sizeof **halves);
    memset(halves[1], 0, (size_t)frames * (size_t)size / 2 * sizeof **halves);
    path_sample(&path, halves);
}

/* Behind an odd number of flows, each of which would have reversed the channels, they are in the other order. */
static void put_row(const struct vits_pass *p, int row, int frames, float *z)
{
    const int size = p->model->config.flow_size, half = size / 2;
    const bool reversed = p->model->config.flows % 2;
    const size_t at = (size_t)row * (size_t)frames * (size_t)half;
    for (int t = 0; t < frames; t++)
        for (int channel = 0; channel < size; channel++) {
            const int from = reversed ? size - 1 - channel : channel;
            const float *values = p->flow.halves[from >= half] + at + (size_t)t * (size_t)half;
            *z++ = t < p->text.frames[row] ? values[from % half] : 0;
        }
}

int vits_latents(struct vits_pass *pass, const float *noise, float *z, struct fault *fault)
{
    if (!pass->rows || !z)
        return fail(fault, UTTER_ERROR_ARGUMENT, "latents without durations, or without room");
    const int rows = pass->rows, frames = longest(pass->text.frames, rows), size = pass->model->config.flow_size;
    int code = vits_pass_reserve(pass, rows, 0, frames, 0, fault);
    if (code)
        return code;
    for (int row = 0; row < rows; row++)
        sample(pass, row, frames, noise);
    const struct latents l = vits_latents_of(pass, rows, frames, pass->speaks ? pass->text.speakers : NULL);
    begin(&pass->context);
    vits_forward_flow(&pass->context, pass->model, &l);
    code = end(&pass->context, &pass->flow_flops, fault);
    for (int row = 0; row < rows && !code; row++)
        put_row(pass, row, frames, z + (size_t)row * (size_t)frames * (size_t)size);
    return code;
}

/* ---- latents to samples ---- */

int vits_decode(struct vits_pass *pass, const float *z, const int *lengths, int batch, int frames, const int *speakers,
                float *samples, struct fault *fault)
{
    if (!z || !lengths || !samples || batch < 1 || frames < 1)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%d rows of %d frames to decode, or no room for them", batch, frames);
    int code = vits_pass_reserve(pass, batch, 0, 0, frames, fault);
    if (!code)
        code = take_speakers(pass->model, speakers, batch, pass->decode.speakers, fault);
    if (!code)
        code = hifigan_forward(pass->decoder, z, lengths, batch, frames, speakers ? pass->decode.speakers : NULL,
                               samples, fault);
    pass->decode_flops = hifigan_pass_flops(pass->decoder);
    return code;
}

/* pass.c - a context and its arena; whole rows, and parts of one. */
#include "models/hifigan/forward.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

struct hifigan_pass {
    const struct hifigan *model;
    struct context context;
    int rows, time;    /* a batch that the arena holds, or 0 */
    int *lengths;      /* [HIFIGAN_STAGES + 1, rows] */
    float *normalised; /* [rows, time, mels], where frames are normalised */
    float *samples;    /* [time · hop]: a part with its surroundings; none until one was asked for */
    int part_time;     /* what samples has room for */
};

int hifigan_pass_open(struct hifigan_pass **pass, const struct hifigan *model, struct fault *fault)
{
    *pass = NULL;
    struct hifigan_pass *p = memory_new(1, sizeof *p);
    if (!p)
        return fail_memory(fault, "a forward pass");
    p->model = model;
    int code = context_open(&p->context, model->device, model->type, fault);
    if (code)
        hifigan_pass_close(&p);
    *pass = p;
    return code;
}

void hifigan_pass_close(struct hifigan_pass **pass)
{
    struct hifigan_pass *p = *pass;
    *pass = NULL;
    if (!p)
        return;
    if (p->context.device)
        context_close(&p->context);
    free(p->lengths);
    free(p->normalised);
    free(p->samples);
    free(p);
}

size_t hifigan_pass_bytes(const struct hifigan_pass *pass)
{
    return pass->context.arena.size;
}

double hifigan_pass_flops(const struct hifigan_pass *pass)
{
    return pass->context.flops;
}

/* ---- room ---- */

static int fault_of(const struct hifigan_pass *p, struct fault *fault)
{
    return p->context.fault.code ? fail(fault, p->context.fault.code, "%s", p->context.fault.message) : 0;
}

/* A batch without its frames. lengths NULL: every row is as long as the longest. */
static struct batch new_batch(struct hifigan_pass *p, int rows, int time, const int *lengths)
{
    struct batch b = {.rows = rows, .time = time};
    const struct hifigan_config *g = &p->model->config;
    for (int i = 0; i <= g->stages; i++) {
        int *to = p->lengths + (size_t)i * (size_t)rows;
        for (int row = 0; row < rows; row++)
            to[row] = i ? b.lengths[i - 1][row] * g->rates[i - 1] : lengths ? lengths[row] : time;
        b.lengths[i] = to;
    }
    return b;
}

static int reserve_host(struct hifigan_pass *p, int rows, int time, struct fault *fault)
{
    free(p->lengths);
    free(p->normalised);
    p->normalised = NULL;
    p->lengths = memory_new((size_t)rows * (HIFIGAN_STAGES + 1), sizeof *p->lengths);
    if (p->model->mean)
        p->normalised = memory_new((size_t)rows * (size_t)time * (size_t)p->model->config.mels, sizeof *p->normalised);
    return p->lengths && (p->normalised || !p->model->mean) ? 0 : fail_memory(fault, "a batch");
}

static int reserve_arena(struct hifigan_pass *p, int rows, int time, struct fault *fault)
{
    struct batch b = new_batch(p, rows, time, NULL);
    const float some = 0;
    b.conditioning = &some; /* measured with it: nothing is read */
    context_measure(&p->context, true);
    hifigan_run(&p->context, p->model, &b);
    const size_t size = p->context.arena.peak;
    const int code = fault_of(p, fault);
    context_measure(&p->context, false);
    return code ? code : context_reserve(&p->context, size, fault);
}

int hifigan_pass_reserve(struct hifigan_pass *pass, int batch, int frames, struct fault *fault)
{
    const int hop = hifigan_hop(&pass->model->config);
    if (batch < 1 || frames < 1 || batch > INT16_MAX || frames > INT32_MAX / hop)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a batch of %d rows of %d frames", batch, frames);
    if (batch <= pass->rows && frames <= pass->time)
        return 0;
    batch = batch > pass->rows ? batch : pass->rows;
    frames = frames > pass->time ? frames : pass->time;
    pass->rows = pass->time = 0;
    int code = reserve_host(pass, batch, frames, fault);
    code = code ? code : reserve_arena(pass, batch, frames, fault);
    if (code)
        return code;
    pass->rows = batch;
    pass->time = frames;
    return 0;
}

/* ---- forward ---- */

static int check_lengths(const int *lengths, int batch, int time, struct fault *fault)
{
    for (int row = 0; row < batch; row++)
        if (lengths[row] < 1 || lengths[row] > time)
            return fail(fault, UTTER_ERROR_ARGUMENT, "row %d of a batch has %d frames, outside 1 to %d", row,
                        lengths[row], time);
    return 0;
}

static const float *normalise(struct hifigan_pass *p, const float *frames, int64_t count)
{
    const struct hifigan *m = p->model;
    const int mels = m->config.mels;
    for (int64_t i = 0; m->mean && i < count; i++)
        for (int k = 0; k < mels; k++)
            p->normalised[i * mels + k] = (frames[i * mels + k] - m->mean[k]) / m->scale[k];
    return m->mean ? p->normalised : frames;
}

int hifigan_forward(struct hifigan_pass *pass, const float *frames, const int *lengths, int batch, int time,
                    const float *conditioning, float *samples, struct fault *fault)
{
    struct context *c = &pass->context;
    if (!frames || !lengths || !samples)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a forward pass without frames, lengths or room for samples");
    int code = hifigan_pass_reserve(pass, batch, time, fault);
    code = code ? code : check_lengths(lengths, batch, time, fault);
    if (code)
        return code;
    struct batch b = new_batch(pass, batch, time, lengths);
    b.frames = normalise(pass, frames, (int64_t)batch * time);
    b.conditioning = conditioning;
    b.samples = samples;
    fault_clear(&c->fault);
    c->flops = 0;
    arena_release(c, 0);
    hifigan_run(c, pass->model, &b);
    return fault_of(pass, fault);
}

/* ---- parts ---- */

static int reserve_part(struct hifigan_pass *p, int time, struct fault *fault)
{
    if (time <= p->part_time)
        return 0;
    free(p->samples);
    p->part_time = 0;
    p->samples = memory_new((size_t)hifigan_samples(&p->model->config, time), sizeof *p->samples);
    if (!p->samples)
        return fail_memory(fault, "a part of a vocoder's samples");
    p->part_time = time;
    return 0;
}

int hifigan_forward_part(struct hifigan_pass *pass, const float *frames, int time, int first, int count,
                         const float *conditioning, float *samples, struct fault *fault)
{
    const struct hifigan_config *g = &pass->model->config;
    const int reach = hifigan_reach(g), hop = hifigan_hop(g);
    if (!frames || !samples || first < 0 || count < 1 || count > time - first)
        return fail(fault, UTTER_ERROR_ARGUMENT, "frames %d to %d of %d", first, first + count, time);
    const int begin = first > reach ? first - reach : 0;
    const int end = time - first - count > reach ? first + count + reach : time, part = end - begin;
    int code = reserve_part(pass, part, fault);
    if (!code)
        code = hifigan_forward(pass, frames + (size_t)begin * (size_t)g->mels, &part, 1, part, conditioning,
                               pass->samples, fault);
    if (!code)
        memcpy(samples, pass->samples + (size_t)(first - begin) * (size_t)hop,
               (size_t)count * (size_t)hop * sizeof *samples);
    return code;
}

/* outgoing.c - see outgoing.h. What is given is clamped before it is resampled, since one value out of all bounds would
 * ring for milliseconds, and again after, since a resampled full-scale wave may overshoot. */
#include "audio/outgoing.h"

#include "audio/resample.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>

struct outgoing {
    struct outgoing_params params;
    struct resampler **resamplers; /* [channels] */
    float *given;                  /* [OUTGOING_MOST]: one channel */
    float *made;                   /* [bound]: the same channel, resampled */
    float *frames;                 /* [bound, out_channels] */
    int64_t clipped;
};

int outgoing_open(struct outgoing **outgoing, const struct outgoing_params *params, struct fault *fault)
{
    struct outgoing *o = memory_new(1, sizeof *o);
    if (!o)
        return fail_memory(fault, "sound that goes out");
    o->params = *params;
    o->resamplers = memory_new((size_t)params->channels, sizeof(struct resampler *));
    for (int c = 0; o->resamplers && c < params->channels && !fault->code; c++)
        (params->live ? resampler_open_live : resampler_open)(&o->resamplers[c], params->from, params->to, fault);
    if (!o->resamplers || fault->code) {
        fail_memory(fault, "sound that goes out");
        outgoing_close(&o);
        return fault->code;
    }
    size_t bound = (size_t)resampler_bound(o->resamplers[0], OUTGOING_MOST);
    o->given = memory_new(OUTGOING_MOST, sizeof(float));
    o->made = memory_new(bound, sizeof(float));
    o->frames = memory_new(bound * (size_t)params->out_channels, sizeof(float));
    if (!o->given || !o->made || !o->frames) {
        outgoing_close(&o);
        return fail_memory(fault, "sound that goes out");
    }
    *outgoing = o;
    return 0;
}

void outgoing_close(struct outgoing **outgoing)
{
    struct outgoing *o = *outgoing;
    if (!o)
        return;
    for (int c = 0; o->resamplers && c < o->params.channels; c++)
        resampler_close(&o->resamplers[c]);
    free(o->resamplers);
    free(o->given);
    free(o->made);
    free(o->frames);
    free(o);
    *outgoing = NULL;
}

static float clamp(float x)
{
    return x > 1 ? 1 : x < -1 ? -1 : x == x ? x : 0;
}

/* One channel of count frames, clamped. */
static void take_channel(struct outgoing *o, const float *frames, int64_t count, int channel)
{
    const int channels = o->params.channels;
    for (int64_t i = 0; i < count; i++) {
        const float x = frames[i * channels + channel];
        o->given[i] = clamp(x);
        o->clipped += !(fabsf(x) <= 1);
    }
}

/* One channel into its place in the frames; the only one into every place. */
static void put_channel(struct outgoing *o, int64_t count, int channel)
{
    const int channels = o->params.out_channels;
    const int end = o->params.channels == 1 ? channels : channel + 1;
    for (int64_t i = 0; i < count; i++)
        for (int c = channel; c < end; c++)
            o->frames[i * channels + c] = clamp(o->made[i]);
}

/* Every channel's resampler is fed the same number of samples, so all give the same number. */
int64_t outgoing_feed(struct outgoing *o, const float *frames, int64_t count, const float **out, struct fault *fault)
{
    int64_t made = 0;
    for (int c = 0; c < o->params.channels && made >= 0; c++) {
        take_channel(o, frames, count, c);
        made = resampler_feed(o->resamplers[c], o->given, count, o->made, fault);
        put_channel(o, made, c);
    }
    *out = o->frames;
    return made;
}

int64_t outgoing_finish(struct outgoing *o, const float **out, struct fault *fault)
{
    int64_t made = 0;
    for (int c = 0; c < o->params.channels && made >= 0; c++) {
        made = resampler_finish(o->resamplers[c], o->made, fault);
        put_channel(o, made, c);
    }
    *out = o->frames;
    return made;
}

void outgoing_reset(struct outgoing *o)
{
    for (int c = 0; c < o->params.channels; c++)
        resampler_reset(o->resamplers[c]);
}

int64_t outgoing_clipped(const struct outgoing *o)
{
    return o->clipped;
}

#include "src/intake.h"

#include "audio/g711.h"
#include "audio/resample.h"
#include "src/base/memory.h"
#include "src/base/threads.h"
#include "src/cutter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float full_scale = 32767.0f / 32768.0f;

/* What is fed is gathered into blocks of the same tenth of a second however it was cut, so that everything after,
 * down to which windows share a forward pass, is the same, too. */
struct intake {
    int rate, channel_count; /* of what is fed */
    int lanes;               /* channels after mixing or splitting */
    bool live;
    size_t block;   /* sample frames */
    int64_t blocks; /* whole ones that have come in, and the one in progress */
    struct intake_faults faults;
    float *stage;     /* [block, channel_count] */
    size_t staged;    /* sample frames in stage */
    float *mono;      /* [block] */
    float *resampled; /* [bound] */
    struct resampler *resamplers[INTAKE_CHANNELS];
    struct cutter *cutters[INTAKE_CHANNELS]; /* NULL: uncut … */
    int64_t passed[INTAKE_CHANNELS];         /* … and samples that were passed on */
    window_sink sink;                        /* of the call in progress */
    void *sink_context;
    double sink_seconds, resample_seconds, activity_seconds;
};

static int open_lanes(struct intake *in, const struct cutter_params *cutting, struct fault *fault)
{
    for (int lane = 0; lane < in->lanes; lane++)
        if ((in->live ? resampler_open_live : resampler_open)(&in->resamplers[lane], in->rate, WINDOW_RATE, fault) ||
            (cutting && cutter_open(&in->cutters[lane], cutting, lane, fault)))
            return fault->code;
    int64_t bound = resampler_bound(in->resamplers[0], (int64_t)in->block);
    int64_t last = resampler_bound(in->resamplers[0], 0);
    in->resampled = memory_new((size_t)(bound > last ? bound : last), sizeof *in->resampled);
    return in->resampled ? 0 : fail_memory(fault, "a session");
}

static int check_params(const struct intake_params *p, struct fault *fault)
{
    if (p->sample_rate < INTAKE_RATE_MIN || p->sample_rate > INTAKE_RATE_MAX)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a sample rate of %d Hz is not within %d to %d", p->sample_rate,
                    INTAKE_RATE_MIN, INTAKE_RATE_MAX);
    if (p->channel_count < 1 || p->channel_count > INTAKE_CHANNELS)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%d channels are not within 1 to %d", p->channel_count,
                    INTAKE_CHANNELS);
    if (p->channels != UTTER_CHANNELS_MIX && p->channels != UTTER_CHANNELS_SPLIT)
        return fail(fault, UTTER_ERROR_ARGUMENT, "channels is %d, neither mix nor split", (int)p->channels);
    return 0;
}

int intake_open(struct intake **intake, const struct intake_params *params, struct fault *fault)
{
    if (check_params(params, fault))
        return fault->code;
    struct intake *in = memory_new(1, sizeof *in);
    if (!in)
        return fail_memory(fault, "a session");
    in->rate = params->sample_rate;
    in->channel_count = params->channel_count;
    in->lanes = params->channels == UTTER_CHANNELS_SPLIT ? params->channel_count : 1;
    in->live = params->live;
    in->block = (size_t)in->rate / (in->live ? 50 : 10);
    in->stage = memory_new(in->block * (size_t)in->channel_count, sizeof *in->stage);
    in->mono = memory_new(in->block, sizeof *in->mono);
    if (!in->stage || !in->mono)
        fail_memory(fault, "a session");
    else
        open_lanes(in, params->cutting, fault);
    if (fault->code)
        intake_close(&in);
    else
        *intake = in;
    return fault->code;
}

void intake_close(struct intake **intake)
{
    struct intake *in = *intake;
    if (!in)
        return;
    for (int lane = 0; lane < in->lanes; lane++) {
        if (in->resamplers[lane])
            resampler_close(&in->resamplers[lane]);
        cutter_close(&in->cutters[lane]);
    }
    free(in->stage);
    free(in->mono);
    free(in->resampled);
    free(in);
    *intake = NULL;
}

void intake_reset(struct intake *in)
{
    for (int lane = 0; lane < in->lanes; lane++) {
        resampler_reset(in->resamplers[lane]);
        if (in->cutters[lane])
            cutter_reset(in->cutters[lane]);
        in->passed[lane] = 0;
    }
    in->staged = 0;
    in->blocks = 0;
    in->faults = (struct intake_faults){0};
    in->resample_seconds = in->activity_seconds = in->sink_seconds = 0;
}

int intake_channels(const struct intake *in)
{
    return in->lanes;
}

/* ---- from interleaved samples to lanes ---- */

static float whole_number(struct intake *in, float sample)
{
    const bool finite = isfinite(sample);
    in->faults.not_finite += !finite;
    return finite ? sample : 0;
}

static void stage_samples(struct intake *in, float *out, const struct intake_samples *samples, size_t first,
                          size_t count)
{
    if (samples->floats)
        for (size_t i = 0; i < count; i++)
            out[i] = whole_number(in, samples->floats[first + i]);
    else if (samples->integers)
        for (size_t i = 0; i < count; i++)
            out[i] = (float)samples->integers[first + i] / 32768.0f;
    else if (samples->ulaw)
        for (size_t i = 0; i < count; i++)
            out[i] = g711_ulaw(samples->ulaw[first + i]);
    else
        for (size_t i = 0; i < count; i++)
            out[i] = g711_alaw(samples->alaw[first + i]);
}

static void count_clipped(struct intake *in)
{
    size_t samples = in->staged * (size_t)in->channel_count, clipped = 0;
    for (size_t i = 0; i < samples; i++)
        clipped += fabsf(in->stage[i]) >= full_scale;
    in->faults.clipped_blocks += clipped * 20 > samples;
}

/* One lane of the staged frames: its channel, or the mean of all. */
static const float *lane_samples(struct intake *in, int lane)
{
    size_t channels = (size_t)in->channel_count;
    if (channels == 1)
        return in->stage;
    for (size_t i = 0; i < in->staged; i++) {
        const float *frame = in->stage + i * channels;
        if (in->lanes > 1) {
            in->mono[i] = frame[lane];
            continue;
        }
        double sum = 0;
        for (size_t k = 0; k < channels; k++)
            sum += (double)frame[k];
        in->mono[i] = (float)(sum / (double)channels);
    }
    return in->mono;
}

/* ---- from lanes to windows ---- */

/* Passes a window on, keeping apart the time that is not ours. */
static int timed_sink(void *context, struct window *window, struct fault *fault)
{
    struct intake *in = context;
    double began = clock_seconds();
    int code = in->sink(in->sink_context, window, fault);
    in->sink_seconds += clock_seconds() - began;
    return code;
}

/* Passes the lane's resampled samples on as they are. */
static int pass_on(struct intake *in, int lane, int64_t count, struct fault *fault)
{
    if (count <= 0)
        return 0;
    struct window window = {.count = count, .begin = in->passed[lane], .channel = lane};
    window.samples = memory_new((size_t)count, sizeof *window.samples);
    if (!window.samples)
        return fail_memory(fault, "a window of sound");
    memcpy(window.samples, in->resampled, (size_t)count * sizeof *window.samples);
    in->passed[lane] += count;
    return timed_sink(in, &window, fault);
}

static int cut(struct intake *in, int lane, int64_t count, struct fault *fault)
{
    if (!in->cutters[lane])
        return pass_on(in, lane, count, fault);
    double began = clock_seconds(), sink = in->sink_seconds;
    int code = cutter_feed(in->cutters[lane], in->resampled, count, timed_sink, in, fault);
    in->activity_seconds += clock_seconds() - began - (in->sink_seconds - sink);
    return code;
}

static int process_stage(struct intake *in, struct fault *fault)
{
    count_clipped(in);
    for (int lane = 0; lane < in->lanes; lane++) {
        double began = clock_seconds();
        int64_t count =
            resampler_feed(in->resamplers[lane], lane_samples(in, lane), (int64_t)in->staged, in->resampled, fault);
        in->resample_seconds += clock_seconds() - began;
        if (count < 0)
            return (int)count;
        if (cut(in, lane, count, fault))
            return fault->code;
    }
    in->staged = 0;
    return 0;
}

int intake_feed(struct intake *in, struct intake_samples samples, size_t frames, window_sink sink, void *context,
                struct fault *fault)
{
    size_t channels = (size_t)in->channel_count;
    in->sink = sink;
    in->sink_context = context;
    for (size_t done = 0; done < frames;) {
        size_t count = in->block - in->staged < frames - done ? in->block - in->staged : frames - done;
        in->blocks += !in->staged;
        stage_samples(in, in->stage + in->staged * channels, &samples, done * channels, count * channels);
        in->staged += count;
        done += count;
        if (in->staged == in->block && process_stage(in, fault))
            return fault->code;
    }
    return 0;
}

static int finish_lane(struct intake *in, int lane, struct fault *fault)
{
    for (;;) {
        int64_t count = resampler_finish(in->resamplers[lane], in->resampled, fault);
        if (count < 0)
            return (int)count;
        if (!count)
            return in->cutters[lane] ? cutter_finish(in->cutters[lane], timed_sink, in, fault) : 0;
        if (cut(in, lane, count, fault))
            return fault->code;
    }
}

int intake_finish(struct intake *in, window_sink sink, void *context, struct fault *fault)
{
    in->sink = sink;
    in->sink_context = context;
    if (in->staged && process_stage(in, fault))
        return fault->code;
    for (int lane = 0; lane < in->lanes; lane++)
        if (finish_lane(in, lane, fault))
            return fault->code;
    return 0;
}

int intake_flush(struct intake *in, window_sink sink, void *context, struct fault *fault)
{
    in->sink = sink;
    in->sink_context = context;
    for (int lane = 0; lane < in->lanes; lane++)
        if (in->cutters[lane] && cutter_flush(in->cutters[lane], timed_sink, in, fault))
            return fault->code;
    return 0;
}

double intake_seconds(const struct intake *in)
{
    return (double)in->blocks * (double)in->block / in->rate;
}

struct intake_faults intake_get_faults(const struct intake *in)
{
    return in->faults;
}

double intake_resample_seconds(const struct intake *in)
{
    return in->resample_seconds;
}

double intake_activity_seconds(const struct intake *in)
{
    return in->activity_seconds;
}

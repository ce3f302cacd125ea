#include "src/voice.h"

#include "src/base/memory.h"

#include <stdlib.h>

/* What tells that speech goes on is the caller's silence rule, so the level's own memory is short. */
enum { ENERGY_HANGOVER = 8 };

struct voice {
    struct activity_params energy;
};

struct voice_stream {
    const struct voice *voice;
    struct activity *activity;
    bool finished;
};

int voice_open(struct voice **voice, const struct utter_engine *engine, const char *detector, struct fault *fault)
{
    (void)engine;
    (void)detector;
    struct voice *new = memory_new(1, sizeof *new);
    *voice = new;
    if (!new)
        return fail_memory(fault, "voice activity");
    activity_params_default(&new->energy);
    new->energy.lead_frames = 0;
    new->energy.hangover_frames = ENERGY_HANGOVER;
    return 0;
}

void voice_close(struct voice **voice)
{
    free(*voice);
    *voice = NULL;
}

int voice_stream_open(struct voice_stream **stream, const struct voice *voice, float threshold, struct fault *fault)
{
    (void)threshold;
    struct voice_stream *new = memory_new(1, sizeof *new);
    *stream = NULL;
    if (!new)
        return fail_memory(fault, "a stream of voice activity");
    new->voice = voice;
    if (activity_open(&new->activity, &voice->energy, fault)) {
        free(new);
        return fault->code;
    }
    *stream = new;
    return 0;
}

void voice_stream_close(struct voice_stream **stream)
{
    if (!*stream)
        return;
    activity_close(&(*stream)->activity);
    free(*stream);
    *stream = NULL;
}

void voice_stream_reset(struct voice_stream *stream)
{
    activity_reset(stream->activity);
    stream->finished = false;
}

int voice_stream_feed(struct voice_stream *stream, const float *samples, int64_t count, struct fault *fault)
{
    return activity_feed(stream->activity, samples, count, fault);
}

int voice_stream_finish(struct voice_stream *stream, struct fault *fault)
{
    if (stream->finished)
        return fail(fault, UTTER_ERROR_STATE, "voice activity is finished already");
    stream->finished = true;
    activity_finish(stream->activity);
    return 0;
}

int voice_stream_take(struct voice_stream *stream, struct activity_frame *out, int count)
{
    return activity_take(stream->activity, out, count);
}

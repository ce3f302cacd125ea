#include "src/speak/stream.h"

#include "audio/resample.h"
#include "src/base/memory.h"
#include "src/base/threads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Seconds: the first stretch of an utterance is short, so that it is heard soon; each next one is twice as long, since
 * longer ones are computed with less waste, up to the last. */
static const double shortest_stretch = 0.2, longest_stretch = 1.6;

/* A token that lasts longer than this on average has a voice gone mad; a short utterance may draw its breath. */
static const double seconds_per_token = 0.6, seconds_per_utterance = 3;

struct stream {
    const struct utter_voice *voice;
    struct stream_params params;
    struct renderer *renderer;
    struct resampler *resampler;
    int rate;              /* Hz that the voice's samples are taken to have: its own, or shifted */
    int64_t position;      /* of those, so far */
    struct utterance *utterance; /* owned */
    int64_t silence;       /* samples of silence that go first */
    int64_t frame, frames; /* of the utterance: done, and in all */
    int64_t stretch;       /* frames that are vocoded next */
    size_t token;          /* that the frame belongs to, … */
    int64_t token_end;     /* … and the frame at which it ends */
    float gain;            /* at the last sample */
    float *chunk;          /* of the voice's samples */
    size_t chunk_capacity;
    float *ready; /* samples for the reader, [first, count) */
    size_t ready_first, ready_count, ready_capacity;
    struct stream_times times;
};

int stream_open(struct stream **out, const struct utter_voice *voice, const struct stream_params *params,
                struct fault *fault)
{
    struct stream *stream = memory_new(1, sizeof *stream);
    if (!stream)
        return fail_memory(fault, "a speech");
    stream->voice = voice;
    stream->params = *params;
    stream->rate = (int)lround(voice->sample_rate * pow(2, params->shift / 12));
    if (voice->family->renderer_open(&stream->renderer, voice, fault) ||
        resampler_open_live(&stream->resampler, stream->rate, params->sample_rate, fault))
        stream_close(&stream);
    else
        *out = stream;
    return fault->code;
}

void stream_close(struct stream **stream)
{
    struct stream *s = *stream;
    if (!s)
        return;
    if (s->renderer)
        s->renderer->ops->close(&s->renderer);
    if (s->resampler)
        resampler_close(&s->resampler);
    utterance_free(s->utterance);
    free(s->chunk);
    free(s->ready);
    free(s);
    *stream = NULL;
}

void stream_reset(struct stream *stream)
{
    resampler_reset(stream->resampler);
    stream->position = stream->silence = stream->frame = stream->frames = 0;
    stream->ready_first = stream->ready_count = 0;
}

bool stream_bends(const struct stream *stream)
{
    return stream->renderer->ops->bends;
}

bool stream_idle(const struct stream *stream)
{
    return stream->silence == 0 && stream->frame == stream->frames;
}

struct stream_times stream_get_times(const struct stream *stream)
{
    return stream->times;
}

/* ---- beginning ---- */

static int64_t frames_in(const struct stream *stream, double seconds)
{
    return (int64_t)(seconds * stream->voice->sample_rate / stream->voice->hop);
}

/* Frames that an utterance may last, at the slowest rate in it. */
static int64_t longest(const struct stream *stream, const struct utterance *utterance)
{
    float rate = 1;
    for (size_t i = 0; i < utterance->count; i++)
        rate = fminf(rate, utterance->tokens[i].prosody.rate);
    return frames_in(stream, ((double)utterance->count * seconds_per_token + seconds_per_utterance) / rate);
}

/* What is read at a higher rate than it was made for is over sooner: it is made so much slower. */
static void shift_rate(const struct stream *stream, struct utterance *utterance)
{
    float factor = (float)stream->rate / (float)stream->voice->sample_rate;
    for (size_t i = 0; i < utterance->count; i++)
        utterance->tokens[i].prosody.rate /= factor;
}

static float gain_of(const struct utterance *utterance, size_t token)
{
    return powf(10, utterance->tokens[token].prosody.volume / 20);
}

static void begin_gain(struct stream *stream)
{
    stream->token = 0;
    stream->token_end = stream->renderer->ops->timed ? stream->utterance->tokens[0].frames : stream->frames;
    stream->gain = gain_of(stream->utterance, 0);
}

static int begin_utterance(struct stream *stream, struct fault *fault)
{
    double began = clock_seconds();
    struct utterance *utterance = stream->utterance;
    shift_rate(stream, utterance);
    struct renderer_request request = {.utterance = utterance,
                                       .speaker = stream->params.speaker,
                                       .seed = stream->params.seed,
                                       .longest = longest(stream, utterance)};
    int64_t frames = 0;
    if (stream->renderer->ops->begin(stream->renderer, &request, &frames, fault))
        return fault->code;
    stream->frames = frames;
    stream->stretch = frames_in(stream, shortest_stretch);
    begin_gain(stream);
    stream->times.acoustic += clock_seconds() - began;
    return 0;
}

static int add_marks(const struct stream *stream, struct mark_queue *marks, struct fault *fault)
{
    double start = (double)(stream->position + stream->silence) / stream->rate;
    double frame_seconds = (double)stream->voice->hop / stream->rate;
    return mark_utterance(marks, stream->utterance, start, start + (double)stream->frames * frame_seconds,
                          frame_seconds, stream->renderer->ops->timed, fault);
}

int stream_begin(struct stream *stream, struct utterance *utterance, double silence, struct mark_queue *marks,
                 struct fault *fault)
{
    utterance_free(stream->utterance);
    stream->utterance = utterance;
    stream->frame = stream->frames = 0;
    stream->silence = (int64_t)(silence * stream->rate);
    if (!utterance || begin_utterance(stream, fault))
        return fault->code;
    return marks ? add_marks(stream, marks, fault) : 0;
}

/* ---- samples ---- */

/* count samples of the voice's, to the reader's rate. */
static int give_out(struct stream *stream, int64_t count, struct fault *fault)
{
    size_t bound = (size_t)resampler_bound(stream->resampler, count);
    if (stream->ready_first == stream->ready_count)
        stream->ready_first = stream->ready_count = 0;
    if (!memory_grow((void **)&stream->ready, &stream->ready_capacity, stream->ready_count + bound,
                     sizeof *stream->ready))
        return fail_memory(fault, "a speech's samples");
    int64_t got =
        resampler_feed(stream->resampler, stream->chunk, count, stream->ready + stream->ready_count, fault);
    if (got < 0)
        return fault->code;
    stream->ready_count += (size_t)got;
    stream->position += count;
    stream->times.audio = (double)stream->position / stream->rate;
    return 0;
}

/* The gain goes from one frame's to the next's over a frame, so that no step is heard. */
static void amplify(struct stream *stream, float *samples, int64_t first, int64_t count)
{
    int hop = stream->voice->hop;
    for (int64_t f = first; f < first + count; f++, samples += hop) {
        while (f >= stream->token_end && stream->token + 1 < stream->utterance->count)
            stream->token_end += stream->utterance->tokens[++stream->token].frames;
        float from = stream->gain, to = gain_of(stream->utterance, stream->token);
        for (int i = 0; i < hop; i++)
            samples[i] *= from + (to - from) * (float)(i + 1) / (float)hop;
        stream->gain = to;
    }
}

static bool all_finite(const float *samples, int64_t count)
{
    float sum = 0; /* of zeros, as long as all are finite */
    for (int64_t i = 0; i < count; i++)
        sum += samples[i] * 0;
    return sum == 0;
}

static float *chunk_of(struct stream *stream, int64_t count, struct fault *fault)
{
    if (!memory_grow((void **)&stream->chunk, &stream->chunk_capacity, (size_t)count, sizeof *stream->chunk))
        fail_memory(fault, "a speech's samples");
    return fault->code ? NULL : stream->chunk;
}

static int step_silence(struct stream *stream, struct fault *fault)
{
    int64_t most = (int64_t)(longest_stretch * stream->rate);
    int64_t count = stream->silence < most ? stream->silence : most;
    float *chunk = chunk_of(stream, count, fault);
    if (!chunk)
        return fault->code;
    memset(chunk, 0, (size_t)count * sizeof *chunk);
    stream->silence -= count;
    return give_out(stream, count, fault);
}

static int step_utterance(struct stream *stream, struct fault *fault)
{
    double began = clock_seconds();
    int64_t first = stream->frame, left = stream->frames - first;
    int64_t count = stream->stretch < left ? stream->stretch : left, samples = count * stream->voice->hop;
    float *chunk = chunk_of(stream, samples, fault);
    if (!chunk || stream->renderer->ops->vocode(stream->renderer, first, count, chunk, fault))
        return fault->code;
    if (!all_finite(chunk, samples))
        return fail(fault, UTTER_ERROR_MODEL, "the voice %.200s gives samples that are no numbers",
                    stream->voice->name);
    stream->times.vocoder += clock_seconds() - began;
    amplify(stream, chunk, first, count);
    stream->frame += count;
    if (stream->stretch * 2 <= frames_in(stream, longest_stretch))
        stream->stretch *= 2;
    return give_out(stream, samples, fault);
}

int stream_step(struct stream *stream, struct fault *fault)
{
    return stream->silence ? step_silence(stream, fault) : step_utterance(stream, fault);
}

int stream_finish(struct stream *stream, struct fault *fault)
{
    for (;;) {
        size_t bound = (size_t)resampler_bound(stream->resampler, 0);
        if (!memory_grow((void **)&stream->ready, &stream->ready_capacity, stream->ready_count + bound,
                         sizeof *stream->ready))
            return fail_memory(fault, "a speech's samples");
        int64_t got = resampler_finish(stream->resampler, stream->ready + stream->ready_count, fault);
        if (got <= 0)
            return got < 0 ? fault->code : 0;
        stream->ready_count += (size_t)got;
    }
}

size_t stream_read(struct stream *stream, float *samples, size_t capacity)
{
    size_t left = stream->ready_count - stream->ready_first, count = left < capacity ? left : capacity;
    if (count)
        memcpy(samples, stream->ready + stream->ready_first, count * sizeof *samples);
    stream->ready_first += count;
    return count;
}

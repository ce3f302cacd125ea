#include "src/speak/rendering.h"

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

struct rendering {
    const struct utter_voice *voice;
    struct rendering_params params;
    struct renderer *renderer;
    struct resampler *resampler;
    int rate;                    /* Hz that the voice's samples are taken to have: its own, or shifted */
    int64_t position;            /* of those, so far */
    struct utterance *utterance; /* owned */
    int64_t silence;             /* samples of silence that go first */
    int64_t frame, frames;       /* of the utterance: done, and in all */
    int64_t stretch;             /* frames that are vocoded next */
    size_t token;                /* that the frame belongs to, … */
    int64_t token_end;           /* … and the frame at which it ends */
    float gain;                  /* at the last sample */
    float *chunk;                /* of the voice's samples */
    size_t chunk_capacity;
    float *ready; /* samples for the reader, [first, count) */
    size_t ready_first, ready_count, ready_capacity;
    struct rendering_times times;
};

int rendering_open(struct rendering **out, const struct utter_voice *voice, const struct rendering_params *params,
                   struct fault *fault)
{
    struct rendering *rendering = memory_new(1, sizeof *rendering);
    if (!rendering)
        return fail_memory(fault, "a speech");
    rendering->voice = voice;
    rendering->params = *params;
    rendering->rate = (int)lround(voice->sample_rate * pow(2, params->shift / 12));
    if (voice->family->renderer_open(&rendering->renderer, voice, fault) ||
        resampler_open_live(&rendering->resampler, rendering->rate, params->sample_rate, fault))
        rendering_close(&rendering);
    else
        *out = rendering;
    return fault->code;
}

void rendering_close(struct rendering **rendering)
{
    struct rendering *s = *rendering;
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
    *rendering = NULL;
}

void rendering_reset(struct rendering *rendering)
{
    resampler_reset(rendering->resampler);
    rendering->position = rendering->silence = rendering->frame = rendering->frames = 0;
    rendering->ready_first = rendering->ready_count = 0;
    rendering->times = (struct rendering_times){0};
}

bool rendering_bends(const struct rendering *rendering)
{
    return rendering->renderer->ops->bends;
}

bool rendering_idle(const struct rendering *rendering)
{
    return rendering->silence == 0 && rendering->frame == rendering->frames;
}

struct rendering_times rendering_get_times(const struct rendering *rendering)
{
    return rendering->times;
}

/* ---- beginning ---- */

static int64_t frames_in(const struct rendering *rendering, double seconds)
{
    return (int64_t)(seconds * rendering->voice->sample_rate / rendering->voice->hop);
}

/* Frames that an utterance may last, at the slowest rate in it. */
static int64_t longest(const struct rendering *rendering, const struct utterance *utterance)
{
    float rate = 1;
    for (size_t i = 0; i < utterance->count; i++)
        rate = fminf(rate, utterance->tokens[i].prosody.rate);
    return frames_in(rendering, ((double)utterance->count * seconds_per_token + seconds_per_utterance) / rate);
}

/* What is read at a higher rate than it was made for is over sooner: it is made so much slower. */
static void shift_rate(const struct rendering *rendering, struct utterance *utterance)
{
    float factor = (float)rendering->rate / (float)rendering->voice->sample_rate;
    for (size_t i = 0; i < utterance->count; i++)
        utterance->tokens[i].prosody.rate /= factor;
}

static float gain_of(const struct utterance *utterance, size_t token)
{
    return powf(10, utterance->tokens[token].prosody.volume / 20);
}

static void begin_gain(struct rendering *rendering)
{
    rendering->token = 0;
    rendering->token_end = rendering->renderer->ops->timed ? rendering->utterance->tokens[0].frames : rendering->frames;
    rendering->gain = gain_of(rendering->utterance, 0);
}

static int begin_utterance(struct rendering *rendering, struct fault *fault)
{
    double began = clock_seconds();
    struct utterance *utterance = rendering->utterance;
    shift_rate(rendering, utterance);
    struct renderer_request request = {.utterance = utterance,
                                       .speaker = utterance->speaker,
                                       .seed = rendering->params.seed,
                                       .longest = longest(rendering, utterance)};
    int64_t frames = 0;
    if (rendering->renderer->ops->begin(rendering->renderer, &request, &frames, fault))
        return fault->code;
    rendering->frames = frames;
    rendering->stretch = frames_in(rendering, shortest_stretch);
    begin_gain(rendering);
    rendering->times.acoustic += clock_seconds() - began;
    return 0;
}

static int add_marks(const struct rendering *rendering, struct mark_queue *marks, struct fault *fault)
{
    double start = (double)(rendering->position + rendering->silence) / rendering->rate;
    double frame_seconds = (double)rendering->voice->hop / rendering->rate;
    return mark_utterance(marks, rendering->utterance, start, start + (double)rendering->frames * frame_seconds,
                          frame_seconds, rendering->renderer->ops->timed, fault);
}

int rendering_begin(struct rendering *rendering, struct utterance *utterance, double silence, struct mark_queue *marks,
                    struct fault *fault)
{
    utterance_free(rendering->utterance);
    rendering->utterance = utterance;
    rendering->frame = rendering->frames = 0;
    rendering->silence = (int64_t)(silence * rendering->rate);
    if (!utterance || begin_utterance(rendering, fault))
        return fault->code;
    return marks ? add_marks(rendering, marks, fault) : 0;
}

/* ---- samples ---- */

/* count samples of the voice's, to the reader's rate. */
static int give_out(struct rendering *rendering, int64_t count, struct fault *fault)
{
    size_t bound = (size_t)resampler_bound(rendering->resampler, count);
    if (rendering->ready_first == rendering->ready_count)
        rendering->ready_first = rendering->ready_count = 0;
    if (!memory_grow((void **)&rendering->ready, &rendering->ready_capacity, rendering->ready_count + bound,
                     sizeof *rendering->ready))
        return fail_memory(fault, "a speech's samples");
    int64_t got =
        resampler_feed(rendering->resampler, rendering->chunk, count, rendering->ready + rendering->ready_count, fault);
    if (got < 0)
        return fault->code;
    rendering->ready_count += (size_t)got;
    rendering->position += count;
    rendering->times.audio = (double)rendering->position / rendering->rate;
    return 0;
}

/* The gain goes from one frame's to the next's over a frame, so that no step is heard. */
static void amplify(struct rendering *rendering, float *samples, int64_t first, int64_t count)
{
    int hop = rendering->voice->hop;
    for (int64_t f = first; f < first + count; f++, samples += hop) {
        while (f >= rendering->token_end && rendering->token + 1 < rendering->utterance->count)
            rendering->token_end += rendering->utterance->tokens[++rendering->token].frames;
        float from = rendering->gain, to = gain_of(rendering->utterance, rendering->token);
        for (int i = 0; i < hop; i++)
            samples[i] *= from + (to - from) * (float)(i + 1) / (float)hop;
        rendering->gain = to;
    }
}

static bool all_finite(const float *samples, int64_t count)
{
    float sum = 0; /* of zeros, as long as all are finite */
    for (int64_t i = 0; i < count; i++)
        sum += samples[i] * 0;
    return sum == 0;
}

static float *chunk_of(struct rendering *rendering, int64_t count, struct fault *fault)
{
    if (!memory_grow((void **)&rendering->chunk, &rendering->chunk_capacity, (size_t)count, sizeof *rendering->chunk))
        fail_memory(fault, "a speech's samples");
    return fault->code ? NULL : rendering->chunk;
}

static int step_silence(struct rendering *rendering, struct fault *fault)
{
    int64_t most = (int64_t)(longest_stretch * rendering->rate);
    int64_t count = rendering->silence < most ? rendering->silence : most;
    float *chunk = chunk_of(rendering, count, fault);
    if (!chunk)
        return fault->code;
    memset(chunk, 0, (size_t)count * sizeof *chunk);
    rendering->silence -= count;
    return give_out(rendering, count, fault);
}

static int step_utterance(struct rendering *rendering, struct fault *fault)
{
    double began = clock_seconds();
    int64_t first = rendering->frame, left = rendering->frames - first;
    int64_t count = rendering->stretch < left ? rendering->stretch : left, samples = count * rendering->voice->hop;
    float *chunk = chunk_of(rendering, samples, fault);
    if (!chunk || rendering->renderer->ops->vocode(rendering->renderer, first, count, chunk, fault))
        return fault->code;
    if (!all_finite(chunk, samples))
        return fail(fault, UTTER_ERROR_MODEL, "the voice %.200s gives samples that are no numbers",
                    rendering->voice->name);
    rendering->times.vocoder += clock_seconds() - began;
    amplify(rendering, chunk, first, count);
    rendering->frame += count;
    if (rendering->stretch * 2 <= frames_in(rendering, longest_stretch))
        rendering->stretch *= 2;
    return give_out(rendering, samples, fault);
}

int rendering_step(struct rendering *rendering, struct fault *fault)
{
    return rendering->silence ? step_silence(rendering, fault) : step_utterance(rendering, fault);
}

int rendering_finish(struct rendering *rendering, struct fault *fault)
{
    for (;;) {
        size_t bound = (size_t)resampler_bound(rendering->resampler, 0);
        if (!memory_grow((void **)&rendering->ready, &rendering->ready_capacity, rendering->ready_count + bound,
                         sizeof *rendering->ready))
            return fail_memory(fault, "a speech's samples");
        int64_t got = resampler_finish(rendering->resampler, rendering->ready + rendering->ready_count, fault);
        if (got <= 0)
            return got < 0 ? fault->code : 0;
        rendering->ready_count += (size_t)got;
    }
}

size_t rendering_read(struct rendering *rendering, float *samples, size_t capacity)
{
    size_t left = rendering->ready_count - rendering->ready_first, count = left < capacity ? left : capacity;
    if (count)
        memcpy(samples, rendering->ready + rendering->ready_first, count * sizeof *samples);
    rendering->ready_first += count;
    return count;
}

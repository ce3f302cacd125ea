#include "src/voice.h"

#include "audio/logmel.h"
#include "models/cpu/cpu.h"
#include "models/vad/vad.h"
#include "src/base/memory.h"
#include "src/base/threads.h"
#include "src/engine.h"
#include "src/model.h"
#include "src/text_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What tells that speech goes on is the caller's silence rule, so the level's own memory is short. */
enum { ENERGY_HANGOVER = 8 };
/* Samples that go through a network at a time, however many are fed: the stream's memory does not follow the feeds. */
enum { SLICE = 1600, LARGEST_SAMPLE = 32 };
/* Speech that has begun goes on until the probability is so far below the threshold. */
static const float hysteresis = 0.15f, least_off = 0.01f;

/* One of: ours with its features, Silero's, or neither, for the level alone. */
struct voice {
    struct thread_pool *threads; /* of one thread: a step is too small to be shared out */
    struct device *device;
    struct logmel *logmel;
    struct vad *vad;
    struct silero *silero;
    struct activity_params energy;
};

/* ---- the detector ---- */

static int open_device(struct voice *v, struct fault *fault)
{
    const int code = thread_pool_open(&v->threads, 1, fault);
    return code ? code : cpu_device_open(&v->device, v->threads, CPU_BEST, fault);
}

static int open_ours(struct voice *v, const char *directory, const struct text_file *file, struct fault *fault)
{
    struct vad_config config;
    struct logmel_params params;
    struct checkpoint *checkpoint = NULL;
    int code = vad_config_read(&config, file->text, file->length, file->path, fault);
    if (!code)
        code = checkpoint_open(&checkpoint, directory, fault);
    if (!code)
        code = vad_open(&v->vad, &config, checkpoint, v->device, fault);
    if (!code) {
        logmel_params_default(&params, LOGMEL_PARAKEET, config.mel_bins);
        code = logmel_open(&v->logmel, &params, fault);
    }
    checkpoint_close(&checkpoint);
    return code;
}

static int open_silero(struct voice *v, const char *path, struct fault *fault)
{
    struct checkpoint *checkpoint = NULL;
    int code = checkpoint_open(&checkpoint, path, fault);
    if (!code && !silero_is(checkpoint))
        code = fail(fault, UTTER_ERROR_UNSUPPORTED,
                    "%.200s: neither a voice activity model of Utter's nor the weights of Silero VAD at 16 kHz", path);
    if (!code)
        code = silero_open(&v->silero, checkpoint, v->device, fault);
    checkpoint_close(&checkpoint);
    return code;
}

static int open_network(struct voice *v, const char *detector, struct fault *fault)
{
    char *path = NULL;
    struct text_file config = {0};
    bool ours = false;
    int code = model_find(&path, detector ? detector : "vad", fault);
    if (!code)
        code = open_device(v, fault);
    if (!code && path_is_directory(path))
        code = text_file_read_if_there(&config, path, "config.json", MODEL_CONFIG_LIMIT, &ours, fault);
    if (!code)
        code = ours ? open_ours(v, path, &config, fault) : open_silero(v, path, fault);
    text_file_free(&config);
    free(path);
    return code;
}

int voice_open(struct voice **voice, const struct utter_engine *engine, const char *detector, struct fault *fault)
{
    struct voice *new = memory_new(1, sizeof *new);
    *voice = NULL;
    if (!new)
        return fail_memory(fault, "voice activity");
    activity_params_default(&new->energy);
    new->energy.lead_frames = 0;
    new->energy.hangover_frames = ENERGY_HANGOVER;
    int code = 0;
    if (!detector || strcmp(detector, "energy") != 0)
        code = open_network(new, detector, fault);
    if (code)
        voice_close(&new);
    else if (engine && new->device)
        engine_log(engine, UTTER_LOG_DEBUG, "voice activity: %s on %s", new->vad ? "utter_vad" : "Silero VAD",
                   new->device->name);
    *voice = new;
    return code;
}

void voice_close(struct voice **voice)
{
    struct voice *v = *voice;
    *voice = NULL;
    if (!v)
        return;
    vad_close(&v->vad);
    silero_close(&v->silero);
    logmel_close(&v->logmel);
    device_close(&v->device);
    if (v->threads)
        thread_pool_close(&v->threads);
    free(v);
}

/* ---- a stream ---- */

struct voice_stream {
    const struct voice *voice;
    struct activity *activity; /* the level's; nothing below is used then */
    struct logmel_stream *features;
    struct vad_stream *vad;
    struct silero_stream *silero;
    float on, off;
    bool speaking, finished;
    float slice[SLICE], *frame_mels; /* samples on their way in; one frame of log-mel */
    float frame[ACTIVITY_HOP];       /* whose level is next … */
    float window[SILERO_WINDOW];     /* … and whose probability */
    int filled, window_filled;
    int64_t windows;
    /* Frames of the stream: taken by the caller, with a level, with a verdict. The queue has those from taken on. */
    int64_t taken, measured, judged;
    struct activity_frame *queue;
    size_t begin, capacity; /* begin: where frame `taken` lies */
};

static int open_parts(struct voice_stream *s, struct fault *fault)
{
    const struct voice *v = s->voice;
    if (v->silero)
        return silero_stream_open(&s->silero, v->silero, fault);
    if (!v->vad)
        return activity_open(&s->activity, &v->energy, fault);
    s->frame_mels = memory_new((size_t)vad_get_config(v->vad)->mel_bins, sizeof *s->frame_mels);
    if (!s->frame_mels)
        return fail_memory(fault, "a stream of voice activity");
    const int code = logmel_stream_open(&s->features, v->logmel, fault);
    return code ? code : vad_stream_open(&s->vad, v->vad, fault);
}

int voice_stream_open(struct voice_stream **stream, const struct voice *voice, float threshold, struct fault *fault)
{
    *stream = NULL;
    if (!(threshold > 0 && threshold < 1))
        return fail(fault, UTTER_ERROR_ARGUMENT, "the threshold of speech is %g, and must lie between 0 and 1",
                    (double)threshold);
    struct voice_stream *new = memory_new(1, sizeof *new);
    if (!new)
        return fail_memory(fault, "a stream of voice activity");
    new->voice = voice;
    new->on = threshold;
    new->off = fminf(threshold, fmaxf(threshold - hysteresis, least_off));
    const int code = open_parts(new, fault);
    if (code)
        voice_stream_close(&new);
    *stream = new;
    return code;
}

void voice_stream_close(struct voice_stream **stream)
{
    struct voice_stream *s = *stream;
    *stream = NULL;
    if (!s)
        return;
    activity_close(&s->activity);
    logmel_stream_close(&s->features);
    vad_stream_close(&s->vad);
    silero_stream_close(&s->silero);
    free(s->frame_mels);
    free(s->queue);
    free(s);
}

/* The networks run on the CPU, where writing zeros into a state that is there does not fail. */
void voice_stream_reset(struct voice_stream *stream)
{
    struct voice_stream *s = stream;
    struct fault none = {0};
    if (s->activity)
        activity_reset(s->activity);
    if (s->features)
        logmel_stream_reset(s->features);
    if (s->vad)
        vad_stream_reset(s->vad, &none);
    if (s->silero)
        silero_stream_reset(s->silero, &none);
    s->speaking = s->finished = false;
    s->filled = s->window_filled = 0;
    s->windows = s->taken = s->measured = s->judged = 0;
    s->begin = 0;
}

/* ---- verdicts ---- */

static struct activity_frame *frame_at(struct voice_stream *s, int64_t frame)
{
    return &s->queue[s->begin + (size_t)(frame - s->taken)];
}

/* Room for what a slice, or the end, can add to the queue. */
static int make_room(struct voice_stream *s, struct fault *fault)
{
    const int64_t last = s->measured > s->judged ? s->measured : s->judged;
    const size_t queued = (size_t)(last - s->taken);
    if (s->begin && s->begin >= queued) {
        memmove(s->queue, s->queue + s->begin, queued * sizeof *s->queue);
        s->begin = 0;
    }
    const size_t needed = s->begin + queued + SLICE / ACTIVITY_HOP + 2 * SILERO_WINDOW / ACTIVITY_HOP;
    if (!memory_grow((void **)&s->queue, &s->capacity, needed, sizeof *s->queue))
        return fail_memory(fault, "voice activity");
    return 0;
}

static void judge(struct voice_stream *s, float probability)
{
    s->speaking = probability >= (s->speaking ? s->off : s->on);
    frame_at(s, s->judged++)->speech = s->speaking;
}

static void measure(struct voice_stream *s, const float *samples, int count)
{
    while (count) {
        const int free_part = ACTIVITY_HOP - s->filled, part = count < free_part ? count : free_part;
        memcpy(s->frame + s->filled, samples, (size_t)part * sizeof *samples);
        s->filled += part;
        samples += part;
        count -= part;
        if (s->filled == ACTIVITY_HOP) {
            frame_at(s, s->measured++)->level_dbfs = activity_level(s->frame);
            s->filled = 0;
        }
    }
}

/* ---- our own network ---- */

static int judge_mels(struct voice_stream *s, const float *mels, struct fault *fault)
{
    float probabilities[VAD_STEP];
    const int judged = vad_feed(s->vad, mels, probabilities, fault);
    for (int i = 0; i < judged; i++)
        judge(s, probabilities[i]);
    return judged < 0 ? judged : 0;
}

static int judge_features(struct voice_stream *s, struct fault *fault)
{
    int code = 0;
    while (!code && logmel_stream_take(s->features, s->frame_mels, 1))
        code = judge_mels(s, s->frame_mels, fault);
    return code;
}

static int finish_ours(struct voice_stream *s, struct fault *fault)
{
    logmel_stream_finish(s->features);
    int code = judge_features(s, fault);
    while (!code && s->judged < s->measured)
        code = judge_mels(s, NULL, fault);
    return code;
}

/* ---- Silero's: one probability for all frames whose middle lies in its window ---- */

static int judge_window(struct voice_stream *s, struct fault *fault)
{
    float probability;
    const int code = silero_feed(s->silero, s->window, &probability, fault);
    const int64_t end = ++s->windows * SILERO_WINDOW;
    s->window_filled = 0;
    while (!code && s->judged * ACTIVITY_HOP + ACTIVITY_HOP / 2 < end)
        judge(s, probability);
    return code;
}

static int judge_samples(struct voice_stream *s, const float *samples, int count, struct fault *fault)
{
    int code = 0;
    while (count && !code) {
        const int free_part = SILERO_WINDOW - s->window_filled, part = count < free_part ? count : free_part;
        memcpy(s->window + s->window_filled, samples, (size_t)part * sizeof *samples);
        s->window_filled += part;
        samples += part;
        count -= part;
        if (s->window_filled == SILERO_WINDOW)
            code = judge_window(s, fault);
    }
    return code;
}

static int finish_silero(struct voice_stream *s, struct fault *fault)
{
    if (s->judged >= s->measured)
        return 0;
    memset(s->window + s->window_filled, 0, (size_t)(SILERO_WINDOW - s->window_filled) * sizeof *s->window);
    return judge_window(s, fault);
}

/* ---- feeding ---- */

/* What is no number, or none that a sample has, would stay in a network's state for good. */
static void clean(float *out, const float *samples, int count)
{
    for (int i = 0; i < count; i++)
        out[i] = fabsf(samples[i]) <= LARGEST_SAMPLE ? samples[i] : 0;
}

static int feed_slice(struct voice_stream *s, const float *samples, int count, struct fault *fault)
{
    int code = make_room(s, fault);
    if (code)
        return code;
    measure(s, samples, count);
    clean(s->slice, samples, count);
    if (s->silero)
        return judge_samples(s, s->slice, count, fault);
    code = logmel_stream_feed(s->features, s->slice, count, fault);
    return code ? code : judge_features(s, fault);
}

int voice_stream_feed(struct voice_stream *stream, const float *samples, int64_t count, struct fault *fault)
{
    struct voice_stream *s = stream;
    if (s->finished)
        return fail(fault, UTTER_ERROR_STATE, "finished voice activity takes no more samples");
    if (s->activity)
        return activity_feed(s->activity, samples, count, fault);
    int code = 0;
    for (int64_t at = 0; at < count && !code; at += SLICE)
        code = feed_slice(s, samples + at, count - at < SLICE ? (int)(count - at) : SLICE, fault);
    return code;
}

int voice_stream_finish(struct voice_stream *stream, struct fault *fault)
{
    struct voice_stream *s = stream;
    if (s->finished)
        return fail(fault, UTTER_ERROR_STATE, "voice activity is finished already");
    s->finished = true;
    if (s->activity) {
        activity_finish(s->activity);
        return 0;
    }
    const int code = make_room(s, fault);
    return code ? code : s->silero ? finish_silero(s, fault) : finish_ours(s, fault);
}

int voice_stream_take(struct voice_stream *stream, struct activity_frame *out, int count)
{
    struct voice_stream *s = stream;
    if (s->activity)
        return activity_take(s->activity, out, count);
    const int64_t settled = (s->measured < s->judged ? s->measured : s->judged) - s->taken;
    const int64_t taken = settled < count ? settled : count;
    if (taken <= 0)
        return 0;
    memcpy(out, frame_at(s, s->taken), (size_t)taken * sizeof *out);
    s->begin += (size_t)taken;
    s->taken += taken;
    return (int)taken;
}

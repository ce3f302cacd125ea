/* stream.c - see stream.h. */
#include "audio/stream.h"

#include "audio/portaudio.h"
#include "src/base/memory.h"
#include "src/base/threads.h"

#include <portaudio.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Who waits for the callback cannot be woken without a system call in it, so looks every so often. */
enum { LOOK_MS = 5, MOST_CHANNELS = 64 };

/* A device that is there asks for blocks every few hundredths of a second. The first may take longer: a wireless
 * headset changes its profile before it is a microphone. */
static const double first_block = 6, next_block = 2, stalled = 0.3, patience = 1;

/* Seconds that a device is asked to keep, whatever it proposes. A busy machine leaves a loudspeaker alone for longer
 * than its few hundredths, and that is heard; stopping it does not wait for them. */
static const double least_latency[] = {[CAPTURE] = 0.02, [PLAYBACK] = 0.1};
static const double most_latency[] = {[CAPTURE] = 0.1, [PLAYBACK] = 0.2};

enum end { RUNNING, STOPPING, STOPPED, ABANDONED };

/* ---- the callback ---- */

/* When the last of frames will have been heard that begin in the block asked for now. */
static void note_end(struct stream *s, const PaStreamCallbackTimeInfo *times, int64_t frames)
{
    double ahead = times->outputBufferDacTime - times->currentTime;
    if (!(ahead > 0 && ahead < 5)) /* not every system says */
        ahead = s->latency;
    double end = clock_seconds() + ahead + (double)frames / s->rate;
    atomic_store_explicit(&s->end_at, (int64_t)(1e6 * end), memory_order_relaxed);
}

static void play(struct stream *s, float *out, int64_t frames, const PaStreamCallbackTimeInfo *times)
{
    int64_t waiting = ring_waiting(s->ring);
    if (waiting > 0) { /* before the ring says that they are taken */
        note_end(s, times, waiting < frames ? waiting : frames);
        atomic_store_explicit(&s->silent, 0, memory_order_relaxed);
    }
    int64_t got = ring_read(s->ring, out, frames);
    atomic_fetch_add_explicit(&s->silent, frames - got, memory_order_relaxed);
    atomic_store_explicit(&s->block, frames, memory_order_relaxed);
    memset(out + got * s->channels, 0, (size_t)(frames - got) * (size_t)s->channels * sizeof *out);
    const bool settled = atomic_load_explicit(&s->settled, memory_order_relaxed);
    if (got > 0 && s->dry)
        atomic_fetch_add_explicit(&s->gaps, 1, memory_order_relaxed);
    s->sounding = got > 0 || (s->sounding && !settled);
    s->dry = got < frames && s->sounding && !settled;
}

static int on_sound(const void *input, void *output, unsigned long frames, const PaStreamCallbackTimeInfo *times,
                    PaStreamCallbackFlags flags, void *context)
{
    struct stream *s = context;
    if (!s->hushed) /* every start makes a thread */
        portaudio_hush_thread();
    s->hushed = true;
    atomic_fetch_add_explicit(&s->blocks, 1, memory_order_relaxed);
    if (flags & (paInputOverflow | paOutputUnderflow))
        atomic_fetch_add_explicit(&s->xruns, 1, memory_order_relaxed);
    if (input)
        ring_write(s->ring, input, (int64_t)frames);
    if (output)
        play(s, output, (int64_t)frames, times);
    return paContinue;
}

/* ---- opening ---- */

static int open_rate(struct stream *s, int rate)
{
    const double least = least_latency[s->direction], most = most_latency[s->direction];
    const double own = s->device.latency, latency = own < least ? least : own > most ? most : own;
    PaStreamParameters p = {s->device.index, s->channels, paFloat32, latency, NULL};
    s->rate = rate;
    return Pa_OpenStream(&s->handle, s->direction == CAPTURE ? &p : NULL, s->direction == PLAYBACK ? &p : NULL, rate,
                         paFramesPerBufferUnspecified, paNoFlag, on_sound, s);
}

/* The rate asked for, else the device's own; a loudspeaker that refuses one channel may take two. */
static int open_handle(struct stream *s, int rate)
{
    int own = (int)(s->device.rate + 0.5);
    int error = open_rate(s, rate);
    if (error && s->direction == PLAYBACK && s->channels == 1 && s->device.channels > 1) {
        s->channels = 2;
        error = open_rate(s, rate);
    }
    if (error && own != rate && own > 0)
        error = open_rate(s, own);
    return error;
}

/* PortAudio's own word for what was opened. */
static void read_info(struct stream *s)
{
    const PaStreamInfo *info = Pa_GetStreamInfo(s->handle);
    if (!info)
        return;
    s->rate = (int)(info->sampleRate + 0.5);
    s->latency = s->direction == CAPTURE ? info->inputLatency : info->outputLatency;
}

static int open_device(struct stream *s, int rate, struct fault *fault)
{
    portaudio_begin();
    int error = open_handle(s, rate);
    if (error)
        portaudio_fail(fault, error, device_noun(s->direction), s->device.name);
    else
        read_info(s);
    portaudio_end();
    return fault->code;
}

static int count_channels(struct stream *s, int wanted, struct fault *fault)
{
    int most = s->device.channels < MOST_CHANNELS ? s->device.channels : MOST_CHANNELS;
    s->channels = wanted ? wanted : most < 2 ? most : 2;
    if (s->channels <= most)
        return 0;
    return fail(fault, UTTER_ERROR_DEVICE, "%s '%s' has %d channel%s, not %d", device_noun(s->direction),
                s->device.name, most, most == 1 ? "" : "s", wanted);
}

/* The callback finds the ring open: the device is opened before it is started. */
static int open_all(struct stream *s, enum direction direction, const struct device_params *params, struct fault *fault)
{
    s->direction = direction;
    s->held = portaudio_hold(device_noun(s->direction), fault) == 0;
    if (!s->held || device_find(s->direction, &s->device, params->device, fault) ||
        count_channels(s, params->channels, fault) || open_device(s, params->rate, fault) ||
        ring_open(&s->ring, (int64_t)(s->rate * params->seconds) + 1, s->channels, fault))
        return fault->code;
    return stream_start(s, fault);
}

int stream_open(struct stream **stream, enum direction direction, const struct device_params *params,
                struct fault *fault)
{
    struct stream *s = memory_new(1, sizeof *s);
    if (!s)
        return fail_memory(fault, "a sound device");
    atomic_init(&s->settled, true);
    atomic_init(&s->end, STOPPED);
    if (open_all(s, direction, params, fault))
        stream_close(&s, true);
    else
        *stream = s;
    return fault->code;
}

int stream_start(struct stream *s, struct fault *fault)
{
    if (atomic_load(&s->end) != STOPPED)
        return fail(fault, UTTER_ERROR_DEVICE, "%s '%s' does not come to its stop", device_noun(s->direction),
                    s->device.name);
    portaudio_begin();
    s->hushed = false;
    int error = Pa_StartStream(s->handle);
    if (error)
        portaudio_fail(fault, error, device_noun(s->direction), s->device.name);
    portaudio_end();
    atomic_store(&s->end, error ? STOPPED : RUNNING);
    s->seen_at = clock_seconds();
    s->blocks_seen = atomic_load_explicit(&s->blocks, memory_order_relaxed);
    return fault->code;
}

/* ---- the end ---- */

void stream_rest(double seconds)
{
    struct timespec time = {.tv_nsec = (long)(1e9 * (seconds < 1e-3 * LOOK_MS ? seconds : 1e-3 * LOOK_MS))};
    nanosleep(&time, NULL);
}

/* Closes what stream_open opened; nobody has the stream any more. */
static void dismantle(struct stream *s)
{
    if (s->handle) {
        portaudio_begin();
        Pa_CloseStream(s->handle);
        portaudio_end();
    }
    ring_close(&s->ring);
    if (s->held)
        portaudio_release();
    free(s);
}

/* Waiting for the device's thread to end takes for ever where a driver keeps it, so it is done beside the caller: if
 * the caller gave up in the meantime, what is left to do is done here. */
static void *stop_handle(void *context)
{
    struct stream *s = context;
    int stopping = STOPPING;
    portaudio_hush_thread();
    if (s->abort)
        Pa_AbortStream(s->handle);
    else
        Pa_StopStream(s->handle);
    if (!atomic_compare_exchange_strong(&s->end, &stopping, STOPPED))
        dismantle(s);
    return NULL;
}

void stream_stop(struct stream *s, bool abort)
{
    pthread_t thread;
    if (!s->handle || atomic_load(&s->end) != RUNNING)
        return;
    /* PortAudio is kept to this one call, unless that hangs. */
    portaudio_begin();
    s->abort = abort;
    atomic_store(&s->end, STOPPING);
    if (pthread_create(&thread, NULL, stop_handle, s) == 0)
        pthread_detach(thread);
    else
        stop_handle(s);
    double began = clock_seconds();
    while (atomic_load(&s->end) == STOPPING && clock_seconds() - began < patience)
        stream_rest(1e-3);
    portaudio_end();
}

void stream_close(struct stream **stream, bool abort)
{
    struct stream *s = *stream;
    int stopping = STOPPING;
    *stream = NULL;
    if (!s)
        return;
    stream_stop(s, abort);
    if (!atomic_compare_exchange_strong(&s->end, &stopping, ABANDONED))
        dismantle(s);
}

/* ---- whether it works ---- */

bool stream_is_running(struct stream *s)
{
    return atomic_load(&s->end) == RUNNING && stream_check(s, NULL) == 0;
}

/* Whether PortAudio's thread, which has called nobody for a while, is there at all; or has been stopped meanwhile. */
static bool is_active(struct stream *s)
{
    portaudio_begin();
    bool active = atomic_load(&s->end) != RUNNING || Pa_IsStreamActive(s->handle) == 1;
    portaudio_end();
    return active;
}

/* Its stream ended by itself, or nothing came for a while. */
static void look(struct stream *s)
{
    int64_t blocks = atomic_load_explicit(&s->blocks, memory_order_relaxed);
    double now = clock_seconds();
    if (blocks != s->blocks_seen) {
        s->blocks_seen = blocks;
        s->seen_at = now;
    }
    if (now - s->seen_at < stalled)
        return;
    const char *noun = device_noun(s->direction), *name = s->device.name;
    if (!is_active(s))
        fail(&s->gone, UTTER_ERROR_DEVICE, "%s '%s' is gone", noun, name);
    else if (now - s->seen_at > (blocks ? next_block : first_block))
        fail(&s->gone, UTTER_ERROR_DEVICE, "%s '%s' %s", noun, name,
             s->direction == PLAYBACK ? "has stopped playing sound"
             : blocks                 ? "has stopped delivering sound"
                                      : "delivers no sound");
}

int stream_check(struct stream *s, struct fault *fault)
{
    if (!s->gone.code && atomic_load(&s->end) == RUNNING)
        look(s);
    return s->gone.code ? fail(fault, s->gone.code, "%s", s->gone.message) : 0;
}

/* capture.c - see capture.h. */
#include "audio/capture.h"

#include "audio/microphones.h"
#include "audio/portaudio.h"
#include "audio/ring.h"
#include "src/base/memory.h"
#include "src/base/threads.h"

#include <portaudio.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

/* A reader cannot be woken without a system call in the callback, so it looks every so often. */
enum { LOOK_MS = 5, MOST_CHANNELS = 64 };

/* A device that is there delivers every few hundredths of a second. The first block may take longer: a wireless headset
 * changes its profile before it is a microphone. */
static const double first_block = 6, next_block = 2, stalled = 0.3, patience = 1, least_latency = 0.02,
                    most_latency = 0.1;

enum end { RUNNING, STOPPING, STOPPED, ABANDONED };

struct capture {
    PaStream *stream;
    struct ring *ring;
    struct microphone device;
    int rate, channels;
    bool held;
    _Atomic int end; /* enum end */
    struct fault gone;
    /* The callback's; the reader only looks. */
    _Atomic int64_t blocks;
    _Atomic int64_t overruns;
    /* The reader's: how many blocks it knew of, and since when. */
    int64_t seen;
    double seen_at;
};

static int on_sound(const void *input, void *output, unsigned long frames, const PaStreamCallbackTimeInfo *times,
                    PaStreamCallbackFlags flags, void *context)
{
    struct capture *c = context;
    (void)output, (void)times;
    if (atomic_fetch_add_explicit(&c->blocks, 1, memory_order_relaxed) == 0)
        portaudio_hush_thread();
    if (flags & paInputOverflow)
        atomic_fetch_add_explicit(&c->overruns, 1, memory_order_relaxed);
    if (input)
        ring_write(c->ring, input, (int64_t)frames);
    return paContinue;
}

/* ---- opening ---- */

static int open_stream(struct capture *c, int rate)
{
    double latency = c->device.latency;
    latency = latency < least_latency ? least_latency : latency > most_latency ? most_latency : latency;
    PaStreamParameters input = {c->device.index, c->channels, paFloat32, latency, NULL};
    c->rate = rate;
    return Pa_OpenStream(&c->stream, &input, NULL, rate, paFramesPerBufferUnspecified, paNoFlag, on_sound, c);
}

/* The rate asked for, else the device's own. */
static int start(struct capture *c, int rate, struct fault *fault)
{
    int own = (int)(c->device.rate + 0.5);
    portaudio_begin();
    int error = open_stream(c, rate);
    if (error && own != rate && own > 0)
        error = open_stream(c, own);
    if (!error) {
        const PaStreamInfo *info = Pa_GetStreamInfo(c->stream);
        c->rate = info ? (int)(info->sampleRate + 0.5) : c->rate;
        error = Pa_StartStream(c->stream);
    }
    if (error)
        portaudio_fail(fault, error, "microphone", c->device.name);
    portaudio_end();
    c->seen_at = clock_seconds();
    return fault->code;
}

static int count_channels(struct capture *c, int wanted, struct fault *fault)
{
    int most = c->device.channels < MOST_CHANNELS ? c->device.channels : MOST_CHANNELS;
    c->channels = wanted ? wanted : most < 2 ? most : 2;
    if (c->channels <= most)
        return 0;
    return fail(fault, UTTER_ERROR_DEVICE, "microphone '%s' has %d channel%s, not %d", c->device.name, most,
                most == 1 ? "" : "s", wanted);
}

int capture_open(struct capture **capture, const struct capture_params *params, struct fault *fault)
{
    struct capture *c = memory_new(1, sizeof *c);
    if (!c)
        return fail_memory(fault, "a microphone");
    c->held = portaudio_hold(fault) == 0;
    /* The ring is sized for the higher of the two rates that may come of it. */
    if (c->held && microphone_find(&c->device, params->device, fault) == 0 &&
        count_channels(c, params->channels, fault) == 0) {
        double rate = c->device.rate > params->rate ? c->device.rate : params->rate;
        if (ring_open(&c->ring, (int64_t)(rate * params->seconds) + 1, c->channels, fault) == 0)
            start(c, params->rate, fault);
    }
    if (fault->code)
        capture_close(&c);
    else
        *capture = c;
    return fault->code;
}

/* ---- the end ---- */

static void rest(double seconds)
{
    struct timespec time = {.tv_nsec = (long)(1e9 * (seconds < 1e-3 * LOOK_MS ? seconds : 1e-3 * LOOK_MS))};
    nanosleep(&time, NULL);
}

/* Closes what capture_open opened; nobody has the capture any more. */
static void dismantle(struct capture *c)
{
    if (c->stream) {
        portaudio_begin();
        Pa_CloseStream(c->stream);
        portaudio_end();
    }
    ring_close(&c->ring);
    if (c->held)
        portaudio_release();
    free(c);
}

/* Waiting for the device's thread to end takes for ever where a driver keeps it, so it is done beside the caller: if
 * the caller gave up in the meantime, what is left to do is done here. */
static void *stop_stream(void *context)
{
    struct capture *c = context;
    int stopping = STOPPING;
    portaudio_hush_thread();
    Pa_StopStream(c->stream);
    if (!atomic_compare_exchange_strong(&c->end, &stopping, STOPPED))
        dismantle(c);
    return NULL;
}

void capture_stop(struct capture *c)
{
    pthread_t thread;
    if (!c->stream || atomic_load(&c->end) != RUNNING)
        return;
    /* PortAudio is kept to this one call, unless that hangs. */
    portaudio_begin();
    atomic_store(&c->end, STOPPING);
    if (pthread_create(&thread, NULL, stop_stream, c) == 0)
        pthread_detach(thread);
    else
        stop_stream(c);
    double began = clock_seconds();
    while (atomic_load(&c->end) == STOPPING && clock_seconds() - began < patience)
        rest(patience);
    portaudio_end();
}

void capture_close(struct capture **capture)
{
    struct capture *c = *capture;
    int stopping = STOPPING;
    *capture = NULL;
    if (!c)
        return;
    capture_stop(c);
    if (!atomic_compare_exchange_strong(&c->end, &stopping, ABANDONED))
        dismantle(c);
}

/* ---- reading ---- */

/* Whether the device has gone: its stream ended by itself, or nothing came for a while. */
static bool is_gone(struct capture *c)
{
    int64_t blocks = atomic_load_explicit(&c->blocks, memory_order_relaxed);
    double now = clock_seconds();
    if (blocks != c->seen) {
        c->seen = blocks;
        c->seen_at = now;
    }
    if (now - c->seen_at < stalled)
        return false;
    portaudio_begin();
    bool active = Pa_IsStreamActive(c->stream) == 1;
    portaudio_end();
    if (!active)
        fail(&c->gone, UTTER_ERROR_DEVICE, "microphone '%s' is gone", c->device.name);
    else if (now - c->seen_at > (blocks ? next_block : first_block))
        fail(&c->gone, UTTER_ERROR_DEVICE, "microphone '%s' %s", c->device.name,
             blocks ? "has stopped delivering sound" : "delivers no sound");
    return c->gone.code != 0;
}

int capture_read(struct capture *c, float *out, int64_t frames, int timeout_ms, int64_t *got, struct fault *fault)
{
    double began = clock_seconds();
    for (;;) {
        /* Asked before the ring is: what came in between is read, not lost. */
        bool stopped = atomic_load(&c->end) != RUNNING;
        bool ended = stopped || c->gone.code || is_gone(c);
        *got = ring_read(c->ring, out, frames);
        if (*got || frames == 0 || stopped)
            return 0;
        if (ended)
            return fail(fault, c->gone.code, "%s", c->gone.message);
        double left = timeout_ms < 0 ? 1 : 1e-3 * timeout_ms - (clock_seconds() - began);
        if (left <= 0)
            return 0;
        rest(left);
    }
}

void capture_get_info(const struct capture *c, struct capture_info *info)
{
    *info = (struct capture_info){.number = c->device.number,
                                  .name = c->device.name,
                                  .host = c->device.host,
                                  .is_default = c->device.is_default,
                                  .rate = c->rate,
                                  .channels = c->channels,
                                  .lost = ring_lost(c->ring),
                                  .overruns = atomic_load_explicit(&c->overruns, memory_order_relaxed)};
}

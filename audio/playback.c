/* playback.c - see playback.h. */
#include "audio/playback.h"

#include "audio/outgoing.h"
#include "audio/stream.h"
#include "src/base/memory.h"
#include "src/base/threads.h"

#include <pthread.h>
#include <stdlib.h>

/* Of what went through outgoing: none so far, some, or its end is on the way to the ring. */
enum sound { SOUND_NONE, SOUND_BEGUN, SOUND_ENDING };

struct playback {
    struct stream *stream;
    struct outgoing *outgoing;
    int rate, channels;
    int64_t left; /* at most so many frames that were written have not been heard */
    /* Frames at the device's rate that are not in the ring yet: count of them, in outgoing's memory. */
    const float *waiting;
    int64_t waiting_count;
    enum sound sound;
    /* What the lock is for: a stopper takes the ring's reading side, and nothing may be written to it after. */
    pthread_mutex_t lock;
    bool locked, stopped;
};

/* ---- opening ---- */

static int open_outgoing(struct playback *p, struct fault *fault)
{
    const struct outgoing_params params = {
        .from = p->rate,
        .to = p->stream->rate,
        .channels = p->channels,
        .out_channels = p->stream->channels,
        .live = true,
    };
    return outgoing_open(&p->outgoing, &params, fault);
}

int playback_open(struct playback **playback, const struct device_params *params, struct fault *fault)
{
    struct playback *p = memory_new(1, sizeof *p);
    if (!p)
        return fail_memory(fault, "a loudspeaker");
    p->rate = params->rate;
    p->channels = params->channels;
    p->locked = pthread_mutex_init(&p->lock, NULL) == 0;
    if (!p->locked)
        fail_memory(fault, "a loudspeaker");
    else if (stream_open(&p->stream, PLAYBACK, params, fault) == 0)
        open_outgoing(p, fault);
    if (fault->code)
        playback_close(&p);
    else
        *playback = p;
    return fault->code;
}

void playback_close(struct playback **playback)
{
    struct playback *p = *playback;
    if (!p)
        return;
    stream_close(&p->stream, p->left > 0); /* what was drained is played to its end, whatever the system said of it */
    outgoing_close(&p->outgoing);
    if (p->locked)
        pthread_mutex_destroy(&p->lock);
    free(p);
    *playback = NULL;
}

/* ---- writing ---- */

static bool is_stopped(struct playback *p)
{
    pthread_mutex_lock(&p->lock);
    bool stopped = p->stopped;
    pthread_mutex_unlock(&p->lock);
    return stopped;
}

static int fail_stopped(struct fault *fault)
{
    return fail(fault, UTTER_ERROR_STATE, "the loudspeaker was stopped, and not reset");
}

/* Moves what there is room for into the ring. Errors: CANCELLED. */
static int push(struct playback *p, struct fault *fault)
{
    pthread_mutex_lock(&p->lock);
    if (p->stopped)
        fail(fault, UTTER_ERROR_CANCELLED, "the loudspeaker was stopped");
    else if (p->waiting_count) {
        int64_t room = ring_room(p->stream->ring);
        int64_t count = ring_write(p->stream->ring, p->waiting, p->waiting_count < room ? p->waiting_count : room);
        p->waiting += count * p->stream->channels;
        p->waiting_count -= count;
    }
    pthread_mutex_unlock(&p->lock);
    return fault->code;
}

/* Has count frames wait for their place in the ring. */
static int feed(struct playback *p, const float *samples, int64_t count, struct fault *fault)
{
    int64_t made = outgoing_feed(p->outgoing, samples, count, &p->waiting, fault);
    p->waiting_count = made > 0 ? made : 0;
    p->sound = SOUND_BEGUN;
    return made < 0 ? (int)made : 0;
}

/* The same with what the resampler held back. After the last of it, what comes is new sound. */
static int finish(struct playback *p, struct fault *fault)
{
    int64_t made = outgoing_finish(p->outgoing, &p->waiting, fault);
    p->waiting_count = made > 0 ? made : 0;
    p->sound = SOUND_ENDING;
    if (made == 0) {
        outgoing_reset(p->outgoing);
        p->sound = SOUND_NONE;
    }
    return made < 0 ? (int)made : 0;
}

/* Rests until the callback may have taken something. False when the time has passed. */
static bool wait_until(double began, int timeout_ms)
{
    double left = timeout_ms < 0 ? 1 : 1e-3 * timeout_ms - (clock_seconds() - began);
    if (left <= 0)
        return false;
    stream_rest(left);
    return true;
}

/* Gives the ring what it has room for; *taken counts the frames that are on their way there. */
static int write_some(struct playback *p, const float *samples, int64_t frames, int64_t *taken, struct fault *fault)
{
    while (push(p, fault) == 0 && p->waiting_count == 0 && (p->sound == SOUND_ENDING || *taken < frames)) {
        int64_t count = frames - *taken < OUTGOING_MOST ? frames - *taken : OUTGOING_MOST;
        if (p->sound == SOUND_ENDING) {
            finish(p, fault);
        } else if (feed(p, samples + *taken * p->channels, count, fault) == 0) {
            *taken += count;
            p->left += count;
        }
    }
    return fault->code;
}

int playback_write(struct playback *p, const float *samples, int64_t frames, int timeout_ms, int64_t *written,
                   struct fault *fault)
{
    double began = clock_seconds();
    *written = 0;
    if (is_stopped(p))
        return fail_stopped(fault);
    do {
        if (write_some(p, samples, frames, written, fault) || stream_check(p->stream, fault))
            return fault->code;
        atomic_store_explicit(&p->stream->settled, false, memory_order_relaxed);
    } while (p->waiting_count && wait_until(began, timeout_ms));
    return 0;
}

/* ---- the end of sound ---- */

/* Seconds of sound that may still be in the device. When it will have been heard is what the system says, which may be
 * an estimate; what a device keeps is heard at the latest once as much silence has followed it in. */
static double seconds_in_device(struct stream *s)
{
    double ahead = 1e-6 * (double)atomic_load_explicit(&s->end_at, memory_order_relaxed) - clock_seconds();
    int64_t silent = atomic_load_explicit(&s->silent, memory_order_relaxed);
    int64_t block = atomic_load_explicit(&s->block, memory_order_relaxed);
    double kept = s->latency + (double)(block - silent) / s->rate;
    double left = ahead > kept ? ahead : kept;
    return left > 0 ? left : 0;
}

/* Frames at the writer's rate that have not been heard: those that wait, those in the ring, those in the device. */
static int64_t count_left(struct playback *p)
{
    struct stream *s = p->stream;
    int64_t frames = p->waiting_count + ring_waiting(s->ring);
    double left = (double)frames / s->rate + seconds_in_device(s);
    int64_t count = left > 0 ? (int64_t)(left * p->rate) + 1 : 0;
    p->left = count < p->left ? count : p->left;
    return p->left;
}

/* Gives the ring what it has room for of all that was written. */
static int end_sound(struct playback *p, struct fault *fault)
{
    while (push(p, fault) == 0 && p->waiting_count == 0 && p->sound != SOUND_NONE)
        finish(p, fault);
    return fault->code;
}

int playback_drain(struct playback *p, int timeout_ms, int64_t *left, struct fault *fault)
{
    double began = clock_seconds();
    *left = 0;
    if (is_stopped(p))
        return fail_stopped(fault);
    do {
        if (end_sound(p, fault) || stream_check(p->stream, fault))
            return fault->code;
        /* All is in the ring: that it is empty now is no gap. */
        if (p->waiting_count == 0)
            atomic_store_explicit(&p->stream->settled, true, memory_order_relaxed);
        *left = count_left(p);
    } while (*left && wait_until(began, timeout_ms));
    return 0;
}

void playback_stop(struct playback *p)
{
    float dropped[256];
    pthread_mutex_lock(&p->lock);
    if (!p->stopped) {
        p->stopped = true;
        stream_stop(p->stream, true);
        int64_t most = (int64_t)(sizeof dropped / sizeof *dropped) / p->stream->channels;
        while (ring_read(p->stream->ring, dropped, most))
            ;
    }
    pthread_mutex_unlock(&p->lock);
}

int playback_reset(struct playback *p, struct fault *fault)
{
    playback_stop(p);
    pthread_mutex_lock(&p->lock);
    p->waiting_count = p->left = 0;
    p->sound = SOUND_NONE;
    outgoing_reset(p->outgoing);
    atomic_store(&p->stream->end_at, 0);
    atomic_store(&p->stream->silent, 0);
    atomic_store(&p->stream->settled, true);
    p->stream->dry = p->stream->sounding = false;
    if (stream_start(p->stream, fault) == 0)
        p->stopped = false;
    pthread_mutex_unlock(&p->lock);
    return fault->code;
}

void playback_get_info(struct playback *p, struct playback_info *info)
{
    struct stream *s = p->stream;
    *info = (struct playback_info){
        .number = s->device.number,
        .name = s->device.name,
        .host = s->device.host,
        .is_default = s->device.is_default,
        .rate = s->rate,
        .channels = s->channels,
        .latency = s->latency,
        .clipped = outgoing_clipped(p->outgoing),
        .gaps = atomic_load_explicit(&s->gaps, memory_order_relaxed),
        .underruns = atomic_load_explicit(&s->xruns, memory_order_relaxed),
    };
}

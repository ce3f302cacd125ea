/* ring.c - see ring.h. Positions only ever grow, so that a full ring and an empty one differ, and each is stored by one
 * thread: the store that releases it is what hands the floats behind it over. */
#include "audio/ring.h"

#include "src/base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_LINE = 64 };

struct ring {
    float *samples; /* [capacity, channels] */
    int64_t capacity;
    int channels;
    /* Apart, so that the two threads do not take each other's cache line away. */
    _Alignas(CACHE_LINE) _Atomic int64_t written;
    _Atomic int64_t lost;
    _Alignas(CACHE_LINE) _Atomic int64_t read;
};

int ring_open(struct ring **ring, int64_t frames, int channels, struct fault *fault)
{
    if (frames < 1 || channels < 1 || frames > INT32_MAX)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a ring of %lld frames of %d channels", (long long)frames, channels);
    struct ring *new = memory_aligned(sizeof *new);
    float *samples = memory_new((size_t)frames * (size_t)channels, sizeof *samples);
    if (!new || !samples) {
        free(new);
        free(samples);
        return fail_memory(fault, "a ring of sound");
    }
    memset(new, 0, sizeof *new);
    new->samples = samples;
    new->capacity = frames;
    new->channels = channels;
    atomic_init(&new->written, 0);
    atomic_init(&new->lost, 0);
    atomic_init(&new->read, 0);
    *ring = new;
    return 0;
}

void ring_close(struct ring **ring)
{
    if (!*ring)
        return;
    free((*ring)->samples);
    free(*ring);
    *ring = NULL;
}

/* Frames from position on that lie in one piece, at most count; *at: where. */
static int64_t piece(const struct ring *ring, int64_t position, int64_t count, float **at)
{
    int64_t begin = position % ring->capacity;
    *at = ring->samples + begin * ring->channels;
    return count < ring->capacity - begin ? count : ring->capacity - begin;
}

int64_t ring_write(struct ring *ring, const float *frames, int64_t count)
{
    int64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    int64_t room = ring->capacity - (written - atomic_load_explicit(&ring->read, memory_order_acquire));
    int64_t fits = count < room ? count : room;
    size_t frame = sizeof(float) * (size_t)ring->channels;
    float *at;
    int64_t first = piece(ring, written, fits, &at);
    memcpy(at, frames, frame * (size_t)first);
    memcpy(ring->samples, frames + first * ring->channels, frame * (size_t)(fits - first));
    atomic_store_explicit(&ring->written, written + fits, memory_order_release);
    if (fits < count)
        atomic_fetch_add_explicit(&ring->lost, count - fits, memory_order_relaxed);
    return fits;
}

int64_t ring_read(struct ring *ring, float *out, int64_t count)
{
    int64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
    int64_t there = atomic_load_explicit(&ring->written, memory_order_acquire) - read;
    int64_t taken = count < there ? count : there;
    size_t frame = sizeof(float) * (size_t)ring->channels;
    float *at;
    int64_t first = piece(ring, read, taken, &at);
    memcpy(out, at, frame * (size_t)first);
    memcpy(out + first * ring->channels, ring->samples, frame * (size_t)(taken - first));
    atomic_store_explicit(&ring->read, read + taken, memory_order_release);
    return taken;
}

int64_t ring_waiting(const struct ring *ring)
{
    /* Read first: what was read had been written, so this is never below zero. */
    int64_t read = atomic_load_explicit(&ring->read, memory_order_acquire);
    return atomic_load_explicit(&ring->written, memory_order_acquire) - read;
}

int64_t ring_room(const struct ring *ring)
{
    return ring->capacity - ring_waiting(ring);
}

int64_t ring_lost(const struct ring *ring)
{
    return atomic_load_explicit(&ring->lost, memory_order_relaxed);
}

/* ring.h - sound from one thread to one other, without a lock: neither side ever waits for the other. One thread
 * writes, one reads; which threads those are may change only while nobody is inside. */
#ifndef AUDIO_RING_H
#define AUDIO_RING_H

#include "src/base/error.h"

struct ring;

/* Holds at least that many frames of that many floats each. Errors: ARGUMENT, MEMORY. */
int ring_open(struct ring **ring, int64_t frames, int channels, struct fault *fault);
void ring_close(struct ring **ring);

/* The writer's. Copies as many of the frames as there is room for and counts the rest as lost: the newest go, since the
 * oldest may be being read. Allocates nothing, waits for nothing, calls nothing of the system. Returns how many. */
int64_t ring_write(struct ring *ring, const float *frames, int64_t count);

/* The reader's. Moves up to count frames, oldest first, to out. Returns how many. */
int64_t ring_read(struct ring *ring, float *out, int64_t count);

/* Frames that are written and not yet read: to the reader at least so many, to the writer at most. Any thread. */
int64_t ring_waiting(const struct ring *ring);

/* The writer's. Frames that can be written without loss. */
int64_t ring_room(const struct ring *ring);

/* Frames that did not fit so far. Either thread, or any other. */
int64_t ring_lost(const struct ring *ring);

#endif

/* stream.h - a sound device at work in one direction, through PortAudio: what a microphone and a loudspeaker have in
 * common. PortAudio's callback moves sound between the device and a ring and does nothing else: no lock, no memory, no
 * system call. */
#ifndef AUDIO_STREAM_H
#define AUDIO_STREAM_H

#include "audio/devices.h"
#include "audio/ring.h"

#include <stdatomic.h>

/* What stands above the line is set when the stream is opened. */
struct stream {
    enum direction direction;
    struct device device;
    int rate, channels;
    struct ring *ring; /* the callback writes it, or reads it */
    double latency;    /* seconds that the device says it takes */
    /* ---- the callback's, for others to look at ---- */
    _Atomic int64_t blocks; /* how often it was called */
    _Atomic int64_t xruns;  /* times that the device said it had lost sound, or had none to play */
    _Atomic int64_t gaps;   /* playing: times that the ring was empty in the middle of sound */
    _Atomic int64_t end_at; /* playing: clock_seconds() in µs when what it took from the ring will have been heard */
    _Atomic int64_t silent; /* playing: frames of silence that it gave since the last that it took from the ring */
    _Atomic int64_t block;  /* playing: frames that it was asked for last */
    /* ---- the user's, for the callback to look at ---- */
    _Atomic bool settled; /* playing: nothing more is to come for now, so an empty ring is no gap */
    /* ---- stream.c's ---- */
    void *handle; /* PaStream */
    bool held, abort, hushed;
    bool sounding, dry; /* in the middle of sound; and with nothing to go on with */
    _Atomic int end;
    int64_t blocks_seen;
    double seen_at;
    struct fault gone;
};

/* Opens the device and starts it. Errors: ARGUMENT, MEMORY, DEVICE. */
int stream_open(struct stream **stream, enum direction direction, const struct device_params *params,
                struct fault *fault);

/* Whether it works: neither stopped nor gone. One thread at a time. */
bool stream_is_running(struct stream *stream);

/* Fails with DEVICE where the device has gone, or does nothing any more. One thread at a time. */
int stream_check(struct stream *stream, struct fault *fault);

/* Ends it and waits until the callback is not called any more, a second at most: a driver that does not come back is
 * left to itself. abort: what the device has to play yet is dropped; else it is played. */
void stream_stop(struct stream *stream, bool abort);

/* Starts a stopped one again. Errors: DEVICE, also where it never came to its stop. */
int stream_start(struct stream *stream, struct fault *fault);

/* Stops, frees and nulls. */
void stream_close(struct stream **stream, bool abort);

/* Rests for seconds, but not longer than one may who waits for the callback. */
void stream_rest(double seconds);

#endif

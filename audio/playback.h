/* playback.h - sound to a loudspeaker, through PortAudio. What is written waits in a ring, from which PortAudio's
 * callback takes it. One thread writes and drains; stop is any thread's. */
#ifndef AUDIO_PLAYBACK_H
#define AUDIO_PLAYBACK_H

#include "audio/devices.h"

struct playback;

struct playback_info {
    int number; /* as in struct device */
    const char *name, *host;
    bool is_default;
    int rate, channels; /* the device's */
    double latency;     /* seconds, as the device says */
    int64_t clipped;    /* samples that were beyond [-1, 1] */
    int64_t gaps;       /* times that nothing was there to play in the middle of sound */
    int64_t underruns;  /* times that the device said so */
};

/* Opens the device and starts it: it plays silence. Errors: ARGUMENT, MEMORY, DEVICE. */
int playback_open(struct playback **playback, const struct device_params *params, struct fault *fault);

/* Takes up to frames frames, interleaved, and says in *written how many, also on failure: all, or those that there was
 * room for until timeout_ms had passed (negative: never). Errors: DEVICE (it has gone), CANCELLED (stopped meanwhile),
 * STATE (stopped before), MEMORY. */
int playback_write(struct playback *playback, const float *samples, int64_t frames, int timeout_ms, int64_t *written,
                   struct fault *fault);

/* Waits until all that was written has been heard, or until timeout_ms have passed (negative: never); *left: frames
 * written and not heard yet. What is written after it is new sound. Errors: as playback_write. */
int playback_drain(struct playback *playback, int timeout_ms, int64_t *left, struct fault *fault);

/* Silence at once: what was written and not heard is dropped. Any thread, also while another is in write or drain. */
void playback_stop(struct playback *playback);

/* Stops, and has the device play silence for what is written next. Errors: DEVICE. */
int playback_reset(struct playback *playback, struct fault *fault);

void playback_get_info(struct playback *playback, struct playback_info *info);

/* Drops what has not been heard yet. */
void playback_close(struct playback **playback);

#endif

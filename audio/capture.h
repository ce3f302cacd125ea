/* capture.h - sound from a microphone, through PortAudio. Its callback puts the sound into a ring and does nothing
 * else: no lock, no memory, no system call. One thread reads. */
#ifndef AUDIO_CAPTURE_H
#define AUDIO_CAPTURE_H

#include "audio/devices.h"

struct capture;

struct capture_info {
    int number; /* as in struct device */
    const char *name, *host;
    bool is_default;
    int rate, channels;
    int64_t lost;     /* frames that did not fit into the ring */
    int64_t overruns; /* times that the device said it had lost some itself */
};

/* Opens the device and starts it. Errors: ARGUMENT, MEMORY, DEVICE. */
int capture_open(struct capture **capture, const struct device_params *params, struct fault *fault);

/* Moves up to frames frames to out, interleaved, and says in *got how many: as soon as there are some, or none when
 * timeout_ms have passed (negative: never). A device that has gone, or sends nothing any more, is DEVICE once all that
 * it gave has been read. */
int capture_read(struct capture *capture, float *out, int64_t frames, int timeout_ms, int64_t *got,
                 struct fault *fault);

/* Ends the capturing. What is in the ring can still be read: then *got is 0 at once. */
void capture_stop(struct capture *capture);

void capture_get_info(const struct capture *capture, struct capture_info *info);
void capture_close(struct capture **capture);

#endif

/* devices.h - the devices that sound can be captured from or played on, and which of them somebody means. Called
 * between hold and release of portaudio.h; what is pointed to lives as long. */
#ifndef AUDIO_DEVICES_H
#define AUDIO_DEVICES_H

#include "src/base/error.h"

#include <stdbool.h>

enum direction { CAPTURE, PLAYBACK };

struct device {
    int number; /* from 1, among those of its direction, in PortAudio's order */
    int index;  /* PortAudio's own */
    const char *name, *host;
    int channels;   /* the most it gives or takes */
    double rate;    /* Hz, its own */
    double latency; /* seconds, the higher of the two that it names */
    bool is_default;
};

/* What is asked of a device that is opened. */
struct device_params {
    const char *device; /* as device_find takes it */
    int rate;           /* Hz. Where the device refuses it, its own is taken; what is played is resampled to that */
    int channels;       /* 0, of a microphone: as many as it has, at most 2. One that is played may become two alike */
    double seconds;     /* that the ring holds */
};

/* What messages call a device of that direction: "microphone", "loudspeaker". */
const char *device_noun(enum direction direction);

/* Fills *device with number at + 1. False when there are no more. */
bool device_at(enum direction direction, int at, struct device *device);

/* which: NULL or "" for the default, a number, a name, or a part of one name only (ASCII letters of either case). A
 * name that is there more than once, in several of the system's interfaces, is the first. Errors: DEVICE, with what was
 * meant and what there is. */
int device_find(enum direction direction, struct device *device, const char *which, struct fault *fault);

#endif

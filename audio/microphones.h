/* microphones.h - the devices that sound can be captured from, and which of them somebody means. Called between hold
 * and release of portaudio.h; what is pointed to lives as long. */
#ifndef AUDIO_MICROPHONES_H
#define AUDIO_MICROPHONES_H

#include "src/base/error.h"

#include <stdbool.h>

struct microphone {
    int number; /* from 1, in PortAudio's order */
    int index;  /* PortAudio's own */
    const char *name, *host;
    int channels;   /* the most it gives */
    double rate;    /* Hz, its own */
    double latency; /* seconds, the higher of the two that it names */
    bool is_default;
};

/* Fills *microphone with number at + 1. False when there are no more. */
bool microphone_at(int at, struct microphone *microphone);

/* which: NULL or "" for the default, a number, a name, or a part of one name only (ASCII letters of either case). A
 * name that is there more than once, in several of the system's interfaces, is the first. Errors: DEVICE, with what was
 * meant and what there is. */
int microphone_find(struct microphone *microphone, const char *which, struct fault *fault);

#endif

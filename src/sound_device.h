/* sound_device.h - what utter_microphone and utter_player have in common: the list of devices, and the ranges of what
 * is asked of one. */
#ifndef SRC_SOUND_DEVICE_H
#define SRC_SOUND_DEVICE_H

#include "audio/devices.h"

enum { SOUND_DEVICE_RATE = 16000, SOUND_DEVICE_MOST_FRAMES = 1 << 24 /* that one call moves */ };

/* Visits every device of a direction; a nonzero return ends the walk with CANCELLED. Errors also: DEVICE. */
int sound_device_list(enum direction direction, int (*visit)(void *context, const struct device *device), void *context,
                      struct fault *fault);

/* What fields of a params struct, called `params` in messages, may hold; zeros are defaults. Errors: ARGUMENT. */
int sound_device_check(const char *params, int rate, int channels, double buffer_seconds, struct fault *fault);

#endif

/* sound_device.h - what utter_microphone and utter_player have in common: the list of devices, and the ranges of what
 * is asked of one. */
#ifndef SRC_SOUND_DEVICE_H
#define SRC_SOUND_DEVICE_H

#include "audio/devices.h"

enum { SOUND_DEVICE_RATE = 16000 /* Hz, the usual */, SOUND_DEVICE_MOST_FRAMES = 1 << 24 /* that one call moves */ };

/* Visits every device of a direction; a nonzero return ends the walk with CANCELLED. Errors also: DEVICE. */
int sound_device_list(enum direction direction, int (*visit)(void *context, const struct device *device), void *context,
                      struct fault *fault);

/* Checks what was asked of a device in a struct that messages call `params`, and puts what is usual in the place of its
 * zeros. Errors: ARGUMENT. */
int sound_device_params(struct device_params *asked, const char *params, const struct device_params *usual,
                        struct fault *fault);

#endif

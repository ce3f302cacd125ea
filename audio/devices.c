/* devices.c - see devices.h. */
#include "audio/devices.h"

#include "audio/portaudio.h"

#include <portaudio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *device_noun(enum direction direction)
{
    return direction == CAPTURE ? "microphone" : "loudspeaker";
}

static int most_channels(enum direction direction, const PaDeviceInfo *device)
{
    return direction == CAPTURE ? device->maxInputChannels : device->maxOutputChannels;
}

static int default_index(enum direction direction)
{
    int index = direction == CAPTURE ? Pa_GetDefaultInputDevice() : Pa_GetDefaultOutputDevice();
    int count = Pa_GetDeviceCount();
    for (int i = 0; index < 0 && i < count; i++)
        if (most_channels(direction, Pa_GetDeviceInfo(i)) > 0)
            index = i; /* an interface without a default may have devices all the same */
    return index;
}

static void describe(enum direction direction, int index, int number, struct device *device)
{
    const PaDeviceInfo *info = Pa_GetDeviceInfo(index);
    *device = (struct device){
        .number = number,
        .index = index,
        .name = info->name,
        .host = Pa_GetHostApiInfo(info->hostApi)->name,
        .channels = most_channels(direction, info),
        .rate = info->defaultSampleRate,
        .latency = direction == CAPTURE ? info->defaultHighInputLatency : info->defaultHighOutputLatency,
        .is_default = index == default_index(direction),
    };
}

static bool find_at(enum direction direction, int at, struct device *device)
{
    int count = Pa_GetDeviceCount(), number = 0;
    for (int i = 0; i < count; i++) {
        if (most_channels(direction, Pa_GetDeviceInfo(i)) < 1 || number++ != at)
            continue;
        describe(direction, i, number, device);
        return true;
    }
    return false;
}

bool device_at(enum direction direction, int at, struct device *device)
{
    portaudio_begin();
    bool there = find_at(direction, at, device);
    portaudio_end();
    return there;
}

static bool contains(const char *name, const char *part)
{
    size_t length = strlen(part);
    for (; *name; name++)
        if (strncasecmp(name, part, length) == 0)
            return true;
    return false;
}

static bool is_number(const char *which, long *number)
{
    char *end;
    *number = strtol(which, &end, 10);
    return *end == '\0' && which[strspn(which, "0123456789")] == '\0';
}

static int find_default(enum direction direction, struct device *device, struct fault *fault)
{
    struct device found;
    for (int i = 0; device_at(direction, i, &found); i++) {
        if (found.is_default) {
            *device = found;
            return 0;
        }
    }
    return fail(fault, UTTER_ERROR_DEVICE, "there is no %s, or none that this user may open", device_noun(direction));
}

/* The one whose name is which, else the one whose name has it as a part; another of the same name does not count. */
static int find_name(enum direction direction, struct device *device, const char *which, struct fault *fault)
{
    struct device here, first = {0}, second = {0};
    for (int i = 0; device_at(direction, i, &here); i++) {
        if (strcmp(here.name, which) == 0) {
            *device = here;
            return 0;
        }
        if (!contains(here.name, which) || (first.number && strcmp(first.name, here.name) == 0))
            continue;
        if (!first.number)
            first = here;
        else if (!second.number)
            second = here;
    }
    const char *noun = device_noun(direction);
    if (second.number)
        return fail(fault, UTTER_ERROR_DEVICE, "%s '%.100s' may be '%.100s' or '%.100s'", noun, which, first.name,
                    second.name);
    if (!first.number)
        return fail(fault, UTTER_ERROR_DEVICE, "there is no %s '%.200s'", noun, which);
    *device = first;
    return 0;
}

int device_find(enum direction direction, struct device *device, const char *which, struct fault *fault)
{
    struct device any;
    long number;
    if (!device_at(direction, 0, &any) || !which || !*which)
        return find_default(direction, device, fault);
    if (!is_number(which, &number))
        return find_name(direction, device, which, fault);
    if (number >= 1 && number <= 10000 && device_at(direction, (int)number - 1, device))
        return 0;
    return fail(fault, UTTER_ERROR_DEVICE, "there is no %s number %.40s", device_noun(direction), which);
}

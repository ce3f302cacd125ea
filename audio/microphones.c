/* microphones.c - see microphones.h. */
#include "audio/microphones.h"

#include "audio/portaudio.h"

#include <portaudio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int default_index(void)
{
    int index = Pa_GetDefaultInputDevice();
    int count = Pa_GetDeviceCount();
    for (int i = 0; index < 0 && i < count; i++)
        if (Pa_GetDeviceInfo(i)->maxInputChannels > 0)
            index = i; /* an interface without a default may have devices all the same */
    return index;
}

static bool device_at(int at, struct microphone *microphone)
{
    int count = Pa_GetDeviceCount(), number = 0;
    for (int i = 0; i < count; i++) {
        const PaDeviceInfo *device = Pa_GetDeviceInfo(i);
        if (device->maxInputChannels < 1 || number++ != at)
            continue;
        *microphone = (struct microphone){number,
                                          i,
                                          device->name,
                                          Pa_GetHostApiInfo(device->hostApi)->name,
                                          device->maxInputChannels,
                                          device->defaultSampleRate,
                                          device->defaultHighInputLatency,
                                          i == default_index()};
        return true;
    }
    return false;
}

bool microphone_at(int at, struct microphone *microphone)
{
    portaudio_begin();
    bool there = device_at(at, microphone);
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

static int find_default(struct microphone *microphone, struct fault *fault)
{
    struct microphone found;
    for (int i = 0; microphone_at(i, &found); i++) {
        if (found.is_default) {
            *microphone = found;
            return 0;
        }
    }
    return fail(fault, UTTER_ERROR_DEVICE, "there is no microphone, or none that this user may open");
}

/* The one whose name is which, else the one whose name has it as a part; another of the same name does not count. */
static int find_name(struct microphone *microphone, const char *which, struct fault *fault)
{
    struct microphone here, first = {0}, second = {0};
    for (int i = 0; microphone_at(i, &here); i++) {
        if (strcmp(here.name, which) == 0) {
            *microphone = here;
            return 0;
        }
        if (!contains(here.name, which) || (first.number && strcmp(first.name, here.name) == 0))
            continue;
        if (!first.number)
            first = here;
        else if (!second.number)
            second = here;
    }
    if (second.number)
        return fail(fault, UTTER_ERROR_DEVICE, "microphone '%.100s' may be '%.100s' or '%.100s'", which, first.name,
                    second.name);
    if (!first.number)
        return fail(fault, UTTER_ERROR_DEVICE, "there is no microphone '%.200s'", which);
    *microphone = first;
    return 0;
}

int microphone_find(struct microphone *microphone, const char *which, struct fault *fault)
{
    struct microphone any;
    long number;
    if (!microphone_at(0, &any) || !which || !*which)
        return find_default(microphone, fault);
    if (!is_number(which, &number))
        return find_name(microphone, which, fault);
    if (number >= 1 && number <= 10000 && microphone_at((int)number - 1, microphone))
        return 0;
    return fail(fault, UTTER_ERROR_DEVICE, "there is no microphone number %.40s", which);
}

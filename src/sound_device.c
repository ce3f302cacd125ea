#include "src/sound_device.h"

#include "audio/portaudio.h"

enum { LEAST_RATE = 1000, MOST_RATE = 768000, MOST_CHANNELS = 64 };

int sound_device_list(enum direction direction, int (*visit)(void *context, const struct device *device), void *context,
                      struct fault *fault)
{
    struct device here;
    if (portaudio_hold(device_noun(direction), fault))
        return fault->code;
    for (int i = 0; !fault->code && device_at(direction, i, &here); i++)
        if (visit(context, &here))
            fail(fault, UTTER_ERROR_CANCELLED, "the visitor ended the list of %ss", device_noun(direction));
    portaudio_release();
    return fault->code;
}

int sound_device_check(const char *params, int rate, int channels, double buffer_seconds, struct fault *fault)
{
    if (rate && (rate < LEAST_RATE || rate > MOST_RATE))
        return fail(fault, UTTER_ERROR_ARGUMENT, "%s.sample_rate is %d, and must be %d to %d", params, rate, LEAST_RATE,
                    MOST_RATE);
    if (channels < 0 || channels > MOST_CHANNELS)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%s.channel_count is %d, and must be 0 to %d", params, channels,
                    MOST_CHANNELS);
    if (buffer_seconds != 0 && !(buffer_seconds >= 0.1 && buffer_seconds <= 600))
        return fail(fault, UTTER_ERROR_ARGUMENT, "%s.buffer_seconds is %g, and must be 0.1 to 600", params,
                    buffer_seconds);
    return 0;
}

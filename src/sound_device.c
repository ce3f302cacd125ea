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

static int check(const struct device_params *asked, const char *params, struct fault *fault)
{
    if (asked->rate && (asked->rate < LEAST_RATE || asked->rate > MOST_RATE))
        return fail(fault, UTTER_ERROR_ARGUMENT, "%s.sample_rate is %d, and must be %d to %d", params, asked->rate,
                    LEAST_RATE, MOST_RATE);
    if (asked->channels < 0 || asked->channels > MOST_CHANNELS)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%s.channel_count is %d, and must be 0 to %d", params, asked->channels,
                    MOST_CHANNELS);
    if (asked->seconds != 0 && !(asked->seconds >= 0.1 && asked->seconds <= 600))
        return fail(fault, UTTER_ERROR_ARGUMENT, "%s.buffer_seconds is %g, and must be 0.1 to 600", params,
                    asked->seconds);
    return 0;
}

int sound_device_params(struct device_params *asked, const char *params, const struct device_params *usual,
                        struct fault *fault)
{
    if (check(asked, params, fault))
        return fault->code;
    asked->rate = asked->rate ? asked->rate : usual->rate;
    asked->channels = asked->channels ? asked->channels : usual->channels;
    asked->seconds = asked->seconds != 0 ? asked->seconds : usual->seconds;
    return 0;
}

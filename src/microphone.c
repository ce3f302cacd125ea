#include "audio/capture.h"
#include "audio/devices.h"
#include "audio/portaudio.h"
#include "src/base/memory.h"
#include "src/message.h"

#include <stdlib.h>

static const double buffer_seconds = 10;
enum { RATE = 16000, LEAST_RATE = 1000, MOST_RATE = 768000, MOST_CHANNELS = 64, MOST_FRAMES = 1 << 24 };

struct utter_microphone {
    struct capture *capture;
};

/* ---- the list ---- */

int utter_microphone_list(int (*visit)(void *context, const struct utter_microphone_info *microphone), void *context)
{
    struct fault fault = {0};
    struct device here;
    if (!visit)
        fail(&fault, UTTER_ERROR_ARGUMENT, "visit is NULL");
    else
        portaudio_hold(device_noun(CAPTURE), &fault);
    if (fault.code)
        return message_publish(&fault);
    for (int i = 0; !fault.code && device_at(CAPTURE, i, &here); i++) {
        struct utter_microphone_info info = {.struct_size = sizeof info,
                                             .number = here.number,
                                             .name = here.name,
                                             .host = here.host,
                                             .channel_count = here.channels,
                                             .sample_rate = (int)(here.rate + 0.5),
                                             .is_default = here.is_default};
        if (visit(context, &info))
            fail(&fault, UTTER_ERROR_CANCELLED, "the visitor ended the list of microphones");
    }
    portaudio_release();
    return message_publish(&fault);
}

/* ---- one of them ---- */

static int read_params(struct capture_params *capture, const struct utter_microphone_params *given, struct fault *fault)
{
    struct utter_microphone_params p;
    if (params_read(&p, sizeof p, given, "utter_microphone_params", fault))
        return fault->code;
    if (p.sample_rate && (p.sample_rate < LEAST_RATE || p.sample_rate > MOST_RATE))
        return fail(fault, UTTER_ERROR_ARGUMENT, "utter_microphone_params.sample_rate is %d, and must be %d to %d",
                    p.sample_rate, LEAST_RATE, MOST_RATE);
    if (p.channel_count < 0 || p.channel_count > MOST_CHANNELS)
        return fail(fault, UTTER_ERROR_ARGUMENT, "utter_microphone_params.channel_count is %d, and must be 0 to %d",
                    p.channel_count, MOST_CHANNELS);
    if (p.buffer_seconds != 0 && !(p.buffer_seconds >= 0.1 && p.buffer_seconds <= 600))
        return fail(fault, UTTER_ERROR_ARGUMENT, "utter_microphone_params.buffer_seconds is %g, and must be 0.1 to 600",
                    p.buffer_seconds);
    *capture = (struct capture_params){.device = p.device,
                                       .rate = p.sample_rate ? p.sample_rate : RATE,
                                       .channels = p.channel_count,
                                       .seconds = p.buffer_seconds != 0 ? p.buffer_seconds : buffer_seconds};
    return 0;
}

int utter_microphone_open(utter_microphone **microphone, const struct utter_microphone_params *params)
{
    struct fault fault = {0};
    struct capture_params capture;
    if (need_pointer(microphone, "microphone", &fault) || read_params(&capture, params, &fault))
        return message_publish(&fault);
    utter_microphone *new = memory_new(1, sizeof *new);
    if (!new)
        fail_memory(&fault, "a microphone");
    else if (capture_open(&new->capture, &capture, &fault) == 0)
        *microphone = new;
    if (fault.code)
        free(new);
    return message_publish(&fault);
}

int utter_microphone_read(utter_microphone *microphone, float *samples, size_t frames, int timeout_ms, size_t *got)
{
    struct fault fault = {0};
    int64_t count = 0, most = frames < MOST_FRAMES ? (int64_t)frames : MOST_FRAMES;
    if (need_pointer(microphone, "microphone", &fault) || need_pointer(got, "got", &fault) ||
        (frames && need_pointer(samples, "samples", &fault)))
        return message_publish(&fault);
    if (capture_read(microphone->capture, samples, most, timeout_ms, &count, &fault) == 0)
        *got = (size_t)count;
    return message_publish(&fault);
}

int utter_microphone_stop(utter_microphone *microphone)
{
    struct fault fault = {0};
    if (need_pointer(microphone, "microphone", &fault) == 0)
        capture_stop(microphone->capture);
    return message_publish(&fault);
}

int utter_microphone_get_info(const utter_microphone *microphone, struct utter_microphone_info *info)
{
    struct fault fault = {0};
    struct capture_info now;
    if (need_pointer(microphone, "microphone", &fault) || need_pointer(info, "info", &fault))
        return message_publish(&fault);
    capture_get_info(microphone->capture, &now);
    struct utter_microphone_info ours = {.number = now.number,
                                         .name = now.name,
                                         .host = now.host,
                                         .channel_count = now.channels,
                                         .sample_rate = now.rate,
                                         .is_default = now.is_default,
                                         .lost_frames = now.lost,
                                         .overruns = now.overruns};
    result_write(info, &ours, sizeof ours, "utter_microphone_info", &fault);
    return message_publish(&fault);
}

void utter_microphone_close(utter_microphone **microphone)
{
    if (!microphone || !*microphone)
        return;
    capture_close(&(*microphone)->capture);
    free(*microphone);
    *microphone = NULL;
}

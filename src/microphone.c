#include "audio/capture.h"
#include "src/base/memory.h"
#include "src/message.h"
#include "src/sound_device.h"

#include <stdlib.h>

static const struct device_params usual = {NULL, SOUND_DEVICE_RATE, 0, 10};

struct utter_microphone {
    struct capture *capture;
};

/* ---- the list ---- */

struct visit {
    int (*visit)(void *context, const struct utter_microphone_info *microphone);
    void *context;
};

static int visit_one(void *context, const struct device *here)
{
    const struct visit *visit = context;
    struct utter_microphone_info info = {.struct_size = sizeof info,
                                         .number = here->number,
                                         .name = here->name,
                                         .host = here->host,
                                         .channel_count = here->channels,
                                         .sample_rate = (int)(here->rate + 0.5),
                                         .is_default = here->is_default};
    return visit->visit(visit->context, &info);
}

int utter_microphone_list(int (*visit)(void *context, const struct utter_microphone_info *microphone), void *context)
{
    struct fault fault = {0};
    struct visit walk = {visit, context};
    if (!need_pointer(visit, "visit", &fault))
        sound_device_list(CAPTURE, visit_one, &walk, &fault);
    return message_publish(&fault);
}

/* ---- one of them ---- */

static int read_params(struct device_params *asked, const struct utter_microphone_params *given, struct fault *fault)
{
    struct utter_microphone_params p;
    if (params_read(&p, sizeof p, given, "utter_microphone_params", fault))
        return fault->code;
    *asked = (struct device_params){p.device, p.sample_rate, p.channel_count, p.buffer_seconds};
    return sound_device_params(asked, "utter_microphone_params", &usual, fault);
}

int utter_microphone_open(utter_microphone **microphone, const struct utter_microphone_params *params)
{
    struct fault fault = {0};
    struct device_params asked;
    if (need_pointer(microphone, "microphone", &fault) || read_params(&asked, params, &fault))
        return message_publish(&fault);
    utter_microphone *new = memory_new(1, sizeof *new);
    if (!new)
        fail_memory(&fault, "a microphone");
    else if (capture_open(&new->capture, &asked, &fault) == 0)
        *microphone = new;
    if (fault.code)
        free(new);
    return message_publish(&fault);
}

int utter_microphone_read(utter_microphone *microphone, float *samples, size_t frames, int timeout_ms, size_t *got)
{
    struct fault fault = {0};
    int64_t count = 0, most = frames < SOUND_DEVICE_MOST_FRAMES ? (int64_t)frames : SOUND_DEVICE_MOST_FRAMES;
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

#include "src/sound_file.h"

#include "src/base/memory.h"
#include "src/message.h"

#include <stdlib.h>

enum { RATE = 16000 };

struct utter_sink {
    struct writer *writer;
};

int sound_file_params(struct writer_params *writer, const struct utter_sink_params *given, struct fault *fault)
{
    struct utter_sink_params p;
    if (need_pointer(given, "params", fault) || params_read(&p, sizeof p, given, "utter_sink_params", fault))
        return fault->code;
    if (!p.path == !p.write)
        return fail(fault, UTTER_ERROR_ARGUMENT, "utter_sink_params: exactly one of path and write must be set");
    if (p.sample_rate < 0 || p.output_rate < 0 || p.channel_count < 0)
        return fail(fault, UTTER_ERROR_ARGUMENT, "utter_sink_params: a negative rate or number of channels");
    *writer = (struct writer_params){.path = p.path,
                                     .write = p.write,
                                     .context = p.write_context,
                                     .name = p.name   ? p.name
                                             : p.path ? p.path
                                                      : "output",
                                     .format = p.format,
                                     .rate = p.sample_rate ? p.sample_rate : RATE,
                                     .out_rate = p.output_rate,
                                     .channels = p.channel_count ? p.channel_count : 1};
    return 0;
}

int utter_sink_open(utter_sink **sink, const struct utter_sink_params *params)
{
    struct fault fault = {0};
    struct writer_params writer;
    if (need_pointer(sink, "sink", &fault) || sound_file_params(&writer, params, &fault))
        return message_publish(&fault);
    utter_sink *new = memory_new(1, sizeof *new);
    if (!new)
        fail_memory(&fault, "a sound file");
    else if (writer_open(&new->writer, &writer, &fault) == 0)
        *sink = new;
    if (fault.code)
        free(new);
    return message_publish(&fault);
}

int utter_sink_write(utter_sink *sink, const float *samples, size_t frames)
{
    struct fault fault = {0};
    if (need_pointer(sink, "sink", &fault) || (frames && need_pointer(samples, "samples", &fault)))
        return message_publish(&fault);
    if (frames > INT64_MAX / 4)
        fail(&fault, UTTER_ERROR_ARGUMENT, "%zu frames at once", frames);
    else
        writer_write(sink->writer, samples, (int64_t)frames, &fault);
    return message_publish(&fault);
}

int utter_sink_finish(utter_sink *sink)
{
    struct fault fault = {0};
    if (need_pointer(sink, "sink", &fault) == 0)
        writer_finish(sink->writer, &fault);
    return message_publish(&fault);
}

int utter_sink_get_info(const utter_sink *sink, struct utter_sink_info *info)
{
    struct fault fault = {0};
    struct writer_info now;
    if (need_pointer(sink, "sink", &fault) || need_pointer(info, "info", &fault))
        return message_publish(&fault);
    writer_get_info(sink->writer, &now);
    struct utter_sink_info ours = {.format = now.format,
                                   .sample_rate = now.rate,
                                   .channel_count = now.channels,
                                   .frames = now.frames,
                                   .bytes = now.bytes,
                                   .clipped = now.clipped};
    result_write(info, &ours, sizeof ours, "utter_sink_info", &fault);
    return message_publish(&fault);
}

void utter_sink_close(utter_sink **sink)
{
    if (!sink || !*sink)
        return;
    writer_close(&(*sink)->writer);
    free(*sink);
    *sink = NULL;
}

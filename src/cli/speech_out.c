/* speech_out.c - see speech_out.h. */
#include "speech_out.h"

#include "command.h"
#include "output.h"
#include "output_device.h"
#include "stop.h"
#include "utter.h"

#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 50 }; /* between two looks whether to stop */

/* One of the two is set. */
struct speech_out {
    utter_player *player;
    utter_sink *sink;
};

static int64_t write_output(void *context, const void *bytes, size_t size)
{
    (void)context;
    return output_bytes(bytes, size) ? (int64_t)size : -1;
}

static int open_player(struct speech_out *out, const struct speech_out_params *params)
{
    struct utter_player_params player;
    utter_player_params_init(&player);
    player.device = params->device;
    player.sample_rate = params->sample_rate;
    output_own_messages();
    return utter_player_open(&out->player, &player);
}

static int open_sink(struct speech_out *out, const struct speech_out_params *params)
{
    struct utter_sink_params sink;
    utter_sink_params_init(&sink);
    sink.path = strcmp(params->path, "-") ? params->path : NULL;
    if (!sink.path) {
        sink.write = write_output;
        sink.name = "standard output";
    }
    sink.format = params->format;
    sink.sample_rate = params->sample_rate;
    sink.output_rate = params->output_rate;
    return utter_sink_open(&out->sink, &sink);
}

int speech_out_open(struct speech_out **out, const struct speech_out_params *params)
{
    struct speech_out *opened = calloc(1, sizeof *opened);
    if (!opened) {
        complain("memory ran out");
        return EXIT_SOME_FAILED;
    }
    if ((params->path ? open_sink(opened, params) : open_player(opened, params)) < 0) {
        if (!params->path || output_is_wanted()) /* a reader that went away is nobody's fault */
            complain("%s", utter_error_message());
        free(opened);
        return EXIT_SOME_FAILED;
    }
    *out = opened;
    return 0;
}

static bool play(struct speech_out *out, const float *samples, size_t count)
{
    while (count > 0 && !stopping()) {
        size_t written = 0;
        if (utter_player_write(out->player, samples, count, WAIT_MS, &written) < 0) {
            complain("%s", utter_error_message());
            return false;
        }
        samples += written;
        count -= written;
    }
    return true;
}

bool speech_out_write(struct speech_out *out, const float *samples, size_t count)
{
    if (out->player)
        return play(out, samples, count);
    if (utter_sink_write(out->sink, samples, count) == 0)
        return true;
    if (output_is_wanted())
        complain("%s", utter_error_message());
    return false;
}

static bool drain(struct speech_out *out)
{
    size_t left = 1;
    while (left > 0 && !stopping())
        if (utter_player_drain(out->player, WAIT_MS, &left) < 0) {
            complain("%s", utter_error_message());
            return false;
        }
    return true;
}

bool speech_out_close(struct speech_out **out, bool abandon)
{
    struct speech_out *o = *out;
    bool done = true;
    if (o->player && !abandon)
        done = drain(o);
    if (o->sink && !abandon && utter_sink_finish(o->sink) < 0) {
        if (output_is_wanted())
            complain("%s", utter_error_message());
        done = false;
    }
    utter_player_close(&o->player);
    utter_sink_close(&o->sink);
    free(o);
    *out = NULL;
    return done;
}

/* ---- the list ---- */

static int list_one(void *context, const struct utter_player_info *info)
{
    int *count = context;
    struct text line = {0};
    ++*count;
    output_device(&line, info->number, info->name, info->host, info->channel_count, info->sample_rate,
                  info->is_default);
    bool written = output_text(&line);
    text_free(&line);
    return !written;
}

int speech_out_list(void)
{
    int count = 0;
    output_own_messages();
    int error = utter_player_list(list_one, &count);
    if (error < 0 && error != UTTER_ERROR_CANCELLED)
        complain("%s", utter_error_message());
    else if (!error && !count)
        complain("there is no loudspeaker, or none that this user may use");
    return error || !count ? EXIT_SOME_FAILED : EXIT_DONE;
}

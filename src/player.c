#include "audio/devices.h"
#include "audio/playback.h"
#include "audio/portaudio.h"
#include "src/base/memory.h"
#include "src/message.h"

#include <stdlib.h>

static const double buffer_seconds = 2;
enum { RATE = 16000, LEAST_RATE = 1000, MOST_RATE = 768000, MOST_CHANNELS = 64, MOST_FRAMES = 1 << 24 };

struct utter_player {
    struct playback *playback;
};

/* ---- the list ---- */

int utter_player_list(int (*visit)(void *context, const struct utter_player_info *player), void *context)
{
    struct fault fault = {0};
    struct device here;
    if (need_pointer(visit, "visit", &fault) || portaudio_hold(device_noun(PLAYBACK), &fault))
        return message_publish(&fault);
    for (int i = 0; !fault.code && device_at(PLAYBACK, i, &here); i++) {
        struct utter_player_info info = {.struct_size = sizeof info,
                                         .number = here.number,
                                         .name = here.name,
                                         .host = here.host,
                                         .channel_count = here.channels,
                                         .sample_rate = (int)(here.rate + 0.5),
                                         .is_default = here.is_default};
        if (visit(context, &info))
            fail(&fault, UTTER_ERROR_CANCELLED, "the visitor ended the list of loudspeakers");
    }
    portaudio_release();
    return message_publish(&fault);
}

/* ---- one of them ---- */

static int read_params(struct playback_params *playback, const struct utter_player_params *given, struct fault *fault)
{
    struct utter_player_params p;
    if (params_read(&p, sizeof p, given, "utter_player_params", fault))
        return fault->code;
    if (p.sample_rate && (p.sample_rate < LEAST_RATE || p.sample_rate > MOST_RATE))
        return fail(fault, UTTER_ERROR_ARGUMENT, "utter_player_params.sample_rate is %d, and must be %d to %d",
                    p.sample_rate, LEAST_RATE, MOST_RATE);
    if (p.channel_count < 0 || p.channel_count > MOST_CHANNELS)
        return fail(fault, UTTER_ERROR_ARGUMENT, "utter_player_params.channel_count is %d, and must be 0 to %d",
                    p.channel_count, MOST_CHANNELS);
    if (p.buffer_seconds != 0 && !(p.buffer_seconds >= 0.1 && p.buffer_seconds <= 600))
        return fail(fault, UTTER_ERROR_ARGUMENT, "utter_player_params.buffer_seconds is %g, and must be 0.1 to 600",
                    p.buffer_seconds);
    *playback = (struct playback_params){.device = p.device,
                                         .rate = p.sample_rate ? p.sample_rate : RATE,
                                         .channels = p.channel_count ? p.channel_count : 1,
                                         .seconds = p.buffer_seconds != 0 ? p.buffer_seconds : buffer_seconds};
    return 0;
}

int utter_player_open(utter_player **player, const struct utter_player_params *params)
{
    struct fault fault = {0};
    struct playback_params playback;
    if (need_pointer(player, "player", &fault) || read_params(&playback, params, &fault))
        return message_publish(&fault);
    utter_player *new = memory_new(1, sizeof *new);
    if (!new)
        fail_memory(&fault, "a loudspeaker");
    else if (playback_open(&new->playback, &playback, &fault) == 0)
        *player = new;
    if (fault.code)
        free(new);
    return message_publish(&fault);
}

int utter_player_write(utter_player *player, const float *samples, size_t frames, int timeout_ms, size_t *written)
{
    struct fault fault = {0};
    int64_t count = 0, most = frames < MOST_FRAMES ? (int64_t)frames : MOST_FRAMES;
    if (need_pointer(player, "player", &fault) || need_pointer(written, "written", &fault) ||
        (frames && need_pointer(samples, "samples", &fault)))
        return message_publish(&fault);
    playback_write(player->playback, samples, most, timeout_ms, &count, &fault);
    *written = (size_t)count;
    return message_publish(&fault);
}

int utter_player_drain(utter_player *player, int timeout_ms, size_t *left)
{
    struct fault fault = {0};
    int64_t count = 0;
    if (need_pointer(player, "player", &fault))
        return message_publish(&fault);
    playback_drain(player->playback, timeout_ms, &count, &fault);
    if (left)
        *left = (size_t)count;
    return message_publish(&fault);
}

int utter_player_stop(utter_player *player)
{
    struct fault fault = {0};
    if (need_pointer(player, "player", &fault) == 0)
        playback_stop(player->playback);
    return message_publish(&fault);
}

int utter_player_reset(utter_player *player)
{
    struct fault fault = {0};
    if (need_pointer(player, "player", &fault) == 0)
        playback_reset(player->playback, &fault);
    return message_publish(&fault);
}

int utter_player_get_info(utter_player *player, struct utter_player_info *info)
{
    struct fault fault = {0};
    struct playback_info now;
    if (need_pointer(player, "player", &fault) || need_pointer(info, "info", &fault))
        return message_publish(&fault);
    playback_get_info(player->playback, &now);
    struct utter_player_info ours = {.number = now.number,
                                     .name = now.name,
                                     .host = now.host,
                                     .channel_count = now.channels,
                                     .sample_rate = now.rate,
                                     .is_default = now.is_default,
                                     .latency = now.latency,
                                     .clipped = now.clipped,
                                     .gaps = now.gaps,
                                     .underruns = now.underruns};
    result_write(info, &ours, sizeof ours, "utter_player_info", &fault);
    return message_publish(&fault);
}

void utter_player_close(utter_player **player)
{
    if (!player || !*player)
        return;
    playback_close(&(*player)->playback);
    free(*player);
    *player = NULL;
}

#include "audio/playback.h"
#include "src/base/memory.h"
#include "src/message.h"
#include "src/sound_device.h"

#include <stdlib.h>

static const struct device_params usual = {NULL, SOUND_DEVICE_RATE, 1, 2};

struct utter_player {
    struct playback *playback;
};

/* ---- the list ---- */

struct visit {
    int (*visit)(void *context, const struct utter_player_info *player);
    void *context;
};

static int visit_one(void *context, const struct device *here)
{
    const struct visit *visit = context;
    struct utter_player_info info = {.struct_size = sizeof info,
                                     .number = here->number,
                                     .name = here->name,
                                     .host = here->host,
                                     .channel_count = here->channels,
                                     .sample_rate = (int)(here->rate + 0.5),
                                     .is_default = here->is_default};
    return visit->visit(visit->context, &info);
}

int utter_player_list(int (*visit)(void *context, const struct utter_player_info *player), void *context)
{
    struct fault fault = {0};
    struct visit walk = {visit, context};
    if (!need_pointer(visit, "visit", &fault))
        sound_device_list(PLAYBACK, visit_one, &walk, &fault);
    return message_publish(&fault);
}

/* ---- one of them ---- */

static int read_params(struct device_params *asked, const struct utter_player_params *given, struct fault *fault)
{
    struct utter_player_params p;
    if (params_read(&p, sizeof p, given, "utter_player_params", fault))
        return fault->code;
    *asked = (struct device_params){p.device, p.sample_rate, p.channel_count, p.buffer_seconds};
    return sound_device_params(asked, "utter_player_params", &usual, fault);
}

int utter_player_open(utter_player **player, const struct utter_player_params *params)
{
    struct fault fault = {0};
    struct device_params asked;
    if (need_pointer(player, "player", &fault) || read_params(&asked, params, &fault))
        return message_publish(&fault);
    utter_player *new = memory_new(1, sizeof *new);
    if (!new)
        fail_memory(&fault, "a loudspeaker");
    else if (playback_open(&new->playback, &asked, &fault) == 0)
        *player = new;
    if (fault.code)
        free(new);
    return message_publish(&fault);
}

int utter_player_write(utter_player *player, const float *samples, size_t frames, int timeout_ms, size_t *written)
{
    struct fault fault = {0};
    int64_t count = 0, most = frames < SOUND_DEVICE_MOST_FRAMES ? (int64_t)frames : SOUND_DEVICE_MOST_FRAMES;
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

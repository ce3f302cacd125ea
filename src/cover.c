/* cover.c - a recording written again without some stretches of its sound. */
#include "src/base/memory.h"
#include "src/message.h"
#include "src/sound_file.h"
#include "src/source_file.h"

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

static const double fade_seconds = 0.005, beep_hertz = 1000, beep_level = 0.1, two_pi = 6.283185307179586;

struct cover {
    struct audio_file *file;
    struct audio_file_info info;
    struct writer *writer;
    struct utter_cover_params params;
    const struct utter_redacted *stretches;
    size_t count;
    int64_t block, done; /* frames: read at once, and behind */
    float *samples;      /* [block, channels] */
    float *gains;        /* [block, channels] of the sound; the beep has the rest */
};

static int check_stretches(const struct cover *c, struct fault *fault)
{
    const bool split = c->params.channels == UTTER_CHANNELS_SPLIT;
    for (size_t i = 0; i < c->count; i++) {
        const struct utter_redacted *s = &c->stretches[i];
        if (!isfinite(s->start) || !isfinite(s->end) || s->end < s->start)
            return fail(fault, UTTER_ERROR_ARGUMENT, "stretch %zu is from %g to %g s, which is none", i, s->start,
                        s->end);
        if (split && (s->channel < 0 || s->channel >= c->info.channels))
            return fail(fault, UTTER_ERROR_ARGUMENT, "stretch %zu is of channel %d, and the recording has %d", i,
                        s->channel, c->info.channels);
    }
    return 0;
}

static int check_paths(const char *from, const char *to, struct fault *fault)
{
    struct stat first, second;
    if (from && to && stat(from, &first) == 0 && stat(to, &second) == 0 && first.st_dev == second.st_dev &&
        first.st_ino == second.st_ino)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%s: the output would overwrite the recording", to);
    return 0;
}

/* The gain of the sound at a second: 0 within the stretch, 1 away from it. */
static double gain_at(const struct utter_redacted *s, double seconds)
{
    const double away = seconds < s->start ? s->start - seconds : seconds > s->end ? seconds - s->end : 0;
    return away < fade_seconds ? away / fade_seconds : 1;
}

static void lower_gains(struct cover *c, const struct utter_redacted *s, int64_t frames)
{
    const double rate = c->info.sample_rate;
    const int channels = c->info.channels;
    const bool split = c->params.channels == UTTER_CHANNELS_SPLIT;
    const double begin = floor((s->start - fade_seconds) * rate) - (double)c->done;
    const double end = ceil((s->end + fade_seconds) * rate) + 1 - (double)c->done;
    const int64_t last = end < (double)frames ? (int64_t)fmax(end, 0) : frames;
    for (int64_t i = begin > 0 ? (int64_t)fmin(begin, (double)frames) : 0; i < last; i++) {
        const float gain = (float)gain_at(s, (double)(c->done + i) / rate);
        for (int channel = split ? s->channel : 0; channel < (split ? s->channel + 1 : channels); channel++) {
            float *at = &c->gains[i * channels + channel];
            *at = gain < *at ? gain : *at;
        }
    }
}

static double beep_at(const struct cover *c, int64_t frame)
{
    if (c->params.with != UTTER_COVER_BEEP)
        return 0;
    const double rate = c->info.sample_rate, hertz = fmin(beep_hertz, rate / 4);
    return beep_level * sin(two_pi * fmod(hertz * (double)frame / rate, 1));
}

static void cover_block(struct cover *c, int64_t frames)
{
    const int channels = c->info.channels;
    for (int64_t i = 0; i < frames * channels; i++)
        c->gains[i] = 1;
    for (size_t i = 0; i < c->count; i++)
        lower_gains(c, &c->stretches[i], frames);
    for (int64_t i = 0; i < frames * channels; i++)
        if (c->gains[i] < 1) {
            const double beep = beep_at(c, c->done + i / channels);
            c->samples[i] = c->samples[i] * c->gains[i] + (float)beep * (1 - c->gains[i]);
        }
}

static int copy_all(struct cover *c, struct fault *fault)
{
    for (int64_t frames; (frames = audio_file_read(c->file, c->samples, c->block, fault)) != 0; c->done += frames) {
        if (frames < 0)
            return (int)frames;
        cover_block(c, frames);
        if (writer_write(c->writer, c->samples, frames, fault))
            return fault->code;
    }
    return writer_finish(c->writer, fault);
}

static int open_cover(struct cover *c, const struct utter_source *source, const struct utter_sink_params *sink,
                      struct fault *fault)
{
    struct writer_params writer;
    if (sound_file_params(&writer, sink, fault) || source_file_open(&c->file, source, fault) ||
        check_paths(source->path, writer.path, fault))
        return fault->code;
    audio_file_get_info(c->file, &c->info);
    c->block = c->info.sample_rate;
    writer.rate = c->info.sample_rate;
    writer.channels = c->info.channels;
    const size_t size = (size_t)c->block * (size_t)c->info.channels;
    c->samples = memory_new(size, sizeof *c->samples);
    c->gains = memory_new(size, sizeof *c->gains);
    if (!c->samples || !c->gains)
        return fail_memory(fault, "a recording's samples");
    return check_stretches(c, fault) ? fault->code : writer_open(&c->writer, &writer, fault);
}

int utter_cover(const struct utter_source *source, const struct utter_redacted *stretches, size_t count,
                const struct utter_cover_params *params, const struct utter_sink_params *sink)
{
    struct fault fault = {0};
    struct cover c = {.stretches = stretches, .count = count};
    if (!(count && need_pointer(stretches, "stretches", &fault)) &&
        !params_read(&c.params, sizeof c.params, params, "utter_cover_params", &fault) &&
        !open_cover(&c, source, sink, &fault))
        copy_all(&c, &fault);
    writer_close(&c.writer);
    audio_file_close(&c.file);
    free(c.samples);
    free(c.gains);
    return message_publish(&fault);
}

/* sound_format.c - see sound_format.h. */
#include "audio/sound_format.h"

#include <sndfile.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { TELEPHONE = 8000, MOST_CHANNELS = 64 };

static const int opus_rates[] = {8000, 12000, 16000, 24000, 48000, 0};
static const int mpeg_rates[] = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 0};

#define RAW(coding, order) (SF_FORMAT_RAW | SF_FORMAT_##coding | SF_ENDIAN_##order)

static const struct sound_format formats[] = {
    {"wav", " wav wave ", SF_FORMAT_WAV | SF_FORMAT_PCM_16, MOST_CHANNELS, NULL, 0},
    {"wav-f32", NULL, SF_FORMAT_WAV | SF_FORMAT_FLOAT, MOST_CHANNELS, NULL, 0},
    {"wav-ulaw", NULL, SF_FORMAT_WAV | SF_FORMAT_ULAW, MOST_CHANNELS, NULL, TELEPHONE},
    {"wav-alaw", NULL, SF_FORMAT_WAV | SF_FORMAT_ALAW, MOST_CHANNELS, NULL, TELEPHONE},
    {"au", " au snd ", SF_FORMAT_AU | SF_FORMAT_PCM_16, MOST_CHANNELS, NULL, 0},
    {"au-ulaw", NULL, SF_FORMAT_AU | SF_FORMAT_ULAW, MOST_CHANNELS, NULL, TELEPHONE},
    {"au-alaw", NULL, SF_FORMAT_AU | SF_FORMAT_ALAW, MOST_CHANNELS, NULL, TELEPHONE},
    {"flac", " flac ", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 8, NULL, 0},
    {"ogg", " ogg oga ", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 8, NULL, 0},
    {"opus", " opus ", SF_FORMAT_OGG | SF_FORMAT_OPUS, 8, opus_rates, 0},
    {"mp3", " mp3 ", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 2, mpeg_rates, 0},
    {"s16", " s16 raw pcm ", RAW(PCM_16, CPU), MOST_CHANNELS, NULL, 0},
    {"s16le", NULL, RAW(PCM_16, LITTLE), MOST_CHANNELS, NULL, 0},
    {"f32", " f32 ", RAW(FLOAT, CPU), MOST_CHANNELS, NULL, 0},
    {"f32le", NULL, RAW(FLOAT, LITTLE), MOST_CHANNELS, NULL, 0},
    {"ulaw", " ulaw mulaw ul ", RAW(ULAW, FILE), MOST_CHANNELS, NULL, TELEPHONE},
    {"alaw", " alaw al ", RAW(ALAW, FILE), MOST_CHANNELS, NULL, TELEPHONE},
};

enum { COUNT = sizeof formats / sizeof *formats };

const struct sound_format *sound_format_at(int at)
{
    return at >= 0 && at < COUNT ? &formats[at] : NULL;
}

/* What stands behind the last stop of the last part of path, "" where there is none. */
static const char *find_ending(const char *path)
{
    const char *part = strrchr(path, '/'), *stop;
    part = part ? part + 1 : path;
    stop = strrchr(part, '.');
    return stop && stop != part ? stop + 1 : "";
}

/* Whether word, in letters of either case, is one of words. */
static bool is_among(const char *words, const char *word)
{
    const size_t length = strlen(word);
    if (!words || !length || strchr(word, ' '))
        return false;
    for (const char *at = words; *at; at++)
        if (*at == ' ' && !strncasecmp(at + 1, word, length) && at[1 + length] == ' ')
            return true;
    return false;
}

static int fail_unknown(const char *what, const char *name, struct fault *fault)
{
    char known[256] = "";
    for (int i = 0; i < COUNT; i++) {
        const size_t length = strlen(known);
        snprintf(known + length, sizeof known - length, "%s%s", i ? ", " : "", formats[i].name);
    }
    return fail(fault, UTTER_ERROR_ARGUMENT, "%s '%.100s': sound is written as one of %s", what, name, known);
}

int sound_format_find(const struct sound_format **format, const char *name, const char *path, struct fault *fault)
{
    const char *ending = path && *find_ending(path) ? find_ending(path) : "wav";
    for (int i = 0; i < COUNT; i++) {
        if (name ? strcasecmp(name, formats[i].name) : !is_among(formats[i].endings, ending))
            continue;
        *format = &formats[i];
        return 0;
    }
    return name ? fail_unknown("no format", name, fault)
                : fail_unknown("no format is known by the name of", path, fault);
}

static int fail_rate(const struct sound_format *format, int rate, struct fault *fault)
{
    char known[128] = "";
    for (int i = 0; format->rates && format->rates[i]; i++) {
        const size_t length = strlen(known);
        snprintf(known + length, sizeof known - length, "%s%d", i ? ", " : "", format->rates[i]);
    }
    if (!format->rates)
        snprintf(known, sizeof known, "%d to %d", LEAST_SOUND_RATE, MOST_SOUND_RATE);
    return fail(fault, UTTER_ERROR_ARGUMENT, "%s cannot have %d Hz, but %s", format->name, rate, known);
}

/* The lowest rate of the format that is not below rate, else its highest. */
static int nearest_rate(const struct sound_format *format, int rate)
{
    int i = 0;
    if (!format->rates)
        return rate < LEAST_SOUND_RATE ? LEAST_SOUND_RATE : rate > MOST_SOUND_RATE ? MOST_SOUND_RATE : rate;
    while (format->rates[i] < rate && format->rates[i + 1])
        i++;
    return format->rates[i];
}

int sound_format_rate(const struct sound_format *format, int sound_rate, int wanted, int *rate, struct fault *fault)
{
    *rate = nearest_rate(format, wanted ? wanted : format->rate ? format->rate : sound_rate);
    return !wanted || wanted == *rate ? 0 : fail_rate(format, wanted, fault);
}

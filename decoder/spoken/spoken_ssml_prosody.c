#include "decoder/spoken/spoken_ssml_prosody.h"

#include "decoder/spoken/spoken_ssml.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct ssml_refusal nothing = {0};

const char *ssml_attribute(const char **attributes, const char *name)
{
    for (; *attributes; attributes += 2)
        if (strcmp(*attributes, name) == 0)
            return attributes[1];
    return NULL;
}

static struct ssml_refusal wrong(const char *what, const char *of)
{
    return (struct ssml_refusal){UTTER_ERROR_ARGUMENT, what, of};
}

static float clamp(float value, float low, float high)
{
    return value < low ? low : value > high ? high : value;
}

static void change_prosody(struct prosody *prosody, const struct prosody *change)
{
    prosody->rate = clamp(prosody->rate * change->rate, 0.2f, 5.0f);
    prosody->pitch = clamp(prosody->pitch + change->pitch, -24.0f, 24.0f);
    prosody->volume = clamp(prosody->volume + change->volume, -60.0f, 20.0f);
}

/* The semitones that what Hz say is away from what holds. */
static struct ssml_refusal read_hertz(const struct prosody *now, const struct spoken_voice *voice, const char *pitch,
                                      float *semitones)
{
    bool change;
    float wanted;
    if (!ssml_read_hertz(pitch, &change, &wanted))
        return wrong("a pitch in Hz is as 220Hz or +20Hz, not \"%.40s\"", pitch);
    if (!voice->hertz)
        return (struct ssml_refusal){
            UTTER_ERROR_UNSUPPORTED,
            "a pitch in Hz (\"%.40s\") needs the voice's own, which this one does not say: give semitones (+2st) or %%",
            pitch};
    const float before = voice->hertz[now->speaker] * exp2f(now->pitch / 12.0f);
    *semitones = 12.0f * log2f(fmaxf(change ? before + wanted : wanted, 1.0f) / before);
    return nothing;
}

static struct ssml_refusal read_pitch(const struct prosody *now, const struct spoken_voice *voice, const char *pitch,
                                      float *semitones)
{
    if (strstr(pitch, "Hz"))
        return read_hertz(now, voice, pitch, semitones);
    if (!ssml_read_pitch(pitch, semitones))
        return wrong("a pitch of prosody is a label, semitones, a percentage or Hz, not \"%.40s\"", pitch);
    return nothing;
}

struct ssml_refusal ssml_prosody(struct prosody *prosody, const struct spoken_voice *voice, const char **attributes)
{
    const char *rate = ssml_attribute(attributes, "rate"), *pitch = ssml_attribute(attributes, "pitch");
    const char *volume = ssml_attribute(attributes, "volume");
    struct prosody change = {.rate = 1.0f};
    struct ssml_refusal refusal = nothing;
    if (rate && !ssml_read_rate(rate, &change.rate))
        return wrong("a rate of prosody is a label, a percentage or a factor, not \"%.40s\"", rate);
    if (pitch)
        refusal = read_pitch(prosody, voice, pitch, &change.pitch);
    if (!refusal.code && volume && !ssml_read_volume(volume, &change.volume))
        return wrong("a volume of prosody is a label or a change in dB, not \"%.40s\"", volume);
    change_prosody(prosody, &change);
    return refusal;
}

struct ssml_refusal ssml_emphasis(struct prosody *prosody, const char **attributes)
{
    const char *level = ssml_attribute(attributes, "level");
    struct prosody change;
    if (!ssml_read_emphasis(level ? level : "moderate", &change))
        return wrong("a level of emphasis is strong, moderate, none or reduced, not \"%.40s\"", level);
    change_prosody(prosody, &change);
    return nothing;
}

/* Whether a word of a list is the name of the speaker, or his number. */
static bool is_speaker(const struct spoken_voice *voice, int speaker, const char *word, size_t length)
{
    char number[16];
    const char *name = voice->names ? voice->names[speaker] : NULL;
    snprintf(number, sizeof number, "%d", speaker);
    return (name && strlen(name) == length && memcmp(name, word, length) == 0) ||
           (strlen(number) == length && memcmp(number, word, length) == 0);
}

/* The first of the names that is a speaker's. Where none is, he who speaks goes on (section 3.2.1: what to do then is
 * the processor's choice). */
void ssml_voice(struct prosody *prosody, const struct spoken_voice *voice, const char **attributes)
{
    const char *names = ssml_attribute(attributes, "name");
    for (size_t length; names && *names; names += length) {
        names += strspn(names, " \t\n");
        length = strcspn(names, " \t\n");
        for (int i = 0; length && i < voice->speakers; i++)
            if (is_speaker(voice, i, names, length)) {
                prosody->speaker = i;
                return;
            }
    }
}

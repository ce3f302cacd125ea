/* sound.h - sound for tests that need something like speech without a recording. */
#ifndef TESTS_STREAM_SOUND_H
#define TESTS_STREAM_SOUND_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

struct sound {
    float *samples; /* 16 kHz */
    size_t count, capacity;
    uint32_t state;
};

static inline float sound_noise(struct sound *s)
{
    s->state = s->state * 1664525u + 1013904223u;
    return (float)(s->state >> 8) / 8388608.0f - 1;
}

static inline void sound_add(struct sound *s, float sample)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? s->capacity * 2 : 1 << 16;
        s->samples = realloc(s->samples, s->capacity * sizeof *s->samples);
        if (!s->samples)
            abort();
    }
    s->samples[s->count++] = sample;
}

/* A room: noise at -70 dB of full scale. */
static inline void sound_pause(struct sound *s, double seconds)
{
    for (size_t i = 0; i < (size_t)(seconds * 16000); i++)
        sound_add(s, 0.0003f * sound_noise(s));
}

/* Voiced syllables, four or so a second, of changing pitch and colour, that never fall more than some 12 dB. */
static inline void sound_speech(struct sound *s, double seconds)
{
    double phase = 0, pitch = 120, colour = 1, loud = 0.2, length = 0;
    size_t left = 0;
    for (size_t i = 0; i < (size_t)(seconds * 16000); i++, left--) {
        if (!left) {
            left = (size_t)(16000 * (0.2 + 0.05 * (double)sound_noise(s)));
            length = (double)left;
            pitch = 120 + 30 * (double)sound_noise(s);
            colour = 1 + 0.5 * (double)sound_noise(s);
            loud = 0.2 + 0.1 * (double)sound_noise(s);
        }
        phase += 2 * 3.14159265358979 * pitch / 16000;
        double envelope = 0.25 + 0.75 * sin(3.14159265358979 * (double)left / length);
        double voice = 0;
        for (int k = 1; k <= 12; k++)
            voice += sin(k * phase) * exp(-0.15 * fabs(k - 5 * colour));
        sound_add(s, (float)(loud * envelope * voice * 0.3) + 0.0003f * sound_noise(s));
    }
}

static inline void sound_free(struct sound *s)
{
    free(s->samples);
    *s = (struct sound){0};
}

#endif

/* tones.h - speaks the language of golden/tones: ten words, each a tone over a hum that lasts as long as a sentence.
 * golden/make_tones.py has the same in Python, and the model that understands it: all but one word in a hundred or so.
 * So tests allow a few words heard as others, and none lost or doubled. */
#ifndef TESTS_STREAM_TONES_H
#define TESTS_STREAM_TONES_H

#include "tests/stream/sound.h"

#include <string.h>

static const char *const tone_words[10] = {"nul", "eins", "zwo", "tri", "four", "fem", "siks", "seven", "otto", "nyn"};

struct tones {
    struct sound sound;
    char *text; /* what was said, words separated by single spaces */
    size_t length, capacity;
    double time; /* of the hum, so that it runs on within a sentence */
};

static inline double tones_dice(struct tones *t, double low, double high)
{
    return low + (high - low) * (0.5 + 0.5 * (double)sound_noise(&t->sound));
}

static inline void tones_text(struct tones *t, const char *word)
{
    size_t size = strlen(word);
    if (t->length + size + 2 > t->capacity) {
        t->capacity = 2 * (t->capacity + size + 2);
        t->text = realloc(t->text, t->capacity);
        if (!t->text)
            abort();
    }
    if (t->length)
        t->text[t->length++] = ' ';
    memcpy(t->text + t->length, word, size + 1);
    t->length += size;
}

/* frequency 0: only the hum. */
static inline void tones_tone(struct tones *t, double seconds, double frequency)
{
    const double turn = 6.28318530717958648;
    size_t count = (size_t)(seconds * 16000);
    for (size_t i = 0; i < count; i++, t->time += 1 / 16000.0) {
        double at = (double)i / 16000, edge = fmin(fmin(at, seconds - at), 0.03) / 0.03;
        double value = 0.04 * sin(turn * 150 * t->time);
        if (frequency > 0)
            value += 0.25 * edge * sin(turn * frequency * at);
        sound_add(&t->sound, (float)value + 0.0005f * sound_noise(&t->sound));
    }
}

/* A sentence of count words. */
static inline void tones_say(struct tones *t, int count)
{
    t->time = 0;
    tones_tone(t, 0.05, 0);
    for (int i = 0; i < count; i++) {
        int word = (int)tones_dice(t, 0, 9.999);
        tones_tone(t, tones_dice(t, 0.2, 0.45), 350 + 170.0 * word);
        tones_tone(t, tones_dice(t, 0.1, 0.2), 0);
        tones_text(t, tone_words[word]);
    }
}

static inline void tones_pause(struct tones *t, double seconds)
{
    for (size_t i = 0; i < (size_t)(seconds * 16000); i++)
        sound_add(&t->sound, 0.0005f * sound_noise(&t->sound));
}

static inline size_t tones_count(const char *text)
{
    size_t count = *text != 0;
    for (; *text; text++)
        count += *text == ' ';
    return count;
}

/* Whether text has as many words as was said, all but one in forty of them (and one) the same at the same place. */
static inline int tones_understood(const char *text, const char *said)
{
    size_t count = tones_count(said), different = 0;
    if (tones_count(text) != count)
        return 0;
    for (size_t i = 0; i < count; i++) {
        size_t a = strcspn(text, " "), b = strcspn(said, " ");
        different += a != b || strncmp(text, said, a) != 0;
        text += a + (text[a] != 0);
        said += b + (said[b] != 0);
    }
    return different <= 1 + count / 40;
}

static inline void tones_free(struct tones *t)
{
    sound_free(&t->sound);
    free(t->text);
    *t = (struct tones){{0}, 0, 0, 0, 0};
}

#endif

/* speaking.h - the options that say which voice speaks and how, and the engine and voice they ask for. */
#ifndef CLI_SPEAKING_H
#define CLI_SPEAKING_H

#include "setup.h"

struct speaking {
    struct setup setup; /* of which the engine is used */
    const char *voice, *vocoder, *lexicon, *speakers, *speaker;
    int seed;
    double rate, pitch, volume;
    utter_voice *opened;
    struct utter_voice_info info;
    double load_seconds; /* for engine and voice */
};

#define SPEAKING_OPTIONS(speaking)                                                                                     \
    {"voice",                                                                                                          \
     OPTION_TEXT,                                                                                                      \
     &(speaking).voice,                                                                                                \
     "NAME|PATH",                                                                                                      \
     0,                                                                                                                \
     0,                                                                                                                \
     "a voice that ships (default: voice-en), or a directory"},                                                        \
        {"vocoder", OPTION_TEXT, &(speaking).vocoder, "PATH", 0, 0, "a HiFi-GAN instead of the voice's own"},          \
        {"lexicon",                                                                                                    \
         OPTION_TEXT,                                                                                                  \
         &(speaking).lexicon,                                                                                          \
         "FILE",                                                                                                       \
         0,                                                                                                            \
         0,                                                                                                            \
         "words to be pronounced otherwise: a word and its phones a line"},                                            \
        {"speakers",                                                                                                   \
         OPTION_TEXT,                                                                                                  \
         &(speaking).speakers,                                                                                         \
         "FILE",                                                                                                       \
         0,                                                                                                            \
         0,                                                                                                            \
         "speaker embeddings, for voices that need them (SpeechT5, some FastSpeech2)"},                                \
        {"speaker",                                                                                                    \
         OPTION_TEXT,                                                                                                  \
         &(speaking).speaker,                                                                                          \
         "NAME|N",                                                                                                     \
         0,                                                                                                            \
         0,                                                                                                            \
         "who speaks, where a voice is several (default: 0)"},                                                         \
        {"rate", OPTION_NUMBER, &(speaking).rate, "X", 0.25, 4, "times the voice's own speed (default: 1)"},           \
        {"pitch", OPTION_NUMBER, &(speaking).pitch, "ST", -12, 12, "semitones above the voice's own"},                 \
        {"volume", OPTION_NUMBER, &(speaking).volume, "DB", -60, 20, "decibels above the voice's own"},                \
        {"seed",                                                                                                       \
         OPTION_INTEGER,                                                                                               \
         &(speaking).seed,                                                                                             \
         "N",                                                                                                          \
         0,                                                                                                            \
         2147483647,                                                                                                   \
         "of voices that never say a thing the same way twice"},                                                       \
        ENGINE_OPTIONS((speaking).setup)

/* Opens engine and voice. shape: NULL, or a published shape with random weights instead of the voice. Returns 0, or an
 * exit status after a message. */
int speaking_open(struct speaking *speaking, const char *shape);
void speaking_close(struct speaking *speaking);

/* What the options ask of a speech. */
void speaking_params(const struct speaking *speaking, struct utter_speech_params *params);

#endif

/* sound_format.h - the formats that sound files are written in, by name and by the names of files. */
#ifndef AUDIO_SOUND_FORMAT_H
#define AUDIO_SOUND_FORMAT_H

#include "src/base/error.h"

#include <stdbool.h>

struct sound_format {
    const char *name;
    const char *endings; /* of files' names, each with a space on both sides; or NULL */
    int code;            /* libsndfile's */
    int most_channels;
    const int *rates; /* Hz, rising, up to a 0: those that it can have; NULL: LEAST to MOST_SOUND_RATE */
    int rate;         /* Hz, where none is asked for; 0: that of the sound */
};

enum { LEAST_SOUND_RATE = 8000, MOST_SOUND_RATE = 192000 };

/* name: in letters of either case; NULL: by the ending of path; path NULL, or one that has none: wav. Errors: ARGUMENT.
 */
int sound_format_find(const struct sound_format **format, const char *name, const char *path, struct fault *fault);

/* The format number at, from 0; NULL after the last. */
const struct sound_format *sound_format_at(int at);

/* The rate of a file: wanted, where the format can have it; wanted 0: its own or that of the sound, or, where it cannot
 * have that, the next above that it can, else its highest. Errors: ARGUMENT. */
int sound_format_rate(const struct sound_format *format, int sound_rate, int wanted, int *rate, struct fault *fault);

#endif

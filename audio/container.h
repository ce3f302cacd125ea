/* container.h - a first look at the headers of WAV (RIFF, RIFX, RF64), AIFF, AU and MP3.
 *
 * libsndfile refuses impossible headers with one error for many faults, and silently mends sizes that the file does not
 * hold. This look is for what a message has to say: the numbers that the header gives. */
#ifndef AUDIO_CONTAINER_H
#define AUDIO_CONTAINER_H

#include "audio/source.h"

struct container {
    bool has_format; /* rate and channels were found */
    double rate;     /* Hz */
    int64_t channels;
    bool has_size; /* the header promises a number of bytes of sound, and did not come from a streaming writer */
    int64_t promised, present;
};

/* Never fails: what is not found stays unset. Mends, as later reads of source see it, two sizes that are wrong on
 * purpose or by accident and that libsndfile takes at their word: a data chunk of size 0 with sound behind it, which a
 * writer leaves that never came back to its header; and the length in an MP3's Xing header where the file is shorter,
 * of which libmpg123 would complain on the standard error stream. */
void container_look(struct container *container, struct source *source);

#endif

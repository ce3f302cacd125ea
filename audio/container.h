/* container.h - a first look at the headers of WAV (RIFF, RIFX, RF64), AIFF and AU.
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

/* Never fails: what is not found stays unset. Mends, as later reads of source see it, a size that libsndfile takes at
 * its word: a data chunk of size 0 with sound behind it, which a writer leaves that never came back to its header. */
void container_look(struct container *container, struct source *source);

#endif

/* outgoing.h - sound on its way out of the program: interleaved frames of any values become frames within [-1, 1], at
 * the rate and with the channels that a file or a loudspeaker wants. */
#ifndef AUDIO_OUTGOING_H
#define AUDIO_OUTGOING_H

#include "src/base/error.h"

#include <stdbool.h>

/* Frames that one call may be given. */
enum { OUTGOING_MOST = 1024 };

struct outgoing;

struct outgoing_params {
    int from, to;     /* Hz, each 1000 to 768000 */
    int channels;     /* that are given */
    int out_channels; /* as many; or any number, of one that is given */
    bool live;        /* resampled by resampler_open_live: the sound is awaited */
};

/* Errors: ARGUMENT, MEMORY. */
int outgoing_open(struct outgoing **outgoing, const struct outgoing_params *params, struct fault *fault);
void outgoing_close(struct outgoing **outgoing);

/* Takes count frames, [count, channels], at most OUTGOING_MOST, and has *out point to those that came of them,
 * [returned, out_channels], valid until the next call. A sample that is not a number counts as 0. Returns how many
 * frames, or a negative error (MEMORY, STATE after finish). */
int64_t outgoing_feed(struct outgoing *outgoing, const float *frames, int64_t count, const float **out,
                      struct fault *fault);

/* The sound has ended: the same for what is left; call until it returns 0. */
int64_t outgoing_finish(struct outgoing *outgoing, const float **out, struct fault *fault);

/* Begins anew. */
void outgoing_reset(struct outgoing *outgoing);

/* Samples given so far that were beyond [-1, 1], or no numbers. */
int64_t outgoing_clipped(const struct outgoing *outgoing);

#endif

/* speech_out.h - where speech goes: a loudspeaker, a sound file, or standard output. */
#ifndef CLI_SPEECH_OUT_H
#define CLI_SPEECH_OUT_H

#include <stdbool.h>
#include <stddef.h>

struct speech_out;

struct speech_out_params {
    const char *path;   /* NULL: a loudspeaker; "-": standard output */
    const char *format; /* of a file; NULL: by the path's ending, else wav */
    const char *device; /* a loudspeaker's name or number; NULL: the default */
    int sample_rate;    /* Hz of what is written */
    int output_rate;    /* Hz of the file; 0: the same, or what the format has */
};

/* Returns 0, or an exit status after a message. */
int speech_out_open(struct speech_out **out, const struct speech_out_params *params);
/* Waits while a loudspeaker has enough. False after a message, or silently where the program is to stop. */
bool speech_out_write(struct speech_out *out, const float *samples, size_t count);
/* Waits until the last sample has been heard, or ends the file; abandon: stops at once, and leaves no file behind.
 * False after a message. */
bool speech_out_close(struct speech_out **out, bool abandon);

/* Prints the loudspeakers. Returns an exit status. */
int speech_out_list(void);

#endif

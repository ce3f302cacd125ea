/* writer.h - sound files of every format in sound_format.h, from interleaved float samples, by libsndfile. */
#ifndef AUDIO_WRITER_H
#define AUDIO_WRITER_H

#include "audio/sound_format.h"

struct writer;

struct writer_params {
    const char *path; /* or NULL, and write is called */
    /* Takes size bytes; returns size, anything else being a failure. From the caller's thread, within the calls below.
     */
    int64_t (*write)(void *context, const void *bytes, size_t size);
    void *context;
    const char *name;   /* what messages call it */
    const char *format; /* NULL: by path's ending */
    int rate;           /* Hz of what is written, 1000 to 768000 */
    int out_rate;       /* Hz of the file; 0: as sound_format_rate chooses */
    int channels;       /* 1 to 64 */
};

struct writer_info {
    const char *format;
    int rate, channels; /* of the file */
    int64_t frames;     /* in the file, so far */
    int64_t bytes;      /* that went out, so far */
    int64_t clipped;    /* samples that were beyond [-1, 1], or no numbers */
};

/* Errors: ARGUMENT (a format, rate or number of channels that cannot be), IO, MEMORY. */
int writer_open(struct writer **writer, const struct writer_params *params, struct fault *fault);

/* Writes frames frames, clamped to [-1, 1], resampled, and rounded to nearest where the format has integers. Where the
 * bytes cannot go back, sizes in headers are those of a stream without end, which readers take. Errors: IO, MEMORY;
 * after one, and after finish, STATE. */
int writer_write(struct writer *writer, const float *samples, int64_t frames, struct fault *fault);

/* Writes what is left and the header's sizes, and closes the file. Errors: as writer_write. */
int writer_finish(struct writer *writer, struct fault *fault);

void writer_get_info(const struct writer *writer, struct writer_info *info);

/* Without a finish before that succeeded, a file that was made here is removed, one that was there before is emptied.
 */
void writer_close(struct writer **writer);

#endif

/* sink.h - where the bytes of a sound file go: a path, or a caller's function. The other end of source.h. */
#ifndef AUDIO_SINK_H
#define AUDIO_SINK_H

#include "src/base/error.h"

#include <stdbool.h>

struct sink {
    const char *name; /* what messages call it; the owner's */
    char *path;       /* or NULL */
    int fd;           /* or -1, and there is a function */
    bool made;        /* nothing was at the path before */
    bool can_seek;
    int64_t (*write)(void *context, const void *bytes, size_t size);
    void *context;
    int64_t position, size;
    int failure; /* errno of the first write that failed, or -1: the function's */
};

/* Creates the file, or empties the one that is there. Errors: IO, MEMORY. */
int sink_open_path(struct sink *sink, const char *path, const char *name, struct fault *fault);

/* write: bytes taken, anything but size being a failure. */
void sink_open_callback(struct sink *sink, int64_t (*write)(void *context, const void *bytes, size_t size),
                        void *context, const char *name);

/* Writes at the position, which may be moved: where the sink cannot seek, bytes that lie before its end are dropped,
 * so that what went out stays as it is. Returns size, or fewer where it failed (sink.failure). */
int64_t sink_write(struct sink *sink, const void *bytes, int64_t size);

/* The failure in one sentence, or 0. Errors: IO. */
int sink_check(const struct sink *sink, struct fault *fault);

/* Closes it; whole: what is in it is all that was to be. If not, or if closing fails, a file that was made here is
 * removed, and one that was there before is emptied, so that none is taken for whole; devices and pipes are left as
 * they are. Errors: IO, of a whole one. */
int sink_close(struct sink *sink, bool whole, struct fault *fault);

#endif

/* source.h - bytes that can be read at any offset: a caller's memory, a file, or a stream spooled into one of them. */
#ifndef AUDIO_SOURCE_H
#define AUDIO_SOURCE_H

#include "src/base/error.h"

#include <stdbool.h>

/* A stream stays in memory up to here, then moves to an unlinked temporary file in TMPDIR or /tmp. */
enum { SOURCE_MEMORY = 64 * 1024 * 1024 };

struct source {
    const unsigned char *data; /* or NULL, and fd holds the bytes */
    unsigned char *owned;      /* freed on close */
    int fd;
    int64_t size, position;
    int failure;      /* errno of the first read that failed, or 0 */
    int64_t patch_at; /* four bytes from here read as patch; 0: none */
    unsigned char patch[4];
};

/* name: what messages call it. Errors: IO. A path that cannot seek (a pipe) is spooled. */
int source_open_path(struct source *source, const char *path, const char *name, struct fault *fault);
void source_open_memory(struct source *source, const void *data, size_t size);
/* read: bytes read, 0 at the end, negative on failure. Errors: IO, MEMORY. */
int source_open_callback(struct source *source, int64_t (*read)(void *context, void *buffer, size_t size),
                         void *context, const char *name, struct fault *fault);
void source_close(struct source *source);

/* Up to size bytes from offset; returns how many, fewer only at the end or where reading failed (source.failure). */
int64_t source_read_at(struct source *source, int64_t offset, void *buffer, int64_t size);

/* Where a seek of offset from whence (SEEK_SET, SEEK_CUR, SEEK_END) leads from position in size bytes, perhaps beyond
 * them; -1: before them. */
int64_t source_seek(int64_t position, int64_t size, int64_t offset, int whence);

#endif

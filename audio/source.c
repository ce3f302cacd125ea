/* source.c - see source.h. libsndfile has to seek, so what comes through a pipe is kept until the end is known. */
#include "audio/source.h"

#include "src/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 };

static int fail_system(struct fault *fault, const char *name, const char *what, int error)
{
    char text[128] = "";
    if (strerror_r(error, text, sizeof text))
        snprintf(text, sizeof text, "error %d", error);
    return fail(fault, UTTER_ERROR_IO, "%s: %s: %s", name, what, text);
}

static int64_t read_descriptor(void *context, void *buffer, size_t size)
{
    const int *fd = context;
    ssize_t count;
    do
        count = read(*fd, buffer, size);
    while (count < 0 && errno == EINTR);
    return count;
}

int source_open_path(struct source *source, const char *path, const char *name, struct fault *fault)
{
    struct stat status;
    int rc = 0;
    *source = (struct source){.fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (source->fd < 0)
        return fail_system(fault, name, "cannot be opened", errno);
    if (fstat(source->fd, &status))
        rc = fail_system(fault, name, "cannot be opened", errno);
    else if (S_ISDIR(status.st_mode))
        rc = fail(fault, UTTER_ERROR_IO, "%s: is a directory, not a sound file", name);
    else if (S_ISREG(status.st_mode))
        source->size = status.st_size;
    else {
        int fd = source->fd;
        rc = source_open_callback(source, read_descriptor, &fd, name, fault);
        close(fd);
        return rc;
    }
    if (rc)
        source_close(source);
    return rc;
}

void source_open_memory(struct source *source, const void *data, size_t size)
{
    *source = (struct source){.data = data, .fd = -1, .size = (int64_t)size};
}

static bool write_all(int fd, const unsigned char *data, size_t size)
{
    while (size) {
        const ssize_t count = write(fd, data, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        data += count;
        size -= (size_t)count;
    }
    return true;
}

/* An open file without a name, so that nothing is left behind however the process ends; or -1. */
static int open_temporary(char *folder, size_t size)
{
    const char *place = getenv("TMPDIR");
    char path[4096];
    snprintf(folder, size, "%s", place && *place ? place : "/tmp");
    if (snprintf(path, sizeof path, "%s/utter-XXXXXX", folder) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    const int fd = mkstemp(path);
    if (fd >= 0) {
        unlink(path);
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    return fd;
}

/* Moves what is in memory to a temporary file. */
static int move_to_disk(struct source *source, const char *name, struct fault *fault)
{
    char folder[256], what[320];
    source->fd = open_temporary(folder, sizeof folder);
    snprintf(what, sizeof what, "a temporary file in %s could not be written", folder);
    if (source->fd < 0 || !write_all(source->fd, source->owned, (size_t)source->size))
        return fail_system(fault, name, what, errno);
    free(source->owned);
    source->owned = NULL;
    return 0;
}

/* Keeps size more bytes, which stand in chunk. */
static int keep(struct source *source, const unsigned char *chunk, size_t size, size_t *capacity, const char *name,
                struct fault *fault)
{
    int rc = 0;
    if (source->fd < 0 && source->size + (int64_t)size > SOURCE_MEMORY)
        rc = move_to_disk(source, name, fault);
    if (rc)
        return rc;
    if (source->fd >= 0) {
        if (!write_all(source->fd, chunk, size))
            return fail_system(fault, name, "its temporary file could not be written", errno);
    } else {
        if (!memory_grow((void **)&source->owned, capacity, (size_t)source->size + size, 1))
            return fail_memory(fault, name);
        memcpy(source->owned + source->size, chunk, size);
    }
    source->size += (int64_t)size;
    return 0;
}

int source_open_callback(struct source *source, int64_t (*read)(void *context, void *buffer, size_t size),
                         void *context, const char *name, struct fault *fault)
{
    *source = (struct source){.fd = -1};
    unsigned char *chunk = memory_new(CHUNK, 1);
    size_t capacity = 0;
    int rc = chunk ? 0 : fail_memory(fault, name);
    while (!rc) {
        const int64_t count = read(context, chunk, CHUNK);
        if (!count)
            break;
        if (count < 0 || count > CHUNK)
            rc = fail(fault, UTTER_ERROR_IO, "%s: reading failed", name);
        else
            rc = keep(source, chunk, (size_t)count, &capacity, name, fault);
    }
    free(chunk);
    source->data = source->owned;
    if (rc)
        source_close(source);
    return rc;
}

void source_close(struct source *source)
{
    if (source->fd >= 0)
        close(source->fd);
    free(source->owned);
    *source = (struct source){.fd = -1};
}

int64_t source_seek(int64_t position, int64_t size, int64_t offset, int whence)
{
    const int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? position : size;
    return offset < -from || offset > INT64_MAX - from ? -1 : from + offset;
}

static int64_t read_bytes(struct source *source, int64_t offset, void *buffer, int64_t size)
{
    if (offset < 0 || size <= 0 || offset >= source->size)
        return 0;
    if (size > source->size - offset)
        size = source->size - offset;
    if (source->data) {
        memcpy(buffer, source->data + offset, (size_t)size);
        return size;
    }
    int64_t done = 0;
    while (done < size) {
        const ssize_t count = pread(source->fd, (char *)buffer + done, (size_t)(size - done), offset + done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && !source->failure)
            source->failure = errno;
        if (count <= 0)
            break;
        done += count;
    }
    return done;
}

int64_t source_read_at(struct source *source, int64_t offset, void *buffer, int64_t size)
{
    const int64_t done = read_bytes(source, offset, buffer, size);
    for (int i = 0; source->patch_at && i < 4; i++) {
        const int64_t at = source->patch_at + i - offset;
        if (at >= 0 && at < done)
            ((unsigned char *)buffer)[at] = source->patch[i];
    }
    return done;
}

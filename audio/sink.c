/* sink.c - see sink.h. */
#include "audio/sink.h"

#include "src/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file made here is told from one that was there by the one call that cannot be raced. */
static int create(struct sink *sink)
{
    sink->fd = open(sink->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    sink->made = sink->fd >= 0;
    if (sink->fd < 0 && errno == EEXIST)
        sink->fd = open(sink->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return sink->fd;
}

int sink_open_path(struct sink *sink, const char *path, const char *name, struct fault *fault)
{
    struct stat status;
    *sink = (struct sink){.name = name, .fd = -1, .path = memory_text(path, strlen(path))};
    if (!sink->path)
        return fail_memory(fault, "a sound file");
    if (create(sink) < 0) {
        fail(fault, UTTER_ERROR_IO, "%s: cannot be opened for writing: %s", name, strerror(errno));
        free(sink->path);
        sink->path = NULL;
        return fault->code;
    }
    /* A device may take a seek and mean nothing by it. */
    sink->can_seek = fstat(sink->fd, &status) == 0 && S_ISREG(status.st_mode);
    return 0;
}

void sink_open_callback(struct sink *sink, int64_t (*write)(void *context, const void *bytes, size_t size),
                        void *context, const char *name)
{
    *sink = (struct sink){.name = name, .fd = -1, .write = write, .context = context};
}

static bool write_descriptor(struct sink *sink, const unsigned char *bytes, int64_t size)
{
    while (size > 0) {
        const ssize_t done = sink->can_seek ? pwrite(sink->fd, bytes, (size_t)size, sink->position)
                                            : write(sink->fd, bytes, (size_t)size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            sink->failure = done < 0 ? errno : EIO;
            return false;
        }
        sink->position += done;
        bytes += done;
        size -= done;
    }
    return true;
}

static bool write_callback(struct sink *sink, const unsigned char *bytes, int64_t size)
{
    if (sink->write(sink->context, bytes, (size_t)size) != size)
        sink->failure = -1;
    else
        sink->position += size;
    return !sink->failure;
}

int64_t sink_write(struct sink *sink, const void *bytes, int64_t size)
{
    const unsigned char *from = bytes;
    int64_t gone = 0;
    if (sink->failure)
        return 0;
    if (!sink->can_seek && sink->position < sink->size) {
        gone = sink->size - sink->position < size ? sink->size - sink->position : size;
        sink->position += gone;
    }
    const bool done = sink->fd >= 0 ? write_descriptor(sink, from + gone, size - gone)
                      : gone < size ? write_callback(sink, from + gone, size - gone)
                                    : true;
    sink->size = sink->position > sink->size ? sink->position : sink->size;
    return done ? size : 0;
}

int sink_check(const struct sink *sink, struct fault *fault)
{
    if (!sink->failure)
        return 0;
    if (sink->failure < 0)
        return fail(fault, UTTER_ERROR_IO, "%s: writing failed", sink->name);
    return fail(fault, UTTER_ERROR_IO, "%s: cannot be written: %s", sink->name, strerror(sink->failure));
}

/* What is left of a file that did not become whole. */
static void discard(struct sink *sink)
{
    if (sink->made)
        unlink(sink->path);
    else if (sink->can_seek && ftruncate(sink->fd, 0))
        sink->size = 0; /* nothing can be done, and the failure that led here is said already */
}

int sink_close(struct sink *sink, bool whole, struct fault *fault)
{
    int code = whole ? sink_check(sink, fault) : 0;
    if (sink->fd >= 0 && (!whole || code))
        discard(sink);
    if (sink->fd >= 0 && close(sink->fd) && whole && !code) {
        sink->failure = errno;
        code = sink_check(sink, fault);
        if (sink->made)
            unlink(sink->path);
    }
    free(sink->path);
    *sink = (struct sink){.fd = -1};
    return code;
}

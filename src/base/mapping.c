#include "src/base/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SHOWN = 200 }; /* characters */

const char *path_for_message(const char *path)
{
    size_t length = strlen(path);
    return length > PATH_SHOWN ? path + length - PATH_SHOWN : path;
}

/* strerror is not safe between threads; these are the ones that opening a file meets. */
static const char *reason(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return "no such file";
    case EACCES:
    case EPERM:
        return "no permission to read it";
    case EMFILE:
    case ENFILE:
        return "too many open files";
    case ENOMEM:
        return "memory ran out";
    default:
        return "it cannot be read";
    }
}

static int map(struct mapping *mapping, int file, const char *path, struct fault *fault)
{
    struct stat status;
    if (fstat(file, &status) != 0)
        return fail(fault, UTTER_ERROR_IO, "%s: %s", path_for_message(path), reason(errno));
    if (!S_ISREG(status.st_mode))
        return fail(fault, UTTER_ERROR_IO, "%s: not a regular file", path_for_message(path));
    if (status.st_size == 0)
        return 0;
    if ((uintmax_t)status.st_size > SIZE_MAX)
        return fail(fault, UTTER_ERROR_IO, "%s: too large for this machine", path_for_message(path));
    void *data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (data == MAP_FAILED)
        return fail(fault, UTTER_ERROR_IO, "%s: %s", path_for_message(path), reason(errno));
    mapping->data = data;
    mapping->size = (size_t)status.st_size;
    return 0;
}

int mapping_open(struct mapping *mapping, const char *path, struct fault *fault)
{
    *mapping = (struct mapping){0};
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a fifo with no writer must not hang us */
    if (file < 0)
        return fail(fault, UTTER_ERROR_IO, "%s: %s", path_for_message(path), reason(errno));
    int code = map(mapping, file, path, fault);
    close(file);
    return code;
}

void mapping_close(struct mapping *mapping)
{
    if (mapping->data)
        munmap((void *)(uintptr_t)mapping->data, mapping->size);
    *mapping = (struct mapping){0};
}

void mapping_rest(const void *data, size_t size)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = (uintptr_t)data, end = begin + size;
    begin = (begin + page - 1) / page * page;
    end = end / page * page;
    if (page && begin < end)
        madvise((void *)begin, end - begin, MADV_DONTNEED);
}

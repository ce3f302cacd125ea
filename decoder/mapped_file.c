#include "decoder/mapped_file.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int map(struct mapped_file *file, int descriptor, const char *path, struct fault *fault)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) || (uintmax_t)status.st_size > SIZE_MAX)
        return fail(fault, UTTER_ERROR_IO, "%.200s: not a regular file", path);
    if (status.st_size == 0)
        return 0;
    void *data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (data == MAP_FAILED)
        return fail(fault, UTTER_ERROR_IO, "%.200s: it cannot be read", path);
    *file = (struct mapped_file){data, (size_t)status.st_size};
    return 0;
}

int mapped_file_open(struct mapped_file *file, const char *path, struct fault *fault)
{
    *file = (struct mapped_file){0};
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a fifo with no writer must not hang us */
    if (descriptor < 0)
        return fail(fault, UTTER_ERROR_IO, "%.200s: no such file, or no permission to read it", path);
    int code = map(file, descriptor, path, fault);
    close(descriptor);
    return code;
}

void mapped_file_close(struct mapped_file *file)
{
    if (file->data)
        munmap((void *)(uintptr_t)file->data, file->size);
    *file = (struct mapped_file){0};
}

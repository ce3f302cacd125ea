#include "src/text_file.h"

#include "src/base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *path_join(const char *directory, const char *name)
{
    size_t size = strlen(directory) + strlen(name) + 2;
    char *path = memory_new(size, 1);
    if (path)
        snprintf(path, size, "%s/%s", directory, name);
    return path;
}

bool path_exists(const char *path)
{
    struct stat status;
    return !stat(path, &status);
}

bool path_is_directory(const char *path)
{
    struct stat status;
    return !stat(path, &status) && S_ISDIR(status.st_mode);
}

/* Reads to the end in growing steps, since what stat says of a pipe or a changing file is no promise. */
static int read_all(struct text_file *file, FILE *stream, size_t limit, struct fault *fault)
{
    size_t capacity = 0;
    for (;;) {
        if (!memory_grow((void **)&file->text, &capacity, file->length + 65536, 1))
            return fail_memory(fault, file->path);
        size_t got = fread(file->text + file->length, 1, capacity - file->length - 1, stream);
        file->length += got;
        file->text[file->length] = 0;
        if (file->length > limit)
            return fail(fault, UTTER_ERROR_MODEL, "%s: larger than %zu MB, which no such file is", file->path,
                        limit >> 20);
        if (ferror(stream))
            return fail(fault, UTTER_ERROR_IO, "%s: cannot be read: %s", file->path, strerror(errno));
        if (feof(stream))
            return 0;
    }
}

/* file->path is set. */
static int read_whole(struct text_file *file, size_t limit, struct fault *fault)
{
    FILE *stream = fopen(file->path, "rb");
    if (!stream) {
        fail(fault, UTTER_ERROR_IO, "%s: cannot be opened: %s", file->path, strerror(errno));
        text_file_free(file);
        return fault->code;
    }
    int code = read_all(file, stream, limit, fault);
    fclose(stream);
    if (code)
        text_file_free(file);
    return code;
}

int text_file_read(struct text_file *file, const char *directory, const char *name, size_t limit, struct fault *fault)
{
    *file = (struct text_file){.path = path_join(directory, name)};
    return file->path ? read_whole(file, limit, fault) : fail_memory(fault, name);
}

int text_file_read_path(struct text_file *file, const char *path, size_t limit, struct fault *fault)
{
    *file = (struct text_file){.path = memory_text(path, strlen(path))};
    return file->path ? read_whole(file, limit, fault) : fail_memory(fault, path);
}

int text_file_read_if_there(struct text_file *file, const char *directory, const char *name, size_t limit, bool *there,
                            struct fault *fault)
{
    char *path = path_join(directory, name);
    if (!path)
        return fail_memory(fault, "a path");
    *there = path_exists(path);
    free(path);
    return *there ? text_file_read(file, directory, name, limit, fault) : 0;
}

void text_file_free(struct text_file *file)
{
    free(file->text);
    free(file->path);
    memset(file, 0, sizeof *file);
}

/* mapped_file.h - a whole file as read-only memory, for what is read where it lies. */
#ifndef DECODER_MAPPED_FILE_H
#define DECODER_MAPPED_FILE_H

#include "src/base/error.h"

#include <stddef.h>

struct mapped_file {
    const unsigned char *data; /* NULL for an empty file */
    size_t size;               /* bytes */
};

/* Errors: IO (not there, not readable, not a regular file). */
int mapped_file_open(struct mapped_file *file, const char *path, struct fault *fault);
void mapped_file_close(struct mapped_file *file);

#endif

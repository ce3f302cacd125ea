/* mapping.h - a whole file as read-only memory. */
#ifndef BASE_MAPPING_H
#define BASE_MAPPING_H

#include "src/base/error.h"

#include <stddef.h>

struct mapping {
    const unsigned char *data; /* NULL for an empty file */
    size_t size;               /* bytes */
};

/* Errors: IO (not there, not readable, not a regular file). */
int mapping_open(struct mapping *mapping, const char *path, struct fault *fault);
void mapping_close(struct mapping *mapping);

/* Says that these bytes of a mapping will not be needed soon, so that they count no longer as this program's memory.
 * They can still be read. */
void mapping_rest(const void *data, size_t size);

/* The end of a path that is long, so that a message has room left for what is wrong with the file. */
const char *path_for_message(const char *path);

#endif

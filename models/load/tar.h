/* tar.h - the entries of a tar archive (POSIX.1-1988 ustar, GNU and pax variants of it), from memory. */
#ifndef MODELS_LOAD_TAR_H
#define MODELS_LOAD_TAR_H

#include <stdbool.h>
#include <stddef.h>

enum { TAR_BLOCK = 512, TAR_MAGIC = 257 }; /* TAR_MAGIC: where "ustar" stands in a file */

/* The bytes of the first regular file whose name ends with suffix, where they lie. False: there is none before the
 * archive ends, or before it stops making sense. Names that need an entry of their own (over 100 characters) are not
 * looked at. */
bool tar_find(const unsigned char *data, size_t size, const char *suffix, const unsigned char **bytes, size_t *count);

#endif

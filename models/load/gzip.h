/* gzip.h - tar archives that gzip has packed (RFC 1952), as NeMo before 1.7 wrote its .nemo files. */
#ifndef MODELS_LOAD_GZIP_H
#define MODELS_LOAD_GZIP_H

#include "src/base/mapping.h"

#include <stdbool.h>

/* Whether a file begins as gzip's do. */
bool gzip_is(const struct mapping *map);

/* Unpacks a mapped file into an unlinked temporary one, in TMPDIR or /tmp, and maps that in its place. No more is
 * written than 16 times what is there, and 64 MB: weights hardly shrink, and what shrinks more is no model. name: what
 * messages call it. Errors: MODEL (damaged, cut off, or too much within), UNSUPPORTED (no tar archive within), IO (no
 * room), MEMORY; map is closed then. */
int gzip_unpack_tar(struct mapping *map, const char *name, struct fault *fault);

#endif

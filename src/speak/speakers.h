/* speakers.h - a table of speaker embeddings, in a file as NumPy writes it (.npy, format versions 1 to 3). */
#ifndef SRC_SPEAK_SPEAKERS_H
#define SRC_SPEAK_SPEAKERS_H

#include "src/base/error.h"

/* values [count, width] */
struct speakers {
    float *values;
    int count, width;
};

/* From a file's bytes: little-endian f32 or f64 in C order, of shape (count, width) or (width,). Values must be finite.
 * name: what messages call the file. Errors: MODEL, UNSUPPORTED (another type or order), MEMORY. */
int speakers_parse(struct speakers *speakers, const void *bytes, size_t size, const char *name, struct fault *fault);
/* The same from a path, of at most 256 MiB. Errors also: IO. */
int speakers_read(struct speakers *speakers, const char *path, struct fault *fault);
void speakers_free(struct speakers *speakers);

#endif

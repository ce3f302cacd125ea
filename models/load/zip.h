/* zip.h - the directory of a zip archive (PKWARE APPNOTE, sections 4.3 and 4.5), with its 64-bit form; entries must be
 * stored, not compressed, so that they can be used where they lie. */
#ifndef MODELS_LOAD_ZIP_H
#define MODELS_LOAD_ZIP_H

#include "models/load/formats.h"

struct zip_entry {
    const char *name; /* [length] in the file */
    size_t length;
    const unsigned char *data; /* [size] in the file */
    size_t size;
};

struct zip {
    struct zip_entry *entries; /* sorted by name */
    size_t count;
};

/* Errors: MODEL, UNSUPPORTED (an entry that is compressed or encrypted), MEMORY. Closed with zip_close, also after an
 * error. */
int zip_open(struct zip *zip, const struct file_reader *r);
void zip_close(struct zip *zip);
/* NULL: there is none. */
const struct zip_entry *zip_find(const struct zip *zip, const char *name, size_t length);

#endif

/* zip.h - the directory of a zip archive (APPNOTE.TXT of PKWARE, sections 4.3 to 4.5), zip64 too, from memory.
 *
 * Only what is needed to map the entries of a PyTorch file: nothing is unpacked. */
#ifndef MODELS_LOAD_ZIP_H
#define MODELS_LOAD_ZIP_H

#include "models/load/stored_list.h"

struct zip_entry {
    const char *name; /* in the file, not terminated */
    size_t name_length;
    const unsigned char *header; /* where the entry begins in the file, and where its bytes do */
    const unsigned char *data;
    size_t size; /* bytes in the file */
    bool stored; /* as it is: neither packed nor encrypted */
};

struct zip {
    struct zip_entry *entries; /* sorted by name */
    size_t count, capacity;
};

/* Reads the directory at the file's end. Every entry lies in the file and before the directory, under the name that
 * the directory gives it, and no two share bytes or a name. What it holds is to be released after an error as well.
 * Errors: MODEL, MEMORY. */
int zip_read(const struct reading *r, struct zip *zip);
void zip_release(struct zip *zip);

/* NULL: there is none. */
const struct zip_entry *zip_find(const struct zip *zip, const char *name, size_t length);

#endif

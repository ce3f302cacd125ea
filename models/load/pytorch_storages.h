/* pytorch_storages.h - PyTorch's format before 1.6 (pytorch.h): its pickles, and where its storages lie. */
#ifndef MODELS_LOAD_PYTORCH_STORAGES_H
#define MODELS_LOAD_PYTORCH_STORAGES_H

#include "models/load/pickle.h"

struct pytorch_storage {
    struct pickle_value key; /* a text */
    size_t element;          /* bytes of one */
    const unsigned char *data;
    size_t size; /* bytes */
};

/* Sorted by key. */
struct pytorch_storages {
    struct pytorch_storage *items;
    size_t count;
};

/* Whether the bytes begin as that format does. */
bool pytorch_is_old(const unsigned char *data, size_t size);

/* Reads a file of that format, from its beginning to its end: what was saved into pickle, and its storages. Both are to
 * be released after an error as well. Errors: MODEL, UNSUPPORTED, MEMORY. */
int pytorch_storages_read(struct pytorch_storages *s, const struct reading *r, struct pickle *pickle);
void pytorch_storages_release(struct pytorch_storages *s);

/* False: the file holds no storage of this key. */
bool pytorch_storages_find(const struct pytorch_storages *s, const struct pickle_value *key,
                           struct pytorch_storage *found);

#endif

/* pickle.h - Python's pickles (protocols 2 to 5; Lib/pickletools.py has the opcodes) as PyTorch writes them, taken
 * apart by a machine that can build nothing but data.
 *
 * A pickle is a program that calls whatever Python function it names. This machine knows no functions: a name is
 * accepted from a short list (collections.OrderedDict, torch._utils._rebuild_tensor_v2 and _rebuild_parameter, the
 * torch.*Storage types) and anything else is refused, so no file can make it do more than fill the arrays below. It
 * descends nowhere: containers refer to each other by index, and a value that contains itself is just an index. */
#ifndef MODELS_LOAD_PICKLE_H
#define MODELS_LOAD_PICKLE_H

#include "models/load/stored_list.h"

enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOL,  /* whole: 0 or 1 */
    PICKLE_WHOLE, /* whole */
    PICKLE_REAL,  /* real */
    PICKLE_TEXT,  /* text and length */
    PICKLE_OTHER, /* something that a checkpoint has no use for: bytes, whole numbers beyond 64 bits */
    PICKLE_TUPLE, /* index into containers */
    PICKLE_LIST,
    PICKLE_DICT,    /* the items are keys and values in turn */
    PICKLE_GLOBAL,  /* index into the names that are accepted */
    PICKLE_STORAGE, /* index into storages */
    PICKLE_TENSOR   /* index into tensors */
};

struct pickle_value {
    enum pickle_kind kind;
    uint32_t length; /* of a text */
    union {
        int64_t whole;
        double real;
        const char *text; /* in the pickle, not terminated */
        size_t index;
    };
};

struct pickle_container {
    struct pickle_value *items;
    size_t count, capacity;
};

/* Elements that lie in a file of their own beside the pickle. */
struct pickle_storage {
    struct pickle_value key; /* a text: the name of that file */
    enum stored_type type;
    int64_t count;
};

struct pickle_tensor {
    size_t storage;
    int64_t offset; /* in elements */
    int rank;
    bool contiguous; /* in the order of C */
    int64_t shape[STORED_RANK];
};

/* What a pickle built. */
struct pickle {
    size_t size; /* bytes up to its end: others may follow */
    struct pickle_value root;
    struct pickle_container *containers;
    size_t containers_count, containers_capacity;
    struct pickle_storage *storages;
    size_t storages_count, storages_capacity;
    struct pickle_tensor *tensors;
    size_t tensors_count, tensors_capacity;
};

/* Runs the pickle that begins at data and ends within size bytes; texts will point there. r: for messages and the
 * fault. Memory is bounded: by a multiple of size, by 64 MB for the pickle and by 2^24 opcodes. To be released after an
 * error as well. Errors: MODEL, UNSUPPORTED (a name or an opcode that is not on the list), MEMORY. */
int pickle_read(struct pickle *p, const struct reading *r, const unsigned char *data, size_t size);
void pickle_release(struct pickle *p);

bool pickle_is(const struct pickle_value *value, const char *text);
/* The value under a key of a dict; NULL when it is no dict or has no such key. */
const struct pickle_value *pickle_find(const struct pickle *p, const struct pickle_value *dict, const char *key);

#endif

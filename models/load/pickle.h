/* pickle.h - a restricted unpickler: it knows the opcodes that torch.save writes (Python's Lib/pickletools.py has the
 * list, protocols 2 to 5), builds only numbers, strings, tuples, lists, dicts and tensors, and calls nothing. */
#ifndef MODELS_LOAD_PICKLE_H
#define MODELS_LOAD_PICKLE_H

#include "models/load/formats.h"

enum pickle_kind {
    PICKLE_NONE,
    PICKLE_MARK,
    PICKLE_NUMBER,   /* whole: number */
    PICKLE_OTHER,    /* a value of no interest: a float, an empty set */
    PICKLE_STRING,   /* bytes [length] in the pickle */
    PICKLE_SEQUENCE, /* tuple or list: items [count] */
    PICKLE_DICT,     /* items [count], keys and values in turn */
    PICKLE_GLOBAL,   /* number: which */
    PICKLE_STORAGE,  /* items: key; number: enum stored_type */
    PICKLE_TENSOR    /* items: storage, shape, strides; number: offset in elements */
};

/* A value; items are numbers of values. */
struct pickle_value {
    enum pickle_kind kind;
    int64_t number;
    const char *bytes;
    size_t length;
    uint32_t *items;
    size_t count, capacity;
};

struct pickle {
    struct pickle_value *values;
    size_t count, capacity;
};

/* Runs the program in bytes [size]; *root: the value that it leaves. Errors: MODEL (damaged, or cut off), UNSUPPORTED
 * (an opcode or a global that builds no tensor, named), MEMORY. Closed with pickle_close, also after an error. */
int pickle_run(struct pickle *pickle, const unsigned char *bytes, size_t size, const struct file_reader *r,
               uint32_t *root);
void pickle_close(struct pickle *pickle);

/* The value under a key of a dict; NULL: no dict, or none such. */
const struct pickle_value *pickle_get(const struct pickle *pickle, const struct pickle_value *dict, const char *key);

#endif

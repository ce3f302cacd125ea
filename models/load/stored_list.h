/* stored_list.h - what the readers find in files: tensors, hyperparameters, a vocabulary. */
#ifndef MODELS_LOAD_STORED_LIST_H
#define MODELS_LOAD_STORED_LIST_H

#include "models/load/checkpoint.h"

enum { STORED_NUMBERS = 10 }; /* the hyperparameters of OpenAI's dims */

struct stored_token {
    const char *bytes;
    size_t length;
};

/* The contents of one or more files; the names of tensors are the list's own. */
struct stored_list {
    struct stored_tensor *items;
    size_t count, capacity;
    int64_t numbers[STORED_NUMBERS]; /* 0: the file has none */
    struct stored_token *tokens;     /* into the file or into text */
    size_t tokens_count, tokens_capacity;
    char *text; /* memory of the list's own for tokens that the file spells in another way, or NULL */
};

/* One file while it is being read. */
struct reading {
    const unsigned char *data;
    size_t size;      /* bytes of data */
    const char *path; /* for messages */
    const char *file; /* becomes stored_tensor.file; lives as long as the list */
    struct stored_list *list;
    struct fault *fault;
};

/* The place of a hyperparameter in numbers, or -1 when OpenAI's dims have none of this name. */
int stored_number_place(const char *name, size_t length);
/* Sets the hyperparameter; names that are not in OpenAI's dims are passed over. MODEL when the value is not from 1 to
 * 2^24, which no model reaches, or when it contradicts one that was set before. */
int stored_list_number(const struct reading *r, const char *name, size_t length, int64_t value);
int stored_list_token(const struct reading *r, const void *bytes, size_t length);

/* count and bytes from type, rank and shape (no dimension negative). False when the product is not below 2^56, so that
 * the bytes fit as well, or when blocks do not fill the last dimension. */
bool stored_measure(struct stored_tensor *t);
/* Appends the tensor under a copy of the name: 1 to 200 printable ASCII characters. Errors: MODEL, MEMORY. */
int stored_list_add(const struct reading *r, const struct stored_tensor *t, const char *name, size_t length);
/* MODEL when two of the tensors from first on share bytes of the file. Changes their order. */
int stored_list_check_overlap(const struct reading *r, size_t first);
void stored_list_release(struct stored_list *list);

/* MODEL with "PATH: tensor 'NAME' WHAT"; the other with "PATH: WHAT". */
int stored_wrong(const struct reading *r, const char *name, const char *what);
int stored_damaged(const struct reading *r, const char *what);

/* A tensor's name fit for a message: at most 100 characters, anything that is not printable ASCII as '?'. */
enum { NAME_SHOWN = 104 };
const char *name_for_message(char out[NAME_SHOWN], const char *name);
/* The same for length characters with no NUL behind them. */
const char *text_for_message(char out[NAME_SHOWN], const void *text, size_t length);

#endif

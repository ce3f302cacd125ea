/* pickle_machine.h - the machine that runs a pickle, as its two files know it.
 *
 *   pickle.c        the machine: its stack, its memo, containers and plain values, and the table of opcodes
 *   pickle_torch.c  the names that are accepted, and what they build: storages and tensors */
#ifndef MODELS_LOAD_PICKLE_MACHINE_H
#define MODELS_LOAD_PICKLE_MACHINE_H

#include "models/load/cursor.h"
#include "models/load/pickle.h"
#include "src/base/memory.h"

#include <string.h>

enum { STACK_LIMIT = 1 << 20 }; /* values, and marks */

struct machine {
    const struct reading *r;    /* borrowed: for messages and the fault */
    struct pickle *p;           /* borrowed: what is being built */
    struct cursor c;            /* the opcodes that are left */
    size_t room;                /* containers, storages and tensors that a pickle of this size may have of each */
    struct pickle_value *stack; /* owned, as the marks and the memo are */
    size_t depth, stack_capacity;
    size_t *marks; /* depths of the stack */
    size_t marks_count, marks_capacity;
    struct pickle_value *memo;
    size_t memo_count, memo_capacity;
};

/* bytes: not terminated. */
static inline bool text_is(const char *bytes, size_t length, const char *text)
{
    return strlen(text) == length && !memcmp(bytes, text, length);
}

/* "FILE: the pickle WHAT"; returns the code. */
static inline int damaged(const struct machine *m, const char *what)
{
    return fail(m->r->fault, UTTER_ERROR_MODEL, "%s: the pickle %s", m->r->path, what);
}

/* The value is copied; the stack may move. */
static inline int push(struct machine *m, struct pickle_value value)
{
    if (m->depth == STACK_LIMIT)
        return damaged(m, "needs a stack of more than 2^20 values");
    if (!memory_grow((void **)&m->stack, &m->stack_capacity, m->depth + 1, sizeof *m->stack))
        return fail_memory(m->r->fault, "a pickle's stack");
    m->stack[m->depth++] = value;
    return 0;
}

/* The last count values above the last mark, which stay in memory until the next push; NULL when there are fewer. */
static inline struct pickle_value *pop(struct machine *m, size_t count)
{
    size_t floor = m->marks_count ? m->marks[m->marks_count - 1] : 0;
    if (m->depth - floor < count)
        return NULL;
    m->depth -= count;
    return m->stack + m->depth;
}

/* For a pop that gave NULL. */
static inline int too_few(const struct machine *m)
{
    return damaged(m, "takes more values than there are");
}

/* Those below return 0 or the fault's code. */

/* pickle.c: a new container with a copy of these values, pushed. A dict's are keys and values in turn. */
int push_container(struct machine *m, enum pickle_kind kind, const struct pickle_value *values, size_t count);

/* pickle_torch.c: what a name stands for, pushed; lengths in bytes. UNSUPPORTED: a name that is not on the list. */
int push_global(struct machine *m, const char *module, size_t module_length, const char *name, size_t name_length);
/* A storage, which lies outside the pickle: its description is replaced by it. */
int op_persistent(struct machine *m, int unused);
/* A call: a name and a tuple of arguments are replaced by what it builds. */
int op_reduce(struct machine *m, int unused);
/* Attributes for what a call built: dropped. */
int op_build(struct machine *m, int unused);

#endif

#include "models/load/formats.h"

#include "src/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *stored_measure(struct stored_tensor *t)
{
    int64_t block = stored_type_block(t->type), elements = 1;
    bool empty = false;
    for (int i = 0; i < t->rank; i++) {
        int64_t n = t->shape[i];
        if (n < 0)
            return "has a negative dimension";
        if (n > 0 && elements > ((int64_t)1 << 56) / n)
            return "has a shape whose product overflows";
        elements *= n > 0 ? n : 1;
        empty = empty || n == 0;
    }
    if (block > 1 && (t->rank < 1 || t->shape[t->rank - 1] % block))
        return "has rows that are no whole number of its type's blocks";
    t->count = empty ? 0 : elements;
    t->bytes = (size_t)(t->count / block) * stored_type_size(t->type);
    return NULL;
}

static const char *shown_name(char out[NAME_SHOWN], const char *name, size_t length)
{
    char copy[NAME_SHOWN + 1];
    size_t n = length < NAME_SHOWN ? length : NAME_SHOWN;
    for (size_t i = 0; i < n; i++)
        copy[i] = name[i] ? name[i] : '?';
    copy[n] = 0;
    return name_for_message(out, copy);
}

int stored_wrong(const struct file_reader *r, const char *name, size_t length, const char *what)
{
    char shown[NAME_SHOWN];
    return fail(r->fault, UTTER_ERROR_MODEL, "%s: tensor '%s' %s", r->path, shown_name(shown, name, length), what);
}

int file_wrong(const struct file_reader *r, const char *what)
{
    return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s", r->path, what);
}

int stored_add(const struct file_reader *r, const struct stored_tensor *t, const char *name, size_t length)
{
    struct stored_list *list = r->list;
    if (!length || memchr(name, 0, length))
        return file_wrong(r, "a tensor has no name, or one with a NUL in it");
    if (!memory_grow((void **)&list->items, &list->capacity, list->count + 1, sizeof *list->items))
        return fail_memory(r->fault, "a checkpoint's list of tensors");
    struct stored_tensor *to = &list->items[list->count];
    *to = *t;
    to->file = r->file;
    to->name = memory_text(name, length);
    if (!to->name)
        return fail_memory(r->fault, "a tensor's name");
    list->count++;
    return 0;
}

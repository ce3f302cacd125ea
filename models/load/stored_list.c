#include "models/load/stored_list.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBER_LIMIT = 1 << 24, NAME_LIMIT = 200 };

static const char *const NUMBERS[STORED_NUMBERS] = {
    "n_mels",        "n_vocab",    "n_audio_ctx",  "n_audio_state", "n_audio_head",
    "n_audio_layer", "n_text_ctx", "n_text_state", "n_text_head",   "n_text_layer",
};

/* ---- messages ---- */

const char *text_for_message(char out[NAME_SHOWN], const void *text, size_t length)
{
    const unsigned char *from = text;
    size_t n = 0;
    for (; n < length && n < NAME_SHOWN - 4; n++)
        out[n] = (char)(from[n] >= 0x20 && from[n] < 0x7f ? from[n] : '?');
    memcpy(out + n, n < length ? "..." : "", n < length ? 4 : 1);
    return out;
}

const char *name_for_message(char out[NAME_SHOWN], const char *name)
{
    return text_for_message(out, name, strlen(name));
}

int stored_wrong(const struct reading *r, const char *name, const char *what)
{
    char shown[NAME_SHOWN];
    return fail(r->fault, UTTER_ERROR_MODEL, "%s: tensor '%s' %s", r->path, name_for_message(shown, name), what);
}

int stored_damaged(const struct reading *r, const char *what)
{
    return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s", r->path, what);
}

/* ---- hyperparameters and tokens ---- */

int stored_number_place(const char *name, size_t length)
{
    for (int i = 0; i < STORED_NUMBERS; i++)
        if (strlen(NUMBERS[i]) == length && !memcmp(NUMBERS[i], name, length))
            return i;
    return -1;
}

int stored_list_number(const struct reading *r, const char *name, size_t length, int64_t value)
{
    int place = stored_number_place(name, length);
    if (place < 0)
        return 0;
    if (value < 1 || value > NUMBER_LIMIT)
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is %lld, which no model has", r->path, NUMBERS[place],
                    (long long)value);
    int64_t before = r->list->numbers[place];
    if (before && before != value)
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is both %lld and %lld", r->path, NUMBERS[place],
                    (long long)before, (long long)value);
    r->list->numbers[place] = value;
    return 0;
}

int stored_list_token(const struct reading *r, const void *bytes, size_t length)
{
    struct stored_list *l = r->list;
    if (!memory_grow((void **)&l->tokens, &l->tokens_capacity, l->tokens_count + 1, sizeof *l->tokens))
        return fail_memory(r->fault, "a checkpoint's vocabulary");
    l->tokens[l->tokens_count++] = (struct stored_token){bytes, length};
    return 0;
}

/* ---- tensors ---- */

bool stored_measure(struct stored_tensor *t)
{
    bool empty = false;
    t->count = 1;
    for (int i = 0; i < t->rank; i++) {
        int64_t n = t->shape[i];
        empty |= n == 0;
        if (n > 0 && t->count > ((int64_t)1 << 56) / n)
            return false;
        t->count *= n > 0 ? n : 1;
    }
    if (empty)
        t->count = 0;
    int64_t block = (int64_t)stored_type_block(t->type);
    if (block > 1 && (t->rank == 0 || t->shape[t->rank - 1] % block))
        return false;
    t->bytes = (size_t)(t->count / block) * stored_type_size(t->type);
    return true;
}

/* Names go to terminals, into JSON and into messages, so nothing is let in that any of these would trip over. */
static int check_name(const struct reading *r, const char *name, size_t length)
{
    if (!length)
        return stored_damaged(r, "a tensor has no name");
    bool good = length <= NAME_LIMIT;
    for (size_t i = 0; i < length && good; i++)
        good = name[i] > 0x20 && name[i] < 0x7f;
    char shown[NAME_SHOWN];
    if (!good)
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: '%s' is no name for a tensor", r->path,
                    text_for_message(shown, name, length));
    return 0;
}

int stored_list_add(const struct reading *r, const struct stored_tensor *t, const char *name, size_t length)
{
    struct stored_list *l = r->list;
    int code = check_name(r, name, length);
    if (code)
        return code;
    if (!memory_grow((void **)&l->items, &l->capacity, l->count + 1, sizeof *l->items))
        return fail_memory(r->fault, "a checkpoint's list of tensors");
    char *copy = memory_text(name, length);
    if (!copy)
        return fail_memory(r->fault, "a tensor's name");
    l->items[l->count] = *t;
    l->items[l->count].name = copy;
    l->items[l->count++].file = r->file;
    return 0;
}

static int by_offset(const void *a, const void *b)
{
    const struct stored_tensor *x = a, *y = b;
    const unsigned char *p = x->data, *q = y->data;
    if (p != q)
        return p < q ? -1 : 1;
    return x->bytes < y->bytes ? -1 : x->bytes > y->bytes; /* empty tensors first */
}

int stored_list_check_overlap(const struct reading *r, size_t first)
{
    struct stored_list *l = r->list;
    if (l->count - first < 2)
        return 0;
    qsort(l->items + first, l->count - first, sizeof *l->items, by_offset);
    for (size_t i = first + 1; i < l->count; i++) {
        const unsigned char *begin = l->items[i].data, *before = l->items[i - 1].data;
        if ((size_t)(begin - before) < l->items[i - 1].bytes)
            return stored_wrong(r, l->items[i].name, "overlaps another one");
    }
    return 0;
}

void stored_list_release(struct stored_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free((void *)(uintptr_t)list->items[i].name);
    free(list->items);
    free(list->tokens);
    free(list->text);
    *list = (struct stored_list){0};
}

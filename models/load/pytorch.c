/* pytorch.c - from a zip archive's pickle to tensors in its entries: ROOT/data.pkl describes them, ROOT/data/KEY holds
 * the elements of a storage. */
#include "models/load/pickle.h"
#include "models/load/zip.h"

#include <stdio.h>
#include <string.h>

static const char PICKLE[] = "/data.pkl";
enum { KEY_LIMIT = 512 };

struct archive {
    const struct file_reader *r;
    struct zip zip;
    struct pickle pickle;
    const char *root; /* [root_length]: the folder in the archive */
    size_t root_length;
};

static bool ends_with(const struct zip_entry *e, const char *end)
{
    size_t n = strlen(end);
    return e->length > n && memcmp(e->name + e->length - n, end, n) == 0;
}

static const struct zip_entry *find_pickle(struct archive *a)
{
    for (size_t i = 0; i < a->zip.count; i++) {
        const struct zip_entry *e = &a->zip.entries[i];
        if (!ends_with(e, PICKLE))
            continue;
        a->root = e->name;
        a->root_length = e->length - (sizeof PICKLE - 1);
        return e;
    }
    return NULL;
}

static const struct zip_entry *find_below_root(const struct archive *a, const char *folder, const char *name,
                                               size_t length)
{
    char path[KEY_LIMIT];
    size_t folder_length = strlen(folder);
    if (a->root_length + folder_length + length > sizeof path)
        return NULL;
    memcpy(path, a->root, a->root_length);
    memcpy(path + a->root_length, folder, folder_length);
    memcpy(path + a->root_length + folder_length, name, length);
    return zip_find(&a->zip, path, a->root_length + folder_length + length);
}

static const struct pickle_value *part(const struct archive *a, const struct pickle_value *v, size_t i)
{
    return &a->pickle.values[v->items[i]];
}

/* The shape, which the strides must be those of a dense tensor for. */
static const char *read_shape(const struct archive *a, const struct pickle_value *tensor, struct stored_tensor *t)
{
    const struct pickle_value *shape = part(a, tensor, 1), *strides = part(a, tensor, 2);
    if (shape->count > STORED_RANK || strides->count != shape->count)
        return "has more than 8 dimensions, or other strides than dimensions";
    t->rank = (int)shape->count;
    for (size_t i = 0; i < shape->count; i++) {
        if (part(a, shape, i)->kind != PICKLE_NUMBER || part(a, strides, i)->kind != PICKLE_NUMBER)
            return "has a dimension that is no number";
        t->shape[i] = part(a, shape, i)->number;
    }
    const char *wrong = stored_measure(t);
    int64_t dense = 1;
    for (size_t i = shape->count; !wrong && i-- > 0;) {
        if (t->shape[i] > 1 && t->count && part(a, strides, i)->number != dense)
            wrong = "does not lie in one piece: it was saved as a view of another";
        dense *= t->shape[i] > 0 ? t->shape[i] : 1;
    }
    return wrong;
}

static int add_tensor(const struct archive *a, const struct pickle_value *name, const struct pickle_value *tensor)
{
    const struct pickle_value *storage = part(a, tensor, 0), *key = part(a, storage, 0);
    struct stored_tensor t = {.type = (enum stored_type)storage->number};
    const char *wrong = read_shape(a, tensor, &t);
    if (wrong)
        return stored_wrong(a->r, name->bytes, name->length, wrong);
    const struct zip_entry *e = find_below_root(a, "/data/", key->bytes, key->length);
    if (!e)
        return stored_wrong(a->r, name->bytes, name->length, "has no data in the archive");
    size_t size = stored_type_size(t.type), room = e->size / size;
    if (tensor->number < 0 || (uint64_t)tensor->number > room || (uint64_t)t.count > room - (uint64_t)tensor->number)
        return stored_wrong(a->r, name->bytes, name->length, "reaches beyond its data in the archive");
    t.data = e->data + (size_t)tensor->number * size;
    return stored_add(a->r, &t, name->bytes, name->length);
}

/* Entries of a state dict that are no tensors are counters and the like. */
static int add_tensors(const struct archive *a, const struct pickle_value *dict)
{
    int code = 0;
    for (size_t i = 0; i + 1 < dict->count && !code; i += 2)
        if (part(a, dict, i)->kind == PICKLE_STRING && part(a, dict, i + 1)->kind == PICKLE_TENSOR)
            code = add_tensor(a, part(a, dict, i), part(a, dict, i + 1));
    return code;
}

static void add_numbers(const struct archive *a, const struct pickle_value *dims)
{
    for (size_t i = 0; dims && dims->kind == PICKLE_DICT && i + 1 < dims->count; i += 2) {
        const struct pickle_value *key = part(a, dims, i), *value = part(a, dims, i + 1);
        char name[FACT_NAME];
        if (key->kind != PICKLE_STRING || value->kind != PICKLE_NUMBER || key->length >= sizeof name)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)key->length, key->bytes);
        facts_add_number(a->r->facts, name, value->number);
    }
}

static int read_pickle(struct archive *a, const struct zip_entry *e)
{
    uint32_t root;
    int code = pickle_run(&a->pickle, e->data, e->size, a->r, &root);
    if (code)
        return code;
    const struct pickle_value *all = &a->pickle.values[root], *state = NULL;
    static const char *const names[] = {"model_state_dict", "state_dict", "model"};
    for (size_t i = 0; i < sizeof names / sizeof *names && !state; i++)
        state = pickle_get(&a->pickle, all, names[i]);
    if (!state || state->kind != PICKLE_DICT)
        state = all;
    add_numbers(a, pickle_get(&a->pickle, all, "dims"));
    if (state->kind == PICKLE_DICT)
        code = add_tensors(a, state);
    return code || a->r->list->count ? code : file_wrong(a->r, "has no tensors in its pickle");
}

static int read_archive(struct archive *a)
{
    int code = zip_open(&a->zip, a->r);
    if (code)
        return code;
    const struct zip_entry *pickle = find_pickle(a);
    if (!pickle)
        return fail(a->r->fault, UTTER_ERROR_UNSUPPORTED, "%s: a zip archive without a data.pkl is no checkpoint",
                    a->r->path);
    const struct zip_entry *order = find_below_root(a, "/byteorder", "", 0);
    if (order && !(order->size == 6 && memcmp(order->data, "little", 6) == 0))
        return fail(a->r->fault, UTTER_ERROR_UNSUPPORTED, "%s: its numbers are not little-endian", a->r->path);
    return read_pickle(a, pickle);
}

int pytorch_read(const struct file_reader *r)
{
    struct archive a = {.r = r};
    r->facts->format = "pytorch";
    int code = read_archive(&a);
    pickle_close(&a.pickle);
    zip_close(&a.zip);
    return code;
}

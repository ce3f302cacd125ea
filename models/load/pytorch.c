#include "models/load/pytorch.h"

#include "src/base/mapping.h"
#include "models/load/pickle.h"
#include "models/load/pytorch_storages.h"
#include "models/load/zip.h"

#include <stdio.h>
#include <string.h>

enum { PREFIX_LIMIT = 256, KEY_LIMIT = 64 };

/* One file while it is being read. */
struct pytorch {
    struct reading r;
    struct zip zip;
    struct pickle pickle;
    const char *prefix; /* NAME of NAME/data.pkl */
    size_t prefix_length;
    bool old;                         /* the format before 1.6, … */
    struct pytorch_storages storages; /* … and where its storages lie */
};

/* ---- entries ---- */

/* NAME/name, or NULL. */
static const struct zip_entry *find_entry(const struct pytorch *t, const char *name)
{
    char full[PREFIX_LIMIT + KEY_LIMIT + 16];
    int length = snprintf(full, sizeof full, "%.*s/%s", (int)t->prefix_length, t->prefix, name);
    return length > 0 && (size_t)length < sizeof full ? zip_find(&t->zip, full, (size_t)length) : NULL;
}

/* The entry NAME/data.pkl, where NAME is no path. */
static const struct zip_entry *find_pickle(struct pytorch *t)
{
    static const char end[] = "/data.pkl";
    const size_t length = sizeof end - 1;
    for (size_t i = 0; i < t->zip.count; i++) {
        const struct zip_entry *e = &t->zip.entries[i];
        if (e->name_length <= length || e->name_length - length > PREFIX_LIMIT)
            continue;
        t->prefix = e->name;
        t->prefix_length = e->name_length - length;
        if (!memcmp(e->name + t->prefix_length, end, length) && !memchr(e->name, '/', t->prefix_length) &&
            !memchr(e->name, 0, t->prefix_length))
            return e;
    }
    return NULL;
}

static int check_stored(const struct pytorch *t, const struct zip_entry *e)
{
    char shown[NAME_SHOWN];
    if (e->stored)
        return 0;
    return fail(t->r.fault, UTTER_ERROR_UNSUPPORTED, "%s: entry '%s' is packed, and only stored ones are read",
                t->r.path, text_for_message(shown, e->name, e->name_length));
}

static int read_pickle(struct pytorch *t)
{
    const struct zip_entry *e = find_pickle(t);
    if (!e)
        return fail(t->r.fault, UTTER_ERROR_UNSUPPORTED, "%s: a zip file with no data.pkl, so not one of PyTorch's",
                    t->r.path);
    if (find_entry(t, "constants.pkl"))
        return fail(t->r.fault, UTTER_ERROR_UNSUPPORTED, "%s: a TorchScript program, which is not read", t->r.path);
    const struct zip_entry *order = find_entry(t, "byteorder");
    if (order && order->size == 3 && !memcmp(order->data, "big", 3))
        return fail(t->r.fault, UTTER_ERROR_UNSUPPORTED, "%s: tensors in big-endian order, which are not read",
                    t->r.path);
    int code = check_stored(t, e);
    return code ? code : pickle_read(&t->pickle, &t->r, e->data, e->size);
}

/* ---- tensors ---- */

/* The bytes of the storage that s lies in: the entry of the zip archive. */
static int find_entry_of(const struct pytorch *t, const struct stored_tensor *s, const struct pickle_storage *storage,
                         struct pytorch_storage *found)
{
    const struct zip_entry *e = NULL;
    char name[KEY_LIMIT + 8];
    if (storage->key.length <= KEY_LIMIT && !memchr(storage->key.text, 0, storage->key.length)) {
        snprintf(name, sizeof name, "data/%.*s", (int)storage->key.length, storage->key.text);
        e = find_entry(t, name);
    }
    if (!e)
        return stored_wrong(&t->r, s->name, "is in a storage that the file does not hold");
    *found = (struct pytorch_storage){.data = e->data, .size = e->size};
    return check_stored(t, e);
}

static int find_storage(const struct pytorch *t, const struct stored_tensor *s, const struct pickle_storage *storage,
                        struct pytorch_storage *found)
{
    if (!t->old)
        return find_entry_of(t, s, storage, found);
    if (!pytorch_storages_find(&t->storages, &storage->key, found))
        return stored_wrong(&t->r, s->name, "is in a storage that the file does not hold");
    return 0;
}

/* The bytes of the tensor in its storage. */
static int bind_data(const struct pytorch *t, struct stored_tensor *s, const struct pickle_tensor *tensor)
{
    const struct pickle_storage *storage = &t->pickle.storages[tensor->storage];
    struct pytorch_storage found;
    int code = find_storage(t, s, storage, &found);
    if (code)
        return code;
    size_t size = stored_type_size(storage->type);
    if ((uint64_t)storage->count > found.size / size)
        return stored_wrong(&t->r, s->name, "is in a storage that is shorter than the pickle says");
    if (tensor->offset > storage->count || s->count > storage->count - tensor->offset)
        return stored_wrong(&t->r, s->name, "ends beyond its storage");
    s->data = found.data + (size_t)tensor->offset * size;
    return 0;
}

static int add_tensor(const struct pytorch *t, const struct pickle_value *name, const struct pickle_tensor *tensor)
{
    struct stored_tensor none = {0};
    if (name->kind != PICKLE_TEXT)
        return stored_damaged(&t->r, "a tensor has a name that is no text");
    int code = stored_list_add(&t->r, &none, name->text, name->length);
    if (code)
        return code;
    struct stored_tensor *s = &t->r.list->items[t->r.list->count - 1];
    s->type = t->pickle.storages[tensor->storage].type;
    s->rank = tensor->rank;
    memcpy(s->shape, tensor->shape, sizeof s->shape);
    if (!stored_measure(s))
        return stored_wrong(&t->r, s->name, "has a shape whose product overflows");
    if (!tensor->contiguous)
        return stored_wrong(&t->r, s->name, "is a view with other strides than its shape makes, which is not read");
    return bind_data(t, s, tensor);
}

static int read_tensors(const struct pytorch *t, const struct pickle_value *dict)
{
    const struct pickle_container *c = &t->pickle.containers[dict->index];
    size_t before = t->r.list->count;
    int code = 0;
    for (size_t i = 0; i + 1 < c->count && !code; i += 2)
        if (c->items[i + 1].kind == PICKLE_TENSOR)
            code = add_tensor(t, &c->items[i], &t->pickle.tensors[c->items[i + 1].index]);
    if (!code && t->r.list->count == before)
        code = stored_damaged(&t->r, "the pickle holds no dict of tensors");
    return code;
}

static int read_numbers(const struct pytorch *t)
{
    const struct pickle_value *dims = pickle_find(&t->pickle, &t->pickle.root, "dims");
    if (!dims || dims->kind != PICKLE_DICT)
        return 0;
    const struct pickle_container *c = &t->pickle.containers[dims->index];
    int code = 0;
    for (size_t i = 0; i + 1 < c->count && !code; i += 2)
        if (c->items[i].kind == PICKLE_TEXT && c->items[i + 1].kind == PICKLE_WHOLE)
            code = stored_list_number(&t->r, c->items[i].text, c->items[i].length, c->items[i + 1].whole);
    return code;
}

static int read_contents(const struct pytorch *t)
{
    static const char *const keys[] = {"model_state_dict", "state_dict", "generator"};
    const struct pickle_value *dict = &t->pickle.root;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct pickle_value *inner = pickle_find(&t->pickle, dict, keys[i]);
        if (inner && inner->kind == PICKLE_DICT) {
            dict = inner;
            break;
        }
    }
    if (dict->kind != PICKLE_DICT)
        return stored_damaged(&t->r, "the pickle holds no dict of tensors");
    int code = read_numbers(t);
    return code ? code : read_tensors(t, dict);
}

/* The archive, or the pickles and storages of the format before. */
static int read_outside(struct pytorch *t)
{
    t->old = pytorch_is_old(t->r.data, t->r.size);
    if (t->old)
        return pytorch_storages_read(&t->storages, &t->r, &t->pickle);
    if (t->r.size < 2 || memcmp(t->r.data, "PK", 2) != 0)
        return fail(t->r.fault, UTTER_ERROR_UNSUPPORTED, "%s: not a PyTorch file", t->r.path);
    int code = zip_read(&t->r, &t->zip);
    return code ? code : read_pickle(t);
}

int pytorch_read(const unsigned char *data, size_t size, const char *path, const char *file, struct stored_list *list,
                 struct fault *fault)
{
    struct pytorch t = {.r = {data, size, path_for_message(path), file, list, fault}};
    int code = read_outside(&t);
    if (!code)
        code = read_contents(&t);
    pickle_release(&t.pickle);
    pytorch_storages_release(&t.storages);
    zip_release(&t.zip);
    return code;
}

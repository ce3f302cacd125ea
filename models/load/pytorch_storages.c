#include "models/load/pytorch_storages.h"

#include "models/load/cursor.h"
#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* The pickles of the magic number 0x1950a86a20f9469cfc6c and of the version 1001: always these bytes. */
static const unsigned char BEGINNING[] = "\x80\x02\x8a\x0al\xfc\x9c"
                                         "F\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.";
enum { MAGIC_BYTES = 15, PICKLE_BYTES = 1 << 26 };

bool pytorch_is_old(const unsigned char *data, size_t size)
{
    return size >= MAGIC_BYTES && !memcmp(data, BEGINNING, MAGIC_BYTES);
}

/* ---- the pickles ---- */

/* The pickle at the cursor, which steps over it. */
static int next_pickle(const struct reading *r, struct cursor *c, struct pickle *pickle)
{
    const unsigned char *bytes;
    int code = pickle_read(pickle, r, c->at, c->left < PICKLE_BYTES ? c->left : PICKLE_BYTES);
    return code || cursor_bytes(c, pickle->size, &bytes) ? code : stored_damaged(r, "the pickle ends beyond the file");
}

/* Facts about the machine that wrote the file: of use is which end of a number comes first. */
static int check_machine(const struct reading *r, struct cursor *c)
{
    struct pickle facts = {0};
    int code = next_pickle(r, c, &facts);
    const struct pickle_value *little = code ? NULL : pickle_find(&facts, &facts.root, "little_endian");
    if (little && little->kind == PICKLE_BOOL && !little->whole)
        code = fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: tensors in big-endian order, which are not read", r->path);
    pickle_release(&facts);
    return code;
}

/* ---- storages ---- */

static int by_key(const void *a, const void *b)
{
    const struct pickle_value *x = &((const struct pytorch_storage *)a)->key;
    const struct pickle_value *y = &((const struct pytorch_storage *)b)->key;
    const size_t both = x->length < y->length ? x->length : y->length;
    const int order = memcmp(x->text, y->text, both);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

/* Every storage that the pickle refers to, once. */
static int list_storages(struct pytorch_storages *s, const struct reading *r, const struct pickle *pickle)
{
    size_t kept = 0;
    s->items = memory_new(pickle->storages_count, sizeof *s->items);
    if (!s->items)
        return fail_memory(r->fault, "a checkpoint's storages");
    for (size_t i = 0; i < pickle->storages_count; i++)
        s->items[i] = (struct pytorch_storage){.key = pickle->storages[i].key,
                                               .element = stored_type_size(pickle->storages[i].type)};
    if (pickle->storages_count)
        qsort(s->items, pickle->storages_count, sizeof *s->items, by_key);
    for (size_t i = 0; i < pickle->storages_count; i++) {
        if (!kept || by_key(&s->items[kept - 1], &s->items[i]))
            s->items[kept++] = s->items[i];
        else if (s->items[kept - 1].element != s->items[i].element)
            return stored_damaged(r, "a storage has elements of two sizes");
    }
    s->count = kept;
    return 0;
}

static struct pytorch_storage *find(const struct pytorch_storages *s, const struct pickle_value *key)
{
    const struct pytorch_storage wanted = {.key = *key};
    return s->count ? bsearch(&wanted, s->items, s->count, sizeof *s->items, by_key) : NULL;
}

/* The storage at the cursor, which the list calls by this key. */
static int place_storage(const struct pytorch_storages *s, const struct reading *r, struct cursor *c,
                         const struct pickle_value *key)
{
    uint64_t count;
    struct pytorch_storage *storage = key->kind == PICKLE_TEXT ? find(s, key) : NULL;
    if (!storage || storage->data)
        return stored_damaged(r, "the list of storages names one that there is not, or one twice");
    if (!cursor_u64(c, &count) || count > c->left / storage->element ||
        !cursor_bytes(c, count * storage->element, &storage->data))
        return stored_damaged(r, "a storage ends beyond the file");
    storage->size = (size_t)count * storage->element;
    return 0;
}

static int place_storages(const struct pytorch_storages *s, const struct reading *r, struct cursor *c)
{
    struct pickle keys = {0};
    int code = next_pickle(r, c, &keys);
    if (!code && keys.root.kind != PICKLE_LIST)
        code = stored_damaged(r, "the list of storages is none");
    const struct pickle_container *list = code ? NULL : &keys.containers[keys.root.index];
    for (size_t i = 0; list && i < list->count && !code; i++)
        code = place_storage(s, r, c, &list->items[i]);
    pickle_release(&keys);
    return code;
}

int pytorch_storages_read(struct pytorch_storages *s, const struct reading *r, struct pickle *pickle)
{
    struct cursor c = {r->data, r->size};
    const unsigned char *bytes;
    if (r->size < sizeof BEGINNING - 1 || memcmp(r->data, BEGINNING, sizeof BEGINNING - 1) != 0)
        return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: another version of PyTorch's format before 1.6", r->path);
    cursor_bytes(&c, sizeof BEGINNING - 1, &bytes);
    int code = check_machine(r, &c);
    code = code ? code : next_pickle(r, &c, pickle);
    code = code ? code : list_storages(s, r, pickle);
    return code ? code : place_storages(s, r, &c);
}

void pytorch_storages_release(struct pytorch_storages *s)
{
    free(s->items);
    *s = (struct pytorch_storages){0};
}

bool pytorch_storages_find(const struct pytorch_storages *s, const struct pickle_value *key,
                           struct pytorch_storage *found)
{
    const struct pytorch_storage *storage = find(s, key);
    if (!storage || !storage->data)
        return false;
    *found = *storage;
    return true;
}

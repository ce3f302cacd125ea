#include "models/load/safetensors.h"

#include "models/load/json.h"
#include "src/base/mapping.h"
#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* The reference reader refuses longer headers as well. */
static const uint64_t HEADER_LIMIT = 100000000;

/* One file while it is being read. */
struct reader {
    const unsigned char *data; /* behind the header */
    size_t size;               /* bytes of data */
    const char *path, *file;
    struct fault *fault;
};

static int wrong(const struct reader *r, const char *name, const char *what)
{
    char shown[NAME_SHOWN];
    return fail(r->fault, UTTER_ERROR_MODEL, "%s: tensor '%s' %s", r->path, name_for_message(shown, name), what);
}

static int read_type(const struct reader *r, struct stored_tensor *t, const char *name, const cJSON *type)
{
    if (!cJSON_IsString(type))
        return wrong(r, name, "has no dtype");
    for (int i = 0; i < STORED_TYPES; i++) {
        t->type = (enum stored_type)i;
        if (stored_type_block(t->type) == 1 && !strcmp(type->valuestring, stored_type_name(t->type)))
            return 0;
    }
    char shown[NAME_SHOWN], spelt[NAME_SHOWN];
    return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: tensor '%s' has the unknown type '%.20s'", r->path,
                name_for_message(shown, name), name_for_message(spelt, type->valuestring));
}

static int read_shape(const struct reader *r, struct stored_tensor *t, const char *name, const cJSON *shape)
{
    if (!cJSON_IsArray(shape))
        return wrong(r, name, "has no shape");
    const cJSON *item;
    cJSON_ArrayForEach(item, shape)
    {
        int64_t n;
        if (t->rank == STORED_RANK)
            return wrong(r, name, "has more than 8 dimensions");
        if (!json_whole(item, &n))
            return wrong(r, name, "has a dimension that is not a whole number");
        t->shape[t->rank++] = n;
    }
    return stored_measure(t) ? 0 : wrong(r, name, "has a shape whose product overflows");
}

static int read_offsets(const struct reader *r, struct stored_tensor *t, const char *name, const cJSON *offsets)
{
    int64_t begin, end;
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2)
        return wrong(r, name, "has no data_offsets");
    if (!json_whole(offsets->child, &begin) || !json_whole(offsets->child->next, &end) || begin > end)
        return wrong(r, name, "has data_offsets that are not a range");
    if ((uint64_t)end > r->size)
        return wrong(r, name, "ends beyond the file: the file is cut off, or damaged");
    if ((uint64_t)(end - begin) != t->bytes)
        return wrong(r, name, "has another size than its shape and type make");
    t->data = r->data + begin;
    return 0;
}

static int read_entry(const struct reader *r, struct stored_list *list, const cJSON *entry)
{
    const char *name = entry->string;
    if (!name || !name[0])
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: a tensor has no name", r->path);
    if (!cJSON_IsObject(entry))
        return wrong(r, name, "is not described by an object");
    struct stored_tensor t = {.file = r->file};
    int code = read_type(r, &t, name, cJSON_GetObjectItemCaseSensitive(entry, "dtype"));
    if (!code)
        code = read_shape(r, &t, name, cJSON_GetObjectItemCaseSensitive(entry, "shape"));
    if (!code)
        code = read_offsets(r, &t, name, cJSON_GetObjectItemCaseSensitive(entry, "data_offsets"));
    if (code)
        return code;
    if (!memory_grow((void **)&list->items, &list->capacity, list->count + 1, sizeof *list->items))
        return fail_memory(r->fault, "a checkpoint's list of tensors");
    t.name = memory_text(name, strlen(name));
    if (!t.name)
        return fail_memory(r->fault, "a tensor's name");
    list->items[list->count++] = t;
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

/* The format allows neither overlaps, which would let two weights share bytes, nor holes, which would hide some. */
static int check_cover(const struct reader *r, struct stored_tensor *items, size_t count)
{
    if (count)
        qsort(items, count, sizeof *items, by_offset);
    const unsigned char *at = r->data;
    for (size_t i = 0; i < count; i++) {
        const unsigned char *begin = items[i].data;
        if (begin < at)
            return wrong(r, items[i].name, "overlaps another one");
        if (begin > at)
            return wrong(r, items[i].name, "follows bytes that belong to no tensor");
        at += items[i].bytes;
    }
    if (at != r->data + r->size)
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %zu bytes at the end belong to no tensor", r->path,
                    (size_t)(r->data + r->size - at));
    return 0;
}

static int read_header(const struct reader *r, const char *text, size_t length, struct stored_list *list)
{
    cJSON *header = json_parse(text, length, r->path, r->fault);
    if (!header)
        return r->fault ? r->fault->code : UTTER_ERROR_MODEL;
    size_t first = list->count;
    int code = 0;
    if (!cJSON_IsObject(header))
        code = fail(r->fault, UTTER_ERROR_MODEL, "%s: the header is not an object", r->path);
    for (const cJSON *entry = header->child; entry && !code; entry = entry->next)
        if (!entry->string || strcmp(entry->string, "__metadata__"))
            code = read_entry(r, list, entry);
    cJSON_Delete(header);
    struct stored_tensor *read = first < list->count ? list->items + first : NULL;
    return code ? code : check_cover(r, read, list->count - first);
}

int safetensors_read(const unsigned char *data, size_t size, const char *path, const char *file,
                     struct stored_list *list, struct fault *fault)
{
    path = path_for_message(path);
    if (size == 0)
        return fail(fault, UTTER_ERROR_MODEL, "%s: the file is empty", path);
    if (size < 8)
        return fail(fault, UTTER_ERROR_MODEL, "%s: %zu bytes are too few for a safetensors file", path, size);
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | data[i];
    if (size > 8 && data[8] != '{')
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s: not a safetensors file", path);
    if (length > HEADER_LIMIT)
        return fail(fault, UTTER_ERROR_MODEL, "%s: a header of %llu bytes is over the limit of 100000000", path,
                    (unsigned long long)length);
    if (length > size - 8)
        return fail(fault, UTTER_ERROR_MODEL, "%s: the header of %llu bytes is longer than the file", path,
                    (unsigned long long)length);
    struct reader r = {data + 8 + length, size - 8 - (size_t)length, path, file, fault};
    return read_header(&r, (const char *)data + 8, (size_t)length, list);
}

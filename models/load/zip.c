#include "models/load/zip.h"

#include "models/load/cursor.h"
#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50, END64 = 0x06064b50, LOCATOR64 = 0x07064b50 };
enum { LOCAL_SIZE = 30, CENTRAL_SIZE = 46, END_SIZE = 22, END64_SIZE = 56, LOCATOR64_SIZE = 20, COMMENT_LIMIT = 65535 };
enum { ZIP64_FIELD = 1 };                     /* the extra field that holds what does not fit into 32 bits */
static const uint32_t ELSEWHERE = UINT32_MAX; /* it is in the extra field */

/* Where the directory lies. */
struct directory {
    uint64_t offset, size, count;
};

static uint32_t u16(const unsigned char *bytes)
{
    return (uint32_t)cursor_number(bytes, 2);
}

static uint32_t u32(const unsigned char *bytes)
{
    return (uint32_t)cursor_number(bytes, 4);
}

/* ---- the end of the file ---- */

/* The end record, which only a comment of the length that it states may follow; NULL when there is none. */
static const unsigned char *find_end(const struct reading *r)
{
    if (r->size < END_SIZE)
        return NULL;
    for (size_t comment = 0; comment <= COMMENT_LIMIT && comment <= r->size - END_SIZE; comment++) {
        const unsigned char *at = r->data + (r->size - END_SIZE - comment);
        if (u32(at) == END && u16(at + 20) == comment)
            return at;
    }
    return NULL;
}

/* The 64-bit end record, if a locator in front of the end record leads to one. */
static int read_end64(const struct reading *r, const unsigned char *end, struct directory *d)
{
    size_t before = (size_t)(end - r->data);
    if (before < LOCATOR64_SIZE || u32(end - LOCATOR64_SIZE) != LOCATOR64)
        return 0;
    uint64_t offset = cursor_number(end - LOCATOR64_SIZE + 8, 8);
    before -= LOCATOR64_SIZE;
    if (before < END64_SIZE || offset > before - END64_SIZE || u32(r->data + offset) != END64)
        return stored_damaged(r, "the zip64 directory is not where the file says");
    const unsigned char *at = r->data + offset;
    *d = (struct directory){cursor_number(at + 48, 8), cursor_number(at + 40, 8), cursor_number(at + 32, 8)};
    return 0;
}

static int find_directory(const struct reading *r, struct directory *d)
{
    const unsigned char *end = find_end(r);
    if (!end)
        return stored_damaged(r, "the zip directory is missing: the file is cut off, or damaged");
    *d = (struct directory){u32(end + 16), u32(end + 12), u16(end + 10)};
    int code = read_end64(r, end, d);
    if (code)
        return code;
    uint64_t before = (uint64_t)(end - r->data);
    if (d->offset > before || d->size > before - d->offset)
        return stored_damaged(r, "the zip directory lies beyond the file");
    if (d->count > d->size / CENTRAL_SIZE)
        return stored_damaged(r, "the zip directory is too short for its entries");
    return 0;
}

/* ---- entries ---- */

static int wrong_entry(const struct reading *r, const struct zip_entry *e, const char *what)
{
    char shown[NAME_SHOWN];
    return fail(r->fault, UTTER_ERROR_MODEL, "%s: entry '%s' %s", r->path,
                text_for_message(shown, e->name, e->name_length), what);
}

/* Takes from the zip64 field those of the three that the entry says are there, in this order. */
static bool take_wide(struct cursor extra, uint64_t *unpacked, uint64_t *packed, uint64_t *offset)
{
    uint64_t *const fields[] = {unpacked, packed, offset};
    const unsigned char *head, *body;
    while (cursor_bytes(&extra, 4, &head)) {
        struct cursor field = {extra.at, u16(head + 2)};
        if (!cursor_bytes(&extra, u16(head + 2), &body))
            return false;
        for (int i = 0; i < 3 && u16(head) == ZIP64_FIELD; i++)
            if (*fields[i] == ELSEWHERE && !cursor_u64(&field, fields[i]))
                return false;
        if (u16(head) == ZIP64_FIELD)
            return true;
    }
    return *unpacked != ELSEWHERE && *packed != ELSEWHERE && *offset != ELSEWHERE;
}

/* Checks the header in front of the data, and that both lie before the directory. */
static int locate(const struct reading *r, struct zip_entry *e, uint64_t offset, uint64_t size, uint64_t limit)
{
    if (limit < LOCAL_SIZE || offset > limit - LOCAL_SIZE)
        return wrong_entry(r, e, "lies beyond the file");
    e->header = r->data + offset;
    uint64_t left = limit - offset - LOCAL_SIZE, name = u16(e->header + 26), extra = u16(e->header + 28);
    if (u32(e->header) != LOCAL)
        return wrong_entry(r, e, "is not where the zip directory says");
    if (name + extra > left || size > left - name - extra)
        return wrong_entry(r, e, "ends beyond the file");
    if (name != e->name_length || memcmp(e->header + LOCAL_SIZE, e->name, e->name_length) != 0)
        return wrong_entry(r, e, "has another name in its own header");
    e->data = e->header + LOCAL_SIZE + name + extra;
    e->size = (size_t)size;
    return 0;
}

static int read_entry(const struct reading *r, struct cursor *c, uint64_t limit, struct zip_entry *e)
{
    const unsigned char *head, *name, *extra, *comment;
    if (!cursor_bytes(c, CENTRAL_SIZE, &head) || u32(head) != CENTRAL)
        return stored_damaged(r, "the zip directory is damaged");
    uint32_t extra_size = u16(head + 30);
    if (!cursor_bytes(c, u16(head + 28), &name) || !cursor_bytes(c, extra_size, &extra) ||
        !cursor_bytes(c, u16(head + 32), &comment))
        return stored_damaged(r, "the zip directory is damaged");
    uint64_t packed = u32(head + 20), unpacked = u32(head + 24), offset = u32(head + 42);
    e->name = (const char *)name;
    e->name_length = u16(head + 28);
    if (!take_wide((struct cursor){extra, extra_size}, &unpacked, &packed, &offset))
        return wrong_entry(r, e, "has a damaged zip64 field");
    e->stored = u16(head + 10) == 0 && !(u16(head + 8) & 1);
    if (e->stored && packed != unpacked)
        return wrong_entry(r, e, "is stored in another size than its own");
    return locate(r, e, offset, packed, limit);
}

static int read_entries(const struct reading *r, struct zip *zip, const struct directory *d)
{
    struct cursor c = {r->data + d->offset, (size_t)d->size};
    int code = 0;
    for (uint64_t i = 0; i < d->count && !code; i++) {
        if (!memory_grow((void **)&zip->entries, &zip->capacity, zip->count + 1, sizeof *zip->entries))
            return fail_memory(r->fault, "a checkpoint's directory");
        struct zip_entry *e = &zip->entries[zip->count++];
        *e = (struct zip_entry){0};
        code = read_entry(r, &c, d->offset, e);
    }
    return code;
}

static int by_place(const void *a, const void *b)
{
    const struct zip_entry *x = a, *y = b;
    return x->header == y->header ? 0 : x->header < y->header ? -1 : 1;
}

static int by_name(const void *a, const void *b)
{
    const struct zip_entry *x = a, *y = b;
    size_t shorter = x->name_length < y->name_length ? x->name_length : y->name_length;
    int order = memcmp(x->name, y->name, shorter);
    return order ? order : x->name_length < y->name_length ? -1 : x->name_length > y->name_length;
}

static int check_apart(const struct reading *r, struct zip *zip)
{
    if (!zip->count)
        return 0;
    qsort(zip->entries, zip->count, sizeof *zip->entries, by_place);
    for (size_t i = 1; i < zip->count; i++) {
        const struct zip_entry *before = &zip->entries[i - 1];
        if (zip->entries[i].header < before->data + before->size)
            return wrong_entry(r, &zip->entries[i], "overlaps another one");
    }
    qsort(zip->entries, zip->count, sizeof *zip->entries, by_name);
    for (size_t i = 1; i < zip->count; i++)
        if (!by_name(&zip->entries[i - 1], &zip->entries[i]))
            return wrong_entry(r, &zip->entries[i], "is there twice");
    return 0;
}

int zip_read(const struct reading *r, struct zip *zip)
{
    struct directory d = {0};
    int code = find_directory(r, &d);
    if (!code)
        code = read_entries(r, zip, &d);
    return code ? code : check_apart(r, zip);
}

const struct zip_entry *zip_find(const struct zip *zip, const char *name, size_t length)
{
    struct zip_entry key = {.name = name, .name_length = length};
    return zip->count ? bsearch(&key, zip->entries, zip->count, sizeof *zip->entries, by_name) : NULL;
}

void zip_release(struct zip *zip)
{
    free(zip->entries);
    *zip = (struct zip){0};
}

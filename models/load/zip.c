#include "models/load/zip.h"

#include "models/load/cursor.h"
#include "src/base/memory.h"

#include <stdlib.h>

enum { LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50, END64 = 0x06064b50, LOCATOR64 = 0x07064b50 };
enum { END_SIZE = 22, LOCATOR_SIZE = 20, COMMENT_LIMIT = 65535, CENTRAL_SIZE = 46, ZIP64 = 1 };

struct directory {
    uint64_t offset, size, count;
};

static uint32_t u32_at(const struct file_reader *r, size_t at)
{
    uint32_t v;
    memcpy(&v, r->data + at, sizeof v);
    return v;
}

/* The record that ends the archive, before a comment that may be there. */
static bool find_end(const struct file_reader *r, size_t *at)
{
    for (size_t back = END_SIZE; back <= r->size && back <= END_SIZE + COMMENT_LIMIT; back++)
        if (u32_at(r, r->size - back) == END) {
            *at = r->size - back;
            return true;
        }
    return false;
}

static int read_end64(const struct file_reader *r, size_t end, struct directory *out)
{
    if (end < LOCATOR_SIZE || u32_at(r, end - LOCATOR_SIZE) != LOCATOR64)
        return 0;
    struct cursor c = {.data = r->data, .size = r->size, .at = end - LOCATOR_SIZE + 8};
    uint64_t at = cursor_u64(&c);
    if (at > r->size)
        return file_wrong(r, "is a damaged zip archive: its 64-bit directory is beyond the file");
    c.at = (size_t)at;
    if (cursor_u32(&c) != END64)
        return file_wrong(r, "is a damaged zip archive: it has no 64-bit directory where it says");
    cursor_bytes(&c, 8 + 2 + 2 + 4 + 4 + 8);
    out->count = cursor_u64(&c);
    out->size = cursor_u64(&c);
    out->offset = cursor_u64(&c);
    return c.failed ? file_wrong(r, "is a damaged zip archive: its 64-bit directory is cut off") : 0;
}

static int read_end(const struct file_reader *r, struct directory *out)
{
    size_t end;
    if (!find_end(r, &end))
        return file_wrong(r, "is a zip archive without an end: the file is cut off, or damaged");
    struct cursor c = {.data = r->data, .size = r->size, .at = end + 10};
    out->count = cursor_u16(&c);
    out->size = cursor_u32(&c);
    out->offset = cursor_u32(&c);
    int code = read_end64(r, end, out);
    if (code)
        return code;
    if (out->offset > r->size || out->size > r->size - out->offset || out->count > out->size / CENTRAL_SIZE)
        return file_wrong(r, "is a damaged zip archive: its directory is not within the file");
    return 0;
}

/* Sizes and offset that did not fit 32 bits, in the order of those that are all ones. */
static void read_extra64(struct cursor extra, uint64_t *size, uint64_t *packed, uint64_t *offset)
{
    while (!extra.failed && extra.at < extra.size) {
        uint16_t id = cursor_u16(&extra), length = cursor_u16(&extra);
        const unsigned char *bytes = cursor_bytes(&extra, length);
        if (!bytes || id != ZIP64)
            continue;
        struct cursor c = {.data = bytes, .size = length};
        if (*size == UINT32_MAX)
            *size = cursor_u64(&c);
        if (*packed == UINT32_MAX)
            *packed = cursor_u64(&c);
        if (*offset == UINT32_MAX)
            *offset = cursor_u64(&c);
    }
}

/* From the local header at offset to the data behind it. */
static int find_data(const struct file_reader *r, uint64_t offset, uint64_t size, struct zip_entry *entry)
{
    struct cursor c = {.data = r->data, .size = r->size, .failed = offset > r->size};
    c.at = c.failed ? 0 : (size_t)offset;
    bool local = cursor_u32(&c) == LOCAL;
    cursor_bytes(&c, 22);
    uint16_t name = cursor_u16(&c), extra = cursor_u16(&c);
    cursor_bytes(&c, (uint64_t)name + extra);
    entry->data = cursor_bytes(&c, size);
    entry->size = (size_t)size;
    if (!local || !entry->data)
        return file_wrong(r, "is a damaged zip archive: an entry is not where it says, or cut off");
    return 0;
}

static int read_entry(const struct file_reader *r, struct cursor *c, struct zip_entry *entry)
{
    bool central = cursor_u32(c) == CENTRAL;
    cursor_bytes(c, 4);
    uint16_t flags = cursor_u16(c), method = cursor_u16(c);
    cursor_bytes(c, 8);
    uint64_t packed = cursor_u32(c), size = cursor_u32(c);
    uint16_t name = cursor_u16(c), extra = cursor_u16(c), comment = cursor_u16(c);
    cursor_bytes(c, 8);
    uint64_t offset = cursor_u32(c);
    entry->name = (const char *)cursor_bytes(c, name);
    entry->length = name;
    const unsigned char *extras = cursor_bytes(c, extra);
    cursor_bytes(c, comment);
    if (!central || c->failed)
        return file_wrong(r, "is a damaged zip archive: its directory is cut off");
    read_extra64((struct cursor){.data = extras, .size = extra}, &size, &packed, &offset);
    if (method != 0 || flags & 1)
        return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: an entry of the zip archive is compressed or encrypted",
                    r->path);
    if (packed != size)
        return file_wrong(r, "is a damaged zip archive: an entry has two sizes");
    return find_data(r, offset, size, entry);
}

static int compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order ? order : (a_length > b_length) - (a_length < b_length);
}

static int by_name(const void *a, const void *b)
{
    const struct zip_entry *x = a, *y = b;
    return compare(x->name, x->length, y->name, y->length);
}

int zip_open(struct zip *zip, const struct file_reader *r)
{
    struct directory d = {0};
    *zip = (struct zip){0};
    if (read_end(r, &d))
        return r->fault ? r->fault->code : UTTER_ERROR_MODEL;
    zip->entries = memory_new((size_t)d.count, sizeof *zip->entries);
    if (!zip->entries)
        return fail_memory(r->fault, "an archive's directory");
    struct cursor c = {.data = r->data, .size = (size_t)(d.offset + d.size), .at = (size_t)d.offset};
    for (; zip->count < d.count; zip->count++) {
        int code = read_entry(r, &c, &zip->entries[zip->count]);
        if (code)
            return code;
    }
    if (zip->count)
        qsort(zip->entries, zip->count, sizeof *zip->entries, by_name);
    return 0;
}

void zip_close(struct zip *zip)
{
    free(zip->entries);
    *zip = (struct zip){0};
}

const struct zip_entry *zip_find(const struct zip *zip, const char *name, size_t length)
{
    const struct zip_entry key = {.name = name, .length = length};
    return zip->count ? bsearch(&key, zip->entries, zip->count, sizeof key, by_name) : NULL;
}

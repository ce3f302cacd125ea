#include "models/load/gzip.h"

#include "models/load/tar.h"
#include "src/base/memory.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

enum { BLOCK = 1 << 18, TIMES = 16, ANY_HEADER = 16 /* zlib: gzip's alone */ };
static const uint64_t always = (uint64_t)64 << 20;

struct unpacking {
    z_stream stream;
    const struct mapping *packed;
    size_t read; /* bytes of it that zlib has got */
    unsigned char *block;
    int file;
    uint64_t written;
    const char *name;
    struct fault *fault;
};

bool gzip_is(const struct mapping *map)
{
    return map->size > 2 && map->data[0] == 0x1f && map->data[1] == 0x8b;
}

static int damaged(const struct unpacking *u)
{
    return fail(u->fault, UTTER_ERROR_MODEL, "%s: the gzip archive is damaged or cut off", u->name);
}

/* ---- the file ---- */

/* The name is free again at once: whatever happens, nothing is left behind. */
static int open_temporary(struct unpacking *u)
{
    const char *folder = getenv("TMPDIR");
    char path[512];
    if (!folder || !*folder || strlen(folder) > sizeof path - 32)
        folder = "/tmp";
    snprintf(path, sizeof path, "%s/utter-XXXXXX", folder);
    u->file = mkstemp(path);
    if (u->file < 0)
        return fail(u->fault, UTTER_ERROR_IO, "%s: cannot be unpacked: no file can be made in %.200s", u->name, folder);
    unlink(path);
    return 0;
}

static int write_block(struct unpacking *u, size_t count)
{
    for (size_t at = 0; at < count;) {
        const ssize_t wrote = write(u->file, u->block + at, count - at);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return fail(u->fault, UTTER_ERROR_IO, "%s: cannot be unpacked: no room for a temporary file", u->name);
        at += (size_t)wrote;
    }
    u->written += count;
    return 0;
}

/* ---- what is within ---- */

static int check_tar(const struct unpacking *u, size_t count)
{
    if (count >= TAR_BLOCK && memcmp(u->block + TAR_MAGIC, "ustar", 5) == 0)
        return 0;
    return fail(u->fault, UTTER_ERROR_UNSUPPORTED, "%s: packed by gzip, and no tar archive", u->name);
}

static void feed(struct unpacking *u)
{
    const size_t left = u->packed->size - u->read, size = left < BLOCK ? left : BLOCK;
    if (u->stream.avail_in)
        return;
    u->stream.next_in = (Bytef *)(uintptr_t)(u->packed->data + u->read);
    u->stream.avail_in = (uInt)size;
    u->read += size;
}

/* The next block; *count 0: all has been unpacked. What follows a whole stream is another one, or padding. */
static int unpack_block(struct unpacking *u, size_t *count)
{
    u->stream.next_out = u->block;
    u->stream.avail_out = BLOCK;
    while (u->stream.avail_out) {
        feed(u);
        const int code = inflate(&u->stream, Z_NO_FLUSH);
        if (code == Z_MEM_ERROR)
            return fail_memory(u->fault, "an archive");
        if (code != Z_OK && code != Z_STREAM_END)
            return damaged(u);
        if (code == Z_STREAM_END) {
            feed(u);
            if (!u->stream.avail_in || *u->stream.next_in != 0x1f)
                break;
            inflateReset(&u->stream);
        }
    }
    *count = BLOCK - u->stream.avail_out;
    return 0;
}

static int unpack_all(struct unpacking *u)
{
    const uint64_t most = (uint64_t)u->packed->size * TIMES + always;
    for (size_t count = BLOCK; count == BLOCK;) {
        if (unpack_block(u, &count) || (!u->written && check_tar(u, count)))
            return u->fault->code;
        if (u->written + count > most)
            return fail(u->fault, UTTER_ERROR_MODEL,
                        "%s: unpacks to more than %llu bytes, %d times its own size and 64 MB", u->name,
                        (unsigned long long)most, TIMES);
        if (write_block(u, count))
            return u->fault->code;
    }
    return 0;
}

static int map_file(const struct unpacking *u, struct mapping *map)
{
    if (u->written > SIZE_MAX)
        return fail(u->fault, UTTER_ERROR_IO, "%s: too large for this machine", u->name);
    void *data = mmap(NULL, (size_t)u->written, PROT_READ, MAP_PRIVATE, u->file, 0);
    if (data == MAP_FAILED)
        return fail_memory(u->fault, "an archive");
    *map = (struct mapping){data, (size_t)u->written};
    return 0;
}

int gzip_unpack_tar(struct mapping *map, const char *name, struct fault *fault)
{
    struct mapping packed = *map;
    struct unpacking u = {.packed = &packed, .file = -1, .name = path_for_message(name), .fault = fault};
    *map = (struct mapping){0};
    u.block = memory_new(BLOCK, 1);
    if (!u.block || inflateInit2(&u.stream, MAX_WBITS + ANY_HEADER) != Z_OK) {
        fail_memory(fault, "an archive");
    } else {
        if (!open_temporary(&u) && !unpack_all(&u))
            map_file(&u, map);
        inflateEnd(&u.stream);
    }
    if (u.file >= 0)
        close(u.file);
    free(u.block);
    mapping_close(&packed);
    return fault->code;
}

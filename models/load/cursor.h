/* cursor.h - little-endian values from bytes that nobody vouches for: a read past the end fails, and every later read
 * with it, so that a reader looks once. */
#ifndef MODELS_LOAD_CURSOR_H
#define MODELS_LOAD_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
    const unsigned char *data;
    size_t size, at;
    bool failed;
};

/* The next count bytes, or NULL. */
static inline const unsigned char *cursor_bytes(struct cursor *c, uint64_t count)
{
    if (c->failed || count > c->size - c->at) {
        c->failed = true;
        return NULL;
    }
    const unsigned char *bytes = c->data + c->at;
    c->at += (size_t)count;
    return bytes;
}

static inline void cursor_read(struct cursor *c, void *out, size_t size)
{
    const unsigned char *bytes = cursor_bytes(c, size);
    if (bytes)
        memcpy(out, bytes, size);
    else
        memset(out, 0, size);
}

static inline uint8_t cursor_u8(struct cursor *c)
{
    uint8_t v;
    cursor_read(c, &v, sizeof v);
    return v;
}

static inline uint16_t cursor_u16(struct cursor *c)
{
    uint16_t v;
    cursor_read(c, &v, sizeof v);
    return v;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
    uint32_t v;
    cursor_read(c, &v, sizeof v);
    return v;
}

static inline int32_t cursor_i32(struct cursor *c)
{
    return (int32_t)cursor_u32(c);
}

static inline uint64_t cursor_u64(struct cursor *c)
{
    uint64_t v;
    cursor_read(c, &v, sizeof v);
    return v;
}

#endif

/* cursor.h - reading forward through bytes that nobody vouches for: each take says whether the bytes were there. */
#ifndef MODELS_LOAD_CURSOR_H
#define MODELS_LOAD_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
    const unsigned char *at;
    size_t left; /* bytes */
};

/* Steps over count bytes, which begin at *bytes; false, and nothing moves, when there are fewer. */
static inline bool cursor_bytes(struct cursor *c, uint64_t count, const unsigned char **bytes)
{
    if (count > c->left)
        return false;
    *bytes = c->at;
    c->at += (size_t)count;
    c->left -= (size_t)count;
    return true;
}

/* size bytes, at most 8, as a little-endian number. */
static inline uint64_t cursor_number(const unsigned char *bytes, int size)
{
    uint64_t value = 0;
    for (int i = size - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

static inline bool cursor_u32(struct cursor *c, uint32_t *value)
{
    const unsigned char *bytes;
    if (!cursor_bytes(c, 4, &bytes))
        return false;
    *value = (uint32_t)cursor_number(bytes, 4);
    return true;
}

static inline bool cursor_u64(struct cursor *c, uint64_t *value)
{
    const unsigned char *bytes;
    if (!cursor_bytes(c, 8, &bytes))
        return false;
    *value = cursor_number(bytes, 8);
    return true;
}

#endif

#include "models/load/tar.h"

#include <stdint.h>
#include <string.h>

enum { NAME = 100, SIZE_AT = 124, SIZE_DIGITS = 12, TYPE_AT = 156 };

/* A number in octal digits with spaces or NULs around it, or, as GNU has them beyond 8 GB, big-endian behind a bit. */
static bool read_size(const unsigned char *field, uint64_t *size)
{
    uint64_t value = 0;
    if (field[0] & 0x80) {
        for (int i = 1; i < SIZE_DIGITS; i++) {
            if (value >> 40)
                return false;
            value = value << 8 | field[i];
        }
        *size = value;
        return true;
    }
    int i = 0;
    while (i < SIZE_DIGITS && field[i] == ' ')
        i++;
    for (; i < SIZE_DIGITS && field[i] >= '0' && field[i] <= '7'; i++)
        value = value << 3 | (uint64_t)(field[i] - '0');
    *size = value;
    return i == SIZE_DIGITS || !field[i] || field[i] == ' ';
}

static bool ends_with(const unsigned char *name, const char *suffix)
{
    const void *end = memchr(name, 0, NAME);
    size_t length = end ? (size_t)((const unsigned char *)end - name) : NAME, wanted = strlen(suffix);
    return length >= wanted && !memcmp(name + length - wanted, suffix, wanted);
}

bool tar_find(const unsigned char *data, size_t size, const char *suffix, const unsigned char **bytes, size_t *count)
{
    for (size_t at = 0; size - at >= TAR_BLOCK;) {
        const unsigned char *header = data + at;
        uint64_t own;
        if (memcmp(header + TAR_MAGIC, "ustar", 5) != 0 || !read_size(header + SIZE_AT, &own))
            return false;
        at += TAR_BLOCK;
        if (own > size - at)
            return false;
        if ((header[TYPE_AT] == '0' || !header[TYPE_AT]) && ends_with(header, suffix)) {
            *bytes = data + at;
            *count = (size_t)own;
            return true;
        }
        uint64_t padded = (own + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
        if (padded > size - at)
            return false;
        at += (size_t)padded;
    }
    return false;
}

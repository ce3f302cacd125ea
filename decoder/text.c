#include "decoder/text.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

void text_add(struct text *text, const char *bytes, size_t length)
{
    void *grown = text->bytes;
    if (text->failed || length > SIZE_MAX / 4 || !memory_grow(&grown, &text->capacity, text->length + length + 1, 1)) {
        text->failed = true;
        return;
    }
    text->bytes = grown;
    if (length)
        memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

void text_add_string(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_add_code(struct text *text, uint32_t code)
{
    char b[4];
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; code >>= 6)
        b[i] = (char)(0x80 | (code & 0x3F));
    b[0] = (char)(lead[n] | code);
    text_add(text, b, n);
}

void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

void pieces_end(struct pieces *pieces)
{
    void *ends = pieces->ends;
    text_add(&pieces->text, "", 0); /* so that the bytes of an empty piece have an address */
    if (!memory_grow(&ends, &pieces->capacity, pieces->count + 1, sizeof *pieces->ends)) {
        pieces->text.failed = true;
        return;
    }
    pieces->ends = ends;
    pieces->ends[pieces->count++] = pieces->text.length;
}

void pieces_clear(struct pieces *pieces)
{
    pieces->text.length = 0;
    pieces->count = 0;
}

void pieces_free(struct pieces *pieces)
{
    text_free(&pieces->text);
    free(pieces->ends);
    *pieces = (struct pieces){0};
}

/* How many bytes of a well-formed character stand here (1 to 4), and in *whole how many it would have; 0 and 0 where no
 * character can begin. */
static size_t utf8_prefix(const unsigned char *b, size_t length, size_t *whole)
{
    unsigned low = 0x80, high = 0xBF; /* of the second byte */
    *whole = 0;
    if (length == 0)
        return 0;
    if (b[0] < 0x80)
        return *whole = 1;
    if (b[0] < 0xC2 || b[0] > 0xF4)
        return 0;
    *whole = b[0] < 0xE0 ? 2 : b[0] < 0xF0 ? 3 : 4;
    low = b[0] == 0xE0 ? 0xA0 : b[0] == 0xF0 ? 0x90 : low;
    high = b[0] == 0xED ? 0x9F : b[0] == 0xF4 ? 0x8F : high;
    size_t n = 1;
    while (n < *whole && n < length && b[n] >= low && b[n] <= high) {
        low = 0x80;
        high = 0xBF;
        n++;
    }
    return n;
}

size_t utf8_length(const char *bytes, size_t length)
{
    size_t whole, n = utf8_prefix((const unsigned char *)bytes, length, &whole);
    return n == whole ? n : 0;
}

bool utf8_valid(const char *bytes, size_t length)
{
    for (size_t i = 0, n; i < length; i += n)
        if (!(n = utf8_length(bytes + i, length - i)))
            return false;
    return true;
}

bool utf8_is_cut(const char *bytes, size_t length)
{
    size_t whole, n = utf8_prefix((const unsigned char *)bytes, length, &whole);
    return n > 0 && n == length && n < whole;
}

uint32_t utf8_code(const char *bytes, size_t length)
{
    const unsigned char *b = (const unsigned char *)bytes;
    static const unsigned char mask[5] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = b[0] & mask[length];
    for (size_t i = 1; i < length; i++)
        code = code << 6 | (b[i] & 0x3F);
    return code;
}

void utf8_add_lossy(struct text *text, const char *bytes, size_t length)
{
    for (size_t i = 0, n, whole; i < length; i += n) {
        n = utf8_prefix((const unsigned char *)bytes + i, length - i, &whole);
        if (n && n == whole)
            text_add(text, bytes + i, n);
        else
            text_add_code(text, 0xFFFD);
        n = n ? n : 1;
    }
}

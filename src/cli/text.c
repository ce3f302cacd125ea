/* text.c - see text.h. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct text *text, size_t more)
{
    if (text->failed)
        return false;
    if (more >= SIZE_MAX / 2 - text->length) {
        text->failed = true;
        return false;
    }
    size_t needed = text->length + more + 1;
    if (needed <= text->capacity)
        return true;
    size_t capacity = text->capacity * 2 > needed ? text->capacity * 2 : needed + 64;
    char *data = realloc(text->data, capacity);
    if (!data) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void text_add_bytes(struct text *text, const char *bytes, size_t count)
{
    if (!reserve(text, count))
        return;
    if (count)
        memcpy(text->data + text->length, bytes, count);
    text->length += count;
    text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_add_bytes(text, string, strlen(string));
}

void text_format(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        text->failed = true;
    if (length < 0 || !reserve(text, (size_t)length))
        return;
    va_start(arguments, format);
    vsnprintf(text->data + text->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

void text_clear(struct text *text)
{
    text->length = 0;
    if (text->data)
        text->data[0] = '\0';
}

void text_free(struct text *text)
{
    free(text->data);
    memset(text, 0, sizeof *text);
}

uint32_t utf8_next(const char **cursor)
{
    const unsigned char *bytes = (const unsigned char *)*cursor;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    int length = bytes[0] < 0x80 ? 1 : bytes[0] < 0xc2 ? 0 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    uint32_t code = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
    if (length == 0 || bytes[0] > 0xf4)
        goto damaged;
    for (int i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) /* a NUL ends up here too */
            goto damaged;
        code = code << 6 | (bytes[i] & 0x3fu);
    }
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        goto damaged;
    *cursor += length;
    return code;
damaged:
    *cursor += 1;
    return 0xfffd;
}

void utf8_add(struct text *text, uint32_t code)
{
    char bytes[4];
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length; i-- > 1; code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3f));
    bytes[0] = (char)(lead[length] | code);
    text_add_bytes(text, bytes, length);
}

size_t utf8_length(const char *string)
{
    size_t count = 0;
    for (; *string; count++)
        utf8_next(&string);
    return count;
}

struct range {
    uint32_t first, last;
};

static bool among(uint32_t code, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

size_t utf8_columns(uint32_t code)
{
    /* Unicode 15: the general categories Mn and Me where all terminals agree, and East Asian width W and F by blocks.
     */
    static const struct range joined[] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},
                                          {0x64b, 0x65f},   {0x1ab0, 0x1ace}, {0x1dc0, 0x1dff}, {0x200b, 0x200d},
                                          {0x20d0, 0x20f0}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};
    static const struct range wide[] = {
        {0x1100, 0x115f}, {0x231a, 0x231b}, {0x23e9, 0x23f3},   {0x25fd, 0x27bf},   {0x2b1b, 0x2b55},  {0x2e80, 0x303e},
        {0x3041, 0xa4cf}, {0xa960, 0xa97c}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},  {0xfe30, 0xfe6f},
        {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x16fe0, 0x1b2fb}, {0x1f000, 0x1faff}, {0x20000, 0x3fffd}};
    if (code < 0x300)
        return 1;
    return among(code, joined, sizeof joined / sizeof *joined) ? 0
           : among(code, wide, sizeof wide / sizeof *wide)     ? 2
                                                               : 1;
}

size_t text_columns(const char *string)
{
    size_t columns = 0;
    while (*string)
        columns += utf8_columns(utf8_next(&string));
    return columns;
}

void text_add_line(struct text *text, const char *string)
{
    while (*string) {
        uint32_t code = utf8_next(&string);
        bool control = code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029;
        utf8_add(text, control ? ' ' : code);
    }
}

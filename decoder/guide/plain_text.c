#include "decoder/guide/plain_text.h"

#include "decoder/lower.h"

#include <string.h>

struct range {
    uint32_t first, last;
};

static bool within(const struct range *ranges, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

/* Spaces, dashes, quotation marks and stops beyond ASCII; the apostrophe's U+2019 is not among them. */
static bool separates(uint32_t code)
{
    static const struct range ranges[] = {{0x85, 0x85},     {0xA0, 0xA1},     {0xAB, 0xAB},     {0xBB, 0xBB},
                                          {0xBF, 0xBF},     {0x2000, 0x200B}, {0x2010, 0x2018}, {0x201A, 0x2029},
                                          {0x202F, 0x202F}, {0x3000, 0x3003}, {0x3008, 0x3011}, {0xFF01, 0xFF01},
                                          {0xFF08, 0xFF09}, {0xFF0C, 0xFF0E}, {0xFF1A, 0xFF1B}, {0xFF1F, 0xFF1F}};
    if (code < 0x80)
        return code <= ' ' || strchr("!\"(),-.:;?[]{}", (int)code) != NULL;
    return within(ranges, sizeof ranges / sizeof ranges[0], code);
}

bool plain_text_unspaced(uint32_t code)
{
    /* Thai, Lao; Burmese; Khmer; kana; Han and its extensions */
    static const struct range ranges[] = {{0x0E00, 0x0EFF}, {0x1000, 0x109F}, {0x1780, 0x17FF},  {0x3041, 0x30FF},
                                          {0x3400, 0x9FFF}, {0xF900, 0xFAFF}, {0x20000, 0x3FFFF}};
    return code >= 0x0E00 && within(ranges, sizeof ranges / sizeof ranges[0], code);
}

/* 0: it stays as it is. */
static size_t in_case(const char *bytes, size_t size, enum letter_case letters, char out[LOWER_BYTES])
{
    if (letters == LETTERS_AS_SPELT)
        return 0;
    return letters == LETTERS_UPPER ? upper_character(bytes, size, out) : lower_character(bytes, size, out);
}

void plain_text_add(struct text *text, const char *bytes, size_t length)
{
    plain_text_add_in(text, bytes, length, LETTERS_LOWER);
}

void plain_text_add_in(struct text *text, const char *bytes, size_t length, enum letter_case letters)
{
    size_t begin = text->length;
    for (size_t i = 0, size; i < length; i += size) {
        char other[LOWER_BYTES];
        size = utf8_length(bytes + i, length - i);
        uint32_t code = size ? utf8_code(bytes + i, size) : 0xFFFD;
        size_t changed = size && !separates(code) ? in_case(bytes + i, size, letters, other) : 0;
        size = size ? size : 1;
        if (code == 0x2019)
            text_add(text, "'", 1);
        else if (changed)
            text_add(text, other, changed);
        else if (!separates(code))
            text_add(text, bytes + i, size);
        else if (text->length == begin || text->bytes[text->length - 1] != ' ')
            text_add(text, " ", 1);
    }
}

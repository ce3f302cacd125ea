/* text.h - UTF-8, growing strings, and lists of pieces of text. */
#ifndef DECODER_TEXT_H
#define DECODER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing string. Once memory has run out, failed stays set and appending does nothing: the caller looks once. */
struct text {
    char *bytes; /* not terminated */
    size_t length, capacity;
    bool failed;
};

void text_add(struct text *text, const char *bytes, size_t length);
void text_add_string(struct text *text, const char *string);
void text_add_code(struct text *text, uint32_t code); /* a code point */
void text_free(struct text *text);

/* Pieces of text, one after the other in one string. */
struct pieces {
    struct text text;
    size_t *ends; /* where piece i ends in the text */
    size_t count, capacity;
};

void pieces_end(struct pieces *pieces); /* what was added to the text since the last end is a piece */
void pieces_clear(struct pieces *pieces);
void pieces_free(struct pieces *pieces);
static inline size_t piece_begin(const struct pieces *pieces, size_t i)
{
    return i ? pieces->ends[i - 1] : 0;
}

/* Length of the well-formed UTF-8 character at the beginning of length bytes, 0 when there is none (RFC 3629: no
 * overlong forms, no surrogates, nothing above U+10FFFF). */
size_t utf8_length(const char *bytes, size_t length);
bool utf8_valid(const char *bytes, size_t length);
/* Whether length bytes are the beginning of a well-formed character and not all of it. */
bool utf8_is_cut(const char *bytes, size_t length);
/* The code point of a well-formed character. */
uint32_t utf8_code(const char *bytes, size_t length);
/* Appends bytes with every maximal ill-formed subpart replaced by U+FFFD, as the Unicode Standard recommends (section
 * 3.9) and most languages' lossy conversions do. */
void utf8_add_lossy(struct text *text, const char *bytes, size_t length);

#endif

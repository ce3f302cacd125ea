/* text.h - a growing string. Memory that runs out sticks: later additions do nothing and failed stays set, so that
 * a writer of a hundred lines looks once, at its end. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *data; /* NUL-terminated once anything was added; NULL before */
    size_t length;
    size_t capacity;
    bool failed;
};

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t count);
void text_format(struct text *text, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;
void text_clear(struct text *text);
void text_free(struct text *text);

/* Reads one code point of UTF-8 from *cursor, which is not at a NUL, and moves past it. Bytes that are not UTF-8
 * (RFC 3629: no surrogates, no overlong forms) give U+FFFD, one byte at a time. */
uint32_t utf8_next(const char **cursor);
void utf8_add(struct text *text, uint32_t code_point);

/* Code points in a string: what a line of subtitles is measured in here. */
size_t utf8_length(const char *string);

/* Columns that a terminal gives a code point, or all of a string: 0 for marks that join the character before, 2 for the
 * wide ones of East Asia and for pictures, else 1. Where terminals differ, the larger number. */
size_t utf8_columns(uint32_t code_point);
size_t text_columns(const char *string);

/* Adds a string as one line: control characters become spaces, bytes that are not UTF-8 become U+FFFD. */
void text_add_line(struct text *text, const char *string);

#endif

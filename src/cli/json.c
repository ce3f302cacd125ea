/* json.c - see json.h. */
#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void separate(struct text *text)
{
    char last = text->length ? text->data[text->length - 1] : '\n';
    if (!strchr("{[:\n", last))
        text_add(text, ",");
}

void json_begin(struct text *text, char bracket)
{
    text_add_bytes(text, &bracket, 1);
}

void json_end(struct text *text, char bracket)
{
    text_add_bytes(text, &bracket, 1);
}

void json_item(struct text *text)
{
    separate(text);
}

void json_key(struct text *text, const char *key)
{
    separate(text);
    json_string(text, key);
    text_add(text, ":");
}

void json_string(struct text *text, const char *string)
{
    text_add(text, "\"");
    while (string && *string) {
        uint32_t code = utf8_next(&string);
        if (code == '"' || code == '\\')
            text_format(text, "\\%c", (int)code);
        else if (code == '\n')
            text_add(text, "\\n");
        else if (code == '\t')
            text_add(text, "\\t");
        else if (code < 0x20 || code == 0x7f)
            text_format(text, "\\u%04x", (unsigned)code);
        else
            utf8_add(text, code);
    }
    text_add(text, "\"");
}

void json_number(struct text *text, double value, int decimals)
{
    char digits[400]; /* a double has at most 309 digits before the point */
    if (!isfinite(value)) {
        text_add(text, "null");
        return;
    }
    int length = snprintf(digits, sizeof digits, "%.*f", decimals, value);
    while (decimals > 0 && length > 0 && digits[length - 1] == '0')
        digits[--length] = '\0';
    if (decimals > 0 && length > 0 && digits[length - 1] == '.')
        digits[--length] = '\0';
    text_add(text, strcmp(digits, "-0") == 0 ? "0" : digits);
}

void json_integer(struct text *text, int64_t value)
{
    text_format(text, "%" PRId64, value);
}

void json_key_string(struct text *text, const char *key, const char *string)
{
    json_key(text, key);
    json_string(text, string);
}

void json_key_number(struct text *text, const char *key, double value, int decimals)
{
    json_key(text, key);
    json_number(text, value, decimals);
}

void json_key_integer(struct text *text, const char *key, int64_t value)
{
    json_key(text, key);
    json_integer(text, value);
}

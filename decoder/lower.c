#define PCRE2_CODE_UNIT_WIDTH 8
#include "decoder/lower.h"

#include <pcre2.h>
#include <string.h>

enum { DOTTED_CAPITAL_I = 0x130 };

/* The pattern is one character and any: compiling it costs microseconds, and capitals beyond ASCII are rare. */
static size_t beyond_ascii(const char *bytes, size_t length, const char *replacement, char out[LOWER_BYTES])
{
    const uint32_t options = PCRE2_SUBSTITUTE_EXTENDED | PCRE2_NO_UTF_CHECK;
    int problem;
    PCRE2_SIZE where, room = LOWER_BYTES;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR) ".", 1, PCRE2_UTF | PCRE2_DOTALL, &problem, &where, NULL);
    if (!code)
        return 0;
    const int done = pcre2_substitute(code, (PCRE2_SPTR)bytes, length, 0, options, NULL, NULL, (PCRE2_SPTR)replacement,
                                      PCRE2_ZERO_TERMINATED, (PCRE2_UCHAR *)out, &room);
    pcre2_code_free(code);
    return done == 1 ? room : 0;
}

size_t lower_character(const char *bytes, size_t length, char out[LOWER_BYTES])
{
    static const char dotted[] = "i\xCC\x87";
    const uint32_t code = utf8_code(bytes, length);
    if (code == DOTTED_CAPITAL_I) {
        memcpy(out, dotted, sizeof dotted - 1);
        return sizeof dotted - 1;
    }
    if (code >= 0x80)
        return beyond_ascii(bytes, length, "\\L$0", out);
    out[0] = (char)(code >= 'A' && code <= 'Z' ? code - 'A' + 'a' : code);
    return 1;
}

size_t upper_character(const char *bytes, size_t length, char out[LOWER_BYTES])
{
    const uint32_t code = utf8_code(bytes, length);
    if (code >= 0x80)
        return beyond_ascii(bytes, length, "\\U$0", out);
    out[0] = (char)(code >= 'a' && code <= 'z' ? code - 'a' + 'A' : code);
    return 1;
}

/* normalize.c - the normalizer steps of a tokenizer.json. Those that would need Unicode's tables do what they can
 * prove right without them and refuse the rest. */
#include "decoder/tokens/tokenizer_parts.h"

#include <string.h>

/* Ranges in which every character is in normal form C and composes with nothing (Unicode 15, NFC_Quick_Check=Yes and
 * combining class 0): Latin, Cyrillic, dashes and quotes, kana, Han, Hangul, emoji. */
static bool is_stable(uint32_t code)
{
    static const uint32_t ranges[][2] = {{0, 0x2FF},       {0x400, 0x482},   {0x48A, 0x52F},   {0x200B, 0x200D},
                                         {0x2010, 0x2027}, {0x2030, 0x205E}, {0x3041, 0x3096}, {0x30A1, 0x30FE},
                                         {0x4E00, 0x9FFF}, {0xAC00, 0xD7A3}, {0xFE0F, 0xFE0F}, {0x1F300, 0x1FAFF}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (code >= ranges[i][0] && code <= ranges[i][1])
            return true;
    return false;
}

static int refuse(uint32_t code, const char *what, struct fault *fault)
{
    return fail(fault, UTTER_ERROR_UNSUPPORTED, "the tokenizer's %s of U+%04X is not supported", what, (unsigned)code);
}

/* composed: the form is C, which leaves more characters alone than the other forms. */
static int check_unicode(bool composed, const char *text, size_t length, struct fault *fault)
{
    for (size_t i = 0, n; i < length; i += n) {
        n = utf8_length(text + i, length - i);
        uint32_t code = utf8_code(text + i, n);
        if (code >= 0x80 && !(composed && is_stable(code)))
            return refuse(code, "Unicode normalization", fault);
    }
    return 0;
}

static int lowercase(const char *text, size_t length, struct text *out, struct fault *fault)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if ((unsigned char)c >= 0x80)
            return refuse(utf8_code(text + i, utf8_length(text + i, length - i)), "lower-casing", fault);
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        text_add(out, &c, 1);
    }
    return 0;
}

/* Unicode's White_Space. */
static bool is_space(uint32_t c)
{
    return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

static void strip_space(const struct step *step, const char *text, size_t length, struct text *out)
{
    size_t begin = 0, end = 0;
    bool leading = true;
    for (size_t i = 0, n; i < length; i += n) {
        n = utf8_length(text + i, length - i);
        if (is_space(utf8_code(text + i, n))) {
            begin = leading ? i + n : begin;
            continue;
        }
        leading = false;
        end = i + n;
    }
    begin = step->left ? begin : 0;
    end = step->right ? end : length;
    if (end > begin)
        text_add(out, text + begin, end - begin);
}

static int normalize_step(const struct step *step, const char *text, size_t length, struct text *out,
                          struct fault *fault)
{
    int error = 0;
    switch (step->kind) {
    case STEP_REPLACE:
        return pattern_replace(step->pattern, text, length, step->content, out, fault);
    case STEP_CHARSMAP:
        return charsmap_apply(step->charsmap, text, length, out, fault);
    case STEP_LOWERCASE:
        return lowercase(text, length, out, fault);
    case STEP_STRIP_SPACE:
        strip_space(step, text, length, out);
        return 0;
    case STEP_PREPEND:
        if (length)
            text_add_string(out, step->content);
        break;
    case STEP_UNICODE:
        error = check_unicode(step->composed, text, length, fault);
        break;
    default:
        break;
    }
    text_add(out, text, length);
    return error;
}

int normalize(const struct steps *steps, const char *text, size_t length, struct text *out, struct fault *fault)
{
    struct text now = {0}, next = {0};
    int error = 0;
    text_add(&now, text, length);
    for (size_t i = 0; i < steps->count && !error && !now.failed; i++) {
        next.length = 0;
        text_add(&next, "", 0); /* so that an empty text has an address */
        error = normalize_step(&steps->steps[i], now.bytes, now.length, &next, fault);
        struct text swap = now;
        now = next;
        next = swap;
    }
    if (!error && (now.failed || next.failed))
        error = fail_memory(fault, "a normalized text");
    if (!error)
        text_add(out, now.bytes, now.length);
    if (!error && out->failed)
        error = fail_memory(fault, "a normalized text");
    text_free(&now);
    text_free(&next);
    return error;
}

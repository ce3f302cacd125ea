#include "models/load/json.h"

#include <string.h>

enum { DEPTH_LIMIT = 64, VALUE_LIMIT = 2000000 };

struct survey {
    bool in_string;
    int depth;
    long values; /* commas and brackets: at least the number of nodes */
};

/* One character of the text. Returns what is wrong with it, or NULL. */
static const char *survey_character(struct survey *s, const char *text, size_t at)
{
    char c = text[at];
    if (c == 0)
        return "holds a NUL character";
    if (c == '"')
        s->in_string = !s->in_string;
    if (s->in_string)
        return NULL;
    if (c == '[' || c == '{') {
        s->values++;
        if (++s->depth > DEPTH_LIMIT)
            return "is nested deeper than 64 levels";
    }
    s->depth -= c == ']' || c == '}';
    s->values += c == ',';
    return s->values > VALUE_LIMIT ? "holds more than 2000000 values" : NULL;
}

static const char *survey_text(const char *text, size_t length)
{
    struct survey s = {0};
    for (size_t at = 0; at < length; at++) {
        if (s.in_string && text[at] == '\\') {
            if (length - at > 5 && !memcmp(text + at, "\\u0000", 6))
                return "holds a NUL character";
            at++; /* the escaped character, which may be a quote */
            continue;
        }
        const char *wrong = survey_character(&s, text, at);
        if (wrong)
            return wrong;
    }
    return NULL;
}

static bool only_space(const char *text, const char *end)
{
    while (text < end && (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r'))
        text++;
    return text == end;
}

cJSON *json_parse(const char *text, size_t length, const char *name, struct fault *fault)
{
    const char *wrong = survey_text(text, length), *end = text;
    if (wrong) {
        fail(fault, UTTER_ERROR_MODEL, "%s: the JSON %s", name, wrong);
        return NULL;
    }
    cJSON *tree = length ? cJSON_ParseWithLengthOpts(text, length, &end, 0) : NULL;
    if (tree && only_space(end, text + length))
        return tree;
    if (!tree && length && end < text)
        end = text;
    cJSON_Delete(tree);
    fail(fault, UTTER_ERROR_MODEL, "%s: not valid JSON at byte %zu", name, (size_t)(end - text));
    return NULL;
}

bool json_whole(const cJSON *value, int64_t *out)
{
    if (!cJSON_IsNumber(value))
        return false;
    double number = value->valuedouble;
    if (!(number >= 0 && number <= 9007199254740992.0) || number != (double)(int64_t)number)
        return false;
    *out = (int64_t)number;
    return true;
}

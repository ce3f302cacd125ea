#define PCRE2_CODE_UNIT_WIDTH 8
#include "decoder/pattern.h"

#include "src/base/memory.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

/* Bounds on what a hostile pattern may cost: bytes of it, steps of one match, KiB of one match. */
enum { PATTERN_LENGTH = 1 << 16, MATCH_STEPS = 1000000, MATCH_MEMORY = 1 << 16 };

struct pattern {
    pcre2_code *code;
};

struct matches {
    const struct pattern *pattern;
    const char *text;
    size_t length, at;
    pcre2_match_data *data;
    pcre2_match_context *context;
};

int pattern_open(struct pattern **pattern, const char *text, bool literal, const char *name, struct fault *fault)
{
    int problem = 0;
    PCRE2_SIZE where = 0;
    uint32_t options = PCRE2_UTF | PCRE2_NO_UTF_CHECK | (literal ? PCRE2_LITERAL : PCRE2_UCP);
    size_t length = strlen(text);
    if (length > PATTERN_LENGTH)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s: a pattern is %zu bytes long", name, length);
    struct pattern *made = memory_new(1, sizeof *made);
    if (!made)
        return fail_memory(fault, "a tokenizer's pattern");
    made->code = pcre2_compile((PCRE2_SPTR)text, length, options, &problem, &where, NULL);
    if (!made->code) {
        char why[128] = "";
        pcre2_get_error_message(problem, (PCRE2_UCHAR *)why, sizeof why);
        free(made);
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s: the pattern '%.100s' cannot be compiled: %s", name, text, why);
    }
    *pattern = made;
    return 0;
}

void pattern_close(struct pattern **pattern)
{
    if (*pattern)
        pcre2_code_free((*pattern)->code);
    free(*pattern);
    *pattern = NULL;
}

int matches_open(struct matches **matches, const struct pattern *pattern, const char *text, size_t length,
                 struct fault *fault)
{
    struct matches *made = memory_new(1, sizeof *made);
    if (!made)
        return fail_memory(fault, "a search for a pattern");
    *made = (struct matches){.pattern = pattern, .text = length ? text : "", .length = length};
    made->data = pcre2_match_data_create_from_pattern(pattern->code, NULL);
    made->context = pcre2_match_context_create(NULL);
    if (!made->data || !made->context) {
        matches_close(&made);
        return fail_memory(fault, "a search for a pattern");
    }
    pcre2_set_match_limit(made->context, MATCH_STEPS);
    pcre2_set_heap_limit(made->context, MATCH_MEMORY);
    *matches = made;
    return 0;
}

int matches_next(struct matches *m, size_t *begin, size_t *end, struct fault *fault)
{
    while (m->at <= m->length) {
        int found = pcre2_match(m->pattern->code, (PCRE2_SPTR)m->text, m->length, m->at,
                                PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, m->data, m->context);
        if (found == PCRE2_ERROR_NOMATCH)
            break;
        if (found < 0)
            return fail(fault, UTTER_ERROR_UNSUPPORTED, "a tokenizer's pattern is too costly for this text (PCRE2 %d)",
                        found);
        const PCRE2_SIZE *span = pcre2_get_ovector_pointer(m->data);
        if (span[0] >= span[1] || span[0] < m->at || span[1] > m->length) {
            m->at += m->at < m->length ? utf8_length(m->text + m->at, m->length - m->at) : 1; /* \K can do that */
            continue;
        }
        *begin = span[0];
        *end = m->at = span[1];
        return 1;
    }
    m->at = m->length + 1;
    return 0;
}

void matches_close(struct matches **matches)
{
    if (*matches) {
        pcre2_match_data_free((*matches)->data);
        pcre2_match_context_free((*matches)->context);
    }
    free(*matches);
    *matches = NULL;
}

int pattern_replace(const struct pattern *pattern, const char *text, size_t length, const char *content,
                    struct text *out, struct fault *fault)
{
    struct matches *m = NULL;
    size_t done = 0, begin = 0, end = 0;
    int more = matches_open(&m, pattern, text, length, fault);
    if (more)
        return more;
    while ((more = matches_next(m, &begin, &end, fault)) > 0) {
        text_add(out, text + done, begin - done);
        text_add_string(out, content);
        done = end;
    }
    text_add(out, text + done, length - done);
    matches_close(&m);
    return more;
}

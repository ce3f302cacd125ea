/* grammar_read.c - the text of a grammar to rules and their parts, by recursive descent. */
#include "decoder/guide/grammar_parts.h"

#include "decoder/text.h"
#include "src/base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CODE = 0x10FFFF, MOST_RULES = 1 << 16, MOST_REPEATED = 4 };

struct reader {
    struct grammar_text *g;
    const char *at, *end;
    int32_t rule;
    int depth;
    struct fault *fault;
};

/* ---- messages ---- */

int grammar_fail(const struct grammar_text *g, size_t offset, struct fault *fault, const char *format, ...)
{
    char said[FAULT_MESSAGE_SIZE];
    size_t line = 1, column = 1;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(said, sizeof said, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < offset && i < g->length; i++) {
        bool begins = ((unsigned char)g->text[i] & 0xC0) != 0x80; /* columns are characters */
        column += begins;
        if (g->text[i] == '\n') {
            line++;
            column = 1;
        }
    }
    return fail(fault, UTTER_ERROR_MODEL, "%.200s, line %zu, column %zu: %s", g->name, line, column, said);
}

static size_t offset_of(const struct reader *r)
{
    return (size_t)(r->at - r->g->text);
}

static int32_t fail_here(const struct reader *r, const char *what)
{
    grammar_fail(r->g, offset_of(r), r->fault, "%s", what);
    return GRAMMAR_NO_PART;
}

static int32_t fail_room(const struct reader *r)
{
    fail_memory(r->fault, "a grammar");
    return GRAMMAR_NO_PART;
}

/* What is there instead of what was expected. */
static int32_t fail_expected(const struct reader *r, const char *expected)
{
    size_t length = (size_t)(r->end - r->at), n = utf8_length(r->at, length);
    if (!length)
        grammar_fail(r->g, offset_of(r), r->fault, "the grammar ends where %s should be", expected);
    else if (*r->at == '\n' || *r->at == '\r')
        grammar_fail(r->g, offset_of(r), r->fault, "the line ends where %s should be", expected);
    else
        grammar_fail(r->g, offset_of(r), r->fault, "'%.*s' where %s should be", (int)n, r->at, expected);
    return GRAMMAR_NO_PART;
}

/* ---- characters ---- */

static bool is_at(const struct reader *r, char c)
{
    return r->at < r->end && *r->at == c;
}

static bool at_line_end(const struct reader *r)
{
    return r->at == r->end || *r->at == '\n' || *r->at == '\r';
}

/* Past blanks and comments; across: past ends of lines, too. */
static void skip(struct reader *r, bool across)
{
    while (r->at < r->end) {
        if (*r->at == '#')
            while (!at_line_end(r))
                r->at++;
        else if (*r->at == ' ' || *r->at == '\t' || (across && (*r->at == '\n' || *r->at == '\r')))
            r->at++;
        else
            return;
    }
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(struct reader *r, int digits, uint32_t *code)
{
    *code = 0;
    for (int i = 0; i < digits; i++) {
        int digit = r->at < r->end ? hex_digit(*r->at) : -1;
        if (digit < 0)
            return fail_expected(r, "a hexadecimal digit"), false;
        *code = *code * 16 + (uint32_t)digit;
        r->at++;
    }
    return true;
}

/* Behind the backslash. */
static bool read_escape(struct reader *r, uint32_t *code)
{
    static const char letters[] = "nrt\\\"[]-^", meant[] = "\n\r\t\\\"[]-^";
    const char *escape = r->at - 1, *found;
    if (r->at == r->end)
        return fail_expected(r, "what is escaped"), false;
    char c = *r->at;
    if (c && (found = strchr(letters, c))) {
        *code = (uint32_t)(unsigned char)meant[found - letters];
        r->at++;
        return true;
    }
    int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (!digits) {
        r->at = escape;
        return fail_here(r, "an escape that is none of \\n \\r \\t \\\\ \\\" \\[ \\] \\- \\^ \\x \\u \\U"), false;
    }
    r->at++;
    if (!read_hex(r, digits, code))
        return false;
    if (*code <= MOST_CODE && (*code < 0xD800 || *code > 0xDFFF))
        return true;
    r->at = escape;
    return fail_here(r, "an escape that is no character of Unicode"), false;
}

/* A character of a literal or a class: what it is, and whether it was escaped. */
static bool read_character(struct reader *r, uint32_t *code)
{
    if (*r->at == '\\') {
        r->at++;
        return read_escape(r, code);
    }
    size_t n = utf8_length(r->at, (size_t)(r->end - r->at));
    *code = utf8_code(r->at, n);
    r->at += n;
    return true;
}

/* ---- parts ---- */

static int32_t add_part(struct reader *r, struct grammar_part part, const char *at)
{
    struct grammar_text *g = r->g;
    void *parts = g->parts;
    if (!memory_grow(&parts, &g->part_capacity, g->part_count + 1, sizeof *g->parts))
        return fail_room(r);
    g->parts = parts;
    part.parent = part.next = GRAMMAR_NO_PART;
    part.rule = r->rule;
    part.offset = (uint32_t)(at - g->text);
    g->parts[g->part_count] = part;
    return (int32_t)g->part_count++;
}

/* A list of parts under way. */
struct list {
    int32_t first, last;
};

static void append(struct reader *r, struct list *list, int32_t part)
{
    if (list->first == GRAMMAR_NO_PART)
        list->first = part;
    else
        r->g->parts[list->last].next = part;
    list->last = part;
}

/* A part made of the list; of one alone, that one. */
static int32_t gather(struct reader *r, enum grammar_kind kind, struct list list, const char *at)
{
    if (list.first != GRAMMAR_NO_PART && list.first == list.last)
        return list.first;
    int32_t made = add_part(r, (struct grammar_part){.kind = kind, .first = list.first}, at);
    for (int32_t i = list.first; i != GRAMMAR_NO_PART && made != GRAMMAR_NO_PART; i = r->g->parts[i].next)
        r->g->parts[i].parent = made;
    return made;
}

static int32_t read_literal(struct reader *r)
{
    struct grammar_text *g = r->g;
    const char *begin = r->at++;
    int32_t first = (int32_t)g->code_count;
    while (!is_at(r, '"')) {
        uint32_t code;
        void *codes = g->codes;
        if (at_line_end(r)) {
            r->at = begin;
            return fail_here(r, "a literal that does not end on its line");
        }
        if (!read_character(r, &code))
            return GRAMMAR_NO_PART;
        if (!memory_grow(&codes, &g->code_capacity, g->code_count + 1, sizeof *g->codes))
            return fail_room(r);
        g->codes = codes;
        g->codes[g->code_count++] = code;
    }
    r->at++;
    return add_part(
        r,
        (struct grammar_part){
            .kind = GRAMMAR_LITERAL, .first = GRAMMAR_NO_PART, .begin = first, .end = (int32_t)g->code_count},
        begin);
}

static bool add_range(struct reader *r, uint32_t first, uint32_t last)
{
    struct grammar_text *g = r->g;
    void *ranges = g->ranges;
    if (!memory_grow(&ranges, &g->range_capacity, g->range_count + 1, sizeof *g->ranges))
        return fail_room(r), false;
    g->ranges = ranges;
    g->ranges[g->range_count++] = (struct grammar_range){first, last};
    return true;
}

/* A character, or a range of them. A "-" at the end of a class is one. */
static bool read_range(struct reader *r)
{
    uint32_t first, last;
    const char *begin = r->at;
    if (!read_character(r, &first))
        return false;
    last = first;
    if (is_at(r, '-') && r->at + 1 < r->end && r->at[1] != ']' && r->at[1] != '\n' && r->at[1] != '\r') {
        r->at++;
        if (!read_character(r, &last))
            return false;
    }
    if (last < first) {
        r->at = begin;
        return fail_here(r, "a range whose end is before its beginning"), false;
    }
    return add_range(r, first, last);
}

static int32_t read_class(struct reader *r)
{
    struct grammar_text *g = r->g;
    const char *begin = r->at++;
    struct grammar_part part = {
        .kind = GRAMMAR_CLASS, .first = GRAMMAR_NO_PART, .begin = (int32_t)g->range_count, .negated = is_at(r, '^')};
    r->at += part.negated;
    while (!is_at(r, ']')) {
        if (at_line_end(r)) {
            r->at = begin;
            return fail_here(r, "a class of characters that does not end on its line");
        }
        if (!read_range(r))
            return GRAMMAR_NO_PART;
    }
    r->at++;
    part.end = (int32_t)g->range_count;
    if (part.end == part.begin && !part.negated) {
        r->at = begin;
        return fail_here(r, "a class of no characters");
    }
    return add_part(r, part, begin);
}

/* The rule of that name, made where it is new. NO_PART: out of memory, or too many. */
static int32_t rule_named(struct reader *r, const char *name, size_t length)
{
    struct grammar_text *g = r->g;
    void *rules = g->rules;
    int found = vocabulary_find(&g->names, name, length);
    if (found >= 0)
        return found;
    if (g->rule_count == MOST_RULES)
        return fail_here(r, "more rules than there may be");
    if (vocabulary_add(&g->names, name, length, (int)g->rule_count) != VOCABULARY_DONE ||
        !memory_grow(&rules, &g->rule_capacity, g->rule_count + 1, sizeof *g->rules))
        return fail_room(r);
    g->rules = rules;
    g->rules[g->rule_count] = (struct grammar_rule){GRAMMAR_NO_PART, (uint32_t)(name - g->text)};
    return (int32_t)g->rule_count++;
}

static size_t read_name(struct reader *r)
{
    const char *begin = r->at;
    while (r->at < r->end && is_name(*r->at))
        r->at++;
    return (size_t)(r->at - begin);
}

static int32_t read_reference(struct reader *r)
{
    const char *name = r->at;
    size_t length = read_name(r);
    int32_t rule = rule_named(r, name, length);
    if (rule == GRAMMAR_NO_PART)
        return rule;
    return add_part(r, (struct grammar_part){.kind = GRAMMAR_RULE, .first = GRAMMAR_NO_PART, .begin = rule}, name);
}

static int32_t read_choice(struct reader *r);

static int32_t read_group(struct reader *r)
{
    const char *begin = r->at++;
    if (r->depth == GRAMMAR_NESTING) {
        r->at = begin;
        return fail_here(r, "groups within groups, deeper than they may be");
    }
    r->depth++;
    skip(r, true);
    int32_t part = read_choice(r);
    r->depth--;
    if (part == GRAMMAR_NO_PART)
        return part;
    if (!is_at(r, ')'))
        return fail_expected(r, "')' or a part of a group");
    r->at++;
    return part;
}

static int32_t read_any(struct reader *r)
{
    const char *begin = r->at++;
    int32_t none = (int32_t)r->g->range_count;
    return add_part(r,
                    (struct grammar_part){
                        .kind = GRAMMAR_CLASS, .negated = true, .first = GRAMMAR_NO_PART, .begin = none, .end = none},
                    begin);
}

/* ---- repetition ---- */

static bool read_count(struct reader *r, int32_t *count)
{
    const char *begin = r->at;
    *count = 0;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        *count = *count * 10 + (*r->at++ - '0');
        if (*count > GRAMMAR_REPETITIONS) {
            r->at = begin;
            grammar_fail(r->g, offset_of(r), r->fault, "a repetition of more than %d", GRAMMAR_REPETITIONS);
            return false;
        }
    }
    if (r->at == begin)
        return fail_expected(r, "a number"), false;
    return true;
}

/* {m}, {m,}, {m,n} */
static bool read_counts(struct reader *r, int32_t *least, int32_t *most)
{
    const char *begin = r->at++;
    skip(r, r->depth > 0);
    if (!read_count(r, least))
        return false;
    *most = *least;
    skip(r, r->depth > 0);
    if (is_at(r, ',')) {
        r->at++;
        skip(r, r->depth > 0);
        *most = GRAMMAR_NO_LIMIT;
        if (!is_at(r, '}') && !read_count(r, most))
            return false;
        skip(r, r->depth > 0);
    }
    if (!is_at(r, '}'))
        return fail_expected(r, "'}'"), false;
    r->at++;
    if (*most == GRAMMAR_NO_LIMIT || *most >= *least)
        return true;
    r->at = begin;
    return fail_here(r, "a repetition whose most is less than its least"), false;
}

static bool read_how_often(struct reader *r, int32_t *least, int32_t *most)
{
    char c = *r->at;
    if (c == '{')
        return read_counts(r, least, most);
    *least = c == '+';
    *most = c == '?' ? 1 : GRAMMAR_NO_LIMIT;
    r->at++;
    return true;
}

/* What repeats the part before it, and what repeats that: "a"{2}? is two or none. */
static int32_t read_repetitions(struct reader *r, int32_t part)
{
    for (int times = 0; part != GRAMMAR_NO_PART; times++) {
        const char *begin = r->at;
        skip(r, r->depth > 0);
        if (r->at == r->end || !*r->at || !strchr("*+?{", *r->at)) {
            r->at = begin;
            return part;
        }
        if (times == MOST_REPEATED)
            return fail_here(r, "repetitions of repetitions, more than there may be");
        int32_t least, most;
        begin = r->at;
        if (!read_how_often(r, &least, &most))
            return GRAMMAR_NO_PART;
        int32_t made = add_part(
            r, (struct grammar_part){.kind = GRAMMAR_REPEAT, .first = part, .least = least, .most = most}, begin);
        if (made != GRAMMAR_NO_PART)
            r->g->parts[part].parent = made;
        part = made;
    }
    return part;
}

/* ---- rules ---- */

static int32_t read_item(struct reader *r)
{
    switch (*r->at) {
    case '"':
        return read_literal(r);
    case '[':
        return read_class(r);
    case '(':
        return read_group(r);
    case '.':
        return read_any(r);
    default:
        return read_reference(r);
    }
}

static bool begins_item(const struct reader *r)
{
    return r->at < r->end && *r->at && (is_name(*r->at) || strchr("\"[(.", *r->at));
}

static int32_t read_sequence(struct reader *r)
{
    struct list list = {GRAMMAR_NO_PART, GRAMMAR_NO_PART};
    const char *begin = r->at;
    while (begins_item(r)) {
        int32_t part = read_repetitions(r, read_item(r));
        if (part == GRAMMAR_NO_PART)
            return part;
        append(r, &list, part);
        skip(r, r->depth > 0);
    }
    return gather(r, GRAMMAR_SEQUENCE, list, begin);
}

/* A line that begins with "|" goes on with the rule before it. */
static bool at_bar(struct reader *r)
{
    const char *begin = r->at;
    skip(r, true);
    if (is_at(r, '|'))
        return true;
    r->at = begin;
    return false;
}

static int32_t read_choice(struct reader *r)
{
    struct list list = {GRAMMAR_NO_PART, GRAMMAR_NO_PART};
    const char *begin = r->at;
    for (;;) {
        int32_t part = read_sequence(r);
        if (part == GRAMMAR_NO_PART)
            return part;
        append(r, &list, part);
        if (!at_bar(r))
            return gather(r, GRAMMAR_CHOICE, list, begin);
        r->at++;
        skip(r, true);
    }
}

static bool read_defined(struct reader *r)
{
    skip(r, false);
    if (r->end - r->at < 3 || memcmp(r->at, "::=", 3) != 0)
        return fail_expected(r, "'::='"), false;
    r->at += 3;
    skip(r, true);
    return true;
}

static int read_rule(struct reader *r)
{
    const char *name = r->at;
    size_t length = read_name(r);
    if (!length)
        return fail_expected(r, "the name of a rule"), r->fault->code;
    int32_t rule = rule_named(r, name, length);
    if (rule == GRAMMAR_NO_PART || !read_defined(r))
        return r->fault->code;
    if (r->g->rules[rule].part != GRAMMAR_NO_PART)
        return grammar_fail(r->g, (size_t)(name - r->g->text), r->fault, "rule '%.*s' is there a second time",
                            length < 64 ? (int)length : 64, name);
    r->rule = rule;
    int32_t part = read_choice(r);
    if (part == GRAMMAR_NO_PART)
        return r->fault->code;
    r->g->rules[rule].part = part;
    r->g->rules[rule].offset = (uint32_t)(name - r->g->text);
    skip(r, false);
    if (!at_line_end(r))
        return fail_expected(r, "a part of a rule, '|' or the line's end"), r->fault->code;
    return 0;
}

/* ---- the whole ---- */

static int check_text(const struct grammar_text *g, struct fault *fault)
{
    if (g->length > GRAMMAR_BYTES)
        return fail(fault, UTTER_ERROR_MODEL, "%.200s: a grammar of %zu bytes, and there may be %d", g->name, g->length,
                    GRAMMAR_BYTES);
    for (size_t i = 0, n; i < g->length; i += n)
        if (!(n = utf8_length(g->text + i, g->length - i)))
            return grammar_fail(g, i, fault, "the grammar is not valid UTF-8");
    return 0;
}

int grammar_read(struct grammar_text *g, struct fault *fault)
{
    if (check_text(g, fault))
        return fault->code;
    struct reader r = {.g = g, .at = g->text, .end = g->text + g->length, .fault = fault};
    for (skip(&r, true); r.at < r.end; skip(&r, true))
        if (read_rule(&r))
            return fault->code;
    g->root = vocabulary_find(&g->names, "root", 4);
    if (g->root < 0 || g->rules[g->root].part == GRAMMAR_NO_PART)
        return fail(fault, UTTER_ERROR_MODEL, "%.200s: there is no rule 'root'", g->name);
    return 0;
}

void grammar_text_free(struct grammar_text *g)
{
    vocabulary_free(&g->names);
    free(g->rules);
    free(g->parts);
    free(g->codes);
    free(g->ranges);
}

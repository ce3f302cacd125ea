/* spoken_rules.c - the tables of rules, compiled, and which one matches. */
#include "decoder/spoken/spoken_rules.h"

#include "decoder/spoken/spoken_say.h"

#include "src/base/memory.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

enum { MATCH_STEPS = 20000 }; /* of PCRE2, for one rule at one place; what takes longer is no match */

struct compiled_rule {
    const struct say_rule *rule;
    pcre2_code *code;
};

struct say_rules {
    struct compiled_rule *rules;
    size_t count;
};

struct say_matcher {
    const struct say_rules *rules;
    pcre2_match_context *context;
    pcre2_match_data *data;
};

static int compile_rule(struct compiled_rule *compiled, const struct say_rule *rule, struct fault *fault)
{
    int error;
    PCRE2_SIZE offset;
    compiled->rule = rule;
    compiled->code =
        pcre2_compile((PCRE2_SPTR)rule->pattern, PCRE2_ZERO_TERMINATED, PCRE2_ANCHORED, &error, &offset, NULL);
    if (!compiled->code)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "PCRE2 does not understand the rule \"%.100s\" at %zu",
                    rule->pattern, (size_t)offset);
    return 0;
}

static int compile_family(struct say_rules *rules, const struct say_rule *family, size_t count, struct fault *fault)
{
    int error = 0;
    for (size_t i = 0; i < count && !error; i++)
        error = compile_rule(&rules->rules[rules->count++], &family[i], fault);
    return error;
}

int say_rules_open(struct say_rules **out, struct fault *fault)
{
    const struct {
        const struct say_rule *rules;
        size_t count;
    } families[] = {{say_address_rules, say_address_count},
                    {say_date_rules, say_date_count},
                    {say_quantity_rules, say_quantity_count},
                    {say_name_rules, say_name_count}};
    struct say_rules *rules = memory_new(1, sizeof *rules);
    int error = rules ? 0 : fail_memory(fault, "the rules for text to be spoken");
    if (error)
        return error;
    rules->rules =
        memory_new(say_address_count + say_date_count + say_quantity_count + say_name_count, sizeof *rules->rules);
    if (!rules->rules)
        error = fail_memory(fault, "the rules for text to be spoken");
    for (size_t i = 0; i < sizeof families / sizeof *families && !error; i++)
        error = compile_family(rules, families[i].rules, families[i].count, fault);
    *out = rules;
    if (error)
        say_rules_close(out);
    return error;
}

void say_rules_close(struct say_rules **rules)
{
    if (!*rules)
        return;
    for (size_t i = 0; i < (*rules)->count; i++)
        pcre2_code_free((*rules)->rules[i].code);
    free((*rules)->rules);
    free(*rules);
    *rules = NULL;
}

int say_matcher_open(struct say_matcher **matcher, const struct say_rules *rules, struct fault *fault)
{
    struct say_matcher *new = memory_new(1, sizeof *new);
    *matcher = new;
    if (!new)
        return fail_memory(fault, "a reader of text to be spoken");
    new->rules = rules;
    new->context = pcre2_match_context_create(NULL);
    new->data = pcre2_match_data_create(SAY_GROUPS, NULL);
    if (!new->context || !new->data) {
        say_matcher_close(matcher);
        return fail_memory(fault, "a reader of text to be spoken");
    }
    pcre2_set_match_limit(new->context, MATCH_STEPS);
    return 0;
}

void say_matcher_close(struct say_matcher **matcher)
{
    if (!*matcher)
        return;
    pcre2_match_data_free((*matcher)->data);
    pcre2_match_context_free((*matcher)->context);
    free(*matcher);
    *matcher = NULL;
}

static unsigned start_of(const struct say *s, size_t at)
{
    const char c = s->text[at];
    if (is_digit(c))
        return START_DIGIT;
    if (is_alpha(c))
        return is_upper(c) ? START_CAPITAL : START_LETTER;
    return START_SIGN | (at + 1 < s->size && is_digit(s->text[at + 1]) ? START_DIGIT : 0);
}

static void copy_groups(pcre2_match_data *data, int count, struct match *m)
{
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(data);
    *m = (struct match){0};
    for (int i = 0; i < count && i < SAY_GROUPS; i++) {
        const bool set = ends[2 * i] != PCRE2_UNSET;
        m->begin[i] = set ? ends[2 * i] : 0;
        m->end[i] = set ? ends[2 * i + 1] : 0;
    }
}

static bool try_rule(struct say *s, const struct compiled_rule *rule, size_t at, size_t *end)
{
    struct match m;
    const int count = pcre2_match(rule->code, (PCRE2_SPTR)s->text, s->size, at, PCRE2_ANCHORED | PCRE2_NO_UTF_CHECK,
                                  s->matcher->data, s->matcher->context);
    if (count <= 0)
        return false;
    copy_groups(s->matcher->data, count, &m);
    s->words.length = 0;
    if (m.end[0] == at || !rule->rule->say(s, &m))
        return false;
    say_collected(s, m.begin[0], m.end[0]);
    *end = m.end[0];
    return true;
}

bool say_by_rule(struct say *s, size_t at, size_t *end)
{
    const unsigned start = start_of(s, at);
    const struct say_rules *rules = s->matcher->rules;
    bool said = false;
    for (size_t i = 0; i < rules->count && !said; i++)
        if (rules->rules[i].rule->starts & start)
            said = try_rule(s, &rules->rules[i], at, end);
    s->words.length = 0;
    return said;
}

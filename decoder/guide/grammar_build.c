/* grammar_build.c - from a grammar's parts to an automaton on bytes, from each rule's end to its beginning, so that
 * what comes next is there already. */
#include "decoder/guide/grammar_parts.h"

#include "decoder/lower.h"
#include "decoder/text.h"
#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_CODE = 0x10FFFF,
    FIRST_SURROGATE = 0xD800,
    LAST_SURROGATE = 0xDFFF,
    FOLDED = 0x600,      /* characters that are looked up for their small letters */
    MOST_WORK = 1 << 26, /* a second, at most */
    FAILED = -1
};

struct builder {
    struct grammar *out;
    const struct grammar_text *g;
    const struct token_trie *trie; /* NULL: any bytes */
    int32_t *entries; /* [rules] a node that leads to the rule's beginning, so that rules may call each other */
    uint32_t *small;  /* [FOLDED], where capitals are met by small letters: else NULL */
    size_t work;      /* parts, ranges and characters gone through */
    struct grammar_range *ranges; /* of the class at hand */
    size_t range_count, range_capacity;
    struct fault *fault;
};

static int32_t fail_size(struct builder *b)
{
    fail(b->fault, UTTER_ERROR_MODEL, "%.200s: the grammar is too large with its repetitions written out", b->g->name);
    return FAILED;
}

static bool spend(struct builder *b, size_t work)
{
    b->work += work;
    if (b->work > MOST_WORK)
        fail_size(b);
    return !b->fault->code;
}

/* ---- nodes ---- */

static int32_t add(struct builder *b, struct grammar_node node)
{
    struct grammar *out = b->out;
    void *nodes = out->nodes;
    if (b->fault->code)
        return FAILED;
    if (out->count == GRAMMAR_NODES)
        return fail_size(b);
    if (!memory_grow(&nodes, &out->capacity, out->count + 1, sizeof *out->nodes))
        return fail_memory(b->fault, "a grammar"), FAILED;
    out->nodes = nodes;
    out->nodes[out->count] = node;
    return (int32_t)out->count++;
}

static int32_t add_byte(struct builder *b, unsigned low, unsigned high, int32_t next)
{
    return add(b, (struct grammar_node){GRAMMAR_BYTE, (unsigned char)low, (unsigned char)high, next, 0});
}

/* Either way; where there is none yet (FAILED), the other. */
static int32_t add_split(struct builder *b, int32_t one, int32_t other)
{
    if (one == FAILED || other == FAILED)
        return one == FAILED ? other : one;
    return add(b, (struct grammar_node){GRAMMAR_SPLIT, 0, 0, one, other});
}

/* ---- characters ---- */

static size_t encode(uint32_t code, unsigned char out[4])
{
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; code >>= 6)
        out[i] = (unsigned char)(0x80 | (code & 0x3F));
    out[0] = (unsigned char)(lead[n] | code);
    return n;
}

/* Characters whose UTF-8 is every combination of bytes between those of first and of last. */
static int32_t add_block(struct builder *b, uint32_t first, uint32_t last, int32_t next)
{
    unsigned char low[4], high[4];
    size_t n = encode(first, low);
    encode(last, high);
    for (size_t i = n; i-- > 0;)
        next = add_byte(b, low[i], high[i], next);
    return next;
}

/* Where a range must be parted so that what is before can be a block: at the length of its first character's UTF-8, and
 * where a byte comes round while one behind it does not run through all of its values. */
static uint32_t block_end(uint32_t first, uint32_t last)
{
    static const uint32_t longest[] = {0x7F, 0x7FF, 0xFFFF};
    for (int i = 0; i < 3; i++)
        if (first <= longest[i] && last > longest[i])
            last = longest[i];
    for (int i = 1; i < 4; i++) {
        uint32_t mask = (UINT32_C(1) << (6 * i)) - 1;
        if (first < 0x80 || (first & ~mask) == (last & ~mask))
            break;
        if (first & mask)
            return first | mask;
        if ((last & mask) != mask)
            last = (last & ~mask) - 1;
    }
    return last;
}

static int32_t add_range(struct builder *b, struct grammar_range range, int32_t next)
{
    int32_t made = FAILED;
    for (uint32_t first = range.first; first <= range.last && !b->fault->code;) {
        uint32_t last = block_end(first, range.last);
        made = add_split(b, add_block(b, first, last, next), made);
        first = last + 1;
    }
    return made;
}

/* ---- classes ---- */

static bool keep_range(struct builder *b, uint32_t first, uint32_t last)
{
    void *ranges = b->ranges;
    if (!memory_grow(&ranges, &b->range_capacity, b->range_count + 1, sizeof *b->ranges))
        return fail_memory(b->fault, "a grammar"), false;
    b->ranges = ranges;
    b->ranges[b->range_count++] = (struct grammar_range){first, last};
    return true;
}

static uint32_t small_letter(uint32_t code)
{
    unsigned char bytes[4];
    char lower[LOWER_BYTES];
    size_t n = encode(code, bytes), made = lower_character((const char *)bytes, n, lower);
    return made && utf8_length(lower, made) == made ? utf8_code(lower, made) : code;
}

static int list_small(struct builder *b)
{
    b->small = memory_new(FOLDED, sizeof *b->small);
    if (!b->small)
        return fail_memory(b->fault, "a grammar");
    for (uint32_t code = 0; code < FOLDED; code++)
        b->small[code] = small_letter(code);
    return 0;
}

static uint32_t folded(const struct builder *b, uint32_t code)
{
    return b->small && code < FOLDED ? b->small[code] : code;
}

/* The small letters of what the class lists, too. */
static bool keep_small(struct builder *b, struct grammar_range range)
{
    uint32_t last = range.last < FOLDED ? range.last : FOLDED - 1;
    for (uint32_t code = range.first; code <= last; code++) {
        uint32_t small = folded(b, code);
        if (!spend(b, 1) || (small != code && !keep_range(b, small, small)))
            return false;
    }
    return true;
}

static int by_first(const void *a, const void *b)
{
    const struct grammar_range *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* In order, none touching another. */
static void merge_ranges(struct builder *b)
{
    size_t kept = 0;
    if (b->range_count)
        qsort(b->ranges, b->range_count, sizeof *b->ranges, by_first);
    for (size_t i = 0; i < b->range_count; i++) {
        struct grammar_range *last = kept ? &b->ranges[kept - 1] : NULL;
        if (last && b->ranges[i].first <= last->last + 1)
            last->last = b->ranges[i].last > last->last ? b->ranges[i].last : last->last;
        else
            b->ranges[kept++] = b->ranges[i];
    }
    b->range_count = kept;
}

/* All other characters; surrogates are none. The ranges between are added behind those that are there. */
static bool negate_ranges(struct builder *b)
{
    if (!keep_range(b, FIRST_SURROGATE, LAST_SURROGATE))
        return false;
    merge_ranges(b);
    size_t count = b->range_count;
    uint32_t from = 0;
    for (size_t i = 0; i < count; i++) {
        struct grammar_range out = b->ranges[i];
        if (out.first > from && !keep_range(b, from, out.first - 1))
            return false;
        from = out.last + 1;
    }
    if (from <= MOST_CODE && !keep_range(b, from, MOST_CODE))
        return false;
    b->range_count -= count;
    memmove(b->ranges, b->ranges + count, b->range_count * sizeof *b->ranges);
    return true;
}

/* A range that runs across the surrogates leaves them out. */
static bool keep_characters(struct builder *b, struct grammar_range range)
{
    if (range.first > LAST_SURROGATE || range.last < FIRST_SURROGATE)
        return keep_range(b, range.first, range.last);
    return keep_range(b, range.first, FIRST_SURROGATE - 1) && keep_range(b, LAST_SURROGATE + 1, range.last);
}

static bool take_class(struct builder *b, const struct grammar_part *p)
{
    b->range_count = 0;
    for (int32_t i = p->begin; i < p->end; i++)
        if (!spend(b, 1) || !keep_characters(b, b->g->ranges[i]) ||
            (b->small && !p->negated && !keep_small(b, b->g->ranges[i])))
            return false;
    if (p->negated)
        return negate_ranges(b);
    merge_ranges(b);
    return true;
}

static bool can_spell(const struct builder *b)
{
    for (size_t i = 0; i < b->range_count; i++)
        if (!b->trie || token_trie_have_any(b->trie, b->ranges[i].first, b->ranges[i].last))
            return true;
    return false;
}

static int32_t add_class(struct builder *b, const struct grammar_part *p, int32_t next)
{
    int32_t made = FAILED;
    if (!take_class(b, p))
        return FAILED;
    if (!can_spell(b))
        return grammar_fail(b->g, p->offset, b->fault, "a class of characters of which no token of the model has any"),
               FAILED;
    for (size_t i = b->range_count; i-- > 0 && !b->fault->code;)
        made = add_split(b, add_range(b, b->ranges[i], next), made);
    return made;
}

static int32_t fail_character(struct builder *b, const struct grammar_part *p, uint32_t code)
{
    unsigned char bytes[4];
    size_t n = encode(code, bytes);
    if (code < ' ' || code == 0x7F)
        grammar_fail(b->g, p->offset, b->fault, "no token of the model spells the character U+%04X", (unsigned)code);
    else
        grammar_fail(b->g, p->offset, b->fault, "no token of the model spells '%.*s'", (int)n, (const char *)bytes);
    return FAILED;
}

static int32_t add_literal(struct builder *b, const struct grammar_part *p, int32_t next)
{
    for (int32_t i = p->end; i-- > p->begin && !b->fault->code;) {
        uint32_t code = folded(b, b->g->codes[i]);
        if (b->trie && !token_trie_have(b->trie, code))
            return fail_character(b, p, b->g->codes[i]);
        next = add_block(b, code, code, next);
    }
    return next;
}

/* ---- parts ---- */

static int32_t add_part(struct builder *b, int32_t part, int32_t next);

/* The parts in a list are found from the first to the last, and needed the other way round. */
static int32_t add_sequence(struct builder *b, const struct grammar_part *p, int32_t next)
{
    size_t count = 0;
    for (int32_t i = p->first; i != GRAMMAR_NO_PART; i = b->g->parts[i].next)
        count++;
    int32_t *parts = memory_new(count, sizeof *parts);
    if (!parts)
        return fail_memory(b->fault, "a grammar"), FAILED;
    count = 0;
    for (int32_t i = p->first; i != GRAMMAR_NO_PART; i = b->g->parts[i].next)
        parts[count++] = i;
    while (count && !b->fault->code)
        next = add_part(b, parts[--count], next);
    free(parts);
    return next;
}

static int32_t add_choice(struct builder *b, const struct grammar_part *p, int32_t next)
{
    int32_t made = FAILED;
    for (int32_t i = p->first; i != GRAMMAR_NO_PART && !b->fault->code; i = b->g->parts[i].next)
        made = add_split(b, made, add_part(b, i, next));
    return made;
}

/* Any number of times: a split that leads into the part and past it, and that the part leads back to. */
static int32_t add_star(struct builder *b, int32_t part, int32_t next)
{
    int32_t split = add(b, (struct grammar_node){GRAMMAR_SPLIT, 0, 0, next, next});
    if (split == FAILED)
        return FAILED;
    int32_t into = add_part(b, part, split);
    if (!b->fault->code)
        b->out->nodes[split].a = into;
    return split;
}

/* The times that need not be come last, each within the one before, so that past one there is one way only. */
static int32_t add_repeat(struct builder *b, const struct grammar_part *p, int32_t next)
{
    int32_t at = next;
    if (p->most == GRAMMAR_NO_LIMIT)
        at = add_star(b, p->first, next);
    for (int32_t i = p->least; i < p->most && !b->fault->code; i++)
        at = add_split(b, add_part(b, p->first, at), next);
    for (int32_t i = 0; i < p->least && !b->fault->code; i++)
        at = add_part(b, p->first, at);
    return at;
}

/* Where nothing but the return follows, what is called returns further up. */
static int32_t add_call(struct builder *b, const struct grammar_part *p, int32_t next)
{
    int32_t entry = b->entries[p->begin];
    if (b->out->nodes[next].kind == GRAMMAR_RETURN)
        return entry;
    return add(b, (struct grammar_node){GRAMMAR_CALL, 0, 0, entry, next});
}

static int32_t add_part(struct builder *b, int32_t part, int32_t next)
{
    const struct grammar_part *p = &b->g->parts[part];
    if (b->fault->code || !spend(b, 1))
        return FAILED;
    switch (p->kind) {
    case GRAMMAR_LITERAL:
        return add_literal(b, p, next);
    case GRAMMAR_CLASS:
        return add_class(b, p, next);
    case GRAMMAR_RULE:
        return add_call(b, p, next);
    case GRAMMAR_SEQUENCE:
        return add_sequence(b, p, next);
    case GRAMMAR_CHOICE:
        return add_choice(b, p, next);
    case GRAMMAR_REPEAT:
        break;
    }
    return add_repeat(b, p, next);
}

/* ---- the whole ---- */

static int add_rules(struct builder *b)
{
    /* A split with both ways the same is a plain way: it stands for the rule until its beginning is known. */
    for (size_t i = 0; i < b->g->rule_count && !b->fault->code; i++)
        b->entries[i] = add(b, (struct grammar_node){GRAMMAR_SPLIT, 0, 0, 0, 0});
    int32_t end = add(b, (struct grammar_node){GRAMMAR_RETURN, 0, 0, 0, 0});
    for (size_t i = 0; i < b->g->rule_count && !b->fault->code; i++) {
        int32_t begin = add_part(b, b->g->rules[i].part, end);
        if (b->fault->code)
            break;
        b->out->nodes[b->entries[i]].a = b->out->nodes[b->entries[i]].b = begin;
    }
    return b->fault->code;
}

int grammar_build(struct grammar *grammar, const struct grammar_text *g, const struct token_trie *trie,
                  struct fault *fault)
{
    struct builder b = {.out = grammar, .g = g, .trie = trie, .fault = fault};
    b.entries = memory_new(g->rule_count, sizeof *b.entries);
    if (!b.entries)
        fail_memory(fault, "a grammar");
    else if ((!trie || !token_trie_small(trie) || !list_small(&b)) && !add_rules(&b))
        grammar->root = b.entries[g->root];
    free(b.entries);
    free(b.small);
    free(b.ranges);
    return fault->code;
}

int grammar_open(struct grammar **grammar, const char *text, size_t length, const char *name,
                 const struct token_trie *trie, struct fault *fault)
{
    struct grammar_text g = {.text = text, .length = length, .name = name};
    struct grammar *made = memory_new(1, sizeof *made);
    if (!made || !(made->name = memory_text(name, strlen(name))))
        fail_memory(fault, "a grammar");
    else if (!grammar_read(&g, fault) && !grammar_sound(&g, fault))
        grammar_build(made, &g, trie, fault);
    grammar_text_free(&g);
    if (fault->code)
        grammar_close(&made);
    else
        *grammar = made;
    return fault->code;
}

void grammar_close(struct grammar **grammar)
{
    struct grammar *g = *grammar;
    if (!g)
        return;
    free(g->nodes);
    free(g->name);
    free(g);
    *grammar = NULL;
}

/* grammar_check.c - rules that name no rule, that have no finite sentence, or that would call themselves before
 * anything was said. All in time that grows with the grammar's length alone. */
#include "decoder/guide/grammar_parts.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

static const char *name_of(const struct grammar_text *g, int32_t rule)
{
    return vocabulary_piece(&g->names, rule);
}

static int check_named(const struct grammar_text *g, struct fault *fault)
{
    for (size_t i = 0; i < g->rule_count; i++)
        if (g->rules[i].part == GRAMMAR_NO_PART)
            return grammar_fail(g, g->rules[i].offset, fault, "there is no rule '%.64s'", name_of(g, (int32_t)i));
    return 0;
}

/* ---- what follows from the parts ---- */

/* A property that a literal, a class and an empty repetition have or have not, a choice has where one of its parts has
 * it, and a sequence where all have: spread from part to whole, a list of work at a time (a least fixed point). */
struct spread {
    const struct grammar_text *g;
    bool *holds;         /* [parts] */
    int32_t *lacking;    /* [parts] of a sequence: parts that have it not yet */
    int32_t *work;       /* [parts] */
    int32_t *references; /* [parts] the next part that names the same rule */
    int32_t *named;      /* [rules] the first */
    size_t count;        /* of work */
};

static void spread_to(struct spread *s, int32_t part)
{
    if (s->holds[part])
        return;
    s->holds[part] = true;
    s->work[s->count++] = part;
}

/* The parent of a part that has it; where there is none, the parts that name its rule. */
static void spread_from(struct spread *s, int32_t part)
{
    const struct grammar_part *p = &s->g->parts[part];
    if (p->parent == GRAMMAR_NO_PART) {
        for (int32_t i = s->named[p->rule]; i != GRAMMAR_NO_PART; i = s->references[i])
            spread_to(s, i);
        return;
    }
    if (s->g->parts[p->parent].kind != GRAMMAR_SEQUENCE || --s->lacking[p->parent] == 0)
        spread_to(s, p->parent);
}

static bool open_spread(struct spread *s, const struct grammar_text *g)
{
    *s = (struct spread){.g = g};
    s->holds = memory_new(g->part_count, sizeof *s->holds);
    s->lacking = memory_new(g->part_count, sizeof *s->lacking);
    s->work = memory_new(g->part_count, sizeof *s->work);
    s->references = memory_new(g->part_count, sizeof *s->references);
    s->named = memory_new(g->rule_count, sizeof *s->named);
    if (!s->holds || !s->lacking || !s->work || !s->references || !s->named)
        return false;
    for (size_t i = 0; i < g->rule_count; i++)
        s->named[i] = GRAMMAR_NO_PART;
    for (size_t i = 0; i < g->part_count; i++) {
        const struct grammar_part *p = &g->parts[i];
        if (p->parent != GRAMMAR_NO_PART)
            s->lacking[p->parent]++;
        if (p->kind != GRAMMAR_RULE)
            continue;
        s->references[i] = s->named[p->begin];
        s->named[p->begin] = (int32_t)i;
    }
    return true;
}

static void close_spread(struct spread *s)
{
    free(s->holds);
    free(s->lacking);
    free(s->work);
    free(s->references);
    free(s->named);
}

/* nullable: whether a part may be empty; else whether it has any sentence that ends. */
static bool has_by_itself(const struct grammar_part *p, bool nullable)
{
    if (p->kind == GRAMMAR_LITERAL)
        return !nullable || p->begin == p->end;
    if (p->kind == GRAMMAR_SEQUENCE)
        return p->first == GRAMMAR_NO_PART;
    return (p->kind == GRAMMAR_CLASS && !nullable) || (p->kind == GRAMMAR_REPEAT && p->least == 0);
}

static bool *find_holding(const struct grammar_text *g, bool nullable)
{
    struct spread s;
    bool *holds = NULL;
    if (open_spread(&s, g)) {
        for (size_t i = 0; i < g->part_count; i++)
            if (has_by_itself(&g->parts[i], nullable))
                spread_to(&s, (int32_t)i);
        while (s.count)
            spread_from(&s, s.work[--s.count]);
        holds = s.holds;
        s.holds = NULL;
    }
    close_spread(&s);
    return holds;
}

static int check_endings(const struct grammar_text *g, struct fault *fault)
{
    bool *ends = find_holding(g, false);
    if (!ends)
        return fail_memory(fault, "a grammar");
    for (size_t i = 0; i < g->rule_count && !fault->code; i++)
        if (!ends[g->rules[i].part])
            grammar_fail(g, g->rules[i].offset, fault, "rule '%.64s' can never end: every way through it needs another",
                         name_of(g, (int32_t)i));
    free(ends);
    return fault->code;
}

/* ---- left recursion ---- */

/* An edge: a rule calls another before anything need have been said. */
struct edge {
    int32_t from, to, next; /* next: with the same to */
};

struct edges {
    struct edge *edges;
    size_t count, capacity;
    int32_t *into; /* [rules] the first edge that leads there */
    int32_t *out;  /* [rules] how many edges lead from it to rules that are left */
};

/* Whether nothing need have been said before a part of its rule: all that goes before it there is nullable. Parts
 * come after their own parts in the array, so this is asked from the end. */
static void find_leading(const struct grammar_text *g, const bool *nullable, bool *leading)
{
    for (size_t i = g->part_count; i-- > 0;) {
        const struct grammar_part *p = &g->parts[i];
        if (p->parent == GRAMMAR_NO_PART)
            leading[i] = true;
        bool still = leading[i];
        for (int32_t k = p->first; k != GRAMMAR_NO_PART; k = g->parts[k].next) {
            leading[k] = still;
            still = still && (p->kind != GRAMMAR_SEQUENCE || nullable[k]);
        }
    }
}

static bool add_edges(struct edges *e, const struct grammar_text *g, const bool *leading)
{
    for (size_t i = 0; i < g->rule_count; i++)
        e->into[i] = GRAMMAR_NO_PART;
    for (size_t i = 0; i < g->part_count; i++) {
        const struct grammar_part *p = &g->parts[i];
        void *edges = e->edges;
        if (p->kind != GRAMMAR_RULE || !leading[i])
            continue;
        if (!memory_grow(&edges, &e->capacity, e->count + 1, sizeof *e->edges))
            return false;
        e->edges = edges;
        e->edges[e->count] = (struct edge){p->rule, p->begin, e->into[p->begin]};
        e->into[p->begin] = (int32_t)e->count++;
        e->out[p->rule]++;
    }
    return true;
}

/* Takes rules away that call none that is left (Kahn's order, from the end). Returns whether any stay. */
static bool take_away(struct edges *e, size_t rules, int32_t *work)
{
    size_t count = 0, taken = 0;
    for (size_t i = 0; i < rules; i++)
        if (!e->out[i])
            work[count++] = (int32_t)i;
    while (count) {
        int32_t rule = work[--count];
        taken++;
        for (int32_t i = e->into[rule]; i != GRAMMAR_NO_PART; i = e->edges[i].next)
            if (--e->out[e->edges[i].from] == 0)
                work[count++] = e->edges[i].from;
    }
    return taken < rules;
}

/* A rule on a circle of those that are left: from any of them, along any edges, until one is met again. */
static int32_t rule_on_circle(const struct edges *e, size_t rules, int32_t *call)
{
    for (size_t i = 0; i < rules; i++)
        call[i] = GRAMMAR_NO_PART;
    int32_t at = GRAMMAR_NO_PART;
    for (size_t i = 0; i < e->count; i++)
        if (e->out[e->edges[i].from] > 0 && e->out[e->edges[i].to] > 0)
            at = call[e->edges[i].from] = e->edges[i].to;
    for (size_t steps = 0; steps < rules && call[at] != GRAMMAR_NO_PART; steps++)
        at = call[at];
    return at;
}

static int fail_circle(const struct grammar_text *g, const struct edges *e, int32_t *call, struct fault *fault)
{
    int32_t rule = rule_on_circle(e, g->rule_count, call), next = call[rule];
    if (next == rule)
        return grammar_fail(g, g->rules[rule].offset, fault, "rule '%.64s' is left-recursive: it calls itself first",
                            name_of(g, rule));
    return grammar_fail(g, g->rules[rule].offset, fault,
                        "rule '%.64s' is left-recursive: it calls '%.64s' first, and that leads back to it",
                        name_of(g, rule), name_of(g, next));
}

static int check_recursion(const struct grammar_text *g, struct fault *fault)
{
    struct edges e = {0};
    bool *nullable = find_holding(g, true), *leading = memory_new(g->part_count, sizeof *leading);
    int32_t *work = memory_new(g->rule_count, sizeof *work);
    e.into = memory_new(g->rule_count, sizeof *e.into);
    e.out = memory_new(g->rule_count, sizeof *e.out);
    if (!nullable || !leading || !work || !e.into || !e.out)
        fail_memory(fault, "a grammar");
    else
        find_leading(g, nullable, leading);
    if (!fault->code && !add_edges(&e, g, leading))
        fail_memory(fault, "a grammar");
    if (!fault->code && take_away(&e, g->rule_count, work))
        fail_circle(g, &e, work, fault);
    free(nullable);
    free(leading);
    free(work);
    free(e.edges);
    free(e.into);
    free(e.out);
    return fault->code;
}

int grammar_sound(const struct grammar_text *g, struct fault *fault)
{
    if (check_named(g, fault) || check_endings(g, fault))
        return fault->code;
    return check_recursion(g, fault);
}

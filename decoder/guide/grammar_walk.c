/* grammar_walk.c - the states of a grammar's automaton that texts lead to, each made once: a sorted set of places,
 * found again by its hash. Stacks are shared, too: a cell is a place to return to and the cell below it, and there is
 * one of each kind, so that a stack is a number and two places are the same when both their numbers are. */
#include "decoder/guide/grammar_parts.h"
#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    NONE = -1,
    BOTTOM = 0,             /* the stack of no cells */
    KEPT_MEMORY = 16 << 20, /* of earlier texts, beyond which it is let go */
    START = 0               /* the state before a text, always the first */
};
enum { UNKNOWN, NO, YES };

/* A node of kind BYTE, and the stack. */
struct place {
    int32_t node, stack;
};

struct cell {
    int32_t node, below;
};

struct state {
    size_t first; /* of its places in the pool */
    int32_t count;
    bool may_end, listed;
    unsigned char goes_on; /* whether some token may follow: UNKNOWN, NO, YES */
    int64_t tokens;        /* the first of those that may follow, once listed */
    int32_t token_count;
};

/* A table of numbers by hash, open addressing, with no more than half of it taken. */
struct table {
    int32_t *slots; /* number + 1, or 0 */
    size_t size, used;
};

struct byte_step {
    uint64_t key; /* state << 9 | free space << 8 | byte, + 1; 0: none */
    int32_t state;
};

/* A place that was reached, where turn is the walk's. */
struct seen {
    struct place place;
    uint32_t turn;
};

struct grammar_walk {
    const struct grammar *grammar;
    const struct token_trie *trie;
    struct place *places; /* of all states */
    size_t place_count, place_capacity;
    struct state *states;
    size_t state_count, state_capacity;
    struct table state_table, cell_table;
    struct cell *cells; /* from 1 on */
    size_t cell_count, cell_capacity;
    struct byte_step *steps; /* [step_size] */
    size_t step_size, step_count;
    struct grammar_token *tokens; /* of all states that are listed */
    size_t token_count, token_capacity;

    /* The set under way. */
    struct place *work, *found;
    size_t work_count, work_capacity, found_count, found_capacity;
    struct seen *seen; /* [seen_size] open addressing */
    size_t seen_size, seen_count;
    uint32_t turn; /* that is under way: what others left in seen is free */
    bool may_end;

    uint64_t effort; /* places looked at in this text */
    struct fault fault;
};

/* ---- failing ---- */

static bool failed(const struct grammar_walk *w)
{
    return w->fault.code != 0;
}

static bool out_of_memory(struct grammar_walk *w)
{
    fail_memory(&w->fault, "a grammar's states");
    return false;
}

static size_t memory_used(const struct grammar_walk *w)
{
    return w->place_capacity * sizeof *w->places + w->state_capacity * sizeof *w->states +
           (w->state_table.size + w->cell_table.size) * sizeof(int32_t) + w->cell_capacity * sizeof *w->cells +
           w->step_size * sizeof *w->steps + w->token_capacity * sizeof *w->tokens;
}

static bool too_much(struct grammar_walk *w, const char *what)
{
    fail(&w->fault, UTTER_ERROR_UNSUPPORTED, "%.200s: the grammar is too ambiguous or too large to follow: %s",
         w->grammar->name, what);
    return false;
}

static bool spend(struct grammar_walk *w, uint64_t effort)
{
    w->effort += effort;
    if (w->effort > GRAMMAR_WORK)
        return too_much(w, "it takes too long");
    return !failed(w);
}

static bool grow(struct grammar_walk *w, void **items, size_t *capacity, size_t needed, size_t size)
{
    if (needed <= *capacity)
        return true;
    if (memory_used(w) + needed * size > GRAMMAR_MEMORY)
        return too_much(w, "it takes too much memory");
    return memory_grow(items, capacity, needed, size) || out_of_memory(w);
}

/* ---- tables ---- */

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 32;
}

static uint64_t hash_pair(int32_t a, int32_t b)
{
    return mix((uint64_t)(uint32_t)a << 32 | (uint32_t)b);
}

static uint64_t hash_cell(const struct grammar_walk *w, int32_t i)
{
    return hash_pair(w->cells[i].node, w->cells[i].below);
}

static uint64_t hash_places(const struct place *places, size_t count, bool may_end)
{
    uint64_t hash = may_end;
    for (size_t i = 0; i < count; i++)
        hash = mix(hash + hash_pair(places[i].node, places[i].stack));
    return hash;
}

static uint64_t hash_state(const struct grammar_walk *w, int32_t i)
{
    const struct state *s = &w->states[i];
    return hash_places(w->places + s->first, (size_t)s->count, s->may_end);
}

static void put(struct table *t, uint64_t hash, int32_t number)
{
    size_t at = (size_t)hash & (t->size - 1);
    while (t->slots[at])
        at = (at + 1) & (t->size - 1);
    t->slots[at] = number + 1;
    t->used++;
}

static bool grow_table(struct grammar_walk *w, struct table *t,
                       uint64_t (*hash)(const struct grammar_walk *w, int32_t number))
{
    if ((t->used + 1) * 2 <= t->size)
        return true;
    struct table made = {.size = t->size ? t->size * 2 : 256};
    if (memory_used(w) + made.size * sizeof *made.slots > GRAMMAR_MEMORY)
        return too_much(w, "it takes too much memory");
    made.slots = memory_new(made.size, sizeof *made.slots);
    if (!made.slots)
        return out_of_memory(w);
    for (size_t i = 0; i < t->size; i++)
        if (t->slots[i])
            put(&made, hash(w, t->slots[i] - 1), t->slots[i] - 1);
    free(t->slots);
    *t = made;
    return true;
}

/* ---- stacks ---- */

/* The stack below with a node to return to on top; NONE on failure. */
static int32_t push(struct grammar_walk *w, int32_t node, int32_t below)
{
    void *cells = w->cells;
    if (!grow_table(w, &w->cell_table, hash_cell))
        return NONE;
    uint64_t hash = hash_pair(node, below);
    for (size_t at = (size_t)hash & (w->cell_table.size - 1); w->cell_table.slots[at];
         at = (at + 1) & (w->cell_table.size - 1)) {
        int32_t i = w->cell_table.slots[at] - 1;
        if (w->cells[i].node == node && w->cells[i].below == below)
            return i;
    }
    if (!grow(w, &cells, &w->cell_capacity, w->cell_count + 1, sizeof *w->cells))
        return NONE;
    w->cells = cells;
    w->cells[w->cell_count] = (struct cell){node, below};
    put(&w->cell_table, hash, (int32_t)w->cell_count);
    return (int32_t)w->cell_count++;
}

/* ---- a set of places under way ---- */

static void clear_set(struct grammar_walk *w)
{
    if (++w->turn == 0) {
        w->turn = 1;
        for (size_t i = 0; i < w->seen_size; i++)
            w->seen[i].turn = 0;
    }
    w->work_count = w->found_count = w->seen_count = 0;
    w->may_end = false;
}

static bool grow_seen(struct grammar_walk *w)
{
    if ((w->seen_count + 1) * 2 <= w->seen_size)
        return true;
    size_t size = w->seen_size ? w->seen_size * 2 : 64;
    struct seen *made = memory_new(size, sizeof *made), *old = w->seen;
    if (!made)
        return out_of_memory(w);
    for (size_t i = 0; i < w->seen_size; i++) {
        size_t at = (size_t)hash_pair(old[i].place.node, old[i].place.stack) & (size - 1);
        if (old[i].turn != w->turn)
            continue;
        while (made[at].turn)
            at = (at + 1) & (size - 1);
        made[at] = old[i];
    }
    free(old);
    w->seen = made;
    w->seen_size = size;
    return true;
}

/* Puts a place of any kind on the list of work, once. */
static bool reach(struct grammar_walk *w, int32_t node, int32_t stack)
{
    void *work = w->work;
    if (!grow_seen(w))
        return false;
    size_t at = (size_t)hash_pair(node, stack) & (w->seen_size - 1);
    for (; w->seen[at].turn == w->turn; at = (at + 1) & (w->seen_size - 1))
        if (w->seen[at].place.node == node && w->seen[at].place.stack == stack)
            return true;
    if (w->seen_count == 8 * (size_t)GRAMMAR_PLACES)
        return too_much(w, "one text has too many readings");
    w->seen[at] = (struct seen){{node, stack}, w->turn};
    w->seen_count++;
    if (!memory_grow(&work, &w->work_capacity, w->work_count + 1, sizeof *w->work))
        return out_of_memory(w);
    w->work = work;
    w->work[w->work_count++] = (struct place){node, stack};
    return true;
}

static bool find(struct grammar_walk *w, struct place place)
{
    void *found = w->found;
    if (w->found_count == GRAMMAR_PLACES)
        return too_much(w, "one text has too many readings");
    if (!memory_grow(&found, &w->found_capacity, w->found_count + 1, sizeof *w->found))
        return out_of_memory(w);
    w->found = found;
    w->found[w->found_count++] = place;
    return true;
}

/* Where a place leads without a byte. */
static bool follow(struct grammar_walk *w, struct place p)
{
    const struct grammar_node *n = &w->grammar->nodes[p.node];
    int32_t stack = p.stack;
    switch (n->kind) {
    case GRAMMAR_BYTE:
        return find(w, p);
    case GRAMMAR_SPLIT:
        return reach(w, n->a, stack) && reach(w, n->b, stack);
    case GRAMMAR_CALL:
        stack = push(w, n->b, stack);
        return stack != NONE && reach(w, n->a, stack);
    default:
        if (stack == BOTTOM)
            return w->may_end = true;
        return reach(w, w->cells[stack].node, w->cells[stack].below);
    }
}

/* Follows all that was reached; without left recursion this ends. */
static bool close_set(struct grammar_walk *w)
{
    while (w->work_count)
        if (!spend(w, 1) || !follow(w, w->work[--w->work_count]))
            return false;
    return true;
}

/* ---- states ---- */

static int by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    return (x->stack > y->stack) - (x->stack < y->stack);
}

static bool same_set(const struct grammar_walk *w, const struct state *s)
{
    return (size_t)s->count == w->found_count && s->may_end == w->may_end &&
           (!s->count || memcmp(w->places + s->first, w->found, w->found_count * sizeof *w->found) == 0);
}

static int32_t add_state(struct grammar_walk *w)
{
    void *states = w->states, *places = w->places;
    bool grown = grow(w, &states, &w->state_capacity, w->state_count + 1, sizeof *w->states);
    w->states = states;
    grown = grown && grow(w, &places, &w->place_capacity, w->place_count + w->found_count, sizeof *w->places);
    w->places = places;
    if (!grown)
        return NONE;
    w->states[w->state_count] =
        (struct state){.first = w->place_count, .count = (int32_t)w->found_count, .may_end = w->may_end};
    if (w->found_count)
        memcpy(w->places + w->place_count, w->found, w->found_count * sizeof *w->found);
    w->place_count += w->found_count;
    return (int32_t)w->state_count++;
}

/* The state of the set under way; GRAMMAR_DEAD for an empty one and on failure. */
static int32_t settle(struct grammar_walk *w)
{
    if (failed(w) || (!w->found_count && !w->may_end) || !grow_table(w, &w->state_table, hash_state))
        return GRAMMAR_DEAD;
    if (w->found_count)
        qsort(w->found, w->found_count, sizeof *w->found, by_place);
    uint64_t hash = hash_places(w->found, w->found_count, w->may_end);
    for (size_t at = (size_t)hash & (w->state_table.size - 1); w->state_table.slots[at];
         at = (at + 1) & (w->state_table.size - 1)) {
        int32_t i = w->state_table.slots[at] - 1;
        if (same_set(w, &w->states[i]))
            return i;
    }
    int32_t made = add_state(w);
    if (made == NONE)
        return GRAMMAR_DEAD;
    put(&w->state_table, hash, made);
    return made;
}

/* Adds what a state leads to by a byte to the set under way. */
static bool reach_by(struct grammar_walk *w, int32_t state, unsigned char byte)
{
    size_t first = w->states[state].first;
    int32_t count = w->states[state].count;
    if (!spend(w, (uint64_t)count))
        return false;
    for (int32_t i = 0; i < count; i++) {
        struct place p = w->places[first + (size_t)i];
        const struct grammar_node *n = &w->grammar->nodes[p.node];
        if (byte >= n->low && byte <= n->high && !reach(w, n->a, p.stack))
            return false;
    }
    return close_set(w);
}

/* ---- steps ---- */

static size_t step_slot(const struct grammar_walk *w, uint64_t key)
{
    size_t at = (size_t)mix(key) & (w->step_size - 1);
    while (w->steps[at].key && w->steps[at].key != key)
        at = (at + 1) & (w->step_size - 1);
    return at;
}

static bool grow_steps(struct grammar_walk *w)
{
    if ((w->step_count + 1) * 2 <= w->step_size)
        return true;
    struct byte_step *old = w->steps;
    size_t size = w->step_size, made = size ? size * 2 : 1024;
    if (memory_used(w) + made * sizeof *old > GRAMMAR_MEMORY)
        return too_much(w, "it takes too much memory");
    struct byte_step *steps = memory_new(made, sizeof *steps);
    if (!steps)
        return out_of_memory(w);
    w->steps = steps;
    w->step_size = made;
    for (size_t i = 0; i < size; i++)
        if (old[i].key)
            w->steps[step_slot(w, old[i].key)] = old[i];
    free(old);
    return true;
}

/* free_space: the state is the one before a text, where a space may also be nothing. */
static int32_t step(struct grammar_walk *w, int32_t state, unsigned char byte, bool free_space)
{
    if (state < 0 || failed(w) || !spend(w, 1) || !grow_steps(w))
        return GRAMMAR_DEAD;
    free_space = free_space && byte == ' ';
    uint64_t key = ((uint64_t)(uint32_t)state << 9 | (uint64_t)free_space << 8 | byte) + 1;
    size_t slot = step_slot(w, key);
    if (w->steps[slot].key)
        return w->steps[slot].state;
    clear_set(w);
    if (free_space)
        for (int32_t i = 0; i < w->states[state].count; i++) {
            struct place p = w->places[w->states[state].first + (size_t)i];
            if (!reach(w, p.node, p.stack))
                return GRAMMAR_DEAD;
        }
    w->may_end = free_space && w->states[state].may_end;
    if (!reach_by(w, state, byte))
        return GRAMMAR_DEAD;
    int32_t next = settle(w);
    if (failed(w))
        return GRAMMAR_DEAD;
    w->steps[slot] = (struct byte_step){key, next};
    w->step_count++;
    return next;
}

int32_t grammar_next_bytes(struct grammar_walk *w, int32_t state, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length && state >= 0; i++)
        state = step(w, state, (unsigned char)bytes[i], false);
    return state;
}

/* ---- tokens ---- */

static bool list_token(struct grammar_walk *w, int32_t token, int32_t state)
{
    void *tokens = w->tokens;
    if (!grow(w, &tokens, &w->token_capacity, w->token_count + 1, sizeof *w->tokens))
        return false;
    w->tokens = tokens;
    w->tokens[w->token_count++] = (struct grammar_token){token, state};
    return true;
}

static int by_token(const void *a, const void *b)
{
    const struct grammar_token *x = a, *y = b;
    return (x->token > y->token) - (x->token < y->token);
}

/* A node of the spellings' trie and the state that its bytes lead to. */
struct visit {
    int32_t node, state;
};

/* Visits that are still to be made: at most the children of all nodes on one way down, and the longest token bounds
 * that. */
struct visits {
    struct visit *items;
    size_t count, capacity;
};

static bool add_visit(struct grammar_walk *w, struct visits *v, struct visit visit)
{
    void *items = v->items;
    if (!memory_grow(&items, &v->capacity, v->count + 1, sizeof *v->items))
        return out_of_memory(w);
    v->items = items;
    v->items[v->count++] = visit;
    return true;
}

/* The children of a node that the grammar goes along with. */
static bool add_children(struct grammar_walk *w, struct visits *v, struct visit at, bool free_space)
{
    const struct token_trie_node *trie = token_trie_nodes(w->trie), *n = &trie[at.node];
    for (int32_t i = n->child; i < n->child_end && !failed(w); i++) {
        int32_t next = step(w, at.state, trie[i].byte, free_space && at.node == 0);
        if (next != GRAMMAR_DEAD && !add_visit(w, v, (struct visit){i, next}))
            return false;
    }
    return !failed(w);
}

/* Whether some token may follow. */
static bool goes_on(struct grammar_walk *w, int32_t state)
{
    const struct token_trie_node *trie = token_trie_nodes(w->trie);
    struct visits v = {0};
    struct visit at = {0, state};
    if (w->states[state].goes_on == UNKNOWN) {
        bool found = false;
        while (!found && add_children(w, &v, at, false) && v.count) {
            at = v.items[--v.count];
            found = trie[at.node].token < trie[at.node].token_end;
        }
        free(v.items);
        w->states[state].goes_on = found ? YES : NO;
    }
    return w->states[state].goes_on == YES;
}

/* A token is of no use where no other can spell what must follow it. */
static bool list_tokens_of(struct grammar_walk *w, struct visit at)
{
    const struct token_trie_node *n = &token_trie_nodes(w->trie)[at.node];
    if (n->token == n->token_end || (!w->states[at.state].may_end && !goes_on(w, at.state)))
        return !failed(w);
    for (int32_t i = n->token; i < n->token_end; i++)
        if (!list_token(w, token_trie_token(w->trie, i), at.state))
            return false;
    return true;
}

/* Down the trie as far as the grammar goes along. */
static bool list_all(struct grammar_walk *w, int32_t from)
{
    struct visits v = {0};
    struct visit at = {0, from};
    while (add_children(w, &v, at, from == START) && v.count) {
        at = v.items[--v.count];
        if (!list_tokens_of(w, at))
            break;
    }
    free(v.items);
    return !failed(w);
}

const struct grammar_token *grammar_tokens(struct grammar_walk *w, int32_t state, size_t *count)
{
    static const struct grammar_token none;
    *count = 0;
    if (state < 0 || failed(w))
        return &none;
    if (!w->states[state].listed) {
        size_t first = w->token_count;
        if (!list_all(w, state))
            return &none;
        if (w->token_count > first)
            qsort(w->tokens + first, w->token_count - first, sizeof *w->tokens, by_token);
        w->states[state].tokens = (int64_t)first;
        w->states[state].token_count = (int32_t)(w->token_count - first);
        w->states[state].listed = true;
    }
    *count = (size_t)w->states[state].token_count;
    return *count ? w->tokens + w->states[state].tokens : &none;
}

int32_t grammar_next(struct grammar_walk *w, int32_t state, int32_t token)
{
    size_t length;
    const char *bytes = token_trie_bytes(w->trie, token, &length);
    for (size_t i = 0; i < length && state >= 0; i++)
        state = step(w, state, (unsigned char)bytes[i], i == 0 && state == START);
    return state;
}

bool grammar_may_end(const struct grammar_walk *w, int32_t state)
{
    return state >= 0 && w->states[state].may_end;
}

/* ---- around it ---- */

int grammar_check(const struct grammar_walk *w, struct fault *fault)
{
    return failed(w) ? fail(fault, w->fault.code, "%s", w->fault.message) : 0;
}

/* The first state is not among those found by their places: a text may come back to where it began, and then a space is
 * one. */
static void make_start(struct grammar_walk *w)
{
    w->cell_count = 1;
    if (!grow(w, (void **)&w->cells, &w->cell_capacity, 1, sizeof *w->cells))
        return;
    w->cells[BOTTOM] = (struct cell){NONE, NONE};
    clear_set(w);
    if (reach(w, w->grammar->root, BOTTOM) && close_set(w))
        add_state(w);
}

static void forget(struct grammar_walk *w)
{
    free(w->places);
    free(w->states);
    free(w->state_table.slots);
    free(w->cell_table.slots);
    free(w->cells);
    free(w->steps);
    free(w->tokens);
    free(w->work);
    free(w->found);
    free(w->seen);
    *w = (struct grammar_walk){.grammar = w->grammar, .trie = w->trie};
}

int32_t grammar_begin(struct grammar_walk *w)
{
    if (failed(w) || memory_used(w) > KEPT_MEMORY)
        forget(w);
    w->effort = 0;
    if (!w->state_count)
        make_start(w);
    return w->state_count ? START : GRAMMAR_DEAD;
}

int grammar_walk_open(struct grammar_walk **walk, const struct grammar *grammar, const struct token_trie *trie,
                      struct fault *fault)
{
    struct grammar_walk *w = memory_new(1, sizeof *w);
    if (!w)
        return fail_memory(fault, "a grammar's states");
    w->grammar = grammar;
    w->trie = trie;
    *walk = w;
    return 0;
}

void grammar_walk_close(struct grammar_walk **walk)
{
    if (!*walk)
        return;
    forget(*walk);
    free(*walk);
    *walk = NULL;
}

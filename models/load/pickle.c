#include "models/load/pickle_machine.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE_LIMIT = 1 << 26, OPCODE_LIMIT = 1 << 24, STOP = '.' };

/* ---- the stack ---- */

static int cut_off(const struct machine *m)
{
    return damaged(m, "ends before its end");
}

/* All values above the last mark, and the mark. */
static struct pickle_value *pop_marked(struct machine *m, size_t *count)
{
    static struct pickle_value none;
    if (!m->marks_count)
        return NULL;
    size_t mark = m->marks[--m->marks_count];
    *count = m->depth - mark;
    m->depth = mark;
    return *count ? m->stack + mark : &none;
}

/* ---- containers ---- */

static int new_container(struct machine *m, size_t *index)
{
    struct pickle *p = m->p;
    if (p->containers_count == m->room)
        return damaged(m, "builds more containers than its size explains");
    if (!memory_grow((void **)&p->containers, &p->containers_capacity, p->containers_count + 1, sizeof *p->containers))
        return fail_memory(m->r->fault, "a pickle's containers");
    *index = p->containers_count;
    p->containers[p->containers_count++] = (struct pickle_container){0};
    return 0;
}

static int extend(struct machine *m, size_t index, const struct pickle_value *values, size_t count)
{
    struct pickle_container *c = &m->p->containers[index];
    if (!count)
        return 0;
    if (!c->items) { /* most containers are filled once: a growing array's first size would be many times theirs */
        c->items = memory_new(count, sizeof *c->items);
        c->capacity = c->items ? count : 0;
    }
    if (!memory_grow((void **)&c->items, &c->capacity, c->count + count, sizeof *c->items))
        return fail_memory(m->r->fault, "a pickle's containers");
    memcpy(c->items + c->count, values, count * sizeof *values);
    c->count += count;
    return 0;
}

int push_container(struct machine *m, enum pickle_kind kind, const struct pickle_value *values, size_t count)
{
    struct pickle_value v = {.kind = kind};
    if (kind == PICKLE_DICT && count % 2)
        return damaged(m, "has a key without a value");
    int code = new_container(m, &v.index);
    if (!code)
        code = extend(m, v.index, values, count);
    return code ? code : push(m, v);
}

static int op_empty(struct machine *m, int kind)
{
    return push_container(m, (enum pickle_kind)kind, NULL, 0);
}

static int op_marked(struct machine *m, int kind)
{
    size_t count;
    const struct pickle_value *values = pop_marked(m, &count);
    return values ? push_container(m, (enum pickle_kind)kind, values, count) : too_few(m);
}

static int op_tuple(struct machine *m, int count)
{
    const struct pickle_value *values = pop(m, (size_t)count);
    return values ? push_container(m, PICKLE_TUPLE, values, (size_t)count) : too_few(m);
}

/* Adds values to the list or the dict on top of the stack. */
static int add_to_top(struct machine *m, int kind, const struct pickle_value *values, size_t count)
{
    const struct pickle_value *top = pop(m, 1);
    if (!top)
        return too_few(m);
    m->depth++;
    if ((int)top->kind != kind)
        return damaged(m, kind == PICKLE_LIST ? "appends to what is no list" : "sets an item of what is no dict");
    if (kind == PICKLE_DICT && count % 2)
        return damaged(m, "has a key without a value");
    return extend(m, top->index, values, count);
}

/* One item (of a dict: key and value); they stay behind the top of the stack while they are added. */
static int op_add(struct machine *m, int kind)
{
    size_t count = kind == PICKLE_DICT ? 2 : 1;
    const struct pickle_value *values = pop(m, count);
    return values ? add_to_top(m, kind, values, count) : too_few(m);
}

static int op_add_marked(struct machine *m, int kind)
{
    size_t count;
    const struct pickle_value *values = pop_marked(m, &count);
    return values ? add_to_top(m, kind, values, count) : too_few(m);
}

/* ---- plain values ---- */

static int op_constant(struct machine *m, int what)
{
    if (what < 0)
        return push(m, (struct pickle_value){.kind = PICKLE_NONE});
    return push(m, (struct pickle_value){.kind = PICKLE_BOOL, .whole = what});
}

static int op_whole(struct machine *m, int size)
{
    const unsigned char *bytes;
    if (!cursor_bytes(&m->c, (uint64_t)size, &bytes))
        return cut_off(m);
    int64_t value = (int64_t)cursor_number(bytes, size);
    return push(m, (struct pickle_value){.kind = PICKLE_WHOLE, .whole = size == 4 ? (int32_t)value : value});
}

static int op_real(struct machine *m, int unused)
{
    (void)unused;
    const unsigned char *bytes;
    if (!cursor_bytes(&m->c, 8, &bytes))
        return cut_off(m);
    uint64_t bits = 0; /* most significant byte first */
    for (int i = 0; i < 8; i++)
        bits = bits << 8 | bytes[i];
    struct pickle_value v = {.kind = PICKLE_REAL};
    memcpy(&v.real, &bits, sizeof v.real);
    return push(m, v);
}

/* Bytes behind their length, which itself has size bytes. */
static bool take_counted(struct machine *m, int size, const unsigned char **bytes, uint64_t *length)
{
    const unsigned char *number;
    if (!cursor_bytes(&m->c, (uint64_t)size, &number))
        return false;
    *length = cursor_number(number, size);
    return cursor_bytes(&m->c, *length, bytes);
}

/* A whole number of any length, with a sign; up to 64 bits are of use. */
static int op_long(struct machine *m, int size)
{
    const unsigned char *bytes;
    uint64_t length;
    if (!take_counted(m, size, &bytes, &length))
        return cut_off(m);
    if (length > 8)
        return push(m, (struct pickle_value){.kind = PICKLE_OTHER});
    uint64_t value = cursor_number(bytes, (int)length);
    if (length && length < 8 && bytes[length - 1] & 0x80)
        value |= UINT64_MAX << 8 * length;
    struct pickle_value v = {.kind = PICKLE_WHOLE};
    memcpy(&v.whole, &value, sizeof value);
    return push(m, v);
}

static int op_text(struct machine *m, int size)
{
    const unsigned char *bytes;
    uint64_t length;
    if (!take_counted(m, size, &bytes, &length))
        return cut_off(m);
    return push(m, (struct pickle_value){.kind = PICKLE_TEXT, .length = (uint32_t)length, .text = (const char *)bytes});
}

static int op_bytes(struct machine *m, int size)
{
    const unsigned char *bytes;
    uint64_t length;
    if (!take_counted(m, size, &bytes, &length))
        return cut_off(m);
    return push(m, (struct pickle_value){.kind = PICKLE_OTHER});
}

/* ---- the machine's own ---- */

static int op_protocol(struct machine *m, int unused)
{
    (void)unused;
    const unsigned char *version;
    if (!cursor_bytes(&m->c, 1, &version))
        return cut_off(m);
    if (*version < 2 || *version > 5)
        return fail(m->r->fault, UTTER_ERROR_UNSUPPORTED, "%s: protocol %d of pickles, which is not read", m->r->path,
                    *version);
    return 0;
}

static int op_frame(struct machine *m, int unused)
{
    (void)unused;
    uint64_t size;
    return cursor_u64(&m->c, &size) && size <= m->c.left ? 0 : cut_off(m);
}

static int op_mark(struct machine *m, int unused)
{
    (void)unused;
    if (m->marks_count == STACK_LIMIT)
        return damaged(m, "needs a stack of more than 2^20 values");
    if (!memory_grow((void **)&m->marks, &m->marks_capacity, m->marks_count + 1, sizeof *m->marks))
        return fail_memory(m->r->fault, "a pickle's stack");
    m->marks[m->marks_count++] = m->depth;
    return 0;
}

static int op_pop(struct machine *m, int marked)
{
    size_t count;
    return (marked ? pop_marked(m, &count) : pop(m, 1)) ? 0 : too_few(m);
}

static int op_duplicate(struct machine *m, int unused)
{
    (void)unused;
    const struct pickle_value *top = pop(m, 1);
    if (!top)
        return too_few(m);
    struct pickle_value value = *top;
    m->depth++;
    return push(m, value);
}

/* size: bytes of the memo's index; 0: the next one. Python counts them up, so no other order is let in, and the memo
 * is never longer than the pickle. */
static int op_put(struct machine *m, int size)
{
    const unsigned char *bytes;
    if (!cursor_bytes(&m->c, (uint64_t)size, &bytes))
        return cut_off(m);
    uint64_t index = size ? cursor_number(bytes, size) : m->memo_count;
    const struct pickle_value *top = pop(m, 1);
    if (!top)
        return too_few(m);
    m->depth++;
    if (index > m->memo_count)
        return damaged(m, "remembers a value out of turn");
    if (index == m->memo_count) {
        if (!memory_grow((void **)&m->memo, &m->memo_capacity, m->memo_count + 1, sizeof *m->memo))
            return fail_memory(m->r->fault, "a pickle's memo");
        m->memo_count++;
    }
    m->memo[index] = *top;
    return 0;
}

static int op_get(struct machine *m, int size)
{
    const unsigned char *bytes;
    if (!cursor_bytes(&m->c, (uint64_t)size, &bytes))
        return cut_off(m);
    uint64_t index = cursor_number(bytes, size);
    return index < m->memo_count ? push(m, m->memo[index]) : damaged(m, "recalls a value that it never remembered");
}

/* ---- names ---- */

/* A line without its end. */
static bool take_line(struct machine *m, const char **line, size_t *length)
{
    const unsigned char *end = m->c.left ? memchr(m->c.at, '\n', m->c.left) : NULL, *bytes;
    if (!end)
        return false;
    *length = (size_t)(end - m->c.at);
    bool there = cursor_bytes(&m->c, *length + 1, &bytes);
    *line = (const char *)bytes;
    return there;
}

static int op_global(struct machine *m, int unused)
{
    (void)unused;
    const char *module, *name;
    size_t module_length, name_length;
    if (!take_line(m, &module, &module_length) || !take_line(m, &name, &name_length))
        return cut_off(m);
    return push_global(m, module, module_length, name, name_length);
}

static int op_stack_global(struct machine *m, int unused)
{
    (void)unused;
    const struct pickle_value *v = pop(m, 2);
    if (!v)
        return too_few(m);
    if (v[0].kind != PICKLE_TEXT || v[1].kind != PICKLE_TEXT)
        return damaged(m, "asks for a name that is no text");
    return push_global(m, v[0].text, v[0].length, v[1].text, v[1].length);
}

/* ---- running ---- */

static const struct {
    int (*run)(struct machine *m, int argument);
    int argument;
} OPCODES[256] = {
    [0x80] = {op_protocol, 0},
    [0x95] = {op_frame, 0},
    ['('] = {op_mark, 0},
    ['0'] = {op_pop, 0},
    ['1'] = {op_pop, 1},
    ['2'] = {op_duplicate, 0},
    ['N'] = {op_constant, -1},
    [0x88] = {op_constant, 1},
    [0x89] = {op_constant, 0},
    ['K'] = {op_whole, 1},
    ['M'] = {op_whole, 2},
    ['J'] = {op_whole, 4},
    [0x8a] = {op_long, 1},
    [0x8b] = {op_long, 4},
    ['G'] = {op_real, 0},
    [0x8c] = {op_text, 1},
    ['X'] = {op_text, 4},
    [0x8d] = {op_text, 8},
    ['U'] = {op_text, 1}, /* Python 2's str */
    ['T'] = {op_text, 4},
    ['C'] = {op_bytes, 1},
    ['B'] = {op_bytes, 4},
    [0x8e] = {op_bytes, 8},
    [0x96] = {op_bytes, 8},
    [']'] = {op_empty, PICKLE_LIST},
    ['}'] = {op_empty, PICKLE_DICT},
    [')'] = {op_empty, PICKLE_TUPLE},
    ['l'] = {op_marked, PICKLE_LIST},
    ['d'] = {op_marked, PICKLE_DICT},
    ['t'] = {op_marked, PICKLE_TUPLE},
    [0x85] = {op_tuple, 1},
    [0x86] = {op_tuple, 2},
    [0x87] = {op_tuple, 3},
    ['a'] = {op_add, PICKLE_LIST},
    ['s'] = {op_add, PICKLE_DICT},
    ['e'] = {op_add_marked, PICKLE_LIST},
    ['u'] = {op_add_marked, PICKLE_DICT},
    ['q'] = {op_put, 1},
    ['r'] = {op_put, 4},
    [0x94] = {op_put, 0},
    ['h'] = {op_get, 1},
    ['j'] = {op_get, 4},
    ['c'] = {op_global, 0},
    [0x93] = {op_stack_global, 0},
    ['Q'] = {op_persistent, 0},
    ['R'] = {op_reduce, 0},
    ['b'] = {op_build, 0},
};

static int run(struct machine *m)
{
    const unsigned char *opcode;
    for (long count = 0; count < OPCODE_LIMIT; count++) {
        if (!cursor_bytes(&m->c, 1, &opcode))
            return cut_off(m);
        if (*opcode == STOP) {
            const struct pickle_value *top = pop(m, 1);
            if (!top)
                return too_few(m);
            m->p->root = *top;
            m->p->size -= m->c.left;
            return 0;
        }
        if (!OPCODES[*opcode].run)
            return fail(m->r->fault, UTTER_ERROR_UNSUPPORTED, "%s: the pickle has the opcode 0x%02x, which is not read",
                        m->r->path, *opcode);
        int code = OPCODES[*opcode].run(m, OPCODES[*opcode].argument);
        if (code)
            return code;
    }
    return damaged(m, "has more than 2^24 opcodes");
}

int pickle_read(struct pickle *p, const struct reading *r, const unsigned char *data, size_t size)
{
    struct machine m = {.r = r, .p = p, .c = {data, size}, .room = size / 4 + 16};
    if (size > SIZE_LIMIT)
        return damaged(&m, "is longer than 64 MB");
    if (!size || data[0] != 0x80)
        return damaged(&m, "does not begin as one");
    p->size = size;
    int code = run(&m);
    free(m.stack);
    free(m.marks);
    free(m.memo);
    return code;
}

void pickle_release(struct pickle *p)
{
    for (size_t i = 0; i < p->containers_count; i++)
        free(p->containers[i].items);
    free(p->containers);
    free(p->storages);
    free(p->tensors);
    *p = (struct pickle){0};
}

/* ---- looking at what was built ---- */

bool pickle_is(const struct pickle_value *value, const char *text)
{
    return value->kind == PICKLE_TEXT && text_is(value->text, value->length, text);
}

const struct pickle_value *pickle_find(const struct pickle *p, const struct pickle_value *dict, const char *key)
{
    if (dict->kind != PICKLE_DICT)
        return NULL;
    const struct pickle_container *c = &p->containers[dict->index];
    const struct pickle_value *found = NULL; /* the last one wins, as in Python */
    for (size_t i = 0; i + 1 < c->count; i += 2)
        if (pickle_is(&c->items[i], key))
            found = &c->items[i + 1];
    return found;
}

#include "models/load/pickle.h"

#include "models/load/cursor.h"
#include "src/base/memory.h"

#include <stdlib.h>

/* ---- globals ---- */

enum global { ORDERED_DICT, REBUILD_TENSOR, REBUILD_PARAMETER, STORAGE_TYPE };

static const struct {
    const char *module, *name;
    enum global what;
    enum stored_type type;
} globals[] = {
    {"collections", "OrderedDict", ORDERED_DICT, STORED_F32},
    {"torch._utils", "_rebuild_tensor_v2", REBUILD_TENSOR, STORED_F32},
    {"torch._utils", "_rebuild_parameter", REBUILD_PARAMETER, STORED_F32},
    {"torch", "FloatStorage", STORAGE_TYPE, STORED_F32},
    {"torch", "HalfStorage", STORAGE_TYPE, STORED_F16},
    {"torch", "BFloat16Storage", STORAGE_TYPE, STORED_BF16},
    {"torch", "DoubleStorage", STORAGE_TYPE, STORED_F64},
    {"torch", "LongStorage", STORAGE_TYPE, STORED_I64},
    {"torch", "IntStorage", STORAGE_TYPE, STORED_I32},
    {"torch", "ShortStorage", STORAGE_TYPE, STORED_I16},
    {"torch", "CharStorage", STORAGE_TYPE, STORED_I8},
    {"torch", "ByteStorage", STORAGE_TYPE, STORED_U8},
    {"torch", "BoolStorage", STORAGE_TYPE, STORED_BOOL},
};

/* ---- the machine ---- */

struct machine {
    struct pickle *pickle;
    const struct file_reader *r;
    struct cursor c;
    uint32_t *stack, *memo;
    size_t depth, stack_capacity, memo_count, memo_capacity;
};

static int damaged(const struct machine *m)
{
    return file_wrong(m->r, "has a damaged pickle");
}

/* Pushes a new value; NULL: memory ran out, and the fault says so. */
static struct pickle_value *push_new(struct machine *m, enum pickle_kind kind)
{
    struct pickle *p = m->pickle;
    if (p->count >= UINT32_MAX || !memory_grow((void **)&p->values, &p->capacity, p->count + 1, sizeof *p->values) ||
        !memory_grow((void **)&m->stack, &m->stack_capacity, m->depth + 1, sizeof *m->stack)) {
        fail_memory(m->r->fault, "a pickle");
        return NULL;
    }
    m->stack[m->depth++] = (uint32_t)p->count;
    p->values[p->count] = (struct pickle_value){.kind = kind};
    return &p->values[p->count++];
}

static int push_kind(struct machine *m, enum pickle_kind kind, int64_t number)
{
    struct pickle_value *v = push_new(m, kind);
    if (!v)
        return UTTER_ERROR_MEMORY;
    v->number = number;
    return 0;
}

static int push_known(struct machine *m, uint32_t index)
{
    if (!memory_grow((void **)&m->stack, &m->stack_capacity, m->depth + 1, sizeof *m->stack))
        return fail_memory(m->r->fault, "a pickle");
    m->stack[m->depth++] = index;
    return 0;
}

static struct pickle_value *value_at(const struct machine *m, size_t place)
{
    return &m->pickle->values[m->stack[place]];
}

static struct pickle_value *top(const struct machine *m)
{
    return m->depth ? value_at(m, m->depth - 1) : NULL;
}

static int add_items(struct machine *m, struct pickle_value *to, const uint32_t *items, size_t count)
{
    if (!count)
        return 0;
    if (!memory_grow((void **)&to->items, &to->capacity, to->count + count, sizeof *to->items))
        return fail_memory(m->r->fault, "a pickle");
    memcpy(to->items + to->count, items, count * sizeof *items);
    to->count += count;
    return 0;
}

/* The place of the last mark. */
static bool find_mark(const struct machine *m, size_t *place)
{
    for (size_t i = m->depth; i-- > 0;)
        if (value_at(m, i)->kind == PICKLE_MARK) {
            *place = i;
            return true;
        }
    return false;
}

/* ---- opcodes that build ---- */

/* The values from place on become a new value of this kind. */
static int gather(struct machine *m, size_t place, enum pickle_kind kind)
{
    size_t count = m->depth - place;
    struct pickle_value made = {.kind = kind};
    int code = add_items(m, &made, m->stack + place, count);
    m->depth = place;
    struct pickle_value *v = code ? NULL : push_new(m, kind);
    if (!v) {
        free(made.items);
        return code ? code : UTTER_ERROR_MEMORY;
    }
    *v = made;
    return 0;
}

static int gather_marked(struct machine *m, enum pickle_kind kind)
{
    size_t mark;
    if (!find_mark(m, &mark))
        return damaged(m);
    size_t count = m->depth - mark - 1;
    memmove(m->stack + mark, m->stack + mark + 1, count * sizeof *m->stack);
    m->depth--;
    return gather(m, mark, kind);
}

static int gather_last(struct machine *m, size_t count)
{
    return m->depth < count ? damaged(m) : gather(m, m->depth - count, PICKLE_SEQUENCE);
}

/* The values from place on go into the container below them (below the mark, when skip is 1). */
static int append_from(struct machine *m, size_t place, size_t skip, enum pickle_kind kind)
{
    if (place < skip + 1)
        return damaged(m);
    struct pickle_value *to = value_at(m, place - skip - 1);
    size_t count = m->depth - place;
    if (to->kind != kind || (kind == PICKLE_DICT && count % 2))
        return damaged(m);
    int code = add_items(m, to, m->stack + place, count);
    m->depth = place - skip;
    return code;
}

static int append_marked(struct machine *m, enum pickle_kind kind)
{
    size_t mark;
    return find_mark(m, &mark) ? append_from(m, mark + 1, 1, kind) : damaged(m);
}

static int append_last(struct machine *m, size_t count, enum pickle_kind kind)
{
    return m->depth < count ? damaged(m) : append_from(m, m->depth - count, 0, kind);
}

static int push_string(struct machine *m, uint64_t length)
{
    const unsigned char *bytes = cursor_bytes(&m->c, length);
    struct pickle_value *v = bytes ? push_new(m, PICKLE_STRING) : NULL;
    if (!bytes)
        return damaged(m);
    if (!v)
        return UTTER_ERROR_MEMORY;
    v->bytes = (const char *)bytes;
    v->length = (size_t)length;
    return 0;
}

/* Little-endian two's complement of up to eight bytes; longer ones are no dimension of ours. */
static int push_long(struct machine *m, uint32_t length)
{
    const unsigned char *bytes = cursor_bytes(&m->c, length);
    uint64_t value = 0;
    if (!bytes)
        return damaged(m);
    if (length > 8)
        return push_kind(m, PICKLE_OTHER, 0);
    for (uint32_t i = 0; i < length; i++)
        value |= (uint64_t)bytes[i] << 8 * i;
    if (length && length < 8 && bytes[length - 1] & 0x80)
        value |= ~UINT64_C(0) << 8 * length;
    return push_kind(m, PICKLE_NUMBER, (int64_t)value);
}

/* ---- globals and what they build ---- */

static bool same(const char *bytes, size_t length, const char *text)
{
    return length == strlen(text) && memcmp(bytes, text, length) == 0;
}

static int push_global(struct machine *m, const char *module, size_t module_length, const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof globals / sizeof *globals; i++)
        if (same(module, module_length, globals[i].module) && same(name, length, globals[i].name))
            return push_kind(m, PICKLE_GLOBAL, (int64_t)i);
    char shown[2][NAME_SHOWN], copies[2][64];
    memset(copies, 0, sizeof copies);
    memcpy(copies[0], module, module_length < 60 ? module_length : 60);
    memcpy(copies[1], name, length < 60 ? length : 60);
    return fail(m->r->fault, UTTER_ERROR_UNSUPPORTED, "%s: its pickle wants %s.%s, which builds no tensor", m->r->path,
                name_for_message(shown[0], copies[0]), name_for_message(shown[1], copies[1]));
}

/* "module\nname\n" */
static int read_global(struct machine *m)
{
    const char *lines[2];
    size_t lengths[2];
    for (int i = 0; i < 2; i++) {
        size_t left = m->c.size - m->c.at;
        lines[i] = (const char *)m->c.data + m->c.at;
        const char *end = left ? memchr(lines[i], '\n', left) : NULL;
        if (!end)
            return damaged(m);
        lengths[i] = (size_t)(end - lines[i]);
        m->c.at += lengths[i] + 1;
    }
    return push_global(m, lines[0], lengths[0], lines[1], lengths[1]);
}

static int stack_global(struct machine *m)
{
    if (m->depth < 2 || value_at(m, m->depth - 1)->kind != PICKLE_STRING ||
        value_at(m, m->depth - 2)->kind != PICKLE_STRING)
        return damaged(m);
    struct pickle_value name = *value_at(m, m->depth - 1), module = *value_at(m, m->depth - 2);
    m->depth -= 2;
    return push_global(m, module.bytes, module.length, name.bytes, name.length);
}

static const struct pickle_value *item(const struct machine *m, const struct pickle_value *of, size_t i,
                                       enum pickle_kind kind)
{
    const struct pickle_value *v = i < of->count ? &m->pickle->values[of->items[i]] : NULL;
    return v && v->kind == kind ? v : NULL;
}

/* ("storage", type, key, where, elements) */
static int push_storage(struct machine *m)
{
    const struct pickle_value *id = top(m);
    if (!id || id->kind != PICKLE_SEQUENCE)
        return damaged(m);
    const struct pickle_value *what = item(m, id, 0, PICKLE_STRING), *type = item(m, id, 1, PICKLE_GLOBAL);
    if (!what || !same(what->bytes, what->length, "storage") || !type || globals[type->number].what != STORAGE_TYPE ||
        !item(m, id, 2, PICKLE_STRING))
        return file_wrong(m->r, "has a pickle with a storage that is none of a tensor's");
    uint32_t key = id->items[2];
    int64_t stored = (int64_t)globals[type->number].type;
    m->depth--;
    struct pickle_value *v = push_new(m, PICKLE_STORAGE);
    if (!v)
        return UTTER_ERROR_MEMORY;
    v->number = stored;
    return add_items(m, v, &key, 1);
}

/* (storage, offset, shape, strides, …) */
static int push_tensor(struct machine *m, const struct pickle_value *arguments)
{
    const struct pickle_value *offset = item(m, arguments, 1, PICKLE_NUMBER);
    if (!item(m, arguments, 0, PICKLE_STORAGE) || !offset || !item(m, arguments, 2, PICKLE_SEQUENCE) ||
        !item(m, arguments, 3, PICKLE_SEQUENCE))
        return file_wrong(m->r, "has a pickle with a tensor that is built of something else");
    const uint32_t parts[] = {arguments->items[0], arguments->items[2], arguments->items[3]};
    int64_t at = offset->number;
    struct pickle_value *v = push_new(m, PICKLE_TENSOR);
    if (!v)
        return UTTER_ERROR_MEMORY;
    v->number = at;
    return add_items(m, v, parts, 3);
}

static int reduce(struct machine *m)
{
    if (m->depth < 2 || value_at(m, m->depth - 2)->kind != PICKLE_GLOBAL ||
        value_at(m, m->depth - 1)->kind != PICKLE_SEQUENCE)
        return damaged(m);
    enum global what = globals[value_at(m, m->depth - 2)->number].what;
    struct pickle_value arguments = *value_at(m, m->depth - 1);
    m->depth -= 2;
    if (what == ORDERED_DICT && !arguments.count)
        return push_kind(m, PICKLE_DICT, 0);
    if (what == REBUILD_TENSOR)
        return push_tensor(m, &arguments);
    if (what == REBUILD_PARAMETER && item(m, &arguments, 0, PICKLE_TENSOR))
        return push_known(m, arguments.items[0]);
    return file_wrong(m->r, "has a pickle that calls a builder with the wrong things");
}

/* ---- memo ---- */

static int remember(struct machine *m, uint64_t index)
{
    if (!m->depth || index > m->memo_count)
        return damaged(m); /* writers count up: no gaps, so a hostile index takes no memory */
    if (!memory_grow((void **)&m->memo, &m->memo_capacity, (size_t)index + 1, sizeof *m->memo))
        return fail_memory(m->r->fault, "a pickle");
    m->memo[index] = m->stack[m->depth - 1];
    if (index == m->memo_count)
        m->memo_count++;
    return 0;
}

static int recall(struct machine *m, uint32_t index)
{
    return index < m->memo_count ? push_known(m, m->memo[index]) : damaged(m);
}

/* ---- the opcodes ---- */

static int unknown(const struct machine *m, unsigned opcode)
{
    return fail(m->r->fault, UTTER_ERROR_UNSUPPORTED, "%s: its pickle has the opcode 0x%02x, which we do not run",
                m->r->path, opcode);
}

static int pop(struct machine *m)
{
    if (!m->depth)
        return damaged(m);
    m->depth--;
    return 0;
}

static int pop_mark(struct machine *m)
{
    size_t mark;
    if (!find_mark(m, &mark))
        return damaged(m);
    m->depth = mark;
    return 0;
}

static int run_value(struct machine *m, unsigned opcode)
{
    switch (opcode) {
    case 'N': /* NONE */
        return push_kind(m, PICKLE_NONE, 0);
    case 0x88: /* NEWTRUE */
    case 0x89: /* NEWFALSE */
        return push_kind(m, PICKLE_NUMBER, opcode == 0x88);
    case 'J': /* BININT */
        return push_kind(m, PICKLE_NUMBER, cursor_i32(&m->c));
    case 'K': /* BININT1 */
        return push_kind(m, PICKLE_NUMBER, cursor_u8(&m->c));
    case 'M': /* BININT2 */
        return push_kind(m, PICKLE_NUMBER, cursor_u16(&m->c));
    case 0x8a: /* LONG1 */
        return push_long(m, cursor_u8(&m->c));
    case 0x8b: /* LONG4 */
        return push_long(m, cursor_u32(&m->c));
    case 'G': /* BINFLOAT */
        cursor_bytes(&m->c, 8);
        return push_kind(m, PICKLE_OTHER, 0);
    case 'X': /* BINUNICODE */
    case 'B': /* BINBYTES */
    case 'T': /* BINSTRING */
        return push_string(m, cursor_u32(&m->c));
    case 0x8c: /* SHORT_BINUNICODE */
    case 'C':  /* SHORT_BINBYTES */
    case 'U':  /* SHORT_BINSTRING */
        return push_string(m, cursor_u8(&m->c));
    case 0x8d: /* BINUNICODE8 */
    case 0x8e: /* BINBYTES8 */
        return push_string(m, cursor_u64(&m->c));
    default:
        return unknown(m, opcode);
    }
}

static int run_container(struct machine *m, unsigned opcode)
{
    switch (opcode) {
    case '(': /* MARK */
        return push_kind(m, PICKLE_MARK, 0);
    case ')': /* EMPTY_TUPLE */
    case ']': /* EMPTY_LIST */
        return push_kind(m, PICKLE_SEQUENCE, 0);
    case '}': /* EMPTY_DICT */
        return push_kind(m, PICKLE_DICT, 0);
    case 0x8f: /* EMPTY_SET */
        return push_kind(m, PICKLE_OTHER, 0);
    case 't': /* TUPLE */
    case 'l': /* LIST */
        return gather_marked(m, PICKLE_SEQUENCE);
    case 0x85: /* TUPLE1 to TUPLE3 */
    case 0x86:
    case 0x87:
        return gather_last(m, opcode - 0x84);
    case 'a': /* APPEND */
        return append_last(m, 1, PICKLE_SEQUENCE);
    case 'e': /* APPENDS */
        return append_marked(m, PICKLE_SEQUENCE);
    case 's': /* SETITEM */
        return append_last(m, 2, PICKLE_DICT);
    case 'u': /* SETITEMS */
        return append_marked(m, PICKLE_DICT);
    default:
        return run_value(m, opcode);
    }
}

static int run_opcode(struct machine *m, unsigned opcode)
{
    switch (opcode) {
    case 0x80: /* PROTO */
        cursor_bytes(&m->c, 1);
        return 0;
    case 0x95: /* FRAME */
        cursor_bytes(&m->c, 8);
        return 0;
    case '0': /* POP */
        return pop(m);
    case '1': /* POP_MARK */
        return pop_mark(m);
    case 'c': /* GLOBAL */
        return read_global(m);
    case 0x93: /* STACK_GLOBAL */
        return stack_global(m);
    case 'Q': /* BINPERSID */
        return push_storage(m);
    case 'R': /* REDUCE */
        return reduce(m);
    case 'b': /* BUILD: the state of a dict, as _metadata, which we do not need */
        return m->depth < 2 || value_at(m, m->depth - 2)->kind != PICKLE_DICT ? damaged(m) : pop(m);
    case 'q': /* BINPUT */
        return remember(m, cursor_u8(&m->c));
    case 'r': /* LONG_BINPUT */
        return remember(m, cursor_u32(&m->c));
    case 0x94: /* MEMOIZE */
        return remember(m, m->memo_count);
    case 'h': /* BINGET */
        return recall(m, cursor_u8(&m->c));
    case 'j': /* LONG_BINGET */
        return recall(m, cursor_u32(&m->c));
    default:
        return run_container(m, opcode);
    }
}

int pickle_run(struct pickle *pickle, const unsigned char *bytes, size_t size, const struct file_reader *r,
               uint32_t *root)
{
    struct machine m = {.pickle = pickle, .r = r, .c = {.data = bytes, .size = size}};
    int code = 0;
    *pickle = (struct pickle){0};
    for (unsigned opcode; !code && (opcode = cursor_u8(&m.c)) != '.';)
        code = m.c.failed ? file_wrong(r, "has a pickle that is cut off") : run_opcode(&m, opcode);
    if (!code && (m.c.failed || m.depth != 1))
        code = damaged(&m);
    if (!code)
        *root = m.stack[0];
    free(m.stack);
    free(m.memo);
    return code;
}

void pickle_close(struct pickle *pickle)
{
    for (size_t i = 0; i < pickle->count; i++)
        free(pickle->values[i].items);
    free(pickle->values);
    *pickle = (struct pickle){0};
}

const struct pickle_value *pickle_get(const struct pickle *pickle, const struct pickle_value *dict, const char *key)
{
    for (size_t i = 0; dict->kind == PICKLE_DICT && i + 1 < dict->count; i += 2) {
        const struct pickle_value *k = &pickle->values[dict->items[i]];
        if (k->kind == PICKLE_STRING && same(k->bytes, k->length, key))
            return &pickle->values[dict->items[i + 1]];
    }
    return NULL;
}

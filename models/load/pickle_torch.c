/* pickle_torch.c - the names that a pickle may ask for, and what they build: PyTorch's storages and tensors. */
#include "models/load/pickle_machine.h"

/* ---- the names that are accepted ---- */

enum global { ORDERED_DICT, REBUILD_TENSOR, REBUILD_PARAMETER, STORAGES };

static const struct {
    const char *module, *name;
    enum stored_type type; /* of a storage */
} GLOBALS[] = {
    {"collections", "OrderedDict", STORED_TYPES},
    {"torch._utils", "_rebuild_tensor_v2", STORED_TYPES},
    {"torch._utils", "_rebuild_parameter", STORED_TYPES},
    {"torch", "DoubleStorage", STORED_F64},
    {"torch", "FloatStorage", STORED_F32},
    {"torch", "HalfStorage", STORED_F16},
    {"torch", "BFloat16Storage", STORED_BF16},
    {"torch", "LongStorage", STORED_I64},
    {"torch", "IntStorage", STORED_I32},
    {"torch", "ShortStorage", STORED_I16},
    {"torch", "CharStorage", STORED_I8},
    {"torch", "ByteStorage", STORED_U8},
    {"torch", "BoolStorage", STORED_BOOL},
};

/* ---- names, and what they build ---- */

int push_global(struct machine *m, const char *module, size_t module_length, const char *name, size_t name_length)
{
    for (size_t i = 0; i < sizeof GLOBALS / sizeof *GLOBALS; i++)
        if (text_is(module, module_length, GLOBALS[i].module) && text_is(name, name_length, GLOBALS[i].name))
            return push(m, (struct pickle_value){.kind = PICKLE_GLOBAL, .index = i});
    char shown_module[NAME_SHOWN], shown_name[NAME_SHOWN];
    return fail(m->r->fault, UTTER_ERROR_UNSUPPORTED,
                "%s: the pickle asks for %s.%s, which a checkpoint has no need of", m->r->path,
                text_for_message(shown_module, module, module_length), text_for_message(shown_name, name, name_length));
}

/* The items of a tuple of at least count; NULL: it is none. */
static const struct pickle_container *tuple(const struct machine *m, const struct pickle_value *v, size_t count)
{
    const struct pickle_container *c = v->kind == PICKLE_TUPLE ? &m->p->containers[v->index] : NULL;
    return c && c->count >= count ? c : NULL;
}

/* ("storage", its type, the name of its file, the device that it was on, elements); before PyTorch 1.6 also which part
 * of another storage it is. */
int op_persistent(struct machine *m, int unused)
{
    (void)unused;
    struct pickle *p = m->p;
    const struct pickle_value *v = pop(m, 1);
    if (!v)
        return too_few(m);
    const struct pickle_container *c = tuple(m, v, 5);
    const struct pickle_value *i = c ? c->items : NULL;
    if (!i || !pickle_is(&i[0], "storage") || i[1].kind != PICKLE_GLOBAL || i[1].index < STORAGES ||
        i[2].kind != PICKLE_TEXT || i[4].kind != PICKLE_WHOLE || i[4].whole < 0)
        return damaged(m, "refers to something outside that is no storage");
    if (c->count > 5 && i[5].kind != PICKLE_NONE)
        return damaged(m, "refers to a part of a storage, which is not read");
    if (p->storages_count == m->room)
        return damaged(m, "refers to more storages than its size explains");
    if (!memory_grow((void **)&p->storages, &p->storages_capacity, p->storages_count + 1, sizeof *p->storages))
        return fail_memory(m->r->fault, "a pickle's storages");
    p->storages[p->storages_count] = (struct pickle_storage){i[2], GLOBALS[i[1].index].type, i[4].whole};
    return push(m, (struct pickle_value){.kind = PICKLE_STORAGE, .index = p->storages_count++});
}

/* In the order of C: each stride is the product of the dimensions behind it, whatever it is for a dimension of 1. */
static bool contiguous(const struct pickle_tensor *t, const struct pickle_value *strides)
{
    int64_t expected = 1;
    bool same = true;
    for (int i = t->rank - 1; i >= 0; i--) {
        if (t->shape[i] == 0)
            return true;
        same = same && (t->shape[i] == 1 || strides[i].whole == expected);
        expected = expected > ((int64_t)1 << 56) / t->shape[i] ? (int64_t)1 << 56 : expected * t->shape[i];
    }
    return same;
}

static bool read_shape(struct pickle_tensor *t, const struct pickle_container *shape,
                       const struct pickle_container *strides)
{
    if (!shape || !strides || shape->count != strides->count || shape->count > STORED_RANK)
        return false;
    t->rank = (int)shape->count;
    for (int i = 0; i < t->rank; i++) {
        if (shape->items[i].kind != PICKLE_WHOLE || strides->items[i].kind != PICKLE_WHOLE || shape->items[i].whole < 0)
            return false;
        t->shape[i] = shape->items[i].whole;
    }
    t->contiguous = contiguous(t, strides->items);
    return true;
}

/* _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks, …) */
static int rebuild_tensor(struct machine *m, const struct pickle_container *arguments)
{
    struct pickle *p = m->p;
    const struct pickle_value *a = arguments->count >= 6 ? arguments->items : NULL;
    if (!a || a[0].kind != PICKLE_STORAGE || a[1].kind != PICKLE_WHOLE || a[1].whole < 0)
        return damaged(m, "rebuilds a tensor from something else");
    struct pickle_tensor t = {.storage = a[0].index, .offset = a[1].whole};
    if (!read_shape(&t, tuple(m, &a[2], 0), tuple(m, &a[3], 0)))
        return damaged(m, "rebuilds a tensor whose shape or strides are not up to 8 whole numbers");
    if (p->tensors_count == m->room)
        return damaged(m, "rebuilds more tensors than its size explains");
    if (!memory_grow((void **)&p->tensors, &p->tensors_capacity, p->tensors_count + 1, sizeof *p->tensors))
        return fail_memory(m->r->fault, "a pickle's tensors");
    p->tensors[p->tensors_count] = t;
    return push(m, (struct pickle_value){.kind = PICKLE_TENSOR, .index = p->tensors_count++});
}

int op_reduce(struct machine *m, int unused)
{
    (void)unused;
    const struct pickle_value *v = pop(m, 2);
    if (!v)
        return too_few(m);
    const struct pickle_container *arguments = tuple(m, &v[1], 0);
    if (v[0].kind != PICKLE_GLOBAL || v[0].index >= STORAGES || !arguments)
        return damaged(m, "calls something that is no function");
    if (v[0].index == REBUILD_TENSOR)
        return rebuild_tensor(m, arguments);
    if (v[0].index == ORDERED_DICT && arguments->count == 0)
        return push_container(m, PICKLE_DICT, NULL, 0);
    if (v[0].index == REBUILD_PARAMETER && arguments->count >= 1 && arguments->items[0].kind == PICKLE_TENSOR)
        return push(m, arguments->items[0]);
    return damaged(m, "calls a function with other arguments than PyTorch does");
}

/* The attributes of an OrderedDict: PyTorch hangs the versions of modules on it, which are dropped. */
int op_build(struct machine *m, int unused)
{
    (void)unused;
    const struct pickle_value *v = pop(m, 2);
    if (!v)
        return too_few(m);
    if (v[0].kind != PICKLE_DICT)
        return damaged(m, "gives attributes to what is no dict");
    m->depth++;
    return 0;
}

/* gguf.c - GGUF: key-value pairs, then descriptions of tensors, then, aligned, their data. */
#include "models/load/cursor.h"
#include "models/load/formats.h"
#include "models/load/ggml_types.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAGIC = 0x46554747, RANK = 4, DEPTH = 4, NAME_LIMIT = 1 << 16, TENSORS_LIMIT = 1 << 20, ALIGNMENT = 32 };
enum value_type { U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64, VALUE_TYPES };

static const unsigned char sizes[VALUE_TYPES] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

struct gguf {
    const struct file_reader *r;
    struct cursor c;
    uint64_t alignment;
    size_t data; /* where the tensors' data begin */
};

static const char *read_string(struct cursor *c, uint64_t *length)
{
    *length = cursor_u64(c);
    const char *text = (const char *)cursor_bytes(c, *length);
    if (!text)
        *length = 0;
    return text;
}

/* ---- values ---- */

/* A number of any integer type; false: it is of another. */
static bool read_whole(struct cursor *c, uint32_t type, int64_t *out)
{
    uint64_t bits = 0;
    if (type >= VALUE_TYPES || !sizes[type] || type == F32 || type == F64)
        return false;
    cursor_read(c, &bits, sizes[type]); /* little endian: the low bytes */
    int unused = 64 - 8 * sizes[type];
    bool is_signed = type == I8 || type == I16 || type == I32 || type == I64;
    *out = is_signed ? (int64_t)(bits << unused) >> unused : (int64_t)bits;
    return true;
}

static int skip_value(struct gguf *g, uint32_t type, int depth);

static int skip_array(struct gguf *g, int depth)
{
    uint32_t type = cursor_u32(&g->c);
    uint64_t count = cursor_u64(&g->c);
    if (type < VALUE_TYPES && sizes[type]) {
        bool fits = count <= g->c.size / sizes[type];
        cursor_bytes(&g->c, fits ? count * sizes[type] : UINT64_MAX);
        return 0;
    }
    for (uint64_t i = 0; i < count && !g->c.failed; i++) {
        int code = skip_value(g, type, depth + 1);
        if (code)
            return code;
    }
    return 0;
}

static int skip_value(struct gguf *g, uint32_t type, int depth)
{
    uint64_t length;
    if (type >= VALUE_TYPES || depth > DEPTH)
        return file_wrong(g->r, "has a value of an unknown type, or nested too deep");
    if (type == ARRAY)
        return skip_array(g, depth);
    if (type == STRING)
        read_string(&g->c, &length);
    else
        cursor_bytes(&g->c, sizes[type]);
    return 0;
}

/* ---- what we look for among them ---- */

static bool same(const char *key, uint64_t length, const char *name)
{
    return length == strlen(name) && memcmp(key, name, length) == 0;
}

/* OpenAI's names of the numbers, and those that GGUF's own habits would give them. */
static const char *number_name(const char *key, uint64_t length)
{
    static const struct {
        const char *key, *name;
    } names[] = {
        {"whisper.encoder.mels_count", "n_mels"},
        {"whisper.encoder.context_length", "n_audio_ctx"},
        {"whisper.encoder.embedding_length", "n_audio_state"},
        {"whisper.encoder.attention.head_count", "n_audio_head"},
        {"whisper.encoder.block_count", "n_audio_layer"},
        {"whisper.decoder.context_length", "n_text_ctx"},
        {"whisper.decoder.embedding_length", "n_text_state"},
        {"whisper.decoder.attention.head_count", "n_text_head"},
        {"whisper.decoder.block_count", "n_text_layer"},
        {"whisper.vocab_size", "n_vocab"},
    };
    static const char prefix[] = "whisper.";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (same(key, length, names[i].key) || same(key, length, names[i].name) ||
            (length > sizeof prefix - 1 && memcmp(key, prefix, sizeof prefix - 1) == 0 &&
             same(key + sizeof prefix - 1, length - (sizeof prefix - 1), names[i].name)))
            return names[i].name;
    return NULL;
}

static int read_tokens(struct gguf *g)
{
    uint32_t type = cursor_u32(&g->c);
    uint64_t count = cursor_u64(&g->c);
    if (type != STRING || g->r->facts->token_count)
        return file_wrong(g->r, "has tokenizer.ggml.tokens that are no strings, or has them twice");
    for (uint64_t i = 0; i < count && !g->c.failed; i++) {
        uint64_t length;
        const char *bytes = read_string(&g->c, &length);
        if (bytes && !facts_add_token(g->r->facts, bytes, (size_t)length))
            return fail_memory(g->r->fault, "a vocabulary");
    }
    return 0;
}

static int read_pair(struct gguf *g)
{
    uint64_t length;
    int64_t number;
    const char *key = read_string(&g->c, &length);
    uint32_t type = cursor_u32(&g->c);
    if (!key)
        return 0; /* the caller sees the end of the file */
    const char *name = number_name(key, length);
    bool alignment = same(key, length, "general.alignment");
    if ((name || alignment) && read_whole(&g->c, type, &number)) {
        if (name)
            facts_add_number(g->r->facts, name, number);
        else
            g->alignment = (uint64_t)number;
        return 0;
    }
    if (type == ARRAY && same(key, length, "tokenizer.ggml.tokens"))
        return read_tokens(g);
    return skip_value(g, type, 0);
}

/* ---- tensors ---- */

static int read_tensor(struct gguf *g, struct stored_tensor *t, uint64_t *offset)
{
    uint64_t length, inner[RANK] = {0};
    const char *name = read_string(&g->c, &length);
    uint32_t rank = cursor_u32(&g->c);
    if (!g->c.failed && (rank > RANK || length > NAME_LIMIT))
        return file_wrong(g->r, "has a tensor with an absurd number of dimensions or length of name");
    for (uint32_t i = 0; i < rank && i < RANK; i++)
        inner[i] = cursor_u64(&g->c);
    uint32_t type = cursor_u32(&g->c);
    *offset = cursor_u64(&g->c);
    if (g->c.failed)
        return file_wrong(g->r, "is cut off within a tensor's description");
    if (!ggml_type(type, &t->type))
        return fail(g->r->fault, UTTER_ERROR_UNSUPPORTED, "%s: a tensor has the type number %u, which we do not read",
                    g->r->path, type);
    t->rank = (int)rank;
    for (uint32_t i = 0; i < rank; i++)
        t->shape[i] = inner[rank - 1 - i] > INT64_MAX ? -1 : (int64_t)inner[rank - 1 - i];
    const char *wrong = stored_measure(t);
    return wrong ? stored_wrong(g->r, name, (size_t)length, wrong) : stored_add(g->r, t, name, (size_t)length);
}

static int by_data(const void *a, const void *b)
{
    const struct stored_tensor *x = a, *y = b;
    const unsigned char *p = x->data, *q = y->data;
    if (p != q)
        return p < q ? -1 : 1;
    return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

/* Offsets are known before the data's beginning is: until place() they are kept as pointers into nothing. */
static int place(struct gguf *g, struct stored_tensor *items, const uint64_t *offsets, size_t count)
{
    size_t room = g->r->size - g->data;
    for (size_t i = 0; i < count; i++) {
        const char *name = items[i].name;
        if (offsets[i] % g->alignment)
            return stored_wrong(g->r, name, strlen(name), "is not aligned as the file says");
        if (offsets[i] > room || items[i].bytes > room - offsets[i])
            return stored_wrong(g->r, name, strlen(name), "ends beyond the file: the file is cut off, or damaged");
        items[i].data = g->r->data + g->data + offsets[i];
    }
    if (count)
        qsort(items, count, sizeof *items, by_data);
    for (size_t i = 1; i < count; i++)
        if ((const unsigned char *)items[i - 1].data + items[i - 1].bytes > (const unsigned char *)items[i].data)
            return stored_wrong(g->r, items[i].name, strlen(items[i].name), "overlaps another one");
    return 0;
}

static int read_tensors(struct gguf *g, uint64_t count)
{
    size_t first = g->r->list->count;
    uint64_t *offsets = calloc((size_t)count + 1, sizeof *offsets);
    int code = offsets ? 0 : fail_memory(g->r->fault, "a checkpoint's list of tensors");
    for (uint64_t i = 0; i < count && !code; i++) {
        struct stored_tensor t = {0};
        code = read_tensor(g, &t, &offsets[i]);
    }
    g->data = (size_t)((g->c.at + g->alignment - 1) / g->alignment * g->alignment);
    if (!code && g->data > g->r->size)
        code = file_wrong(g->r, "is cut off before its tensors' data");
    if (!code && count)
        code = place(g, g->r->list->items + first, offsets, (size_t)count);
    free(offsets);
    return code;
}

int gguf_read(const struct file_reader *r)
{
    struct gguf g = {.r = r, .c = {.data = r->data, .size = r->size}, .alignment = ALIGNMENT};
    r->facts->format = "gguf";
    uint32_t magic = cursor_u32(&g.c), version = cursor_u32(&g.c);
    uint64_t tensors = cursor_u64(&g.c), pairs = cursor_u64(&g.c);
    if (g.c.failed || magic != MAGIC)
        return file_wrong(r, "is no GGUF file, or cut off");
    if (version != 2 && version != 3)
        return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: GGUF of version %u, not 2 or 3", r->path, version);
    if (tensors > TENSORS_LIMIT || tensors > r->size / 24)
        return file_wrong(r, "promises more tensors than it has bytes for");
    int code = 0;
    for (uint64_t i = 0; i < pairs && !code && !g.c.failed; i++)
        code = read_pair(&g);
    if (!code && g.c.failed)
        code = file_wrong(r, "is cut off within its key-value pairs, or damaged");
    if (!code && (g.alignment < 1 || g.alignment > 1 << 20 || (g.alignment & (g.alignment - 1))))
        code = file_wrong(r, "has an alignment that is no power of two");
    if (!code && !tensors)
        code = file_wrong(r, "has no tensors");
    return code ? code : read_tensors(&g, tensors);
}

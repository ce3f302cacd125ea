/* ggml.c - whisper.cpp's own format: numbers, mel filters, a vocabulary, then one tensor after another. */
#include "models/load/cursor.h"
#include "models/load/formats.h"
#include "models/load/ggml_types.h"

#include <stdio.h>

enum { MAGIC = 0x67676d6c, RANK = 4, NAME_LIMIT = 256, VOCABULARY_LIMIT = 1 << 22 };

static int read_numbers(const struct file_reader *r, struct cursor *c)
{
    static const char *const names[] = {"n_vocab",    "n_audio_ctx",  "n_audio_state", "n_audio_head", "n_audio_layer",
                                        "n_text_ctx", "n_text_state", "n_text_head",   "n_text_layer", "n_mels"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        facts_add_number(r->facts, names[i], cursor_i32(c));
    cursor_i32(c); /* the type of most tensors, which each says for itself */
    return c->failed ? file_wrong(r, "is cut off within its numbers") : 0;
}

/* The filters are those of the published extractor, which we compute. */
static int skip_filters(const struct file_reader *r, struct cursor *c)
{
    int32_t mels = cursor_i32(c), bins = cursor_i32(c);
    if (!c->failed && (mels < 0 || bins < 0 || mels > 65536 || bins > 65536))
        return file_wrong(r, "has mel filters of an absurd size");
    cursor_bytes(c, (uint64_t)mels * (uint64_t)bins * sizeof(float));
    return c->failed ? file_wrong(r, "is cut off within its mel filters") : 0;
}

static int read_vocabulary(const struct file_reader *r, struct cursor *c)
{
    int32_t count = cursor_i32(c);
    if (!c->failed && (count < 0 || count > VOCABULARY_LIMIT))
        return file_wrong(r, "has a vocabulary of an absurd size");
    for (int32_t i = 0; i < count && !c->failed; i++) {
        uint32_t length = cursor_u32(c);
        const unsigned char *bytes = cursor_bytes(c, length);
        if (bytes && !facts_add_token(r->facts, (const char *)bytes, length))
            return fail_memory(r->fault, "a vocabulary");
    }
    return c->failed ? file_wrong(r, "is cut off within its vocabulary, or damaged") : 0;
}

/* "conv1.bias" is stored [n, 1], to be added to a matrix. */
static void drop_ones_of_bias(struct stored_tensor *t, const char *name, size_t length)
{
    static const char bias[] = ".bias";
    size_t n = sizeof bias - 1;
    if (length < n || memcmp(name + length - n, bias, n) != 0)
        return;
    while (t->rank > 1 && t->shape[t->rank - 1] == 1)
        t->rank--;
    while (t->rank > 1 && t->shape[0] == 1) {
        memmove(t->shape, t->shape + 1, (size_t)(t->rank - 1) * sizeof *t->shape);
        t->rank--;
    }
}

static int unknown_type(const struct file_reader *r, const char *name, size_t length, uint32_t type)
{
    char shown[NAME_SHOWN], copy[NAME_LIMIT + 1];
    snprintf(copy, sizeof copy, "%.*s", (int)length, name);
    return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: tensor '%s' has the type number %u, which we do not read",
                r->path, name_for_message(shown, copy), type);
}

static int read_tensor(const struct file_reader *r, struct cursor *c)
{
    struct stored_tensor t = {0};
    int32_t rank = cursor_i32(c), length = cursor_i32(c);
    uint32_t type = cursor_u32(c);
    int64_t inner[RANK] = {0};
    if (!c->failed && (rank < 1 || rank > RANK || length < 1 || length > NAME_LIMIT))
        return file_wrong(r, "has a tensor with an absurd number of dimensions or length of name");
    for (int32_t i = 0; i < rank && !c->failed; i++)
        inner[i] = cursor_i32(c);
    const char *name = (const char *)cursor_bytes(c, (uint64_t)length);
    if (!name)
        return file_wrong(r, "is cut off within a tensor's description");
    if (!ggml_type(type, &t.type))
        return unknown_type(r, name, (size_t)length, type);
    t.rank = rank;
    for (int32_t i = 0; i < rank; i++)
        t.shape[i] = inner[rank - 1 - i];
    const char *wrong = stored_measure(&t);
    if (wrong)
        return stored_wrong(r, name, (size_t)length, wrong);
    t.data = cursor_bytes(c, t.bytes);
    if (!t.data)
        return stored_wrong(r, name, (size_t)length, "ends beyond the file: the file is cut off, or damaged");
    drop_ones_of_bias(&t, name, (size_t)length);
    return stored_add(r, &t, name, (size_t)length);
}

int ggml_read(const struct file_reader *r)
{
    struct cursor c = {.data = r->data, .size = r->size};
    r->facts->format = "ggml";
    if (cursor_u32(&c) != MAGIC)
        return file_wrong(r, "is no ggml file");
    int code = read_numbers(r, &c);
    code = code ? code : skip_filters(r, &c);
    code = code ? code : read_vocabulary(r, &c);
    while (!code && c.at < c.size)
        code = read_tensor(r, &c);
    return code ? code : r->list->count ? 0 : file_wrong(r, "has no tensors");
}

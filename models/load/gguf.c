#include "models/load/gguf.h"

#include "models/load/cursor.h"
#include "models/load/ggml.h"
#include "src/base/mapping.h"
#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { RANK = 4, DEPTH = 4, ALIGNMENT = 32, ALIGNMENT_LIMIT = 1 << 20 };

enum value_type {
    VALUE_U8,
    VALUE_I8,
    VALUE_U16,
    VALUE_I16,
    VALUE_U32,
    VALUE_I32,
    VALUE_F32,
    VALUE_BOOL,
    VALUE_STRING,
    VALUE_ARRAY,
    VALUE_U64,
    VALUE_I64,
    VALUE_F64,
    VALUE_TYPES
};

/* Bytes of a value; 0 where they vary. */
static const unsigned char VALUE_SIZES[VALUE_TYPES] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

struct text {
    const unsigned char *bytes;
    size_t length;
};

/* One file while it is being read. */
struct gguf {
    struct reading r;
    struct cursor c;
    uint64_t tensors, keys;
    uint64_t alignment; /* 0: not said yet */
    bool gpt2;          /* tokens spell bytes as characters */
};

static bool is_text(const struct text *t, const char *text)
{
    return t->length == strlen(text) && !memcmp(t->bytes, text, t->length);
}

static bool take_text(struct cursor *c, struct text *t)
{
    uint64_t length;
    if (!cursor_u64(c, &length) || !cursor_bytes(c, length, &t->bytes))
        return false;
    t->length = (size_t)length;
    return true;
}

/* ---- keys and their values ---- */

/* OpenAI's name for the hyperparameter that a key holds; a name that stored_list_number passes over for other keys. */
static struct text parameter_name(const struct text *key)
{
    static const char *const names[][2] = {
        {"whisper.encoder.context_length", "n_audio_ctx"},
        {"whisper.encoder.embedding_length", "n_audio_state"},
        {"whisper.encoder.attention.head_count", "n_audio_head"},
        {"whisper.encoder.block_count", "n_audio_layer"},
        {"whisper.decoder.context_length", "n_text_ctx"},
        {"whisper.decoder.embedding_length", "n_text_state"},
        {"whisper.decoder.attention.head_count", "n_text_head"},
        {"whisper.decoder.block_count", "n_text_layer"},
        {"whisper.encoder.mels_count", "n_mels"},
        {"whisper.vocab_size", "n_vocab"},
        {"whisper.decoder.vocab_size", "n_vocab"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_text(key, names[i][0]))
            return (struct text){(const unsigned char *)names[i][1], strlen(names[i][1])};
    struct text last = *key;
    for (size_t i = 0; i < key->length; i++)
        if (key->bytes[i] == '.')
            last = (struct text){key->bytes + i + 1, key->length - i - 1};
    return last;
}

/* A whole number of any type; those beyond an int64 as the largest of them. */
static int64_t whole(uint32_t type, const unsigned char *bytes)
{
    int size = VALUE_SIZES[type];
    uint64_t value = cursor_number(bytes, size), sign = (uint64_t)1 << (8 * size - 1);
    if ((type == VALUE_I8 || type == VALUE_I16 || type == VALUE_I32) && value & sign)
        return (int64_t)value - ((int64_t)sign << 1);
    if (type == VALUE_I64 && value & sign)
        return -(int64_t)(~value) - 1;
    return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

static int take_alignment(struct gguf *g, int64_t value)
{
    if (g->alignment)
        return stored_damaged(&g->r, "general.alignment is there twice");
    if (value < 1 || value > ALIGNMENT_LIMIT || value & (value - 1))
        return fail(g->r.fault, UTTER_ERROR_MODEL, "%s: general.alignment is %lld, not a power of two up to 2^20",
                    g->r.path, (long long)value);
    g->alignment = (uint64_t)value;
    return 0;
}

static int take_scalar(struct gguf *g, const struct text *key, uint32_t type)
{
    const unsigned char *bytes;
    if (!cursor_bytes(&g->c, VALUE_SIZES[type], &bytes))
        return stored_damaged(&g->r, "the file ends in a value of the metadata");
    if (type == VALUE_F32 || type == VALUE_F64 || type == VALUE_BOOL)
        return 0;
    if (is_text(key, "general.alignment"))
        return take_alignment(g, whole(type, bytes));
    struct text name = parameter_name(key);
    return stored_list_number(&g->r, (const char *)name.bytes, name.length, whole(type, bytes));
}

static int take_strings(struct gguf *g, const struct text *key, uint64_t count)
{
    bool tokens = is_text(key, "tokenizer.ggml.tokens");
    struct text t;
    if (tokens && g->r.list->tokens_count)
        return stored_damaged(&g->r, "tokenizer.ggml.tokens is there twice");
    for (uint64_t i = 0; i < count; i++) {
        if (!take_text(&g->c, &t))
            return stored_damaged(&g->r, "the file ends in a list of strings");
        int code = tokens ? stored_list_token(&g->r, t.bytes, t.length) : 0;
        if (code)
            return code;
    }
    return 0;
}

/* An array's elements, stepped over but for the tokens. */
static int take_array(struct gguf *g, const struct text *key, int depth)
{
    uint32_t type;
    uint64_t count;
    const unsigned char *bytes;
    if (!cursor_u32(&g->c, &type) || !cursor_u64(&g->c, &count))
        return stored_damaged(&g->r, "the file ends in a value of the metadata");
    if (type >= VALUE_TYPES)
        return stored_damaged(&g->r, "the metadata holds an array of an unknown type");
    if (type == VALUE_STRING)
        return take_strings(g, key, count);
    if (type != VALUE_ARRAY) {
        bool there = count <= g->c.left / VALUE_SIZES[type] && cursor_bytes(&g->c, count * VALUE_SIZES[type], &bytes);
        return there ? 0 : stored_damaged(&g->r, "the file ends in an array of the metadata");
    }
    if (depth == DEPTH)
        return stored_damaged(&g->r, "the metadata holds arrays deeper than 4 levels");
    static const struct text nested = {(const unsigned char *)"", 0}; /* what lies deeper has no key of its own */
    int code = 0;
    for (uint64_t i = 0; i < count && !code; i++)
        code = take_array(g, &nested, depth + 1);
    return code;
}

static int take_key(struct gguf *g)
{
    struct text key, value;
    uint32_t type;
    if (!take_text(&g->c, &key) || !cursor_u32(&g->c, &type))
        return stored_damaged(&g->r, "the file ends in a key of the metadata");
    char shown[NAME_SHOWN];
    if (type >= VALUE_TYPES)
        return fail(g->r.fault, UTTER_ERROR_MODEL, "%s: key '%s' has the unknown type %lu", g->r.path,
                    text_for_message(shown, key.bytes, key.length), (unsigned long)type);
    if (type == VALUE_ARRAY)
        return take_array(g, &key, 1);
    if (type != VALUE_STRING)
        return take_scalar(g, &key, type);
    if (!take_text(&g->c, &value))
        return stored_damaged(&g->r, "the file ends in a value of the metadata");
    if (is_text(&key, "tokenizer.ggml.model"))
        g->gpt2 = is_text(&value, "gpt2");
    return 0;
}

/* ---- tokens spelt as GPT-2 does ---- */

/* The byte that a character stands for: printable ones of Latin-1 for themselves, and the rest, in order, for those
 * from 256 on (openai/gpt-2, encoder.py, bytes_to_unicode). -1: no character of that alphabet. */
static int byte_of_character(unsigned character)
{
    bool plain = (character > 0x20 && character < 0x7f) || (character > 0xa0 && character < 0x100 && character != 0xad);
    if (plain)
        return (int)character;
    if (character < 256 || character > 256 + 67)
        return -1;
    unsigned n = character - 256; /* 33 from 0 on, 34 from 127 on, then 173 */
    return n < 33 ? (int)n : n < 67 ? (int)(n - 33 + 127) : 173;
}

/* The token's bytes into out, which has room for its length; -1 when it is not spelt in that alphabet. All of it are
 * characters of one or two bytes of UTF-8. */
static int64_t spelt_bytes(const struct stored_token *t, char *out)
{
    const unsigned char *from = (const unsigned char *)t->bytes, *end = from + t->length;
    int64_t count = 0;
    while (from < end) {
        unsigned character = *from++;
        if (character >= 0x80) {
            if (character < 0xc2 || character > 0xdf || from == end || (*from & 0xc0) != 0x80)
                return -1;
            character = (character & 31) << 6 | (*from++ & 63u);
        }
        int byte = byte_of_character(character);
        if (byte < 0)
            return -1;
        out[count++] = (char)byte;
    }
    return count;
}

/* Tokens in other characters, which some files add to the alphabet's, stay as they are. */
static int unspell_tokens(struct gguf *g)
{
    struct stored_list *l = g->r.list;
    size_t room = 0;
    for (size_t i = 0; i < l->tokens_count; i++)
        room += l->tokens[i].length;
    if (!g->gpt2 || !room || l->text)
        return 0;
    char *out = l->text = memory_new(room, 1);
    if (!out)
        return fail_memory(g->r.fault, "a checkpoint's vocabulary");
    for (size_t i = 0; i < l->tokens_count; i++) {
        int64_t length = spelt_bytes(&l->tokens[i], out);
        if (length < 0)
            continue;
        l->tokens[i] = (struct stored_token){out, (size_t)length};
        out += length;
    }
    return 0;
}

/* ---- tensors ---- */

/* What the file says of a tensor, in the order in which it says it. */
struct info {
    struct text name;
    uint32_t rank, type;
    uint64_t shape[RANK]; /* innermost first */
    uint64_t offset;
};

static int take_info(const struct gguf *g, struct cursor *c, struct info *info)
{
    char shown[NAME_SHOWN];
    bool there = take_text(c, &info->name) && cursor_u32(c, &info->rank);
    if (there && info->rank > RANK)
        return fail(g->r.fault, UTTER_ERROR_MODEL, "%s: tensor '%s' has %lu dimensions, more than 4", g->r.path,
                    text_for_message(shown, info->name.bytes, info->name.length), (unsigned long)info->rank);
    for (uint32_t i = 0; there && i < info->rank; i++)
        there = cursor_u64(c, &info->shape[i]);
    there = there && cursor_u32(c, &info->type) && cursor_u64(c, &info->offset);
    return there ? 0 : stored_damaged(&g->r, "the file ends in the description of a tensor");
}

static int measure(const struct gguf *g, struct stored_tensor *t, const struct info *info)
{
    char shown[NAME_SHOWN];
    if (!ggml_type(info->type, &t->type))
        return fail(g->r.fault, UTTER_ERROR_UNSUPPORTED, "%s: tensor '%s' has ggml's type %lu, which is not read",
                    g->r.path, name_for_message(shown, t->name), (unsigned long)info->type);
    t->rank = (int)info->rank;
    for (int i = 0; i < t->rank; i++) {
        uint64_t n = info->shape[t->rank - 1 - i];
        if (n > (uint64_t)1 << 56)
            return stored_wrong(&g->r, t->name, "has a shape that overflows");
        t->shape[i] = (int64_t)n;
    }
    return stored_measure(t)
               ? 0
               : stored_wrong(&g->r, t->name, "has a shape that overflows, or that its blocks of 32 do not fill");
}

/* data: what lies behind the padding. */
static int add_tensor(const struct gguf *g, const struct info *info, const struct cursor *data)
{
    const struct stored_tensor none = {0};
    int code = stored_list_add(&g->r, &none, (const char *)info->name.bytes, info->name.length);
    if (code)
        return code;
    struct stored_tensor *t = &g->r.list->items[g->r.list->count - 1];
    code = measure(g, t, info);
    if (code)
        return code;
    if (info->offset % g->alignment)
        return stored_wrong(&g->r, t->name, "begins at an offset that is not aligned");
    if (info->offset > data->left || t->bytes > data->left - info->offset)
        return stored_wrong(&g->r, t->name, "ends beyond the file: the file is cut off, or damaged");
    t->data = data->at + info->offset;
    ggml_flatten_bias(t, t->name, info->name.length);
    return 0;
}

/* The offsets count from behind the last description, so the descriptions are read twice. */
static int read_tensors(struct gguf *g)
{
    struct cursor descriptions = g->c;
    struct info info;
    size_t first = g->r.list->count;
    int code = 0;
    for (uint64_t i = 0; i < g->tensors && !code; i++)
        code = take_info(g, &g->c, &info);
    const unsigned char *padding;
    uint64_t behind = (uint64_t)(g->c.at - g->r.data) & (g->alignment - 1);
    if (!code && behind && !cursor_bytes(&g->c, g->alignment - behind, &padding))
        g->c.left = 0; /* a file with no tensors may end before its padding does */
    for (uint64_t i = 0; i < g->tensors && !code; i++) {
        code = take_info(g, &descriptions, &info);
        if (!code)
            code = add_tensor(g, &info, &g->c);
    }
    return code ? code : stored_list_check_overlap(&g->r, first);
}

static int read_head(struct gguf *g)
{
    const unsigned char *magic;
    uint32_t version;
    if (!cursor_bytes(&g->c, 4, &magic) || memcmp(magic, "GGUF", 4) != 0)
        return fail(g->r.fault, UTTER_ERROR_UNSUPPORTED, "%s: not a GGUF file", g->r.path);
    if (!cursor_u32(&g->c, &version))
        return stored_damaged(&g->r, "the file ends in its header");
    if (version && !(version & 0xffff))
        return fail(g->r.fault, UTTER_ERROR_UNSUPPORTED, "%s: a GGUF file in big-endian order, which is not read",
                    g->r.path);
    if (version != 2 && version != 3)
        return fail(g->r.fault, UTTER_ERROR_UNSUPPORTED, "%s: version %lu of GGUF, which is not read", g->r.path,
                    (unsigned long)version);
    if (!cursor_u64(&g->c, &g->tensors) || !cursor_u64(&g->c, &g->keys))
        return stored_damaged(&g->r, "the file ends in its header");
    return 0;
}

int gguf_read(const unsigned char *data, size_t size, const char *path, const char *file, struct stored_list *list,
              struct fault *fault)
{
    struct gguf g = {.r = {data, size, path_for_message(path), file, list, fault}, .c = {data, size}};
    int code = read_head(&g);
    for (uint64_t i = 0; i < g.keys && !code; i++)
        code = take_key(&g);
    if (!code)
        code = unspell_tokens(&g);
    g.alignment = g.alignment ? g.alignment : ALIGNMENT;
    return code ? code : read_tensors(&g);
}

#include "models/load/ggml.h"

#include "models/load/cursor.h"
#include "src/base/mapping.h"

#include <string.h>

enum { MAGIC = 0x67676d6c, RANK = 4 };

/* In the order of the file. */
static const char *const PARAMETERS[] = {
    "n_vocab",    "n_audio_ctx",  "n_audio_state", "n_audio_head", "n_audio_layer",
    "n_text_ctx", "n_text_state", "n_text_head",   "n_text_layer", "n_mels",
};

bool ggml_type(uint32_t number, enum stored_type *type)
{
    static const struct {
        uint32_t number;
        enum stored_type type;
    } types[] = {
        {0, STORED_F32},  {1, STORED_F16},  {2, STORED_Q4_0},  {3, STORED_Q4_1}, {6, STORED_Q5_0},
        {7, STORED_Q5_1}, {8, STORED_Q8_0}, {24, STORED_I8},   {25, STORED_I16}, {26, STORED_I32},
        {27, STORED_I64}, {28, STORED_F64}, {30, STORED_BF16},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].number == number) {
            *type = types[i].type;
            return true;
        }
    return false;
}

void ggml_flatten_bias(struct stored_tensor *t, const char *name, size_t length)
{
    if (length < 5 || memcmp(name + length - 5, ".bias", 5) != 0)
        return;
    int rank = 0;
    for (int i = 0; i < t->rank; i++)
        if (t->shape[i] != 1)
            t->shape[rank++] = t->shape[i];
    if (rank == 0)
        t->shape[rank++] = 1;
    t->rank = rank;
}

static int read_parameters(const struct reading *r, struct cursor *c)
{
    uint32_t value;
    int code = 0;
    for (size_t i = 0; i < sizeof PARAMETERS / sizeof *PARAMETERS && !code; i++) {
        if (!cursor_u32(c, &value))
            return stored_damaged(r, "the file ends in the hyperparameters");
        code = stored_list_number(r, PARAMETERS[i], strlen(PARAMETERS[i]), (int32_t)value);
    }
    if (!code && !cursor_u32(c, &value)) /* ftype, which each tensor says again for itself */
        code = stored_damaged(r, "the file ends in the hyperparameters");
    return code;
}

/* The filters are those of our own log-mel, so they are only stepped over. */
static int skip_filters(const struct reading *r, struct cursor *c)
{
    uint32_t mels, bins;
    const unsigned char *filters;
    if (!cursor_u32(c, &mels) || !cursor_u32(c, &bins))
        return stored_damaged(r, "the file ends before the mel filters");
    if (mels > 1 << 15 || bins > 1 << 15)
        return stored_damaged(r, "more mel filters than any model has");
    if (!cursor_bytes(c, (uint64_t)mels * bins * 4, &filters))
        return stored_damaged(r, "the file ends in the mel filters");
    return 0;
}

static int read_tokens(const struct reading *r, struct cursor *c)
{
    uint32_t count, length;
    const unsigned char *bytes;
    if (!cursor_u32(c, &count))
        return stored_damaged(r, "the file ends before the vocabulary");
    if (count > (uint64_t)r->list->numbers[stored_number_place("n_vocab", 7)])
        return stored_damaged(r, "more tokens than n_vocab");
    for (uint32_t i = 0; i < count; i++) {
        if (!cursor_u32(c, &length) || !cursor_bytes(c, length, &bytes))
            return fail(r->fault, UTTER_ERROR_MODEL, "%s: the file ends in the vocabulary, at token %lu of %lu",
                        r->path, (unsigned long)i, (unsigned long)count);
        int code = stored_list_token(r, bytes, length);
        if (code)
            return code;
    }
    return 0;
}

/* ---- Silero VAD: the numbers of its head are all to be seen in its tensors ---- */

static bool begins_silero(const struct cursor *c)
{
    static const unsigned char start[] = "\x0a\0\0\0silero-16k";
    return c->left >= sizeof start - 1 && !memcmp(c->at, start, sizeof start - 1);
}

static int skip_silero(const struct reading *r, struct cursor *c)
{
    uint32_t layers;
    const unsigned char *bytes;
    if (!cursor_bytes(c, 14 + 5 * 4, &bytes) || !cursor_u32(c, &layers))
        return stored_damaged(r, "the file ends in the numbers of Silero VAD");
    if (!cursor_bytes(c, (uint64_t)layers * 3 * 4 + 4 * 4, &bytes))
        return stored_damaged(r, "the file ends in the layers of Silero VAD");
    return 0;
}

/* ---- tensors ---- */

static int read_shape(const struct reading *r, struct cursor *c, struct stored_tensor *t, uint32_t rank, uint32_t least)
{
    if (rank < least || rank > RANK)
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: tensor %zu has %lld dimensions, not 1 to 4", r->path,
                    r->list->count, (long long)(int32_t)rank);
    t->rank = (int)rank;
    for (int i = t->rank - 1; i >= 0; i--) {
        uint32_t n;
        if (!cursor_u32(c, &n))
            return stored_damaged(r, "the file ends in a tensor's shape");
        if (n < 1 || n > INT32_MAX)
            return fail(r->fault, UTTER_ERROR_MODEL, "%s: tensor %zu has a dimension of %lld", r->path, r->list->count,
                        (long long)(int32_t)n);
        t->shape[i] = n;
    }
    return 0;
}

static int take_data(const struct reading *r, struct cursor *c, struct stored_tensor *t, const char *name,
                     uint32_t type)
{
    char shown[NAME_SHOWN];
    if (!ggml_type(type, &t->type))
        return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: tensor '%s' has ggml's type %lu, which is not read",
                    r->path, name_for_message(shown, name), (unsigned long)type);
    if (!stored_measure(t))
        return stored_wrong(r, name, "has a shape that overflows, or that its blocks of 32 do not fill");
    const unsigned char *bytes;
    if (!cursor_bytes(c, t->bytes, &bytes))
        return stored_wrong(r, name, "ends beyond the file: the file is cut off, or damaged");
    t->data = bytes;
    return 0;
}

static int read_tensor(const struct reading *r, struct cursor *c, uint32_t least_rank)
{
    uint32_t rank, length, type;
    const unsigned char *name;
    struct stored_tensor t = {0};
    if (!cursor_u32(c, &rank) || !cursor_u32(c, &length) || !cursor_u32(c, &type))
        return stored_damaged(r, "the file ends in a tensor's header");
    int code = read_shape(r, c, &t, rank, least_rank);
    if (code)
        return code;
    if (!cursor_bytes(c, length, &name))
        return stored_damaged(r, "the file ends in a tensor's name");
    code = stored_list_add(r, &t, (const char *)name, length);
    if (code)
        return code;
    struct stored_tensor *added = &r->list->items[r->list->count - 1];
    code = take_data(r, c, added, added->name, type);
    ggml_flatten_bias(added, added->name, length);
    return code;
}

int ggml_read(const unsigned char *data, size_t size, const char *path, const char *file, struct stored_list *list,
              struct fault *fault)
{
    const struct reading r = {data, size, path_for_message(path), file, list, fault};
    struct cursor c = {data, size};
    uint32_t magic;
    if (!cursor_u32(&c, &magic) || magic != MAGIC)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s: not a ggml file", r.path);
    const bool silero = begins_silero(&c);
    int code = silero ? skip_silero(&r, &c) : read_parameters(&r, &c);
    if (!code && !silero)
        code = skip_filters(&r, &c);
    if (!code && !silero)
        code = read_tokens(&r, &c);
    while (!code && c.left)
        code = read_tensor(&r, &c, silero ? 0 : 1); /* whose last bias is a scalar */
    return code;
}

#include "models/load/checkpoint.h"

#include "models/load/ggml.h"
#include "models/load/gguf.h"
#include "models/load/gzip.h"
#include "models/load/json.h"
#include "models/load/nemo.h"
#include "models/load/pytorch.h"
#include "models/load/random.h"
#include "models/load/safetensors.h"
#include "models/load/tar.h"
#include "src/base/mapping.h"
#include "src/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SHARDS = 4096 }; /* more files than any model has; each takes a mapping */

struct shard {
    char *path;
    struct mapping map;
};

struct checkpoint {
    char *path;
    bool random;
    uint64_t seed;
    const char *format; /* of the first file */
    struct shard *shards;
    size_t shards_count, shards_capacity;
    struct stored_list tensors; /* sorted by name */
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* directory/name, where directory is the first length characters of path. */
static char *join(const char *path, size_t length, const char *name)
{
    size_t size = length + strlen(name) + 2;
    char *joined = memory_new(size, 1);
    if (joined)
        snprintf(joined, size, "%.*s%s%s", (int)length, path, length && path[length - 1] != '/' ? "/" : "", name);
    return joined;
}

/* The formats by their first bytes: names lie, and a .bin may be any of them. safetensors has none, but the header
 * that begins behind its length is an object. */
static const struct format {
    const char *name, *magic;
    size_t at;
    int (*read)(const unsigned char *data, size_t size, const char *path, const char *file, struct stored_list *list,
                struct fault *fault);
} FORMATS[] = {
    {"ggml", "lmgg", 0, ggml_read},
    {"gguf", "GGUF", 0, gguf_read},
    {"pytorch", "PK", 0, pytorch_read},
    {"pytorch", "\x80\x02\x8a\x0a", 0, pytorch_read}, /* the format before 1.6 */
    {"nemo", "ustar", TAR_MAGIC, nemo_read},
    {"safetensors", "{", 8, safetensors_read},
};

static int read_file(struct checkpoint *c, const struct shard *s, struct fault *fault)
{
    const size_t count = sizeof FORMATS / sizeof *FORMATS;
    size_t size = s->map.size;
    const struct format *f = size < 9 ? &FORMATS[count - 1] : NULL; /* which has sentences for short files */
    for (size_t i = count; i-- > 0;) {
        size_t length = strlen(FORMATS[i].magic);
        if (size >= FORMATS[i].at + length && !memcmp(s->map.data + FORMATS[i].at, FORMATS[i].magic, length))
            f = &FORMATS[i];
    }
    if (!f)
        return fail(fault, UTTER_ERROR_UNSUPPORTED,
                    "%s: neither safetensors nor ggml, GGUF, PyTorch's zip format or .nemo", path_for_message(s->path));
    c->format = c->format ? c->format : f->name;
    return f->read(s->map.data, size, s->path, base_name(s->path), &c->tensors, fault);
}

/* Maps the file and appends its tensors; path becomes the checkpoint's own. */
static int add_shard(struct checkpoint *c, char *path, struct fault *fault)
{
    if (!path || !memory_grow((void **)&c->shards, &c->shards_capacity, c->shards_count + 1, sizeof *c->shards)) {
        free(path);
        return fail_memory(fault, "a checkpoint's list of files");
    }
    struct shard *s = &c->shards[c->shards_count++];
    *s = (struct shard){.path = path};
    int code = mapping_open(&s->map, path, fault);
    if (!code && gzip_is(&s->map))
        code = gzip_unpack_tar(&s->map, path, fault);
    return code ? code : read_file(c, s, fault);
}

static int by_name(const void *a, const void *b)
{
    const struct stored_tensor *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int sort_tensors(struct checkpoint *c, struct fault *fault)
{
    struct stored_list *l = &c->tensors;
    if (l->count)
        qsort(l->items, l->count, sizeof *l->items, by_name);
    for (size_t i = 1; i < l->count; i++)
        if (!strcmp(l->items[i - 1].name, l->items[i].name)) {
            char shown[NAME_SHOWN];
            return fail(fault, UTTER_ERROR_MODEL, "%s: tensor '%s' is there twice", path_for_message(c->path),
                        name_for_message(shown, l->items[i].name));
        }
    return 0;
}

/* ---- the index of a sharded checkpoint ---- */

/* A shard lies beside its index: a name that leads elsewhere is an attack or a mistake. */
static bool plain_file_name(const char *name)
{
    return name[0] && name[0] != '.' && !strchr(name, '/') && !strchr(name, '\\') && strlen(name) < 256;
}

static bool has_shard(const struct checkpoint *c, const char *name)
{
    for (size_t i = 0; i < c->shards_count; i++)
        if (!strcmp(base_name(c->shards[i].path), name))
            return true;
    return false;
}

static int add_shards(struct checkpoint *c, const char *index, const cJSON *map, struct fault *fault)
{
    char shown[NAME_SHOWN];
    for (const cJSON *entry = map->child; entry; entry = entry->next) {
        const char *name = cJSON_GetStringValue(entry);
        if (!name || !plain_file_name(name))
            return fail(fault, UTTER_ERROR_MODEL, "%s: tensor '%s' is not in a file beside the index",
                        path_for_message(index), name_for_message(shown, entry->string));
        if (has_shard(c, name))
            continue;
        if (c->shards_count == SHARDS)
            return fail(fault, UTTER_ERROR_MODEL, "%s: more than %d files", path_for_message(index), SHARDS);
        int code = add_shard(c, join(index, (size_t)(base_name(index) - index), name), fault);
        if (code)
            return code;
    }
    return 0;
}

/* Every tensor that the index promises must be in the file that it names. */
static int check_index(const struct checkpoint *c, const char *index, const cJSON *map, struct fault *fault)
{
    char shown[NAME_SHOWN];
    for (const cJSON *entry = map->child; entry; entry = entry->next) {
        const struct stored_tensor *t = checkpoint_find(c, entry->string);
        if (!t || strcmp(t->file, entry->valuestring))
            return fail(fault, UTTER_ERROR_MODEL, "%s: tensor '%s' is not in %.100s, where the index has it",
                        path_for_message(index), name_for_message(shown, entry->string), entry->valuestring);
    }
    return 0;
}

static int read_index(struct checkpoint *c, const char *path, const struct mapping *file, struct fault *fault)
{
    struct fault own = {0};
    cJSON *index = json_parse((const char *)file->data, file->size, path_for_message(path), &own);
    if (!index)
        return fail(fault, own.code, "%s", own.message);
    const cJSON *map = cJSON_GetObjectItemCaseSensitive(index, "weight_map");
    int code = 0;
    if (!cJSON_IsObject(map) || !map->child)
        code = fail(fault, UTTER_ERROR_MODEL, "%s: no weight_map", path_for_message(path));
    if (!code)
        code = add_shards(c, path, map, fault);
    if (!code)
        code = sort_tensors(c, fault);
    if (!code)
        code = check_index(c, path, map, fault);
    cJSON_Delete(index);
    return code;
}

static int open_index(struct checkpoint *c, const char *path, struct fault *fault)
{
    struct mapping file;
    int code = mapping_open(&file, path, fault);
    if (code)
        return code;
    if (file.size > 100000000)
        code = fail(fault, UTTER_ERROR_MODEL, "%s: an index of %zu bytes is over the limit of 100000000",
                    path_for_message(path), file.size);
    else
        code = read_index(c, path, &file, fault);
    mapping_close(&file);
    return code;
}

/* ---- opening and closing ---- */

static bool is_there(const char *path, bool *directory)
{
    struct stat status;
    bool there = stat(path, &status) == 0;
    *directory = there && S_ISDIR(status.st_mode);
    return there;
}

static int open_file(struct checkpoint *c, char *path, struct fault *fault)
{
    size_t length = strlen(path);
    if (length >= 5 && !strcmp(path + length - 5, ".json")) {
        int code = open_index(c, path, fault);
        free(path);
        return code;
    }
    int code = add_shard(c, path, fault);
    return code ? code : sort_tensors(c, fault);
}

static int open_directory(struct checkpoint *c, struct fault *fault)
{
    static const char *const names[] = {"model.safetensors", "model.safetensors.index.json",
                                        "pytorch_model.bin", "pytorch_model.bin.index.json",
                                        "generator_v1",      "generator_v2",
                                        "generator_v3"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bool directory;
        char *path = join(c->path, strlen(c->path), names[i]);
        if (!path)
            return fail_memory(fault, "a path");
        if (is_there(path, &directory))
            return open_file(c, path, fault);
        free(path);
    }
    return fail(fault, UTTER_ERROR_IO, "%s: no %s and no %s, nor %s", path_for_message(c->path), names[0], names[1],
                names[2]);
}

static int open_path(struct checkpoint *c, struct fault *fault)
{
    bool directory;
    if (is_there(c->path, &directory) && directory)
        return open_directory(c, fault);
    char *path = memory_text(c->path, strlen(c->path));
    return path ? open_file(c, path, fault) : fail_memory(fault, "a path");
}

int checkpoint_open(struct checkpoint **checkpoint, const char *path, struct fault *fault)
{
    *checkpoint = NULL;
    struct checkpoint *c = memory_new(1, sizeof *c);
    if (!c)
        return fail_memory(fault, "a checkpoint");
    c->path = memory_text(path, strlen(path));
    int code = c->path ? open_path(c, fault) : fail_memory(fault, "a path");
    if (code)
        checkpoint_close(&c);
    *checkpoint = c;
    return code;
}

int checkpoint_open_random(struct checkpoint **checkpoint, uint64_t seed, struct fault *fault)
{
    struct checkpoint *c = memory_new(1, sizeof *c);
    if (c)
        c->path = memory_text("random weights", strlen("random weights"));
    if (!c || !c->path) {
        free(c);
        *checkpoint = NULL;
        return fail_memory(fault, "a checkpoint");
    }
    c->random = true;
    c->format = "random";
    c->seed = seed;
    *checkpoint = c;
    return 0;
}

void checkpoint_close(struct checkpoint **checkpoint)
{
    struct checkpoint *c = *checkpoint;
    *checkpoint = NULL;
    if (!c)
        return;
    stored_list_release(&c->tensors);
    for (size_t i = 0; i < c->shards_count; i++) {
        mapping_close(&c->shards[i].map);
        free(c->shards[i].path);
    }
    free(c->shards);
    free(c->path);
    free(c);
}

/* ---- looking things up ---- */

const char *checkpoint_path(const struct checkpoint *checkpoint)
{
    return checkpoint->path;
}

size_t checkpoint_count(const struct checkpoint *checkpoint)
{
    return checkpoint->tensors.count;
}

const struct stored_tensor *checkpoint_at(const struct checkpoint *checkpoint, size_t index)
{
    return index < checkpoint->tensors.count ? &checkpoint->tensors.items[index] : NULL;
}

const struct stored_tensor *checkpoint_find(const struct checkpoint *checkpoint, const char *name)
{
    const struct stored_list *l = &checkpoint->tensors;
    struct stored_tensor key = {.name = name};
    return l->count ? bsearch(&key, l->items, l->count, sizeof *l->items, by_name) : NULL;
}

const char *checkpoint_format(const struct checkpoint *checkpoint)
{
    return checkpoint->format;
}

bool checkpoint_member(const struct checkpoint *c, const char *suffix, const unsigned char **bytes, size_t *size)
{
    if (!c->format || strcmp(c->format, "nemo") != 0)
        return false;
    return tar_find(c->shards[0].map.data, c->shards[0].map.size, suffix, bytes, size);
}

bool checkpoint_number(const struct checkpoint *checkpoint, const char *name, int64_t *value)
{
    int place = stored_number_place(name, strlen(name));
    if (place < 0 || !checkpoint->tensors.numbers[place])
        return false;
    *value = checkpoint->tensors.numbers[place];
    return true;
}

size_t checkpoint_token_count(const struct checkpoint *checkpoint)
{
    return checkpoint->tensors.tokens_count;
}

bool checkpoint_token(const struct checkpoint *checkpoint, size_t id, const char **bytes, size_t *length)
{
    if (id >= checkpoint->tensors.tokens_count)
        return false;
    *bytes = checkpoint->tensors.tokens[id].bytes;
    *length = checkpoint->tensors.tokens[id].length;
    return true;
}

/* ---- whole tensors ---- */

/* The path of the file that a tensor lies in. */
static const char *tensor_path(const struct checkpoint *c, const struct stored_tensor *t)
{
    for (size_t i = 0; i < c->shards_count; i++)
        if (base_name(c->shards[i].path) == t->file)
            return path_for_message(c->shards[i].path);
    return path_for_message(c->path);
}

/* "[2, 3]" */
static const char *show_shape(char *out, size_t size, int rank, const int64_t *shape)
{
    size_t n = (size_t)snprintf(out, size, "[");
    for (int i = 0; i < rank && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%lld", i ? ", " : "", (long long)shape[i]);
    if (n < size)
        snprintf(out + n, size - n, "]");
    return out;
}

static int check_shape(const struct checkpoint *c, const struct stored_tensor *t, int rank, const int64_t *shape,
                       struct fault *fault)
{
    bool same = t->rank == rank;
    for (int i = 0; i < rank && same; i++)
        same = t->shape[i] == shape[i];
    if (same)
        return 0;
    char has[96], wanted[96];
    return fail(fault, UTTER_ERROR_MODEL, "%s: tensor '%.100s' has the shape %s, not %s", tensor_path(c, t), t->name,
                show_shape(has, sizeof has, t->rank, t->shape), show_shape(wanted, sizeof wanted, rank, shape));
}

/* Infinities and NaNs have all bits of the exponent set. */
static bool all_finite(const float *values, int64_t count)
{
    uint32_t bad = 0;
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        bad |= (bits & 0x7f800000) == 0x7f800000;
    }
    return !bad;
}

static bool shape_count(int rank, const int64_t *shape, int64_t *count)
{
    *count = 1;
    for (int i = 0; i < rank; i++) {
        if (shape[i] < 0 || (shape[i] > 0 && *count > ((int64_t)1 << 40) / shape[i]))
            return false;
        *count *= shape[i];
    }
    return true;
}

static int read_floats(const struct checkpoint *c, const char *name, int rank, const int64_t *shape, int64_t count,
                       float *out, struct fault *fault)
{
    if (c->random) {
        random_floats(c->seed, name, rank, shape, count, out);
        return 0;
    }
    const struct stored_tensor *t = checkpoint_find(c, name);
    int code = stored_floats(t, 0, count, out, fault);
    mapping_rest(t->data, t->bytes);
    if (!code && !all_finite(out, count))
        code = fail(fault, UTTER_ERROR_MODEL, "%s: tensor '%.100s' holds values that are not finite", tensor_path(c, t),
                    name);
    return code;
}

int checkpoint_floats(const struct checkpoint *checkpoint, const char *name, int rank, const int64_t *shape,
                      float **out, struct fault *fault)
{
    *out = NULL;
    const struct stored_tensor *t = checkpoint_find(checkpoint, name);
    if (!t && !checkpoint->random)
        return fail(fault, UTTER_ERROR_MODEL, "%s: tensor '%.100s' is missing", path_for_message(checkpoint->path),
                    name);
    int code = t ? check_shape(checkpoint, t, rank, shape, fault) : 0;
    if (code)
        return code;
    int64_t count;
    if (!shape_count(rank, shape, &count))
        return fail(fault, UTTER_ERROR_MODEL, "tensor '%.100s' would be too large", name);
    float *values = memory_new((size_t)count, sizeof *values);
    if (!values)
        return fail_memory(fault, "a tensor of the model");
    code = read_floats(checkpoint, name, rank, shape, count, values, fault);
    if (code)
        free(values);
    else
        *out = values;
    return code;
}

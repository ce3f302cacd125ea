/* tokenizer_read.c - the model and the added tokens of a tokenizer.json. */
#include "decoder/tokens/tokenizer_parts.h"

#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An id in a JSON number; false when it is not a whole number in range. */
static bool read_id(const cJSON *item, int *id)
{
    double value = cJSON_IsNumber(item) ? item->valuedouble : -1.0;
    if (!(value >= 0.0) || value >= VOCABULARY_IDS || value != floor(value))
        return false;
    *id = (int)value;
    return true;
}

static int add_piece(struct tokenizer *t, const char *piece, int id, const char *name, struct fault *fault)
{
    switch (vocabulary_add(&t->vocabulary, piece, strlen(piece), id)) {
    case VOCABULARY_DONE:
        return 0;
    case VOCABULARY_TAKEN:
        return fail(fault, UTTER_ERROR_MODEL, "%s: the id %d has two pieces, '%.60s' and '%.60s'", name, id,
                    vocabulary_piece(&t->vocabulary, id), piece);
    default:
        return fail_memory(fault, "a vocabulary");
    }
}

/* "vocab": {"piece": id, …} */
static int read_pieces(struct tokenizer *t, const cJSON *vocab, const char *name, struct fault *fault)
{
    int id, error = 0;
    if (!cJSON_IsObject(vocab))
        return fail(fault, UTTER_ERROR_MODEL, "%s: the model has no vocabulary", name);
    for (const cJSON *item = vocab->child; item && !error; item = item->next) {
        if (!read_id(item, &id))
            return fail(fault, UTTER_ERROR_MODEL, "%s: the piece '%.60s' has an id that is not a number from 0 to %d",
                        name, item->string, VOCABULARY_IDS - 1);
        error = add_piece(t, item->string, id, name, fault);
    }
    return error;
}

/* ---- BPE ------------------------------------------------------------------------------------------ */

/* The id of left and right written together, right without the prefix of continuing pieces; -1: no such piece. */
static int merged_piece(const struct tokenizer *t, int left, int right, struct text *scratch)
{
    const struct vocabulary *v = &t->vocabulary;
    size_t skip = t->bpe.prefix ? strlen(t->bpe.prefix) : 0, length = vocabulary_length(v, right);
    scratch->length = 0;
    text_add(scratch, vocabulary_piece(v, left), vocabulary_length(v, left));
    if (skip <= length)
        text_add(scratch, vocabulary_piece(v, right) + skip, length - skip);
    return scratch->failed ? -1 : vocabulary_find(v, scratch->bytes, scratch->length);
}

/* The two pieces of a merge: "a b" or ["a", "b"]. */
static bool read_pair(const cJSON *item, const char **left, size_t *left_length, const char **right)
{
    if (cJSON_IsString(item)) {
        const char *space = strchr(item->valuestring, ' ');
        *left = item->valuestring;
        *left_length = space ? (size_t)(space - item->valuestring) : 0;
        *right = space ? space + 1 : NULL;
        return space && !strchr(space + 1, ' ');
    }
    if (cJSON_GetArraySize(item) != 2 || !cJSON_IsString(item->child) || !cJSON_IsString(item->child->next))
        return false;
    *left = item->child->valuestring;
    *left_length = strlen(*left);
    *right = item->child->next->valuestring;
    return true;
}

static int read_merge(struct tokenizer *t, const cJSON *item, uint32_t rank, struct text *scratch, const char *name,
                      struct fault *fault)
{
    const char *left, *right;
    size_t length;
    if (!read_pair(item, &left, &length, &right))
        return fail(fault, UTTER_ERROR_MODEL, "%s: merge %u is not a pair of pieces", name, rank);
    int a = vocabulary_find(&t->vocabulary, left, length);
    int b = vocabulary_find(&t->vocabulary, right, strlen(right));
    int merged = a >= 0 && b >= 0 ? merged_piece(t, a, b, scratch) : -1;
    if (scratch->failed)
        return fail_memory(fault, "a vocabulary");
    if (merged < 0)
        return fail(fault, UTTER_ERROR_MODEL, "%s: merge %u, '%.*s' and '%.60s', names a piece that is not there", name,
                    rank, (int)(length < 60 ? length : 60), left, right);
    bpe_add_merge(&t->bpe, a, b, rank, merged);
    return 0;
}

static int read_merges(struct tokenizer *t, const cJSON *merges, const char *name, struct fault *fault)
{
    struct text scratch = {0};
    uint32_t rank = 0;
    int error = 0;
    if (!cJSON_IsArray(merges))
        return fail(fault, UTTER_ERROR_MODEL, "%s: the model has no list of merges", name);
    if (!bpe_reserve(&t->bpe, (size_t)cJSON_GetArraySize(merges)))
        return fail_memory(fault, "a vocabulary");
    for (const cJSON *item = merges->child; item && !error; item = item->next) {
        if (cJSON_IsString(item) && strncmp(item->valuestring, "#version", 8) == 0)
            continue;
        error = read_merge(t, item, rank++, &scratch, name, fault);
    }
    text_free(&scratch);
    return error;
}

static bool copy_text(char **copy, const char *text)
{
    *copy = text && *text ? memory_text(text, strlen(text)) : NULL;
    return *copy || !text || !*text;
}

static int read_bpe(struct tokenizer *t, const cJSON *model, const char *name, struct fault *fault)
{
    const char *unknown = json_text(model, "unk_token");
    int error = read_pieces(t, json_member(model, "vocab"), name, fault);
    if (error)
        return error;
    if (!copy_text(&t->bpe.prefix, json_text(model, "continuing_subword_prefix")) ||
        !copy_text(&t->bpe.suffix, json_text(model, "end_of_word_suffix")))
        return fail_memory(fault, "a vocabulary");
    t->bpe.has_unknown = unknown != NULL;
    t->bpe.unknown = unknown ? vocabulary_find(&t->vocabulary, unknown, strlen(unknown)) : -1;
    t->bpe.fuse_unknown = json_true(model, "fuse_unk", false);
    t->bpe.byte_fallback = json_true(model, "byte_fallback", false);
    t->bpe.ignore_merges = json_true(model, "ignore_merges", false);
    find_byte_pieces(&t->vocabulary, t->bpe.bytes);
    return read_merges(t, json_member(model, "merges"), name, fault);
}

/* ---- Unigram -------------------------------------------------------------------------------------- */

/* "vocab": [["piece", score], …], the id is the place in the list. */
static int read_scored_pieces(struct tokenizer *t, const cJSON *vocab, const char *name, struct fault *fault)
{
    int id = 0, count = cJSON_IsArray(vocab) ? cJSON_GetArraySize(vocab) : 0;
    if (count < 1 || count > VOCABULARY_IDS)
        return fail(fault, UTTER_ERROR_MODEL, "%s: the model has no vocabulary, or one of over %d pieces", name,
                    VOCABULARY_IDS);
    t->unigram.scores = memory_new((size_t)count, sizeof *t->unigram.scores);
    if (!t->unigram.scores)
        return fail_memory(fault, "a vocabulary");
    t->unigram.lowest = INFINITY;
    for (const cJSON *item = vocab->child; item; item = item->next, id++) {
        const cJSON *piece = cJSON_IsArray(item) ? item->child : NULL, *score = piece ? piece->next : NULL;
        if (!cJSON_IsString(piece) || !cJSON_IsNumber(score) || !isfinite(score->valuedouble))
            return fail(fault, UTTER_ERROR_MODEL, "%s: entry %d of the vocabulary is not a piece and its score", name,
                        id);
        int error = add_piece(t, piece->valuestring, id, name, fault);
        if (error)
            return error;
        size_t length = vocabulary_length(&t->vocabulary, id);
        t->unigram.scores[id] = score->valuedouble;
        t->unigram.lowest = score->valuedouble < t->unigram.lowest ? score->valuedouble : t->unigram.lowest;
        t->unigram.longest = length > t->unigram.longest ? length : t->unigram.longest;
    }
    return 0;
}

static int read_unigram(struct tokenizer *t, const cJSON *model, const char *name, struct fault *fault)
{
    const cJSON *unknown = json_member(model, "unk_id");
    int error = read_scored_pieces(t, json_member(model, "vocab"), name, fault);
    if (error)
        return error;
    t->is_unigram = true;
    t->unigram.unknown = -1;
    if (unknown && (!read_id(unknown, &t->unigram.unknown) || t->unigram.unknown >= t->vocabulary.size))
        return fail(fault, UTTER_ERROR_MODEL, "%s: the id of the unknown piece is outside the vocabulary", name);
    t->unigram.byte_fallback = json_true(model, "byte_fallback", false);
    find_byte_pieces(&t->vocabulary, t->unigram.bytes);
    return 0;
}

/* ---- added tokens --------------------------------------------------------------------------------- */

static int set_normal(struct tokenizer *t, struct added *added, struct fault *fault)
{
    struct text normal = {0};
    int error = normalize(&t->normalizer, added->content, added->length, &normal, fault);
    if (error == UTTER_ERROR_UNSUPPORTED) { /* such text cannot be encoded; the rest can */
        text_free(&normal);
        if (fault)
            fault_clear(fault);
        return 0;
    }
    if (!error && !(added->normal = memory_text(normal.bytes ? normal.bytes : "", normal.length)))
        error = fail_memory(fault, "the added tokens");
    text_free(&normal);
    return error;
}

static int read_added_token(struct tokenizer *t, const cJSON *item, const char *name, struct fault *fault)
{
    const char *content = json_text(item, "content");
    void *grown = t->added;
    struct added made = {0};
    if (!content || !read_id(json_member(item, "id"), &made.id))
        return fail(fault, UTTER_ERROR_MODEL,
                    "%s: added token %zu has no content, or an id that is not a number from 0 to %d", name,
                    t->added_count, VOCABULARY_IDS - 1);
    made.length = strlen(content);
    made.special = json_true(item, "special", false);
    made.single_word = json_true(item, "single_word", false);
    made.left = json_true(item, "lstrip", false);
    made.right = json_true(item, "rstrip", false);
    if (!memory_grow(&grown, &t->added_capacity, t->added_count + 1, sizeof made))
        return fail_memory(fault, "the added tokens");
    t->added = grown;
    if (!(made.content = memory_text(content, made.length)))
        return fail_memory(fault, "the added tokens");
    t->added[t->added_count++] = made;
    return json_true(item, "normalized", !made.special) ? set_normal(t, &t->added[t->added_count - 1], fault) : 0;
}

static int read_added(struct tokenizer *t, const cJSON *list, const char *name, struct fault *fault)
{
    int error = 0;
    if (list && !cJSON_IsArray(list))
        return fail(fault, UTTER_ERROR_MODEL, "%s: the added tokens are not a list", name);
    for (const cJSON *item = list ? list->child : NULL; item && !error; item = item->next)
        error = read_added_token(t, item, name, fault);
    t->size = t->vocabulary.size;
    for (size_t i = 0; i < t->added_count; i++)
        t->size = t->added[i].id >= t->size ? t->added[i].id + 1 : t->size;
    t->added_of = memory_new((size_t)t->size, sizeof *t->added_of);
    if (!t->added_of)
        return fail_memory(fault, "the added tokens");
    for (size_t i = 0; i < t->added_count; i++)
        t->added_of[t->added[i].id] = (uint32_t)i + 1;
    return error;
}

/* ---- the file ------------------------------------------------------------------------------------- */

static int read_model(struct tokenizer *t, const cJSON *model, const char *name, struct fault *fault)
{
    const char *type = json_text(model, "type");
    if (!cJSON_IsObject(model))
        return fail(fault, UTTER_ERROR_MODEL, "%s: there is no model in it", name);
    if (!type) /* files from before 2020 do not say */
        type = json_member(model, "merges") ? "BPE" : json_member(model, "unk_id") ? "Unigram" : "(none)";
    if (strcmp(type, "BPE") == 0)
        return read_bpe(t, model, name, fault);
    if (strcmp(type, "Unigram") == 0)
        return read_unigram(t, model, name, fault);
    return fail(fault, UTTER_ERROR_UNSUPPORTED,
                "%s: the tokenizer model '%.60s' is not supported, only BPE and Unigram are", name, type);
}

int tokenizer_read(struct tokenizer *t, const cJSON *root, const char *name, struct fault *fault)
{
    const cJSON *normalizer = json_member(root, "normalizer"), *decoder = json_member(root, "decoder");
    const cJSON *pre_tokenizer = json_member(root, "pre_tokenizer");
    int error = read_model(t, json_member(root, "model"), name, fault);
    if (!error && normalizer)
        error = steps_read_normalizer(&t->normalizer, normalizer, name, fault);
    if (!error && pre_tokenizer)
        error = steps_read_pre_tokenizer(&t->pre_tokenizer, pre_tokenizer, name, fault);
    if (!error && decoder)
        error = steps_read_decoder(&t->decoder, decoder, name, fault);
    t->has_decoder = decoder != NULL;
    return error ? error : read_added(t, json_member(root, "added_tokens"), name, fault);
}

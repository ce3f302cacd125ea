/* vits_vocabulary_read.c - a VITS vocabulary from vocab.json and tokenizer_config.json. */
#include "decoder/tokens/vits_vocabulary_parts.h"

#include "src/base/memory.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Published ones have 30 to 200; with more, the search for words that lowercasing spares would take its time. */
enum { MOST_SYMBOLS = 8192 };

static cJSON *parse(const char *text, size_t length, const char *name, const char *what, struct fault *fault)
{
    cJSON *root = utf8_valid(text, length) ? cJSON_ParseWithLength(text, length) : NULL;
    if (cJSON_IsObject(root))
        return root;
    cJSON_Delete(root);
    fail(fault, UTTER_ERROR_MODEL, "%s: %s is not a JSON object", name, what);
    return NULL;
}

static int read_symbol(struct vits_vocabulary *v, const cJSON *item, const char *name, struct fault *fault)
{
    const double id = cJSON_IsNumber(item) ? item->valuedouble : -1;
    const size_t length = strlen(item->string);
    if (!(id >= 0) || id >= VOCABULARY_IDS || id != floor(id))
        return fail(fault, UTTER_ERROR_MODEL, "%s: the id of '%.60s' is not a number from 0 to %d", name, item->string,
                    VOCABULARY_IDS - 1);
    if (length == 0)
        return fail(fault, UTTER_ERROR_MODEL, "%s: the vocabulary has an empty symbol", name);
    const enum vocabulary_result result = vocabulary_add(&v->symbols, item->string, length, (int)id);
    if (result == VOCABULARY_TAKEN)
        return fail(fault, UTTER_ERROR_MODEL, "%s: two symbols have the id %d", name, (int)id);
    text_add(&v->words.text, item->string, length);
    pieces_end(&v->words);
    return result == VOCABULARY_MEMORY || v->words.text.failed ? fail_memory(fault, "a vocabulary") : 0;
}

static int read_symbols(struct vits_vocabulary *v, const char *text, size_t length, const char *name,
                        struct fault *fault)
{
    cJSON *root = parse(text, length, name, "vocab.json", fault);
    int error = root ? 0 : UTTER_ERROR_MODEL;
    for (const cJSON *item = root ? root->child : NULL; item && !error; item = item->next)
        error = v->words.count < MOST_SYMBOLS
                    ? read_symbol(v, item, name, fault)
                    : fail(fault, UTTER_ERROR_MODEL, "%s: more than %d symbols", name, MOST_SYMBOLS);
    if (!error && v->symbols.size == 0)
        error = fail(fault, UTTER_ERROR_MODEL, "%s: the vocabulary is empty", name);
    cJSON_Delete(root);
    return error;
}

static bool read_flag(const cJSON *root, const char *key, bool otherwise)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, key);
    return cJSON_IsBool(item) ? cJSON_IsTrue(item) : otherwise;
}

/* A token is a text, or an object with its text in "content". */
static void read_special(struct vits_vocabulary *v, const cJSON *root, const char *key, const char *otherwise)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, key);
    if (cJSON_IsObject(item))
        item = cJSON_GetObjectItemCaseSensitive(item, "content");
    const char *text = cJSON_GetStringValue(item);
    text_add_string(&v->special.text, text ? text : otherwise);
    pieces_end(&v->special);
}

static int read_rules(struct vits_vocabulary *v, const cJSON *root, struct fault *fault)
{
    const char *language = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "language"));
    v->language = memory_text(language ? language : "", language ? strlen(language) : 0);
    v->rules = (struct vits_rules){.language = v->language,
                                   .add_blank = read_flag(root, "add_blank", true),
                                   .normalize = read_flag(root, "normalize", true),
                                   .phonemize = read_flag(root, "phonemize", true),
                                   .is_uroman = read_flag(root, "is_uroman", false)};
    read_special(v, root, "pad_token", "<pad>");
    read_special(v, root, "unk_token", "<unk>");
    return v->language && !v->special.text.failed ? 0 : fail_memory(fault, "a vocabulary");
}

static int read_config(struct vits_vocabulary *v, const char *text, size_t length, const char *name,
                       struct fault *fault)
{
    if (!text)
        return read_rules(v, NULL, fault);
    cJSON *root = parse(text, length, name, "tokenizer_config.json", fault);
    const int error = root ? read_rules(v, root, fault) : UTTER_ERROR_MODEL;
    cJSON_Delete(root);
    return error;
}

int vits_vocabulary_open(struct vits_vocabulary **vocabulary, const char *vocab, size_t length, const char *config,
                         size_t config_length, const char *name, struct fault *fault)
{
    *vocabulary = NULL;
    struct vits_vocabulary *v = memory_new(1, sizeof *v);
    if (!v)
        return fail_memory(fault, "a vocabulary");
    int error = read_symbols(v, vocab, length, name, fault);
    if (!error)
        error = read_config(v, config, config_length, name, fault);
    if (error)
        vits_vocabulary_close(&v);
    *vocabulary = v;
    return error;
}

void vits_vocabulary_close(struct vits_vocabulary **vocabulary)
{
    struct vits_vocabulary *v = *vocabulary;
    *vocabulary = NULL;
    if (!v)
        return;
    vocabulary_free(&v->symbols);
    pieces_free(&v->words);
    pieces_free(&v->special);
    free(v->language);
    free(v);
}

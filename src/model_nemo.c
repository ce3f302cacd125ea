/* model_nemo.c - Parakeet's models from NeMo's archives: what Hugging Face's form of them has in files of its own is
 * made from what is in the archive, and then read as it is there. */
#include "decoder/tokens/sentencepiece.h"
#include "models/load/nemo.h"
#include "src/base/memory.h"
#include "src/model.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the tokenizer ---- */

static bool add_text(cJSON *object, const char *key, const char *text)
{
    return cJSON_AddStringToObject(object, key, text) != NULL;
}

/* Unknown and control pieces are no text. */
static bool add_special(cJSON *list, int id, const char *piece)
{
    cJSON *item = cJSON_CreateObject();
    if (!item || !cJSON_AddItemToArray(list, item))
        return false;
    return cJSON_AddNumberToObject(item, "id", id) && add_text(item, "content", piece) &&
           cJSON_AddTrueToObject(item, "special");
}

static bool add_piece(cJSON *list, const char *piece, float score)
{
    cJSON *pair = cJSON_CreateArray();
    if (!pair || !cJSON_AddItemToArray(list, pair))
        return false;
    return cJSON_AddItemToArray(pair, cJSON_CreateString(piece)) &&
           cJSON_AddItemToArray(pair, cJSON_CreateNumber((double)score));
}

static bool add_metaspace(cJSON *root, const char *key)
{
    cJSON *object = cJSON_AddObjectToObject(root, key);
    return object && add_text(object, "type", "Metaspace") && add_text(object, "replacement", "\xE2\x96\x81");
}

static bool add_pieces(cJSON *root, const struct sentencepiece *pieces)
{
    cJSON *special = cJSON_AddArrayToObject(root, "added_tokens"), *model = cJSON_AddObjectToObject(root, "model");
    cJSON *list = model ? cJSON_AddArrayToObject(model, "vocab") : NULL;
    bool good = special && list && add_text(model, "type", "Unigram") &&
                cJSON_AddNumberToObject(model, "unk_id", sentencepiece_unknown(pieces));
    for (int id = 0; id < sentencepiece_size(pieces) && good; id++) {
        enum sentencepiece_type type = sentencepiece_type(pieces, id);
        const char *piece = sentencepiece_piece(pieces, id);
        good = add_piece(list, piece, sentencepiece_score(pieces, id));
        if (type == SENTENCEPIECE_UNKNOWN || type == SENTENCEPIECE_CONTROL)
            good = good && add_special(special, id, piece);
    }
    return good;
}

/* The tokenizer.json of the same pieces, in memory of cJSON's (cJSON_free); NULL: no memory. */
static char *make_tokenizer(const struct sentencepiece *pieces)
{
    cJSON *root = cJSON_CreateObject();
    bool good =
        root && add_metaspace(root, "pre_tokenizer") && add_metaspace(root, "decoder") && add_pieces(root, pieces);
    char *json = good ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    return json;
}

static int take_pieces(struct utter_model *model, const struct sentencepiece *pieces, int vocabulary, int blank,
                       const char *name, struct fault *fault)
{
    for (int id = 0; id < sentencepiece_size(pieces); id++)
        if (sentencepiece_type(pieces, id) == SENTENCEPIECE_BYTE)
            return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s has pieces of bytes", name);
    char *json = make_tokenizer(pieces);
    if (!json)
        return fail_memory(fault, "a tokenizer");
    int code = parakeet_take_pieces(model, vocabulary, blank, json, strlen(json), name, fault);
    cJSON_free(json);
    return code;
}

static int read_pieces(struct utter_model *model, const struct checkpoint *checkpoint, int vocabulary, int blank,
                       struct fault *fault)
{
    const unsigned char *bytes;
    size_t size;
    char name[512];
    struct sentencepiece *pieces = NULL;
    snprintf(name, sizeof name, "%.400s: tokenizer.model", checkpoint_path(checkpoint));
    if (!checkpoint_member(checkpoint, "tokenizer.model", &bytes, &size))
        return fail(fault, UTTER_ERROR_MODEL, "%s is missing", name);
    if (size > MODEL_TOKENIZER_LIMIT)
        return fail(fault, UTTER_ERROR_MODEL, "%s has %zu bytes", name, size);
    int code = sentencepiece_open(&pieces, bytes, size, name, fault);
    if (!code)
        code = take_pieces(model, pieces, vocabulary, blank, name, fault);
    if (pieces)
        sentencepiece_close(&pieces);
    return code;
}

/* ---- the network ---- */

static int load_transducer(struct utter_model *model, const struct checkpoint *checkpoint, const char *json,
                           struct fault *fault)
{
    struct transducer_config config;
    struct logmel_params features;
    if (transducer_config_read(&config, json, strlen(json), checkpoint_path(checkpoint), fault))
        return fault->code;
    logmel_params_default(&features, LOGMEL_PARAKEET, config.encoder.mel_bins);
    if (logmel_open(&model->logmel, &features, fault) ||
        read_pieces(model, checkpoint, config.vocabulary, config.blank, fault))
        return fault->code;
    return model_open_transducer(model, &config, checkpoint, fault);
}

static int load_ctc(struct utter_model *model, const struct checkpoint *checkpoint, const char *json,
                    struct fault *fault)
{
    struct fastconformer_config config;
    struct logmel_params features;
    if (fastconformer_config_read(&config, json, strlen(json), checkpoint_path(checkpoint), fault))
        return fault->code;
    logmel_params_default(&features, LOGMEL_PARAKEET, config.mel_bins);
    if (logmel_open(&model->logmel, &features, fault) ||
        read_pieces(model, checkpoint, config.vocabulary, config.blank, fault))
        return fault->code;
    return model_open_ctc(model, &config, checkpoint, fault);
}

int model_load_nemo(struct utter_model *model, const struct checkpoint *checkpoint, struct fault *fault)
{
    char *json = NULL;
    if (model_set_language(model, "", fault) || nemo_config(checkpoint, &json, fault))
        return fault->code;
    int code = strstr(json, "\"parakeet_ctc\"") ? load_ctc(model, checkpoint, json, fault)
                                                : load_transducer(model, checkpoint, json, fault);
    free(json);
    return code;
}

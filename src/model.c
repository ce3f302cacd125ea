#include "src/model.h"

#include "audio/activity.h"
#include "src/base/memory.h"
#include "src/message.h"
#include "src/text_file.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Far above the published ones (a config has kilobytes, the largest tokenizers some 20 MB). */
static const size_t config_limit = 4u << 20, tokenizer_limit = 128u << 20;

/* ---- precision ---- */

static int weight_type(enum tensor_type *type, enum utter_precision precision, const struct device *device,
                       struct fault *fault)
{
    switch (precision) {
    case UTTER_PRECISION_AUTO:
        *type = device->best;
        return 0;
    case UTTER_PRECISION_F32:
        *type = TENSOR_F32;
        return 0;
    case UTTER_PRECISION_BF16:
        *type = TENSOR_BF16;
        return 0;
    case UTTER_PRECISION_INT8:
        *type = TENSOR_I8;
        return 0;
    }
    return fail(fault, UTTER_ERROR_ARGUMENT, "precision is %d, which is none", (int)precision);
}

static const char *precision_name(enum tensor_type type)
{
    return type == TENSOR_I8 ? "int8" : type == TENSOR_BF16 ? "bf16" : "f32";
}

/* ---- the parts ---- */

static int read_config(struct utter_model *model, struct fastconformer_config *config, const char *directory,
                       struct fault *fault)
{
    struct text_file file;
    if (text_file_read(&file, directory, "config.json", config_limit, fault))
        return fault->code;
    int code = fastconformer_config_read(config, file.text, file.length, file.path, fault);
    if (!code) {
        cJSON *root = cJSON_ParseWithLength(file.text, file.length);
        const char *language = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "language"));
        if (!language || strlen(language) > 32)
            language = "";
        model->language = memory_text(language, strlen(language));
        cJSON_Delete(root);
        if (!model->language)
            code = fail_memory(fault, "a model");
    }
    text_file_free(&file);
    return code;
}

static int check_features(const struct logmel_params *params, const struct fastconformer_config *config,
                          const char *directory, struct fault *fault)
{
    if (params->kind != LOGMEL_PARAKEET)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s/preprocessor_config.json: its features are not Parakeet's",
                    directory);
    if (params->sample_rate != ACTIVITY_RATE)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s/preprocessor_config.json: a sampling rate of %d Hz, not %d",
                    directory, params->sample_rate, ACTIVITY_RATE);
    if (params->mels != config->mel_bins)
        return fail(fault, UTTER_ERROR_MODEL,
                    "%s: preprocessor_config.json makes %d mel bins, but config.json says that the network takes %d",
                    directory, params->mels, config->mel_bins);
    return 0;
}

static int read_features(struct utter_model *model, const struct fastconformer_config *config, const char *directory,
                         struct fault *fault)
{
    struct logmel_params params;
    logmel_params_default(&params, LOGMEL_PARAKEET, config->mel_bins);
    char *path = path_join(directory, "preprocessor_config.json");
    if (!path)
        return fail_memory(fault, "a model");
    bool there = path_exists(path);
    free(path);
    if (there) {
        struct text_file file;
        if (text_file_read(&file, directory, "preprocessor_config.json", config_limit, fault))
            return fault->code;
        int code = logmel_params_read(&params, file.text, file.length, file.path, fault);
        text_file_free(&file);
        if (code)
            return code;
    }
    if (check_features(&params, config, directory, fault))
        return fault->code;
    return logmel_open(&model->logmel, &params, fault);
}

/* Every id that the network may emit must have a piece; only the blank may lie beyond the tokenizer. */
static int check_vocabulary(const struct tokenizer *tokenizer, const struct fastconformer_config *config,
                            const char *directory, struct fault *fault)
{
    int size = tokenizer_size(tokenizer);
    if (size > config->vocabulary)
        return fail(fault, UTTER_ERROR_MODEL, "%s: tokenizer.json has %d tokens, but config.json a vocabulary of %d",
                    directory, size, config->vocabulary);
    for (int id = 0; id < config->vocabulary; id++)
        if (id != config->blank && (id >= size || !tokenizer_piece(tokenizer, id)))
            return fail(fault, UTTER_ERROR_MODEL,
                        "%s: tokenizer.json has no token %d, but config.json a vocabulary of %d", directory, id,
                        config->vocabulary);
    return 0;
}

static int read_tokenizer(struct utter_model *model, const struct fastconformer_config *config, const char *directory,
                          struct fault *fault)
{
    struct text_file file;
    if (text_file_read(&file, directory, "tokenizer.json", tokenizer_limit, fault))
        return fault->code;
    int code = tokenizer_open(&model->tokenizer, file.text, file.length, file.path, fault);
    text_file_free(&file);
    return code ? code : check_vocabulary(model->tokenizer, config, directory, fault);
}

/* ---- opening ---- */

static int begin_model(struct utter_model **out, utter_engine *engine, const char *name,
                       const struct utter_model_params *given, struct fault *fault)
{
    struct utter_model_params params;
    if (need_pointer(engine, "engine", fault) ||
        params_read(&params, sizeof params, given, "utter_model_params", fault))
        return fault->code;
    struct utter_model *model = memory_new(1, sizeof *model);
    if (!model)
        return fail_memory(fault, "a model");
    model->engine = engine;
    model->name = memory_text(name, strlen(name));
    if (!model->name)
        fail_memory(fault, "a model");
    else
        weight_type(&model->type, params.precision, engine->device, fault);
    if (fault->code)
        utter_model_close(&model);
    else
        *out = model;
    return fault->code;
}

static void end_model(struct utter_model *model, double began)
{
    const struct fastconformer_config *config = fastconformer_get_config(model->network);
    const struct logmel_params *features = logmel_get_params(model->logmel);
    model->frame_seconds = (double)features->hop * config->subsampling_factor / features->sample_rate;
    model->load_seconds = clock_seconds() - began;
    engine_log(model->engine, UTTER_LOG_INFO, "model %s: %.1f M parameters, %s, opened in %.3f s", model->name,
               (double)fastconformer_parameters(model->network) / 1e6, precision_name(model->type),
               model->load_seconds);
}

static int load_model(struct utter_model *model, const char *directory, struct fault *fault)
{
    struct fastconformer_config config;
    if (read_config(model, &config, directory, fault) || read_features(model, &config, directory, fault) ||
        read_tokenizer(model, &config, directory, fault))
        return fault->code;
    struct checkpoint *checkpoint = NULL;
    if (checkpoint_open(&checkpoint, directory, fault))
        return fault->code;
    int code = fastconformer_open(&model->network, &config, checkpoint, model->engine->device, model->type, fault);
    checkpoint_close(&checkpoint);
    return code;
}

static int open_model(utter_engine *engine, const char *name, const struct utter_model_params *params,
                      utter_model **out, struct fault *fault)
{
    double began = clock_seconds();
    struct utter_model *model = NULL;
    char *directory = NULL;
    if (need_pointer(out, "out", fault) || begin_model(&model, engine, name, params, fault))
        return fault->code;
    if (!model_find(&directory, name, fault) && !load_model(model, directory, fault)) {
        end_model(model, began);
        *out = model;
    } else {
        utter_model_close(&model);
    }
    free(directory);
    return fault->code;
}

int utter_model_open(utter_engine *engine, const char *model, const struct utter_model_params *params,
                     utter_model **out)
{
    struct fault fault = {0};
    open_model(engine, model ? model : "en", params, out, &fault);
    return message_publish(&fault);
}

/* ---- random weights ---- */

int made_up_tokenizer(struct tokenizer **tokenizer, int count, struct fault *fault)
{
    static const char head[] = "{\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"▁\"},"
                               "\"decoder\":{\"type\":\"Metaspace\",\"replacement\":\"▁\"},"
                               "\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0]";
    size_t size = sizeof head + (size_t)count * 32 + 8, length = 0;
    char *json = memory_new(size, 1);
    if (!json)
        return fail_memory(fault, "a tokenizer");
    length += (size_t)snprintf(json, size, "%s", head);
    for (int id = 1; id < count; id++)
        length += (size_t)snprintf(json + length, size - length, ",[\"▁w%d\",-1]", id);
    length += (size_t)snprintf(json + length, size - length, "]}}");
    int code = tokenizer_open(tokenizer, json, length, "a made-up tokenizer", fault);
    free(json);
    return code;
}

static int make_model(struct utter_model *model, const struct fastconformer_config *config, uint64_t seed,
                      struct fault *fault)
{
    struct logmel_params features;
    logmel_params_default(&features, LOGMEL_PARAKEET, config->mel_bins);
    struct checkpoint *checkpoint = NULL;
    model->language = memory_text("", 0);
    if (!model->language)
        return fail_memory(fault, "a model");
    if (logmel_open(&model->logmel, &features, fault) ||
        made_up_tokenizer(&model->tokenizer, config->vocabulary, fault) ||
        checkpoint_open_random(&checkpoint, seed, fault))
        return fault->code;
    int code = fastconformer_open(&model->network, config, checkpoint, model->engine->device, model->type, fault);
    checkpoint_close(&checkpoint);
    return code;
}

static int open_random(utter_engine *engine, const char *shape, uint64_t seed, const struct utter_model_params *params,
                       utter_model **out, struct fault *fault)
{
    double began = clock_seconds();
    struct utter_model *model = NULL;
    struct fastconformer_config config;
    if (need_pointer(out, "out", fault) || need_pointer(shape, "shape", fault))
        return fault->code;
    if (!fastconformer_config_named(&config, shape))
        return fail(fault, UTTER_ERROR_ARGUMENT, "there is no shape \"%.100s\"", shape);
    if (begin_model(&model, engine, shape, params, fault))
        return fault->code;
    if (make_model(model, &config, seed, fault)) {
        utter_model_close(&model);
        return fault->code;
    }
    end_model(model, began);
    *out = model;
    return 0;
}

int utter_model_open_random(utter_engine *engine, const char *shape, uint64_t seed,
                            const struct utter_model_params *params, utter_model **out)
{
    struct fault fault = {0};
    open_random(engine, shape, seed, params, out, &fault);
    return message_publish(&fault);
}

void utter_model_close(utter_model **model)
{
    if (!model || !*model)
        return;
    struct utter_model *m = *model;
    if (m->network)
        fastconformer_close(&m->network);
    if (m->logmel)
        logmel_close(&m->logmel);
    if (m->tokenizer)
        tokenizer_close(&m->tokenizer);
    free(m->name);
    free(m->language);
    free(m);
    *model = NULL;
}

/* ---- what it says of itself ---- */

/* Only the primary subtags are compared: a model of "en" takes "en-GB". A model that does not say takes all. */
int model_speaks(const struct utter_model *model, const char *language, struct fault *fault)
{
    if (!language || !*language || !*model->language)
        return 0;
    size_t asked = strcspn(language, "-_"), own = strcspn(model->language, "-_");
    if (asked == own && !strncasecmp(language, model->language, own))
        return 0;
    return fail(fault, UTTER_ERROR_UNSUPPORTED, "model %.200s speaks \"%s\", not \"%.32s\"", model->name,
                model->language, language);
}

int utter_model_get_info(const utter_model *model, struct utter_model_info *info)
{
    struct fault fault = {0};
    if (!need_pointer(model, "model", &fault) && !need_pointer(info, "info", &fault)) {
        struct utter_model_info full = {
            .name = model->name,
            .family = "fastconformer-ctc",
            .language = model->language,
            .precision = precision_name(model->type),
            .parameters = fastconformer_parameters(model->network),
            .weight_bytes = fastconformer_weight_bytes(model->network),
            .vocabulary = fastconformer_get_config(model->network)->vocabulary,
            .sample_rate = logmel_get_params(model->logmel)->sample_rate,
            .frame_seconds = model->frame_seconds,
            .load_seconds = model->load_seconds,
        };
        result_write(info, &full, sizeof full, "utter_model_info", &fault);
    }
    return message_publish(&fault);
}

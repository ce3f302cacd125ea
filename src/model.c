#include "src/model.h"

#include "src/base/memory.h"
#include "src/live.h"
#include "src/message.h"
#include "src/passes.h"
#include "src/precision.h"
#include "src/text_file.h"
#include "src/voices.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int model_read_language(struct utter_model *model, const char *json, size_t length, struct fault *fault)
{
    cJSON *root = cJSON_ParseWithLength(json, length);
    const char *language = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "language"));
    int code = model_set_language(model, language && strlen(language) <= 32 ? language : "", fault);
    cJSON_Delete(root);
    return code;
}

int model_set_language(struct utter_model *model, const char *language, struct fault *fault)
{
    free(model->language);
    model->language = memory_text(language, strlen(language));
    return model->language ? 0 : fail_memory(fault, "a model");
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
        precision_type(&model->type, params.precision, engine->device, fault);
    if (fault->code)
        utter_model_close(&model);
    else
        *out = model;
    return fault->code;
}

static int end_model(struct utter_model *model, double began, struct fault *fault)
{
    if (model->vocabulary && spelling_open_whisper(&model->spelling, model->vocabulary, fault))
        return fault->code;
    if (passes_open(&model->passes, model, live_longest(), NULL, fault) ||
        voices_open(&model->voices, model->engine, fault) || boostings_open(&model->boostings, fault))
        return fault->code;
    model->load_seconds = clock_seconds() - began;
    engine_log(model->engine, UTTER_LOG_INFO, "model %s: %.1f M parameters, %s, opened in %.3f s", model->name,
               (double)model->parameters / 1e6, precision_name(model->type), model->load_seconds);
    return 0;
}

/* A .nemo archive is one of Parakeet's, any other file a Whisper, since no other family is published as one file. */
static int load_file(struct utter_model *model, const char *path, struct fault *fault)
{
    struct checkpoint *checkpoint = NULL;
    if (checkpoint_open(&checkpoint, path, fault))
        return fault->code;
    int code = strcmp(checkpoint_format(checkpoint), "nemo") ? model_load_whisper_file(model, checkpoint, fault)
                                                             : model_load_nemo(model, checkpoint, fault);
    checkpoint_close(&checkpoint);
    return code;
}

/* A directory is what its config.json says. */
static int load_model(struct utter_model *model, const char *path, struct fault *fault)
{
    if (!path_is_directory(path))
        return load_file(model, path, fault);
    struct text_file file;
    if (text_file_read(&file, path, "config.json", MODEL_CONFIG_LIMIT, fault))
        return fault->code;
    cJSON *root = cJSON_ParseWithLength(file.text, file.length);
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "model_type"));
    int (*load)(struct utter_model *, const char *, struct fault *) = model_load_ctc;
    if (type && !strcmp(type, "whisper"))
        load = model_load_whisper;
    else if (type && (!strcmp(type, "parakeet_tdt") || !strcmp(type, "parakeet_rnnt")))
        load = model_load_transducer;
    cJSON_Delete(root);
    text_file_free(&file);
    return load(model, path, fault);
}

static int open_model(utter_engine *engine, const char *name, const struct utter_model_params *params,
                      utter_model **out, struct fault *fault)
{
    double began = clock_seconds();
    struct utter_model *model = NULL;
    char *path = NULL;
    if (need_pointer(out, "out", fault) || begin_model(&model, engine, name, params, fault))
        return fault->code;
    if (model_find(&path, name, fault) || load_model(model, path, fault) || end_model(model, began, fault))
        utter_model_close(&model);
    else
        *out = model;
    free(path);
    return fault->code;
}

int utter_model_open(utter_engine *engine, const char *model, const struct utter_model_params *params,
                     utter_model **out)
{
    struct fault fault = {0};
    open_model(engine, model ? model : "en", params, out, &fault);
    return message_publish(&fault);
}

static int make_model(struct utter_model *model, const char *shape, uint64_t seed, struct fault *fault)
{
    struct fastconformer_config ctc;
    struct transducer_config transducer;
    struct whisper_config whisper;
    if (model_set_language(model, "", fault))
        return fault->code;
    if (fastconformer_config_named(&ctc, shape))
        return model_make_ctc(model, &ctc, seed, fault);
    if (transducer_config_named(&transducer, shape))
        return model_make_transducer(model, &transducer, seed, fault);
    if (whisper_config_named(&whisper, shape))
        return model_make_whisper(model, &whisper, seed, fault);
    return fail(fault, UTTER_ERROR_ARGUMENT, "there is no shape \"%.100s\"", shape);
}

static int open_random(utter_engine *engine, const char *shape, uint64_t seed, const struct utter_model_params *params,
                       utter_model **out, struct fault *fault)
{
    double began = clock_seconds();
    struct utter_model *model = NULL;
    if (need_pointer(out, "out", fault) || need_pointer(shape, "shape", fault) ||
        begin_model(&model, engine, shape, params, fault))
        return fault->code;
    if (make_model(model, shape, seed, fault) || end_model(model, began, fault))
        utter_model_close(&model);
    else
        *out = model;
    return fault->code;
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
    passes_close(&m->passes);
    voices_close(&m->voices);
    boostings_close(&m->boostings);
    if (m->network)
        fastconformer_close(&m->network);
    if (m->transducer)
        transducer_close(&m->transducer);
    if (m->whisper)
        whisper_close(&m->whisper);
    if (m->vocabulary)
        whisper_vocabulary_close(&m->vocabulary);
    if (m->logmel)
        logmel_close(&m->logmel);
    language_model_close(&m->lm);
    spelling_close(&m->spelling);
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
    if (!language || !*language)
        return 0;
    if (model->whisper && whisper_vocabulary_multilingual(model->vocabulary)) {
        if (whisper_vocabulary_language_id(model->vocabulary, language) >= 0)
            return 0;
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "model %.200s does not know the language \"%.32s\"", model->name,
                    language);
    }
    if (!*model->language)
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
            .family = model->family,
            .language = model->language,
            .precision = precision_name(model->type),
            .device = model->engine->device->name,
            .parameters = model->parameters,
            .weight_bytes = model->weight_bytes,
            .vocabulary = model->vocabulary_size,
            .sample_rate = logmel_get_params(model->logmel)->sample_rate,
            .frame_seconds = model->frame_seconds,
            .load_seconds = model->load_seconds,
        };
        result_write(info, &full, sizeof full, "utter_model_info", &fault);
    }
    return message_publish(&fault);
}

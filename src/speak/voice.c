/* voice.c - utter_voice: finds out which family a voice is of, and opens it. */
#include "src/speak/voice.h"

#include "src/base/memory.h"
#include "src/message.h"
#include "src/model.h"
#include "src/precision.h"
#include "src/speak/speaker_names.h"
#include "src/text_file.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

static const struct voice_family *const families[] = {&fastspeech_family, &speecht5_family, &vits_family};
enum { FAMILIES = sizeof families / sizeof *families };

/* Where the pronouncer's words lie, by the way that models are found. */
static const char pronouncing[] = "lexicon";

int voice_open_pronouncer(struct utter_voice *voice, const char *lexicon, struct fault *fault)
{
    char *directory = NULL, *path = NULL;
    if (model_find(&directory, pronouncing, fault))
        return fault->code;
    path = path_join(directory, "en.bin");
    if (!path)
        fail_memory(fault, "a voice");
    else
        pronouncer_open(&voice->pronouncer, path, lexicon, fault);
    free(path);
    free(directory);
    return fault->code;
}

int voice_set_language(struct utter_voice *voice, const char *language, struct fault *fault)
{
    free(voice->language);
    voice->language = memory_text(language, strlen(language));
    return voice->language ? 0 : fail_memory(fault, "a voice");
}

/* ---- which family ---- */

static const struct voice_family *family_of(const char *directory, struct fault *fault)
{
    struct text_file file;
    if (text_file_read(&file, directory, "config.json", MODEL_CONFIG_LIMIT, fault))
        return NULL;
    cJSON *root = cJSON_ParseWithLength(file.text, file.length);
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "model_type"));
    const struct voice_family *family = NULL;
    for (int i = 0; type && i < FAMILIES && !family; i++)
        if (families[i]->is_type(type))
            family = families[i];
    if (!root)
        fail(fault, UTTER_ERROR_MODEL, "%s: it is no JSON", file.path);
    else if (!family)
        fail(fault, UTTER_ERROR_UNSUPPORTED, "%s: \"model_type\" is \"%.60s\", which is no voice that is known here",
             file.path, type ? type : "");
    cJSON_Delete(root);
    text_file_free(&file);
    return family;
}

static const struct voice_family *family_of_shape(const char *shape, struct fault *fault)
{
    for (int i = 0; i < FAMILIES; i++)
        if (families[i]->is_shape(shape))
            return families[i];
    fail(fault, UTTER_ERROR_ARGUMENT, "there is no shape of voices \"%.100s\"", shape);
    return NULL;
}

/* ---- opening ---- */

static int begin_voice(struct utter_voice **out, utter_engine *engine, const char *name,
                       const struct utter_voice_params *params, struct fault *fault)
{
    struct utter_voice *voice = memory_new(1, sizeof *voice);
    if (!voice)
        return fail_memory(fault, "a voice");
    voice->engine = engine;
    voice->speakers = 1;
    voice->name = memory_text(name, strlen(name));
    voice->english = true;
    if (!voice->name)
        fail_memory(fault, "a voice");
    else if (!voice_set_language(voice, "en", fault) && !say_rules_open(&voice->rules, fault))
        precision_type(&voice->type, params->precision, engine->device, fault);
    if (fault->code)
        utter_voice_close(&voice);
    else
        *out = voice;
    return fault->code;
}

static int load(struct utter_voice *voice, const struct voice_source *source, struct fault *fault)
{
    double began = clock_seconds();
    voice->family = source->directory ? family_of(source->directory, fault) : family_of_shape(source->shape, fault);
    if (!voice->family || voice->family->open(voice, source, fault) ||
        (source->directory && speaker_names_read(voice, source->directory, fault)))
        return fault->code;
    voice->load_seconds = clock_seconds() - began;
    engine_log(voice->engine, UTTER_LOG_INFO, "voice %s: %s, %.1f M parameters, %s, %d Hz, opened in %.3f s",
               voice->name, voice->family->name, (double)voice->parameters / 1e6, precision_name(voice->type),
               voice->sample_rate, voice->load_seconds);
    return 0;
}

static int open_voice(utter_engine *engine, const char *name, struct voice_source *source,
                      const struct utter_voice_params *given, utter_voice **out, struct fault *fault)
{
    struct utter_voice_params params;
    struct utter_voice *voice = NULL;
    if (need_pointer(engine, "engine", fault) || need_pointer(out, "out", fault) ||
        params_read(&params, sizeof params, given, "utter_voice_params", fault) ||
        begin_voice(&voice, engine, name, &params, fault))
        return fault->code;
    source->params = &params;
    if (load(voice, source, fault))
        utter_voice_close(&voice);
    else
        *out = voice;
    return fault->code;
}

int utter_voice_open(utter_engine *engine, const char *voice, const struct utter_voice_params *params,
                     utter_voice **out)
{
    struct fault fault = {0};
    char *directory = NULL;
    const char *name = voice ? voice : "voice-en";
    if (!model_find(&directory, name, &fault)) {
        struct voice_source source = {.directory = directory};
        open_voice(engine, name, &source, params, out, &fault);
    }
    free(directory);
    return message_publish(&fault);
}

int utter_voice_open_random(utter_engine *engine, const char *shape, uint64_t seed,
                            const struct utter_voice_params *params, utter_voice **out)
{
    struct fault fault = {0};
    struct voice_source source = {.shape = shape, .seed = seed};
    if (!need_pointer(shape, "shape", &fault))
        open_voice(engine, shape, &source, params, out, &fault);
    return message_publish(&fault);
}

void utter_voice_close(utter_voice **voice)
{
    if (!voice || !*voice)
        return;
    struct utter_voice *v = *voice;
    if (v->family)
        v->family->close(v);
    pronouncer_close(&v->pronouncer);
    say_rules_close(&v->rules);
    speaker_names_free(v);
    free(v->speaker_hertz);
    free(v->name);
    free(v->language);
    free(v);
    *voice = NULL;
}

int utter_voice_get_info(const utter_voice *voice, struct utter_voice_info *info)
{
    struct fault fault = {0};
    if (!need_pointer(voice, "voice", &fault) && !need_pointer(info, "info", &fault)) {
        struct utter_voice_info full = {.name = voice->name,
                                        .family = voice->family->name,
                                        .language = voice->language,
                                        .precision = precision_name(voice->type),
                                        .device = voice->engine->device->name,
                                        .parameters = voice->parameters,
                                        .weight_bytes = voice->weight_bytes,
                                        .sample_rate = voice->sample_rate,
                                        .speaker_count = voice->speakers,
                                        .load_seconds = voice->load_seconds,
                                        .speaker_names = (const char *const *)voice->speaker_names};
        result_write(info, &full, sizeof full, "utter_voice_info", &fault);
    }
    return message_publish(&fault);
}

#include "audio/activity.h"
#include "src/base/memory.h"
#include "src/model.h"
#include "src/text_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the vocabulary ---- */

static bool token_of_checkpoint(void *context, size_t id, const char **bytes, size_t *length)
{
    return checkpoint_token(context, id, bytes, length);
}

/* A .tiktoken file as OpenAI publishes it, in folder; *there says whether it is. */
static int read_tiktoken(struct utter_model *model, int size, const char *folder, bool *there, struct fault *fault)
{
    const char *name = size == 51864 ? "gpt2.tiktoken" : "multilingual.tiktoken";
    struct text_file file;
    if (text_file_read_if_there(&file, folder, name, MODEL_TOKENIZER_LIMIT, there, fault) || !*there)
        return fault->code;
    int code = whisper_vocabulary_open_tiktoken(&model->vocabulary, size, file.text, file.length, file.path, fault);
    text_file_free(&file);
    return code;
}

/* The folder that path lies in, in memory of the caller's (free). */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? memory_text(path, slash == path ? 1 : (size_t)(slash - path)) : memory_text(".", 1);
}

/* For weights that carry no vocabulary: beside them, or in $UTTER_MODELS. */
static int find_tiktoken(struct utter_model *model, int size, const char *path, struct fault *fault)
{
    char *folder = folder_of(path);
    const char *models = getenv("UTTER_MODELS");
    bool there = false;
    if (!folder)
        return fail_memory(fault, "a model");
    int code = read_tiktoken(model, size, folder, &there, fault);
    if (!code && !there && models && *models)
        code = read_tiktoken(model, size, models, &there, fault);
    free(folder);
    if (code || there)
        return code;
    return fail(fault, UTTER_ERROR_MODEL,
                "%s: carries no vocabulary, and %s is neither beside it nor in the folder that $UTTER_MODELS names",
                path, size == 51864 ? "gpt2.tiktoken" : "multilingual.tiktoken");
}

static int read_vocabulary(struct utter_model *model, int size, const char *directory, struct fault *fault)
{
    struct text_file file;
    bool there;
    if (text_file_read_if_there(&file, directory, "tokenizer.json", MODEL_TOKENIZER_LIMIT, &there, fault))
        return fault->code;
    if (!there) {
        char *path = path_join(directory, "tokenizer.json");
        int code = path ? find_tiktoken(model, size, path, fault) : fail_memory(fault, "a model");
        free(path);
        return code;
    }
    int code = whisper_vocabulary_open_json(&model->vocabulary, size, file.text, file.length, file.path, fault);
    text_file_free(&file);
    return code;
}

/* ---- the network ---- */

/* Opens features and network, and says what the model is. */
static int finish(struct utter_model *model, const struct whisper_config *config, const struct checkpoint *checkpoint,
                  struct fault *fault)
{
    struct logmel_params features;
    logmel_params_default(&features, LOGMEL_WHISPER, config->mel_bins);
    if (logmel_open(&model->logmel, &features, fault) ||
        whisper_open(&model->whisper, config, checkpoint, model->engine->device, model->type, fault))
        return fault->code;
    model->family = "whisper";
    model->vocabulary_size = config->vocabulary;
    model->parameters = whisper_parameters(model->whisper);
    model->weight_bytes = whisper_weight_bytes(model->whisper);
    model->frame_seconds = 2.0 * features.hop / features.sample_rate;
    return model_set_language(model, whisper_vocabulary_multilingual(model->vocabulary) ? "" : "en", fault);
}

/* Word times want to know which heads follow the sound; a directory without the file has the default. */
static int read_alignment(struct whisper_config *config, const char *directory, struct fault *fault)
{
    struct text_file file;
    bool there;
    if (text_file_read_if_there(&file, directory, "generation_config.json", MODEL_CONFIG_LIMIT, &there, fault) ||
        !there)
        return fault->code;
    int code = whisper_config_read_alignment(config, file.text, file.length, file.path, fault);
    text_file_free(&file);
    return code;
}

/* Of preprocessor_config.json only the mel bins could differ from what Whisper is; where the file is, they must not. */
static int check_features(const struct whisper_config *config, const char *directory, struct fault *fault)
{
    struct text_file file;
    struct logmel_params params;
    bool there;
    if (text_file_read_if_there(&file, directory, "preprocessor_config.json", MODEL_CONFIG_LIMIT, &there, fault) ||
        !there)
        return fault->code;
    logmel_params_default(&params, LOGMEL_WHISPER, config->mel_bins);
    int code = logmel_params_read(&params, file.text, file.length, file.path, fault);
    text_file_free(&file);
    if (code)
        return code;
    if (params.kind != LOGMEL_WHISPER || params.sample_rate != ACTIVITY_RATE)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s/preprocessor_config.json: its features are not Whisper's",
                    directory);
    if (params.mels != config->mel_bins)
        return fail(fault, UTTER_ERROR_MODEL,
                    "%s: preprocessor_config.json makes %d mel bins, but config.json says that the network takes %d",
                    directory, params.mels, config->mel_bins);
    return 0;
}

int model_load_whisper(struct utter_model *model, const char *directory, struct fault *fault)
{
    struct whisper_config config;
    struct text_file file;
    if (text_file_read(&file, directory, "config.json", MODEL_CONFIG_LIMIT, fault))
        return fault->code;
    int code = whisper_config_read(&config, file.text, file.length, file.path, fault);
    text_file_free(&file);
    struct checkpoint *checkpoint = NULL;
    if (code || read_alignment(&config, directory, fault) || check_features(&config, directory, fault) ||
        read_vocabulary(model, config.vocabulary, directory, fault) || checkpoint_open(&checkpoint, directory, fault))
        return fault->code;
    code = finish(model, &config, checkpoint, fault);
    checkpoint_close(&checkpoint);
    return code;
}

int model_load_whisper_file(struct utter_model *model, struct checkpoint *checkpoint, struct fault *fault)
{
    const char *path = checkpoint_path(checkpoint);
    struct whisper_config config;
    if (whisper_config_from_checkpoint(&config, checkpoint, fault))
        return fault->code;
    int code = checkpoint_token_count(checkpoint)
                   ? whisper_vocabulary_open(&model->vocabulary, config.vocabulary, token_of_checkpoint, checkpoint,
                                             path, fault)
                   : find_tiktoken(model, config.vocabulary, path, fault);
    return code ? code : finish(model, &config, checkpoint, fault);
}

int model_make_whisper(struct utter_model *model, const struct whisper_config *config, uint64_t seed,
                       struct fault *fault)
{
    struct checkpoint *checkpoint = NULL;
    if (whisper_vocabulary_open(&model->vocabulary, config->vocabulary, NULL, NULL, model->name, fault) ||
        checkpoint_open_random(&checkpoint, seed, fault))
        return fault->code;
    int code = finish(model, config, checkpoint, fault);
    checkpoint_close(&checkpoint);
    return code;
}

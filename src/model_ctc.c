#include "src/model.h"

#include "audio/activity.h"
#include "src/base/memory.h"
#include "src/text_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_config(struct utter_model *model, struct fastconformer_config *config, const char *directory,
                       struct fault *fault)
{
    struct text_file file;
    if (text_file_read(&file, directory, "config.json", MODEL_CONFIG_LIMIT, fault))
        return fault->code;
    int code = fastconformer_config_read(config, file.text, file.length, file.path, fault);
    if (!code)
        code = model_read_language(model, file.text, file.length, fault);
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
    struct text_file file;
    bool there;
    if (text_file_read_if_there(&file, directory, "preprocessor_config.json", MODEL_CONFIG_LIMIT, &there, fault))
        return fault->code;
    if (there) {
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
    if (text_file_read(&file, directory, "tokenizer.json", MODEL_TOKENIZER_LIMIT, fault))
        return fault->code;
    int code = tokenizer_open(&model->tokenizer, file.text, file.length, file.path, fault);
    text_file_free(&file);
    if (!code)
        code = check_vocabulary(model->tokenizer, config, directory, fault);
    return code ? code : spelling_open(&model->spelling, model->tokenizer, fault);
}

/* "lm.bin" beside the weights, where there is one. */
static int read_language_model(struct utter_model *model, const char *directory, struct fault *fault)
{
    char *path = path_join(directory, "lm.bin");
    if (!path)
        return fail_memory(fault, "a language model");
    int code = path_exists(path) ? language_model_open(&model->lm, path, model->spelling, fault) : 0;
    free(path);
    return code;
}

/* "confidence.json", where there is one: it counts on the language model. */
static int read_confidence(struct utter_model *model, const char *directory, struct fault *fault)
{
    struct text_file file;
    bool there;
    if (text_file_read_if_there(&file, directory, "confidence.json", MODEL_CONFIG_LIMIT, &there, fault) || !there)
        return fault->code;
    int code = confidence_read(&model->confidence, file.text, file.length, file.path, fault);
    text_file_free(&file);
    model->calibrated = !code && model->lm && !language_model_fusion(model->lm)->pieces;
    return code;
}

/* What the model says of itself, once the network and the features are there. */
static void describe(struct utter_model *model)
{
    const struct fastconformer_config *config = fastconformer_get_config(model->network);
    const struct logmel_params *features = logmel_get_params(model->logmel);
    model->family = "fastconformer-ctc";
    model->vocabulary_size = config->vocabulary;
    model->parameters = fastconformer_parameters(model->network);
    model->weight_bytes = fastconformer_weight_bytes(model->network);
    model->frame_seconds = (double)features->hop * config->subsampling_factor / features->sample_rate;
}

int model_load_ctc(struct utter_model *model, const char *directory, struct fault *fault)
{
    struct fastconformer_config config;
    if (read_config(model, &config, directory, fault) || read_features(model, &config, directory, fault) ||
        read_tokenizer(model, &config, directory, fault) || read_language_model(model, directory, fault) ||
        read_confidence(model, directory, fault))
        return fault->code;
    struct checkpoint *checkpoint = NULL;
    if (checkpoint_open(&checkpoint, directory, fault))
        return fault->code;
    int code = fastconformer_open(&model->network, &config, checkpoint, model->engine->device, model->type, fault);
    checkpoint_close(&checkpoint);
    if (!code)
        describe(model);
    return code;
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

int model_make_ctc(struct utter_model *model, const struct fastconformer_config *config, uint64_t seed,
                   struct fault *fault)
{
    struct logmel_params features;
    logmel_params_default(&features, LOGMEL_PARAKEET, config->mel_bins);
    struct checkpoint *checkpoint = NULL;
    if (logmel_open(&model->logmel, &features, fault) ||
        made_up_tokenizer(&model->tokenizer, config->vocabulary, fault) ||
        spelling_open(&model->spelling, model->tokenizer, fault) || checkpoint_open_random(&checkpoint, seed, fault))
        return fault->code;
    int code = fastconformer_open(&model->network, config, checkpoint, model->engine->device, model->type, fault);
    checkpoint_close(&checkpoint);
    if (!code)
        describe(model);
    return code;
}

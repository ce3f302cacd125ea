#include "audio/activity.h"
#include "src/base/memory.h"
#include "src/model.h"
#include "src/text_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_features(const struct logmel_params *params, int mel_bins, const char *directory, struct fault *fault)
{
    if (params->kind != LOGMEL_PARAKEET)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s/preprocessor_config.json: its features are not Parakeet's",
                    directory);
    if (params->sample_rate != ACTIVITY_RATE)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s/preprocessor_config.json: a sampling rate of %d Hz, not %d",
                    directory, params->sample_rate, ACTIVITY_RATE);
    if (params->mels != mel_bins)
        return fail(fault, UTTER_ERROR_MODEL,
                    "%s: preprocessor_config.json makes %d mel bins, but config.json says that the network takes %d",
                    directory, params->mels, mel_bins);
    return 0;
}

int parakeet_read_features(struct utter_model *model, int mel_bins, const char *directory, struct fault *fault)
{
    struct logmel_params params;
    logmel_params_default(&params, LOGMEL_PARAKEET, mel_bins);
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
    if (check_features(&params, mel_bins, directory, fault))
        return fault->code;
    return logmel_open(&model->logmel, &params, fault);
}

/* Every id that the network may emit must have a piece; only the blank may lie beyond the tokenizer. */
static int check_vocabulary(const struct tokenizer *tokenizer, int vocabulary, int blank, const char *name,
                            struct fault *fault)
{
    int size = tokenizer_size(tokenizer);
    if (size > vocabulary)
        return fail(fault, UTTER_ERROR_MODEL, "%s has %d tokens, but the network a vocabulary of %d", name, size,
                    vocabulary);
    for (int id = 0; id < vocabulary; id++)
        if (id != blank && (id >= size || !tokenizer_piece(tokenizer, id)))
            return fail(fault, UTTER_ERROR_MODEL, "%s has no token %d, but the network a vocabulary of %d", name, id,
                        vocabulary);
    return 0;
}

int parakeet_take_pieces(struct utter_model *model, int vocabulary, int blank, const char *json, size_t length,
                         const char *name, struct fault *fault)
{
    int code = tokenizer_open(&model->tokenizer, json, length, name, fault);
    if (!code)
        code = check_vocabulary(model->tokenizer, vocabulary, blank, name, fault);
    return code ? code : spelling_open(&model->spelling, model->tokenizer, fault);
}

/* "lm.bin" beside the weights, where there is one. */
static int read_language_model(struct utter_model *model, const char *directory, struct fault *fault)
{
    char *path = path_join(directory, "lm.bin");
    if (!path)
        return fail_memory(fault, "a language model");
    int code = path_exists(path) ? language_model_open(&model->lm, path, model->spelling, false, fault) : 0;
    free(path);
    return code;
}

int parakeet_read_pieces(struct utter_model *model, int vocabulary, int blank, const char *directory,
                         struct fault *fault)
{
    struct text_file file;
    if (text_file_read(&file, directory, "tokenizer.json", MODEL_TOKENIZER_LIMIT, fault))
        return fault->code;
    int code = parakeet_take_pieces(model, vocabulary, blank, file.text, file.length, file.path, fault);
    text_file_free(&file);
    return code ? code : read_language_model(model, directory, fault);
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

int parakeet_make(struct utter_model *model, int mel_bins, int vocabulary, struct fault *fault)
{
    struct logmel_params features;
    logmel_params_default(&features, LOGMEL_PARAKEET, mel_bins);
    if (logmel_open(&model->logmel, &features, fault) || made_up_tokenizer(&model->tokenizer, vocabulary, fault) ||
        spelling_open(&model->spelling, model->tokenizer, fault))
        return fault->code;
    return 0;
}

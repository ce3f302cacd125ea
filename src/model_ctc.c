#include "src/model.h"

#include "src/text_file.h"

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

/* "presence.json", where there is one. */
static int read_presence(struct utter_model *model, const char *directory, struct fault *fault)
{
    struct text_file file;
    bool there;
    if (text_file_read_if_there(&file, directory, "presence.json", MODEL_CONFIG_LIMIT, &there, fault) || !there)
        return fault->code;
    int code = presence_read(&model->presence, file.text, file.length, file.path, fault);
    text_file_free(&file);
    model->tells_noise = !code;
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

int model_open_ctc(struct utter_model *model, const struct fastconformer_config *config,
                   const struct checkpoint *checkpoint, struct fault *fault)
{
    int code = fastconformer_open(&model->network, config, checkpoint, model->engine->device, model->type, fault);
    if (!code)
        describe(model);
    return code;
}

int model_load_ctc(struct utter_model *model, const char *directory, struct fault *fault)
{
    struct fastconformer_config config;
    struct checkpoint *checkpoint = NULL;
    if (read_config(model, &config, directory, fault) ||
        parakeet_read_features(model, config.mel_bins, directory, fault) ||
        parakeet_read_pieces(model, config.vocabulary, config.blank, directory, fault) ||
        read_confidence(model, directory, fault) || read_presence(model, directory, fault) ||
        checkpoint_open(&checkpoint, directory, fault))
        return fault->code;
    int code = model_open_ctc(model, &config, checkpoint, fault);
    checkpoint_close(&checkpoint);
    return code;
}

int model_make_ctc(struct utter_model *model, const struct fastconformer_config *config, uint64_t seed,
                   struct fault *fault)
{
    struct checkpoint *checkpoint = NULL;
    if (parakeet_make(model, config->mel_bins, config->vocabulary, fault) ||
        checkpoint_open_random(&checkpoint, seed, fault))
        return fault->code;
    int code = model_open_ctc(model, config, checkpoint, fault);
    checkpoint_close(&checkpoint);
    return code;
}

#include "src/model.h"

#include "src/text_file.h"

static int read_config(struct utter_model *model, struct transducer_config *config, const char *directory,
                       struct fault *fault)
{
    struct text_file file;
    if (text_file_read(&file, directory, "config.json", MODEL_CONFIG_LIMIT, fault))
        return fault->code;
    int code = transducer_config_read(config, file.text, file.length, file.path, fault);
    if (!code)
        code = model_read_language(model, file.text, file.length, fault);
    text_file_free(&file);
    return code;
}

int model_open_transducer(struct utter_model *model, const struct transducer_config *config,
                          const struct checkpoint *checkpoint, struct fault *fault)
{
    const struct logmel_params *features = logmel_get_params(model->logmel);
    int code = transducer_open(&model->transducer, config, checkpoint, model->engine->device, model->type, fault);
    if (code)
        return code;
    model->family = config->duration_count ? "fastconformer-tdt" : "fastconformer-rnnt";
    model->vocabulary_size = config->vocabulary;
    model->parameters = transducer_parameters(model->transducer);
    model->weight_bytes = transducer_weight_bytes(model->transducer);
    model->frame_seconds = (double)features->hop * config->encoder.subsampling_factor / features->sample_rate;
    return 0;
}

int model_load_transducer(struct utter_model *model, const char *directory, struct fault *fault)
{
    struct transducer_config config;
    struct checkpoint *checkpoint = NULL;
    if (read_config(model, &config, directory, fault) ||
        parakeet_read_features(model, config.encoder.mel_bins, directory, fault) ||
        parakeet_read_pieces(model, config.vocabulary, config.blank, directory, fault) ||
        checkpoint_open(&checkpoint, directory, fault))
        return fault->code;
    int code = model_open_transducer(model, &config, checkpoint, fault);
    checkpoint_close(&checkpoint);
    return code;
}

int model_make_transducer(struct utter_model *model, const struct transducer_config *config, uint64_t seed,
                          struct fault *fault)
{
    struct checkpoint *checkpoint = NULL;
    if (parakeet_make(model, config->encoder.mel_bins, config->vocabulary, fault) ||
        checkpoint_open_random(&checkpoint, seed, fault))
        return fault->code;
    int code = model_open_transducer(model, config, checkpoint, fault);
    checkpoint_close(&checkpoint);
    return code;
}

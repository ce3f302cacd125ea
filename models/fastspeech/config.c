/* config.c - what config.json says of a voice, and the shapes that are known by name. */
#include "models/fastspeech/fastspeech.h"
#include "models/load/config_reader.h"

#include <math.h>
#include <string.h>

/* What FastSpeech2ConformerConfig of transformers assumes, which leaves values that are its defaults out of the
 * config.json that it writes; it calls them the shape of espnet/fastspeech2_conformer. */
static const struct fastspeech_config DEFAULTS = {
    .hidden_size = 384,
    .vocabulary = 78,
    .mel_bins = 80,
    .encoder = {.layers = 4, .heads = 2, .linear_units = 1536, .kernel = 7},
    .decoder = {.layers = 4, .heads = 2, .linear_units = 1536, .kernel = 31},
    .positionwise_kernel = 3,
    .macaron = true,
    .convolution_bias = true,
    .duration = {2, 256, 3},
    .pitch = {5, 256, 5},
    .energy = {2, 256, 3},
    .pitch_embed_kernel = 1,
    .energy_embed_kernel = 1,
    .postnet_layers = 5,
    .postnet_units = 256,
    .postnet_kernel = 5,
    .speaking_speed = 1,
};

bool fastspeech_config_named(struct fastspeech_config *config, const char *name)
{
    *config = DEFAULTS;
    if (!strcmp(name, "fastspeech2-conformer"))
        return true;
    if (strcmp(name, "default-voice-en") != 0)
        return false;
    config->hidden_size = 160;
    config->encoder = (struct fastspeech_stack){.layers = 3, .heads = 2, .linear_units = 512, .kernel = 7};
    config->decoder = (struct fastspeech_stack){.layers = 3, .heads = 2, .linear_units = 512, .kernel = 15};
    config->duration = config->energy = (struct fastspeech_predictor){2, 128, 3};
    config->pitch = (struct fastspeech_predictor){2, 128, 5};
    config->postnet_units = 128;
    config->with_vocoder = true;
    return true;
}

/* ---- reading ---- */

/* The same of something that a model may not have: null, as an absent key. */
static int read_optional(const struct config_reader *r, const cJSON *object, const char *key, int maximum, int *value)
{
    if (cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(object, key)))
        return 0;
    return config_number(r, object, key, 0, maximum, value);
}

static int read_flag(const struct config_reader *r, const cJSON *object, const char *key, bool *value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!item)
        return 0;
    if (!cJSON_IsBool(item))
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is neither true nor false", r->name, key);
    *value = cJSON_IsTrue(item);
    return 0;
}

static int read_numbers(const struct config_reader *r, const cJSON *o, struct fastspeech_config *c)
{
    enum { LAYERS = 64, CHANNELS = 65536, KERNEL = 255 };
    const struct {
        const char *key;
        int minimum, maximum, *value;
    } numbers[] = {
        {"hidden_size", 2, 8192, &c->hidden_size},
        {"vocab_size", 1, 1000000, &c->vocabulary},
        {"num_mel_bins", 1, 1024, &c->mel_bins},
        {"encoder_layers", 1, LAYERS, &c->encoder.layers},
        {"encoder_num_attention_heads", 1, 256, &c->encoder.heads},
        {"encoder_linear_units", 1, CHANNELS, &c->encoder.linear_units},
        {"encoder_kernel_size", 1, KERNEL, &c->encoder.kernel},
        {"decoder_layers", 1, LAYERS, &c->decoder.layers},
        {"decoder_num_attention_heads", 1, 256, &c->decoder.heads},
        {"decoder_linear_units", 1, CHANNELS, &c->decoder.linear_units},
        {"decoder_kernel_size", 1, KERNEL, &c->decoder.kernel},
        {"positionwise_conv_kernel_size", 1, KERNEL, &c->positionwise_kernel},
        {"duration_predictor_layers", 1, LAYERS, &c->duration.layers},
        {"duration_predictor_channels", 1, CHANNELS, &c->duration.channels},
        {"duration_predictor_kernel_size", 1, KERNEL, &c->duration.kernel},
        {"pitch_predictor_layers", 1, LAYERS, &c->pitch.layers},
        {"pitch_predictor_channels", 1, CHANNELS, &c->pitch.channels},
        {"pitch_predictor_kernel_size", 1, KERNEL, &c->pitch.kernel},
        {"pitch_embed_kernel_size", 1, KERNEL, &c->pitch_embed_kernel},
        {"energy_predictor_layers", 1, LAYERS, &c->energy.layers},
        {"energy_predictor_channels", 1, CHANNELS, &c->energy.channels},
        {"energy_predictor_kernel_size", 1, KERNEL, &c->energy.kernel},
        {"energy_embed_kernel_size", 1, KERNEL, &c->energy_embed_kernel},
        {"speech_decoder_postnet_layers", 1, LAYERS, &c->postnet_layers},
        {"speech_decoder_postnet_units", 1, CHANNELS, &c->postnet_units},
        {"speech_decoder_postnet_kernel", 1, KERNEL, &c->postnet_kernel},
    };
    int code = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && !code; i++)
        code = config_number(r, o, numbers[i].key, numbers[i].minimum, numbers[i].maximum, numbers[i].value);
    return code;
}

static int read_flags(const struct config_reader *r, const cJSON *o, struct fastspeech_config *c)
{
    const struct {
        const char *key;
        bool *value;
    } flags[] = {
        {"encoder_normalize_before", &c->encoder.normalize_before},
        {"decoder_normalize_before", &c->decoder.normalize_before},
        {"encoder_concat_after", &c->encoder.concat_after},
        {"decoder_concat_after", &c->decoder.concat_after},
        {"use_macaron_style_in_conformer", &c->macaron},
        {"convolution_bias", &c->convolution_bias},
    };
    int code = 0;
    for (size_t i = 0; i < sizeof flags / sizeof *flags && !code; i++)
        code = read_flag(r, o, flags[i].key, flags[i].value);
    return code;
}

static int read_speed(const struct config_reader *r, const cJSON *o, float *speed)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, "speaking_speed");
    if (!item)
        return 0;
    const double value = cJSON_IsNumber(item) ? cJSON_GetNumberValue(item) : 0;
    if (!(value >= 0.01 && value <= 100))
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: speaking_speed is no number from 0.01 to 100", r->name);
    *speed = (float)value;
    return 0;
}

/* An embedding of one speaker, or one language, is never made. */
static int read_voices(const struct config_reader *r, const cJSON *o, struct fastspeech_config *c)
{
    int code = read_optional(r, o, "num_speakers", 1000000, &c->speakers);
    if (!code)
        code = read_optional(r, o, "num_languages", 1000000, &c->languages);
    if (!code)
        code = read_optional(r, o, "speaker_embed_dim", 65536, &c->speaker_embed_dim);
    c->speakers = c->speakers > 1 ? c->speakers : 0;
    c->languages = c->languages > 1 ? c->languages : 0;
    return code;
}

/* What transformers itself cannot run, or nobody publishes. */
static int refuse_others(const struct config_reader *r, const cJSON *o)
{
    int factor = 1;
    bool convolutions = true;
    int code = config_number(r, o, "reduction_factor", 1, 1024, &factor);
    if (!code)
        code = read_flag(r, o, "use_cnn_in_conformer", &convolutions);
    if (!code && factor != 1)
        code = fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: reduction_factor is %d, and only 1 is supported", r->name,
                    factor);
    if (!code && !convolutions)
        code = fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: use_cnn_in_conformer is false, and only true is supported",
                    r->name);
    return code;
}

static const char *even_kernel(const struct fastspeech_config *c)
{
    const struct {
        int kernel;
        const char *says;
    } kernels[] = {
        {c->encoder.kernel, "encoder_kernel_size is even"},
        {c->decoder.kernel, "decoder_kernel_size is even"},
        {c->positionwise_kernel, "positionwise_conv_kernel_size is even"},
        {c->duration.kernel, "duration_predictor_kernel_size is even"},
        {c->pitch.kernel, "pitch_predictor_kernel_size is even"},
        {c->energy.kernel, "energy_predictor_kernel_size is even"},
        {c->pitch_embed_kernel, "pitch_embed_kernel_size is even"},
        {c->energy_embed_kernel, "energy_embed_kernel_size is even"},
        {c->postnet_kernel, "speech_decoder_postnet_kernel is even"},
    };
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
        if (kernels[i].kernel % 2 == 0)
            return kernels[i].says;
    return NULL;
}

/* What the numbers must be to one another. */
static const char *contradiction(const struct fastspeech_config *c)
{
    if (c->hidden_size % 2 != 0)
        return "hidden_size is odd";
    if (c->hidden_size % c->encoder.heads != 0)
        return "hidden_size is no multiple of encoder_num_attention_heads";
    if (c->hidden_size % c->decoder.heads != 0)
        return "hidden_size is no multiple of decoder_num_attention_heads";
    return even_kernel(c);
}

static int read_model(const struct config_reader *r, const cJSON *o, struct fastspeech_config *c)
{
    int code = refuse_others(r, o);
    if (!code)
        code = read_numbers(r, o, c);
    if (!code)
        code = read_flags(r, o, c);
    if (!code)
        code = read_speed(r, o, &c->speaking_speed);
    if (!code)
        code = read_voices(r, o, c);
    const char *wrong = code ? NULL : contradiction(c);
    return wrong ? fail(r->fault, UTTER_ERROR_MODEL, "%s: %s", r->name, wrong) : code;
}

static int read_tree(const struct config_reader *r, const cJSON *root, struct fastspeech_config *c)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "model_type"));
    c->with_vocoder = type && !strcmp(type, "fastspeech2_conformer_with_hifigan");
    if (!c->with_vocoder && (!type || strcmp(type, "fastspeech2_conformer") != 0))
        return fail(r->fault, UTTER_ERROR_UNSUPPORTED,
                    "%s: model_type is neither fastspeech2_conformer nor fastspeech2_conformer_with_hifigan", r->name);
    const cJSON *model = c->with_vocoder ? cJSON_GetObjectItemCaseSensitive(root, "model_config") : root;
    if (model && !cJSON_IsObject(model))
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: model_config is not an object", r->name);
    return model ? read_model(r, model, c) : 0;
}

int fastspeech_config_read(struct fastspeech_config *config, const char *json, size_t length, const char *name,
                           struct fault *fault)
{
    struct fault own = {0};
    const struct config_reader r = {name, fault};
    *config = DEFAULTS;
    cJSON *root = json_parse(json, length, name, &own);
    if (!root)
        return fail(fault, own.code, "%s", own.message);
    int code = read_tree(&r, root, config);
    cJSON_Delete(root);
    return code;
}

/* config.c - what config.json says of a transducer, and the shapes that are known by name. */
#include "models/load/config_reader.h"
#include "models/transducer/transducer.h"

#include <string.h>

/* What ParakeetTDTConfig of transformers assumes: it leaves values that are its defaults out of the config.json that it
 * writes. ParakeetRNNTConfig assumes the same, without durations. */
static const struct transducer_config DEFAULTS = {
    .hidden_size = 640,
    .layers = 2,
    .vocabulary = 8193,
    .blank = 8192,
    .max_symbols = 10,
    .duration_count = 5,
    .durations = {0, 1, 2, 3, 4},
    .activation = ACTIVATION_RELU,
};

/* ---- reading ---- */

static int read_activation(const struct config_reader *r, const cJSON *root, enum activation *activation)
{
    static const struct {
        const char *name;
        enum activation activation;
    } known[] = {{"relu", ACTIVATION_RELU}, {"silu", ACTIVATION_SILU}, {"swish", ACTIVATION_SILU},
                 {"gelu", ACTIVATION_GELU}, {"tanh", ACTIVATION_TANH}, {"sigmoid", ACTIVATION_SIGMOID}};
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, "hidden_act");
    const char *text = cJSON_GetStringValue(item);
    if (!item)
        return 0;
    for (size_t i = 0; text && i < sizeof known / sizeof *known; i++)
        if (!strcmp(text, known[i].name)) {
            *activation = known[i].activation;
            return 0;
        }
    return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: hidden_act is not relu, silu, gelu, tanh or sigmoid", r->name);
}

/* A search that could stay at a frame for ever has no durations to move on by. */
static int read_durations(const struct config_reader *r, const cJSON *root, struct transducer_config *c)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "durations"), *item;
    int64_t number;
    if (!list)
        return 0;
    if (!cJSON_IsArray(list))
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: durations is not a list", r->name);
    c->duration_count = 0;
    cJSON_ArrayForEach(item, list)
    {
        int least = c->duration_count ? c->durations[c->duration_count - 1] + 1 : 0;
        if (c->duration_count == TRANSDUCER_DURATIONS)
            return fail(r->fault, UTTER_ERROR_MODEL, "%s: durations has more than %d entries", r->name,
                        TRANSDUCER_DURATIONS);
        if (!json_whole(item, &number) || number < least || number > TRANSDUCER_LONGEST)
            return fail(r->fault, UTTER_ERROR_MODEL, "%s: durations are not whole numbers that rise from 0 to %d",
                        r->name, TRANSDUCER_LONGEST);
        c->durations[c->duration_count++] = (int)number;
    }
    if (!c->duration_count || !c->durations[c->duration_count - 1])
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: durations has none above 0", r->name);
    return 0;
}

static int read_type(const struct config_reader *r, const cJSON *root, struct transducer_config *c)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "model_type"));
    if (type && !strcmp(type, "parakeet_tdt"))
        return read_durations(r, root, c);
    if (!type || strcmp(type, "parakeet_rnnt") != 0)
        return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: model_type is not parakeet_tdt or parakeet_rnnt", r->name);
    c->duration_count = 0;
    return 0;
}

static int read_tree(const struct config_reader *r, const cJSON *root, struct transducer_config *c)
{
    const struct {
        const char *key;
        int minimum, maximum, *value;
    } numbers[] = {
        {"decoder_hidden_size", 1, 8192, &c->hidden_size},  {"num_decoder_layers", 1, 16, &c->layers},
        {"vocab_size", 2, 1000000, &c->vocabulary},         {"blank_token_id", 0, 999999, &c->blank},
        {"max_symbols_per_step", 1, 1000, &c->max_symbols},
    };
    int code = read_type(r, root, c);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && !code; i++)
        code = config_number(r, root, numbers[i].key, numbers[i].minimum, numbers[i].maximum, numbers[i].value);
    if (!code)
        code = read_activation(r, root, &c->activation);
    if (!code && c->blank >= c->vocabulary)
        code = fail(r->fault, UTTER_ERROR_MODEL, "%s: blank_token_id is not below vocab_size", r->name);
    return code;
}

int transducer_config_read(struct transducer_config *config, const char *json, size_t length, const char *name,
                           struct fault *fault)
{
    struct fault own = {0};
    struct config_reader r = {name, fault};
    struct fastconformer_config encoder;
    *config = DEFAULTS;
    cJSON *root = json_parse(json, length, name, &own);
    if (!root)
        return fail(fault, own.code, "%s", own.message);
    int code = read_tree(&r, root, config);
    cJSON_Delete(root);
    if (!code)
        code = fastconformer_config_read_encoder(&encoder, json, length, name, fault);
    if (code)
        return code;
    config->encoder = encoder;
    config->encoder.projection = config->hidden_size;
    return 0;
}

/* ---- names ---- */

static void make_toy(struct transducer_config *c)
{
    c->hidden_size = 32;
    c->layers = 1;
    c->vocabulary = 65;
    c->blank = 64;
    c->encoder.hidden_size = 64;
    c->encoder.layers = 2;
    c->encoder.heads = 4;
    c->encoder.intermediate_size = 128;
    c->encoder.subsampling_channels = 16;
}

bool transducer_config_named(struct transducer_config *config, const char *name)
{
    *config = DEFAULTS;
    fastconformer_config_named(&config->encoder, "parakeet-ctc-0.6b");
    config->encoder.vocabulary = config->encoder.blank = 0;
    config->encoder.mel_bins = 128;
    config->encoder.attention_bias = config->encoder.convolution_bias = config->encoder.scale_input = false;
    bool known = true;
    if (!strcmp(name, "parakeet-tdt-0.6b-v2")) {
        config->vocabulary = 1025;
        config->blank = 1024;
    } else if (!strcmp(name, "parakeet-rnnt-0.6b")) {
        fastconformer_config_named(&config->encoder, "parakeet-ctc-0.6b");
        config->encoder.vocabulary = config->encoder.blank = 0;
        config->vocabulary = 1025;
        config->blank = 1024;
        config->duration_count = 0;
    } else if (!strcmp(name, "transducer-toy")) {
        make_toy(config);
    } else {
        known = !strcmp(name, "parakeet-tdt-0.6b") || !strcmp(name, "parakeet-tdt-0.6b-v3");
    }
    config->encoder.projection = config->hidden_size;
    return known;
}

/* config.c - what config.json says of a SpeechT5, and the shape that is known by name. */
#include "models/load/config_reader.h"
#include "models/speecht5/speecht5.h"

#include <math.h>
#include <string.h>

/* What SpeechT5Config of transformers assumes, which leaves values that are its defaults out of the config.json that it
 * writes: the shape of microsoft/speecht5_tts, but for its text positions. */
static const struct speecht5_config DEFAULTS = {
    .hidden_size = 768,
    .vocabulary = 81,
    .mel_bins = 80,
    .encoder = {12, 12, 3072},
    .decoder = {6, 12, 3072},
    .max_relative_position = 160,
    .max_text_positions = 450,
    .max_speech_positions = 4000,
    .reduction_factor = 2,
    .prenet_layers = 2,
    .prenet_units = 256,
    .prenet_dropout = 0.5f,
    .speaker_embedding_dim = 512,
    .postnet_layers = 5,
    .postnet_units = 256,
    .postnet_kernel = 5,
};

bool speecht5_config_named(struct speecht5_config *config, const char *name)
{
    *config = DEFAULTS;
    config->max_text_positions = 600;
    config->max_speech_positions = 1876;
    return !strcmp(name, "speecht5_tts");
}

/* ---- reading ---- */

static int read_numbers(const struct config_reader *r, const cJSON *o, struct speecht5_config *c)
{
    enum { LAYERS = 64, WIDTH = 65536 };
    const struct {
        const char *key;
        int minimum, maximum, *value;
    } numbers[] = {
        {"hidden_size", 2, 8192, &c->hidden_size},
        {"vocab_size", 1, 1000000, &c->vocabulary},
        {"num_mel_bins", 1, 1024, &c->mel_bins},
        {"encoder_layers", 1, LAYERS, &c->encoder.layers},
        {"encoder_attention_heads", 1, 256, &c->encoder.heads},
        {"encoder_ffn_dim", 1, WIDTH, &c->encoder.ffn_dim},
        {"decoder_layers", 1, LAYERS, &c->decoder.layers},
        {"decoder_attention_heads", 1, 256, &c->decoder.heads},
        {"decoder_ffn_dim", 1, WIDTH, &c->decoder.ffn_dim},
        {"encoder_max_relative_position", 1, WIDTH, &c->max_relative_position},
        {"max_text_positions", 1, WIDTH, &c->max_text_positions},
        {"max_speech_positions", 1, WIDTH, &c->max_speech_positions},
        {"reduction_factor", 1, 16, &c->reduction_factor},
        {"speech_decoder_prenet_layers", 1, LAYERS, &c->prenet_layers},
        {"speech_decoder_prenet_units", 1, WIDTH, &c->prenet_units},
        {"speaker_embedding_dim", 1, WIDTH, &c->speaker_embedding_dim},
        {"speech_decoder_postnet_layers", 1, LAYERS, &c->postnet_layers},
        {"speech_decoder_postnet_units", 1, WIDTH, &c->postnet_units},
        {"speech_decoder_postnet_kernel", 1, 255, &c->postnet_kernel},
    };
    int code = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && !code; i++)
        code = config_number(r, o, numbers[i].key, numbers[i].minimum, numbers[i].maximum, numbers[i].value);
    return code;
}

static int read_dropout(const struct config_reader *r, const cJSON *o, float *dropout)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, "speech_decoder_prenet_dropout");
    if (!item)
        return 0;
    const double value = cJSON_IsNumber(item) ? cJSON_GetNumberValue(item) : -1;
    if (!(value >= 0 && value <= 0.99))
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: speech_decoder_prenet_dropout is no number from 0 to 0.99",
                    r->name);
    *dropout = (float)value;
    return 0;
}

/* What no published checkpoint changes. */
static int refuse_others(const struct config_reader *r, const cJSON *o)
{
    const cJSON *act = cJSON_GetObjectItemCaseSensitive(o, "hidden_act");
    const cJSON *epsilon = cJSON_GetObjectItemCaseSensitive(o, "layer_norm_eps");
    const char *text = cJSON_GetStringValue(act);
    if (act && (!text || strcmp(text, "gelu") != 0))
        return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: hidden_act is not gelu", r->name);
    if (epsilon && !(fabs(cJSON_GetNumberValue(epsilon) - 1e-5) < 1e-9))
        return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: layer_norm_eps is not 1e-5", r->name);
    return 0;
}

/* What the numbers must be to one another. */
static const char *contradiction(const struct speecht5_config *c)
{
    if (c->hidden_size % 2 != 0)
        return "hidden_size is odd";
    if (c->hidden_size % c->encoder.heads != 0)
        return "hidden_size is no multiple of encoder_attention_heads";
    if (c->hidden_size % c->decoder.heads != 0)
        return "hidden_size is no multiple of decoder_attention_heads";
    if (c->postnet_kernel % 2 == 0)
        return "speech_decoder_postnet_kernel is even";
    return NULL;
}

static int read_tree(const struct config_reader *r, const cJSON *root, struct speecht5_config *c)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "model_type"));
    if (!type || strcmp(type, "speecht5") != 0)
        return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: model_type is not speecht5", r->name);
    int code = refuse_others(r, root);
    if (!code)
        code = read_numbers(r, root, c);
    if (!code)
        code = read_dropout(r, root, &c->prenet_dropout);
    const char *wrong = code ? NULL : contradiction(c);
    return wrong ? fail(r->fault, UTTER_ERROR_MODEL, "%s: %s", r->name, wrong) : code;
}

int speecht5_config_read(struct speecht5_config *config, const char *json, size_t length, const char *name,
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

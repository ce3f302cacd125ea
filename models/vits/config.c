/* config.c - what config.json says of a model, and the shapes that are known by name. */
#include "models/load/json.h"
#include "models/vits/spline.h"
#include "models/vits/vits.h"

#include <string.h>

enum { MOST_DILATION = 1 << 16 };

/* What VitsConfig of transformers assumes: it leaves values that are its defaults out of the config.json that it
 * writes. They are also the shape of facebook/mms-tts-*, but for the vocabulary. */
static const struct vits_config DEFAULTS = {
    .vocabulary = 38,
    .hidden_size = 192,
    .layers = 6,
    .heads = 2,
    .window_size = 4,
    .intermediate_size = 768,
    .intermediate_kernel = 3,
    .attention_bias = true,
    .norm_epsilon = 1e-5f,
    .stochastic_durations = true,
    .duration_kernel = 3,
    .duration_channels = 256,
    .duration_flows = 4,
    .spline_bins = 10,
    .separable_layers = 3,
    .spline_bound = 5,
    .flow_size = 192,
    .flows = 4,
    .wavenet_layers = 4,
    .wavenet_kernel = 5,
    .wavenet_dilation = 1,
    .speakers = 1,
    .speaker_size = 0,
    .sampling_rate = 16000,
    .speaking_rate = 1,
    .noise_scale = 0.667f,
    .noise_scale_duration = 0.8f,
};

bool vits_config_named(struct vits_config *config, const char *name)
{
    *config = DEFAULTS;
    if (!strcmp(name, "vits-ljs") || !strcmp(name, "vits-vctk")) {
        config->vocabulary = 178; /* an alphabet of punctuation and IPA */
        config->sampling_rate = 22050;
    } else if (strcmp(name, "mms-tts") != 0) {
        return false;
    }
    if (!strcmp(name, "vits-vctk")) {
        config->speakers = 109;
        config->speaker_size = 256;
    }
    hifigan_config_named(&config->decoder, "hifigan-v1");
    config->decoder.mels = config->flow_size;
    config->decoder.last_bias = false;
    config->decoder.conditioning = config->speaker_size;
    config->decoder.sample_rate = config->sampling_rate;
    return true;
}

void vits_control_init(struct vits_control *control, const struct vits_config *config)
{
    *control = (struct vits_control){.rate = config->speaking_rate,
                                     .noise_scale = config->noise_scale,
                                     .noise_scale_duration = config->noise_scale_duration};
}

int vits_hop(const struct vits_config *config)
{
    return hifigan_hop(&config->decoder);
}

int vits_reach(const struct vits_config *config)
{
    return hifigan_reach(&config->decoder);
}

/* ---- reading ---- */

struct config_reader {
    const char *name; /* the file, in messages */
    const cJSON *root;
    struct fault *fault;
};

struct number {
    const char *key;
    int minimum, maximum, *value;
};

/* An absent key leaves *value, the default. */
static int read_number(const struct config_reader *r, const struct number *n)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(r->root, n->key);
    int64_t number;
    if (!item)
        return 0;
    if (!json_whole(item, &number))
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is not a whole number", r->name, n->key);
    if (number < n->minimum || number > n->maximum)
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is %lld, outside %d to %d", r->name, n->key, (long long)number,
                    n->minimum, n->maximum);
    *n->value = (int)number;
    return 0;
}

static int read_real(const struct config_reader *r, const char *key, double minimum, double maximum, float *value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(r->root, key);
    if (!item)
        return 0;
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= minimum && item->valuedouble <= maximum))
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is not a number from %g to %g", r->name, key, minimum,
                    maximum);
    *value = (float)item->valuedouble;
    return 0;
}

static int read_flag(const struct config_reader *r, const char *key, bool *value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(r->root, key);
    if (item && !cJSON_IsBool(item))
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is neither true nor false", r->name, key);
    if (item)
        *value = cJSON_IsTrue(item);
    return 0;
}

static const cJSON *member(const struct config_reader *r, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(r->root, key);
}

static int read_sizes(const struct config_reader *r, struct vits_config *c, int *separable)
{
    const struct number numbers[] = {
        {"vocab_size", 1, 1000000, &c->vocabulary},
        {"hidden_size", 1, 4096, &c->hidden_size},
        {"num_hidden_layers", 1, 256, &c->layers},
        {"num_attention_heads", 1, 256, &c->heads},
        {"window_size", 1, 256, &c->window_size},
        {"ffn_dim", 1, 65536, &c->intermediate_size},
        {"ffn_kernel_size", 1, 63, &c->intermediate_kernel},
        {"duration_predictor_kernel_size", 1, 31, &c->duration_kernel},
        {"duration_predictor_filter_channels", 1, 8192, &c->duration_channels},
        {"duration_predictor_num_flows", 1, 64, &c->duration_flows},
        {"duration_predictor_flow_bins", 1, SPLINE_BINS, &c->spline_bins},
        {"depth_separable_num_layers", 1, 8, &c->separable_layers},
        {"depth_separable_channels", 1, 64, separable},
        {"flow_size", 2, 4096, &c->flow_size},
        {"prior_encoder_num_flows", 1, 64, &c->flows},
        {"prior_encoder_num_wavenet_layers", 1, 64, &c->wavenet_layers},
        {"wavenet_kernel_size", 1, 63, &c->wavenet_kernel},
        {"wavenet_dilation_rate", 1, 16, &c->wavenet_dilation},
        {"num_speakers", 1, 1000000, &c->speakers},
        {"speaker_embedding_size", 0, 8192, &c->speaker_size},
        {"sampling_rate", 1000, 384000, &c->sampling_rate},
    };
    int code = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && !code; i++)
        code = read_number(r, &numbers[i]);
    return code;
}

static int read_reals(const struct config_reader *r, struct vits_config *c)
{
    int code = read_real(r, "layer_norm_eps", 1e-12, 1, &c->norm_epsilon);
    if (!code)
        code = read_real(r, "duration_predictor_tail_bound", 0.01, 1000, &c->spline_bound);
    if (!code)
        code = read_real(r, "speaking_rate", 0.01, 100, &c->speaking_rate);
    if (!code)
        code = read_real(r, "noise_scale", 0, 100, &c->noise_scale);
    return code ? code : read_real(r, "noise_scale_duration", 0, 100, &c->noise_scale_duration);
}

/* base^exponent, or more than most. */
static int power(int base, int exponent, int most)
{
    int64_t product = 1;
    for (int i = 0; i < exponent && product <= most; i++)
        product *= base;
    return (int)(product <= most ? product : most + 1);
}

/* What the numbers must be to one another. */
static const char *contradiction(const struct vits_config *c, int separable)
{
    if (c->hidden_size % c->heads != 0)
        return "hidden_size is no multiple of num_attention_heads";
    if (c->intermediate_kernel % 2 == 0 || c->duration_kernel % 2 == 0 || c->wavenet_kernel % 2 == 0)
        return "ffn_kernel_size, duration_predictor_kernel_size or wavenet_kernel_size is even";
    if (c->flow_size % 2 != 0)
        return "flow_size is odd";
    if (separable != 2)
        return "depth_separable_channels is not 2";
    if (power(c->wavenet_dilation, c->wavenet_layers - 1, MOST_DILATION) > MOST_DILATION ||
        power(c->duration_kernel, c->separable_layers - 1, MOST_DILATION) > MOST_DILATION)
        return "a dilation is beyond 65536";
    if (c->speakers > 1 && c->speaker_size < 1)
        return "there are speakers and speaker_embedding_size is 0";
    return NULL;
}

static int read_tree(const struct config_reader *r, struct vits_config *c)
{
    const char *type = cJSON_GetStringValue(member(r, "model_type"));
    const char *activation = cJSON_GetStringValue(member(r, "hidden_act"));
    int separable = 2;
    if (!type || strcmp(type, "vits") != 0)
        return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: model_type is not vits", r->name);
    if (member(r, "hidden_act") && (!activation || strcmp(activation, "relu") != 0))
        return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: hidden_act is not relu", r->name);
    int code = read_sizes(r, c, &separable);
    if (!code)
        code = read_reals(r, c);
    if (!code)
        code = read_flag(r, "use_bias", &c->attention_bias);
    if (!code)
        code = read_flag(r, "use_stochastic_duration_prediction", &c->stochastic_durations);
    const char *wrong = code ? NULL : contradiction(c, separable);
    return wrong ? fail(r->fault, UTTER_ERROR_MODEL, "%s: %s", r->name, wrong) : code;
}

int vits_config_read(struct vits_config *config, const char *json, size_t length, const char *name, struct fault *fault)
{
    struct fault own = {0};
    *config = DEFAULTS;
    cJSON *root = json_parse(json, length, name, &own);
    if (!root)
        return fail(fault, own.code, "%s", own.message);
    const struct config_reader r = {name, root, &own};
    int code = read_tree(&r, config);
    cJSON_Delete(root);
    if (!code)
        code = hifigan_config_read(&config->decoder, json, length, name, &own);
    return code ? fail(fault, own.code, "%s", own.message) : 0;
}

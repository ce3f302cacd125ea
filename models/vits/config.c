/* config.c - what config.json says of a model, and the shapes that are known by name. */
#include "models/load/json.h"
#include "models/vits/spline.h"
#include "models/vits/vits.h"

#include <string.h>

/* What VitsConfig of transformers assumes: it leaves values that are its defaults out of the config.json that it writes.
 * They are also the shape of facebook/mms-tts-*, but for the vocabulary. */
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
    .decoder = {.channels = 512,
                .stages = 4,
                .rates = {8, 8, 2, 2},
                .kernels = {16, 16, 4, 4},
                .blocks = 3,
                .block_kernels = {3, 7, 11},
                .dilations = {3, 3, 3},
                .dilation = {{1, 3, 5}, {1, 3, 5}, {1, 3, 5}},
                .slope = 0.1f},
    .sampling_rate = 16000,
    .speaking_rate = 1,
    .noise_scale = 0.667f,
    .noise_scale_duration = 0.8f,
};

bool vits_config_named(struct vits_config *config, const char *name)
{
    *config = DEFAULTS;
    if (!strcmp(name, "mms-tts"))
        return true;
    config->vocabulary = 178; /* a punctuation and IPA alphabet */
    config->sampling_rate = 22050;
    if (!strcmp(name, "vits-ljs"))
        return true;
    config->speakers = 109;
    config->speaker_size = 256;
    return !strcmp(name, "vits-vctk");
}

void vits_control_init(struct vits_control *control, const struct vits_config *config)
{
    *control = (struct vits_control){.rate = config->speaking_rate,
                                     .noise_scale = config->noise_scale,
                                     .noise_scale_duration = config->noise_scale_duration};
}

int vits_hop(const struct vits_config *config)
{
    int hop = 1;
    for (int i = 0; i < config->decoder.stages; i++)
        hop *= config->decoder.rates[i];
    return hop;
}

/* ---- reading ---- */

struct config_reader {
    const char *name; /* the file, in messages */
    const cJSON *root;
    struct fault *fault;
};

static int check_number(const struct config_reader *r, const cJSON *item, const char *key, int minimum, int maximum,
                        int *value)
{
    int64_t number;
    if (!json_whole(item, &number))
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is not a whole number", r->name, key);
    if (number < minimum || number > maximum)
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is %lld, outside %d to %d", r->name, key, (long long)number,
                    minimum, maximum);
    *value = (int)number;
    return 0;
}

struct number {
    const char *key;
    int minimum, maximum, *value;
};

/* An absent key leaves *value, the default. */
static int read_numbers(const struct config_reader *r, const struct number *numbers, size_t count)
{
    int code = 0;
    for (size_t i = 0; i < count && !code; i++) {
        const struct number *n = &numbers[i];
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(r->root, n->key);
        if (item)
            code = check_number(r, item, n->key, n->minimum, n->maximum, n->value);
    }
    return code;
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

/* A list of 1 to most whole numbers. */
static int read_list(const struct config_reader *r, const cJSON *list, const char *key, int most, int maximum,
                     int *values, int *count)
{
    int code = 0, n = 0;
    const cJSON *item;
    if (!list)
        return 0;
    if (!cJSON_IsArray(list) || !list->child || cJSON_GetArraySize(list) > most)
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is not a list of 1 to %d numbers", r->name, key, most);
    cJSON_ArrayForEach(item, list)
    {
        if (!code)
            code = check_number(r, item, key, 1, maximum, &values[n++]);
    }
    *count = n;
    return code;
}

static int read_dilations(const struct config_reader *r, struct vits_decoder *d, int *blocks)
{
    static const char key[] = "resblock_dilation_sizes";
    const cJSON *lists = cJSON_GetObjectItemCaseSensitive(r->root, key), *list;
    int code = 0, n = 0;
    if (!lists)
        return 0;
    if (!cJSON_IsArray(lists) || cJSON_GetArraySize(lists) > VITS_MOST_BLOCKS)
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is not a list of at most %d lists", r->name, key,
                    VITS_MOST_BLOCKS);
    cJSON_ArrayForEach(list, lists)
    {
        if (!code)
            code = read_list(r, list, key, VITS_MOST_DILATIONS, 64, d->dilation[n], &d->dilations[n]);
        n++;
    }
    *blocks = n;
    return code;
}

static const cJSON *member(const struct config_reader *r, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(r->root, key);
}

static int read_decoder(const struct config_reader *r, struct vits_decoder *d)
{
    const struct number channels = {"upsample_initial_channel", 1, 8192, &d->channels};
    int kernels = d->stages, dilated = d->blocks;
    int code = read_numbers(r, &channels, 1);
    if (!code)
        code = read_list(r, member(r, "upsample_rates"), "upsample_rates", VITS_MOST_STAGES, 32, d->rates, &d->stages);
    if (!code)
        code = read_list(r, member(r, "upsample_kernel_sizes"), "upsample_kernel_sizes", VITS_MOST_STAGES, 128,
                         d->kernels, &kernels);
    if (!code)
        code = read_list(r, member(r, "resblock_kernel_sizes"), "resblock_kernel_sizes", VITS_MOST_BLOCKS, 63,
                         d->block_kernels, &d->blocks);
    if (!code)
        code = read_dilations(r, d, &dilated);
    if (!code)
        code = read_real(r, "leaky_relu_slope", 0, 1, &d->slope);
    if (!code && (kernels != d->stages || dilated != d->blocks))
        code = fail(r->fault, UTTER_ERROR_MODEL, "%s: the decoder's lists of rates, kernels and dilations differ in length",
                    r->name);
    return code;
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
    return read_numbers(r, numbers, sizeof numbers / sizeof *numbers);
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

static const char *decoder_contradiction(const struct vits_decoder *d)
{
    if (d->channels >> d->stages < 1)
        return "upsample_initial_channel is too small to be halved by every stage";
    for (int i = 0; i < d->stages; i++)
        if (d->kernels[i] < d->rates[i] || (d->kernels[i] - d->rates[i]) % 2)
            return "an upsample kernel is not longer than its rate by an even number";
    for (int i = 0; i < d->blocks; i++)
        if (d->block_kernels[i] % 2 == 0)
            return "a kernel of resblock_kernel_sizes is even";
    return NULL;
}

/* What the numbers must be to one another. */
static const char *contradiction(const struct vits_config *c, int separable)
{
    enum { MOST_DILATION = 1 << 16, MOST_HOP = 1 << 14 };
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
    if (vits_hop(c) > MOST_HOP)
        return "upsample_rates make more than 16384 samples of a frame";
    return decoder_contradiction(&c->decoder);
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
    if (!code)
        code = read_decoder(r, &c->decoder);
    const char *wrong = code ? NULL : contradiction(c, separable);
    return wrong ? fail(r->fault, UTTER_ERROR_MODEL, "%s: %s", r->name, wrong) : code;
}

int vits_config_read(struct vits_config *config, const char *json, size_t length, const char *name,
                     struct fault *fault)
{
    struct fault own = {0};
    *config = DEFAULTS;
    cJSON *root = json_parse(json, length, name, &own);
    if (!root)
        return fail(fault, own.code, "%s", own.message);
    const struct config_reader r = {name, root, fault};
    int code = read_tree(&r, config);
    cJSON_Delete(root);
    return code;
}

/* config.c - what config.json says of a generator, and the shapes that are known by name. */
#include "models/hifigan/hifigan.h"
#include "models/load/config_reader.h"

#include <string.h>

/* What the paper's V1 has, and what transformers assumes: it leaves values that are its defaults out of the config.json
 * that it writes. */
static const struct hifigan_config DEFAULTS = {
    .mels = 80,
    .initial_channels = 512,
    .stages = 4,
    .rates = {8, 8, 2, 2},
    .kernels = {16, 16, 4, 4},
    .blocks = 3,
    .block_kernels = {3, 7, 11},
    .dilations = {3, 3, 3},
    .dilation = {{1, 3, 5}, {1, 3, 5}, {1, 3, 5}},
    .block_kind = 1,
    .slope = 0.1f,
    .last_slope = 0.01f,
    .last_bias = true,
    .sample_rate = 22050,
};

/* The paper's V3: three stages, and blocks of single convolutions. */
static const struct hifigan_config V3 = {
    .mels = 80,
    .initial_channels = 256,
    .stages = 3,
    .rates = {8, 8, 4},
    .kernels = {16, 16, 8},
    .blocks = 3,
    .block_kernels = {3, 5, 7},
    .dilations = {2, 2, 2},
    .dilation = {{1, 2}, {2, 6}, {3, 12}},
    .block_kind = 2,
    .slope = 0.1f,
    .last_slope = 0.01f,
    .last_bias = true,
    .sample_rate = 22050,
};

bool hifigan_config_named(struct hifigan_config *config, const char *name)
{
    *config = DEFAULTS;
    if (!strcmp(name, "hifigan-v1"))
        return true;
    config->initial_channels = 128;
    if (!strcmp(name, "hifigan-v2"))
        return true;
    *config = V3;
    if (!strcmp(name, "hifigan-v3"))
        return true;
    if (strcmp(name, "hifigan-small") != 0)
        return false;
    config->initial_channels = 128;
    config->block_kind = 1;
    for (int i = 0; i < 3; i++) {
        config->dilations[i] = 1;
        config->dilation[i][0] = 1 + 2 * i;
    }
    return true;
}

/* ---- what follows from the numbers ---- */

int hifigan_hop(const struct hifigan_config *config)
{
    int hop = 1;
    for (int i = 0; i < config->stages; i++)
        hop *= config->rates[i];
    return hop;
}

int64_t hifigan_samples(const struct hifigan_config *config, int frames)
{
    return (int64_t)frames * hifigan_hop(config);
}

/* Steps on either side that a residual block looks at. */
static int block_reach(const struct hifigan_config *c, int block)
{
    const int half = (c->block_kernels[block] - 1) / 2;
    int reach = 0;
    for (int i = 0; i < c->dilations[block]; i++)
        reach += half * c->dilation[block][i] + (c->block_kind == 1 ? half : 0);
    return reach;
}

/* From the samples back to the frames. A transposed convolution's output t comes of inputs (t + padding - tap) / rate:
 * so `reach` outputs beyond a border between two inputs' outputs look at most ⌈(reach + kernel - 1 - padding) / rate⌉
 * inputs beyond it. */
int hifigan_reach(const struct hifigan_config *config)
{
    int reach = 3;
    for (int i = config->stages - 1; i >= 0; i--) {
        const int rate = config->rates[i], padding = (config->kernels[i] - rate) / 2;
        int most = 0;
        for (int k = 0; k < config->blocks; k++)
            most = block_reach(config, k) > most ? block_reach(config, k) : most;
        reach = (reach + most + config->kernels[i] - 1 - padding + rate - 1) / rate;
    }
    return reach + 3;
}

/* ---- reading ---- */

static int read_slope(const struct config_reader *r, const cJSON *object, float *value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "leaky_relu_slope");
    if (!item)
        return 0;
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= 1))
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: leaky_relu_slope is no number from 0 to 1", r->name);
    *value = (float)item->valuedouble;
    return 0;
}

static int read_flag(const struct config_reader *r, const cJSON *object, const char *key, bool *value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (item && !cJSON_IsBool(item))
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is neither true nor false", r->name, key);
    *value = item ? cJSON_IsTrue(item) : *value;
    return 0;
}

/* A list of 1 to capacity whole numbers from 1 to maximum. */
static int read_list(const struct config_reader *r, const cJSON *list, const char *key, int capacity, int maximum,
                     int *values, int *count)
{
    int n = 0;
    for (const cJSON *item = cJSON_IsArray(list) ? list->child : NULL; item; item = item->next) {
        int64_t number;
        if (n == capacity || !json_whole(item, &number) || number < 1 || number > maximum)
            return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is no list of at most %d whole numbers from 1 to %d",
                        r->name, key, capacity, maximum);
        values[n++] = (int)number;
    }
    if (!n)
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is not a list, or an empty one", r->name, key);
    *count = n;
    return 0;
}

/* The list under key, where it is there and no null. */
static int read_named_list(const struct config_reader *r, const cJSON *object, const char *key, int capacity,
                           int maximum, int *values, int *count)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, key);
    return list && !cJSON_IsNull(list) ? read_list(r, list, key, capacity, maximum, values, count) : 0;
}

static int read_dilations(const struct config_reader *r, const cJSON *object, struct hifigan_config *c)
{
    static const char key[] = "resblock_dilation_sizes";
    const cJSON *lists = cJSON_GetObjectItemCaseSensitive(object, key);
    int n = 0;
    if (!lists || cJSON_IsNull(lists))
        return c->blocks == DEFAULTS.blocks
                   ? 0
                   : fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is missing, with %d blocks", r->name, key, c->blocks);
    for (const cJSON *list = cJSON_IsArray(lists) ? lists->child : NULL; list; list = list->next, n++) {
        if (n == c->blocks)
            break;
        int code = read_list(r, list, key, HIFIGAN_DILATIONS, 64, c->dilation[n], &c->dilations[n]);
        if (code)
            return code;
    }
    if (n == c->blocks && cJSON_GetArraySize(lists) == n)
        return 0;
    return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s has not one list for each of %d blocks", r->name, key, c->blocks);
}

/* The numbers of each must go with one another. */
static const char *contradiction(const struct hifigan_config *c, int kernels)
{
    int64_t hop = 1;
    if (kernels != c->stages)
        return "upsample_kernel_sizes has not one kernel for each rate";
    if (c->initial_channels % (1 << c->stages) != 0)
        return "upsample_initial_channel cannot be halved once for each rate";
    for (int i = 0; i < c->stages; i++) {
        hop *= c->rates[i];
        if (c->kernels[i] < c->rates[i] || (c->kernels[i] - c->rates[i]) % 2 != 0)
            return "an upsampling kernel is smaller than its rate, or not larger by an even number";
    }
    if (hop > 65536)
        return "a frame becomes more than 65536 samples";
    for (int i = 0; i < c->blocks; i++)
        if (c->block_kernels[i] % 2 == 0)
            return "a residual block has an even kernel";
    return NULL;
}

static int read_shape(const struct config_reader *r, const cJSON *root, struct hifigan_config *c)
{
    int kernels = c->stages;
    int code = config_number(r, root, "upsample_initial_channel", 2, 8192, &c->initial_channels);
    if (!code)
        code = read_named_list(r, root, "upsample_rates", HIFIGAN_STAGES, 256, c->rates, &c->stages);
    if (!code)
        code = read_named_list(r, root, "upsample_kernel_sizes", HIFIGAN_STAGES, 1024, c->kernels, &kernels);
    if (!code)
        code = read_named_list(r, root, "resblock_kernel_sizes", HIFIGAN_BLOCKS, 255, c->block_kernels, &c->blocks);
    if (!code)
        code = read_dilations(r, root, c);
    if (!code)
        code = read_slope(r, root, &c->slope);
    if (!code)
        code = config_number(r, root, "sampling_rate", 1000, 192000, &c->sample_rate);
    const char *wrong = code ? NULL : contradiction(c, kernels);
    return wrong ? fail(r->fault, UTTER_ERROR_MODEL, "%s: %s", r->name, wrong) : code;
}

/* The authors' own: "resblock" is "1" or "2". */
static int read_original(const struct config_reader *r, const cJSON *root, struct hifigan_config *c)
{
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "resblock"));
    if (!kind || (strcmp(kind, "1") != 0 && strcmp(kind, "2") != 0))
        return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: resblock is neither \"1\" nor \"2\"", r->name);
    c->block_kind = kind[0] - '0';
    int code = config_number(r, root, "num_mels", 1, 4096, &c->mels);
    return code ? code : read_shape(r, root, c);
}

static int read_hugging_face(const struct config_reader *r, const cJSON *root, struct hifigan_config *c, int rate)
{
    c->normalize = true;
    c->sample_rate = rate;
    int code = config_number(r, root, "model_in_dim", 1, 4096, &c->mels);
    if (!code)
        code = read_flag(r, root, "normalize_before", &c->normalize);
    return code ? code : read_shape(r, root, c);
}

static int read_vits(const struct config_reader *r, const cJSON *root, struct hifigan_config *c)
{
    c->mels = 192;
    c->last_bias = false;
    c->sample_rate = 16000;
    int code = config_number(r, root, "flow_size", 1, 4096, &c->mels);
    if (!code)
        code = config_number(r, root, "speaker_embedding_size", 0, 8192, &c->conditioning);
    return code ? code : read_shape(r, root, c);
}

static int read_tree(const struct config_reader *r, const cJSON *root, struct hifigan_config *c)
{
    const cJSON *inner = cJSON_GetObjectItemCaseSensitive(root, "vocoder_config");
    root = cJSON_IsObject(inner) ? inner : root;
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "model_type"));
    if (!type && cJSON_HasObjectItem(root, "resblock"))
        return read_original(r, root, c);
    if (type && !strcmp(type, "vits"))
        return read_vits(r, root, c);
    const bool speecht5 = type && (!strcmp(type, "hifigan") || !strcmp(type, "speecht5_hifigan"));
    if (speecht5 || (type && !strcmp(type, "fastspeech2_conformer_hifigan")))
        return read_hugging_face(r, root, c, speecht5 ? 16000 : 22050);
    return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: neither HiFi-GAN's config nor one that has it inside", r->name);
}

int hifigan_config_read(struct hifigan_config *config, const char *json, size_t length, const char *name,
                        struct fault *fault)
{
    const struct config_reader r = {name, fault};
    cJSON *root = json_parse(json, length, name, fault);
    if (!root)
        return fault->code;
    *config = DEFAULTS;
    int code = cJSON_IsObject(root) ? read_tree(&r, root, config)
                                    : fail(fault, UTTER_ERROR_MODEL, "%s: not a JSON object", name);
    cJSON_Delete(root);
    return code;
}

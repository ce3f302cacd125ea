/* config.c - what config.json says of a model, and the shapes that are known by name. */
#include "models/fastconformer/fastconformer.h"
#include "models/load/config_reader.h"

#include <stdio.h>
#include <string.h>

/* What ParakeetCTCConfig and ParakeetEncoderConfig of transformers assume: it leaves values that are its defaults out
 * of the config.json that it writes. They are also the shape of nvidia/parakeet-ctc-0.6b. */
static const struct fastconformer_config DEFAULTS = {
    .hidden_size = 1024,
    .layers = 24,
    .heads = 8,
    .intermediate_size = 4096,
    .conv_kernel = 9,
    .subsampling_factor = 8,
    .subsampling_channels = 256,
    .subsampling_kernel = 3,
    .subsampling_stride = 2,
    .mel_bins = 80,
    .vocabulary = 1025,
    .blank = 1024,
    .attention_bias = true,
    .convolution_bias = true,
    .scale_input = true,
};

bool fastconformer_config_named(struct fastconformer_config *config, const char *name)
{
    *config = DEFAULTS;
    if (!strcmp(name, "parakeet-ctc-0.6b"))
        return true;
    if (!strcmp(name, "parakeet-ctc-1.1b")) {
        config->layers = 42;
        return true;
    }
    if (strcmp(name, "default-en") != 0)
        return false;
    config->hidden_size = 256;
    config->layers = 12;
    config->heads = 4;
    config->intermediate_size = 512;
    config->subsampling_channels = 32;
    config->vocabulary = 257;
    config->blank = 256;
    config->scale_input = false;
    return true;
}

/* ---- reading ---- */

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

/* A text that must be one of two, where it is there at all. */
static int check_text(const struct config_reader *r, const cJSON *object, const char *key, const char *one,
                      const char *other)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    const char *text = cJSON_GetStringValue(item);
    if (!item || (text && (!strcmp(text, one) || !strcmp(text, other))))
        return 0;
    return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: %s is not %s", r->name, key, one);
}

static int read_encoder(const struct config_reader *r, const cJSON *e, struct fastconformer_config *c)
{
    const struct {
        const char *key;
        int minimum, maximum, *value;
    } numbers[] = {
        {"hidden_size", 2, 8192, &c->hidden_size},
        {"num_hidden_layers", 1, 256, &c->layers},
        {"num_attention_heads", 1, 256, &c->heads},
        {"intermediate_size", 1, 65536, &c->intermediate_size},
        {"conv_kernel_size", 1, 255, &c->conv_kernel},
        {"subsampling_factor", 2, 16, &c->subsampling_factor},
        {"subsampling_conv_channels", 1, 4096, &c->subsampling_channels},
        {"subsampling_conv_kernel_size", 1, 31, &c->subsampling_kernel},
        {"subsampling_conv_stride", 1, 16, &c->subsampling_stride},
        {"num_mel_bins", 1, 1024, &c->mel_bins},
    };
    int code = 0, groups;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && !code; i++)
        code = config_number(r, e, numbers[i].key, numbers[i].minimum, numbers[i].maximum, numbers[i].value);
    groups = c->heads;
    if (!code)
        code = config_number(r, e, "num_key_value_heads", c->heads, c->heads, &groups);
    if (!code)
        code = read_flag(r, e, "attention_bias", &c->attention_bias);
    if (!code)
        code = read_flag(r, e, "convolution_bias", &c->convolution_bias);
    if (!code)
        code = read_flag(r, e, "scale_input", &c->scale_input);
    return code ? code : check_text(r, e, "hidden_act", "silu", "swish");
}

static bool power_of_two(int n)
{
    return (n & (n - 1)) == 0;
}

/* How many stages halve time and mels. */
static int halvings(const struct fastconformer_config *c)
{
    int n = 0;
    while (1 << n < c->subsampling_factor)
        n++;
    return n;
}

static int subsampled(const struct fastconformer_config *c, int size)
{
    int padding = (c->subsampling_kernel - 1) / 2;
    for (int i = halvings(c); i > 0 && size > 0; i--)
        size = (size + 2 * padding - c->subsampling_kernel) / c->subsampling_stride + 1;
    return size;
}

/* What the numbers must be to one another. */
static const char *contradiction(const struct fastconformer_config *c)
{
    if (c->hidden_size % c->heads != 0)
        return "hidden_size is no multiple of num_attention_heads";
    if (c->hidden_size % 2 != 0)
        return "hidden_size is odd";
    if (c->conv_kernel % 2 == 0)
        return "conv_kernel_size is even";
    if (c->subsampling_kernel % 2 == 0)
        return "subsampling_conv_kernel_size is even";
    if (!power_of_two(c->subsampling_factor))
        return "subsampling_factor is not 2, 4, 8 or 16";
    if (c->subsampling_stride != 2)
        return "subsampling_conv_stride is not 2";
    if (subsampled(c, c->mel_bins) != c->mel_bins / c->subsampling_factor || c->mel_bins < c->subsampling_factor)
        return "num_mel_bins does not go with subsampling_factor";
    return NULL;
}

static int check_encoder(const struct config_reader *r, const struct fastconformer_config *c)
{
    const char *wrong = contradiction(c);
    return wrong ? fail(r->fault, UTTER_ERROR_MODEL, "%s: %s", r->name, wrong) : 0;
}

static int read_tree(const struct config_reader *r, const cJSON *root, struct fastconformer_config *c)
{
    const cJSON *encoder = cJSON_GetObjectItemCaseSensitive(root, "encoder_config");
    if (encoder && !cJSON_IsObject(encoder))
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: encoder_config is not an object", r->name);
    int code = read_encoder(r, encoder ? encoder : root, c);
    return code ? code : check_encoder(r, c);
}

static int read_ctc(const struct config_reader *r, const cJSON *root, struct fastconformer_config *c)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "model_type"));
    if (!type || strcmp(type, "parakeet_ctc") != 0)
        return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: model_type is not parakeet_ctc", r->name);
    int code = read_tree(r, root, c);
    if (!code)
        code = config_number(r, root, "vocab_size", 2, 1000000, &c->vocabulary);
    if (!code)
        code = config_number(r, root, "pad_token_id", 0, 999999, &c->blank);
    if (!code && c->blank >= c->vocabulary)
        code = fail(r->fault, UTTER_ERROR_MODEL, "%s: pad_token_id, the blank, is not below vocab_size", r->name);
    return code;
}

typedef int config_part(const struct config_reader *r, const cJSON *root, struct fastconformer_config *c);

static int read_config(struct fastconformer_config *config, config_part *part, const char *json, size_t length,
                       const char *name, struct fault *fault)
{
    struct fault own = {0};
    struct config_reader r = {name, fault};
    *config = DEFAULTS;
    cJSON *root = json_parse(json, length, name, &own);
    if (!root)
        return fail(fault, own.code, "%s", own.message);
    int code = part(&r, root, config);
    cJSON_Delete(root);
    return code;
}

int fastconformer_config_read(struct fastconformer_config *config, const char *json, size_t length, const char *name,
                              struct fault *fault)
{
    return read_config(config, read_ctc, json, length, name, fault);
}

int fastconformer_config_read_encoder(struct fastconformer_config *config, const char *json, size_t length,
                                      const char *name, struct fault *fault)
{
    int code = read_config(config, read_tree, json, length, name, fault);
    config->vocabulary = config->blank = 0;
    return code;
}

int fastconformer_width(const struct fastconformer_config *config)
{
    return config->projection ? config->projection : config->vocabulary;
}

int fastconformer_frames(const struct fastconformer_config *config, int frames)
{
    return subsampled(config, frames);
}

/* ---- the yardstick ---- */

int fastconformer_matmuls(const struct fastconformer_config *c, int batch, int frames, struct matmul_shape *out,
                          int capacity)
{
    int time = frames, mels = c->mel_bins, n = 0, stages = halvings(c), padding = (c->subsampling_kernel - 1) / 2;
    struct matmul_shape all[16];
    int64_t d = c->hidden_size, inner = c->intermediate_size, channels = c->subsampling_channels, layers = c->layers;
    for (int i = 0; i < stages; i++) {
        time = (time + 2 * padding - c->subsampling_kernel) / 2 + 1;
        mels = (mels + 2 * padding - c->subsampling_kernel) / 2 + 1;
        if (i > 0)
            all[n++] = (struct matmul_shape){(int64_t)batch * time * mels, channels, channels, 1};
    }
    int64_t rows = (int64_t)batch * time;
    all[n++] = (struct matmul_shape){rows, channels * mels, d, 1};
    all[n++] = (struct matmul_shape){rows, d, inner, 2 * layers};
    all[n++] = (struct matmul_shape){rows, inner, d, 2 * layers};
    all[n++] = (struct matmul_shape){rows, d, d, 5 * layers}; /* query, key, value, output; second pointwise */
    all[n++] = (struct matmul_shape){rows, d, 2 * d, layers}; /* first pointwise */
    all[n++] = (struct matmul_shape){rows, d, fastconformer_width(c), 1};
    for (int i = 0; i < n && i < capacity; i++)
        out[i] = all[i];
    return n < capacity ? n : capacity;
}

/* config.c - the architecture: from config.json, from a checkpoint that has none, or by name. */
#include "models/whisper/config.h"

#include "models/load/json.h"

#include <stdio.h>
#include <string.h>

enum { HEAD_WIDTH = 64 }; /* of every published Whisper */

/* ---- by name ---- */

static const struct {
    const char *name;
    int width, encoder_layers, decoder_layers, heads, mel_bins, vocabulary;
} shapes[] = {
    {"tiny", 384, 4, 4, 6, 80, 51865},
    {"tiny.en", 384, 4, 4, 6, 80, 51864},
    {"base", 512, 6, 6, 8, 80, 51865},
    {"base.en", 512, 6, 6, 8, 80, 51864},
    {"small", 768, 12, 12, 12, 80, 51865},
    {"small.en", 768, 12, 12, 12, 80, 51864},
    {"medium", 1024, 24, 24, 16, 80, 51865},
    {"medium.en", 1024, 24, 24, 16, 80, 51864},
    {"large-v2", 1280, 32, 32, 20, 80, 51865},
    {"large-v3", 1280, 32, 32, 20, 128, 51866},
    {"large-v3-turbo", 1280, 32, 4, 20, 128, 51866},
    {"distil-large-v3", 1280, 32, 2, 20, 128, 51866},
    {"toy", 64, 2, 2, 2, 80, 51865},
};

bool whisper_config_named(struct whisper_config *c, const char *name)
{
    static const char prefix[] = "whisper-";
    if (strncmp(name, prefix, sizeof prefix - 1) != 0)
        return false;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (strcmp(name + sizeof prefix - 1, shapes[i].name) != 0)
            continue;
        bool toy = strcmp(shapes[i].name, "toy") == 0;
        *c = (struct whisper_config){.mel_bins = shapes[i].mel_bins,
                                     .positions = toy ? 50 : 1500,
                                     .width = shapes[i].width,
                                     .encoder_layers = shapes[i].encoder_layers,
                                     .encoder_heads = shapes[i].heads,
                                     .encoder_inner = 4 * shapes[i].width,
                                     .decoder_layers = shapes[i].decoder_layers,
                                     .decoder_heads = shapes[i].heads,
                                     .decoder_inner = 4 * shapes[i].width,
                                     .text_positions = 448,
                                     .vocabulary = shapes[i].vocabulary};
        whisper_config_known_alignment(c);
        return true;
    }
    return false;
}

uint32_t whisper_config_heads(const struct whisper_config *c, int layer)
{
    bool any = false;
    for (int i = 0; i < c->decoder_layers; i++)
        any = any || c->alignment[i];
    if (any)
        return c->alignment[layer];
    return layer >= c->decoder_layers / 2 ? (uint32_t)((UINT64_C(1) << c->decoder_heads) - 1) : 0;
}

/* ---- checks ---- */

/* What the numbers must be, each and to one another; NULL: they are. */
static const char *contradiction(const struct whisper_config *c)
{
    const struct {
        const char *what;
        int value, minimum, maximum;
    } ranges[] = {
        {"the number of mel bins is not 1 to 512", c->mel_bins, 1, 512},
        {"the number of audio positions is not 1 to 8192", c->positions, 1, 8192},
        {"the width is not 2 to 8192", c->width, 2, 8192},
        {"the number of encoder layers is not 1 to 64", c->encoder_layers, 1, WHISPER_LAYERS_MAXIMUM},
        {"the number of decoder layers is not 1 to 64", c->decoder_layers, 1, WHISPER_LAYERS_MAXIMUM},
        {"the number of encoder heads is not 1 to 32", c->encoder_heads, 1, WHISPER_HEADS_MAXIMUM},
        {"the number of decoder heads is not 1 to 32", c->decoder_heads, 1, WHISPER_HEADS_MAXIMUM},
        {"the encoder's inner width is not 1 to 65536", c->encoder_inner, 1, 65536},
        {"the decoder's inner width is not 1 to 65536", c->decoder_inner, 1, 65536},
        {"the number of text positions is not 8 to 8192", c->text_positions, 8, 8192},
        {"the vocabulary is not 2 to 1000000", c->vocabulary, 2, 1000000},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (ranges[i].value < ranges[i].minimum || ranges[i].value > ranges[i].maximum)
            return ranges[i].what;
    if (c->width % c->encoder_heads || c->width % c->decoder_heads)
        return "the width is no multiple of the number of heads";
    if (c->width % 2)
        return "the width is odd";
    return NULL;
}

/* ---- config.json ---- */

struct reader {
    const char *name; /* the file, in messages */
    const cJSON *root;
    struct fault *fault;
};

static int read_number(const struct reader *r, const char *key, int *value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(r->root, key);
    int64_t number;
    if (!item)
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is missing", r->name, key);
    if (!json_whole(item, &number) || number > INT32_MAX)
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is not a whole number below 2^31", r->name, key);
    *value = (int)number;
    return 0;
}

/* The published ones say gelu and no scaled embedding; another model would compute something else. */
static int check_kind(const struct reader *r)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(r->root, "model_type"));
    const cJSON *activation = cJSON_GetObjectItemCaseSensitive(r->root, "activation_function");
    const char *gelu = cJSON_GetStringValue(activation);
    if (!type || strcmp(type, "whisper") != 0)
        return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: model_type is not whisper", r->name);
    if (activation && (!gelu || strcmp(gelu, "gelu") != 0))
        return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: activation_function is not gelu", r->name);
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(r->root, "scale_embedding")))
        return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: scale_embedding is true", r->name);
    return 0;
}

static int read_tree(const struct reader *r, struct whisper_config *c)
{
    const struct {
        const char *key;
        int *value;
    } numbers[] = {
        {"num_mel_bins", &c->mel_bins},
        {"max_source_positions", &c->positions},
        {"d_model", &c->width},
        {"encoder_layers", &c->encoder_layers},
        {"encoder_attention_heads", &c->encoder_heads},
        {"encoder_ffn_dim", &c->encoder_inner},
        {"decoder_layers", &c->decoder_layers},
        {"decoder_attention_heads", &c->decoder_heads},
        {"decoder_ffn_dim", &c->decoder_inner},
        {"max_target_positions", &c->text_positions},
        {"vocab_size", &c->vocabulary},
    };
    int code = check_kind(r);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && !code; i++)
        code = read_number(r, numbers[i].key, numbers[i].value);
    const char *wrong = code ? NULL : contradiction(c);
    return wrong ? fail(r->fault, UTTER_ERROR_MODEL, "%s: %s", r->name, wrong) : code;
}

int whisper_config_read(struct whisper_config *config, const char *json, size_t length, const char *name,
                        struct fault *fault)
{
    struct fault own = {0};
    memset(config, 0, sizeof *config);
    cJSON *root = json_parse(json, length, name, &own);
    if (!root)
        return fail(fault, own.code, "%s", own.message);
    struct reader r = {name, root, fault};
    int code = read_tree(&r, config);
    if (!code)
        whisper_config_known_alignment(config);
    cJSON_Delete(root);
    return code;
}

/* ---- generation_config.json ---- */

static int read_pair(const struct reader *r, const cJSON *pair, const struct whisper_config *c, uint32_t *masks)
{
    int64_t layer, head;
    if (cJSON_GetArraySize(pair) != 2 || !json_whole(cJSON_GetArrayItem(pair, 0), &layer) ||
        !json_whole(cJSON_GetArrayItem(pair, 1), &head) || layer >= c->decoder_layers || head >= c->decoder_heads)
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: alignment_heads has a pair that is no layer and head", r->name);
    masks[layer] |= UINT32_C(1) << head;
    return 0;
}

int whisper_config_read_alignment(struct whisper_config *config, const char *json, size_t length, const char *name,
                                  struct fault *fault)
{
    struct fault own = {0};
    cJSON *root = json_parse(json, length, name, &own);
    if (!root)
        return fail(fault, own.code, "%s", own.message);
    struct reader r = {name, root, fault};
    uint32_t masks[WHISPER_LAYERS_MAXIMUM] = {0};
    const cJSON *pairs = cJSON_GetObjectItemCaseSensitive(root, "alignment_heads"), *pair;
    int code = 0;
    cJSON_ArrayForEach(pair, pairs) if (!code) code = read_pair(&r, pair, config, masks);
    if (!code && cJSON_GetArraySize(pairs) > 0)
        memcpy(config->alignment, masks, sizeof masks);
    cJSON_Delete(root);
    return code;
}

/* ---- a checkpoint ---- */

/* The number that the file says, if it says one. */
static void take_number(const struct checkpoint *checkpoint, const char *name, int *value)
{
    int64_t number;
    if (checkpoint_number(checkpoint, name, &number))
        *value = number >= 0 && number <= INT32_MAX ? (int)number : -1;
}

/* Dimension of a tensor by OpenAI's name or Hugging Face's; 0 when there is none. */
static int dimension(const struct checkpoint *checkpoint, const char *openai, const char *face, int index)
{
    const struct stored_tensor *t = checkpoint_find(checkpoint, openai);
    char name[128];
    if (!t)
        t = checkpoint_find(checkpoint, face);
    if (!t) {
        snprintf(name, sizeof name, "model.%s", face);
        t = checkpoint_find(checkpoint, name);
    }
    return t && index < t->rank && t->shape[index] <= INT32_MAX ? (int)t->shape[index] : 0;
}

static int count_layers(const struct checkpoint *checkpoint, const char *side)
{
    for (int layer = 0;; layer++) {
        char openai[64], face[64];
        snprintf(openai, sizeof openai, "%s.blocks.%d.attn_ln.weight", side, layer);
        snprintf(face, sizeof face, "%s.layers.%d.self_attn_layer_norm.weight", side, layer);
        if (layer > WHISPER_LAYERS_MAXIMUM || !dimension(checkpoint, openai, face, 0))
            return layer;
    }
}

int whisper_config_from_checkpoint(struct whisper_config *c, const struct checkpoint *k, struct fault *fault)
{
    *c = (struct whisper_config){
        .mel_bins = dimension(k, "encoder.conv1.weight", "encoder.conv1.weight", 1),
        .positions = dimension(k, "encoder.positional_embedding", "encoder.embed_positions.weight", 0),
        .width = dimension(k, "decoder.token_embedding.weight", "decoder.embed_tokens.weight", 1),
        .encoder_layers = count_layers(k, "encoder"),
        .encoder_inner = dimension(k, "encoder.blocks.0.mlp.0.weight", "encoder.layers.0.fc1.weight", 0),
        .decoder_layers = count_layers(k, "decoder"),
        .decoder_inner = dimension(k, "decoder.blocks.0.mlp.0.weight", "decoder.layers.0.fc1.weight", 0),
        .text_positions = dimension(k, "decoder.positional_embedding", "decoder.embed_positions.weight", 0),
        .vocabulary = dimension(k, "decoder.token_embedding.weight", "decoder.embed_tokens.weight", 0),
    };
    if (!c->width || !c->vocabulary)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s: has no decoder.token_embedding.weight: it is no Whisper",
                    checkpoint_path(k));
    c->encoder_heads = c->decoder_heads = c->width / HEAD_WIDTH;
    take_number(k, "n_mels", &c->mel_bins);
    take_number(k, "n_audio_ctx", &c->positions);
    take_number(k, "n_text_state", &c->width);
    take_number(k, "n_audio_layer", &c->encoder_layers);
    take_number(k, "n_audio_head", &c->encoder_heads);
    take_number(k, "n_text_layer", &c->decoder_layers);
    take_number(k, "n_text_head", &c->decoder_heads);
    take_number(k, "n_text_ctx", &c->text_positions);
    take_number(k, "n_vocab", &c->vocabulary);
    const char *wrong = contradiction(c);
    if (wrong)
        return fail(fault, UTTER_ERROR_MODEL, "%s: %s", checkpoint_path(k), wrong);
    whisper_config_known_alignment(c);
    return 0;
}

/* ---- the yardstick ---- */

static int give_shapes(const struct matmul_shape *all, int count, struct matmul_shape *out, int capacity)
{
    for (int i = 0; i < count && i < capacity; i++)
        out[i] = all[i];
    return count < capacity ? count : capacity;
}

/* Windows are encoded one by one. */
int whisper_encode_matmuls(const struct whisper_config *c, int windows, int together, struct matmul_shape *out,
                           int capacity)
{
    int64_t d = c->width, inner = c->encoder_inner, n = (windows + together - 1) / together;
    int64_t time = (int64_t)c->positions * (together < windows ? together : windows);
    const struct matmul_shape all[] = {
        {2 * time, 3 * (int64_t)c->mel_bins, d, n},
        {time, 3 * d, d, n},
        {time, d, d, n * (4 * (int64_t)c->encoder_layers + 2 * (int64_t)c->decoder_layers)},
        {time, d, inner, n * c->encoder_layers},
        {time, inner, d, n * c->encoder_layers},
    };
    return give_shapes(all, (int)(sizeof all / sizeof *all), out, capacity);
}

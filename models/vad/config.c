/* config.c - what config.json says of our own network. */
#include "models/load/json.h"
#include "models/vad/vad.h"

#include <string.h>

/* Far more than a detector needs, little enough that a stream stays within a few megabytes. */
enum { MOST_MELS = 512, MOST_HIDDEN = 1024, MOST_TAPS = 64, MOST_DILATION = 256 };

struct config_reader {
    const char *name; /* the file, in messages */
    struct fault *fault;
};

static int check_number(const struct config_reader *r, const cJSON *item, const char *key, int minimum, int maximum,
                        int *value)
{
    int64_t number;
    if (!item || !json_whole(item, &number))
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is missing or not a whole number", r->name, key);
    if (number < minimum || number > maximum)
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is %lld, outside %d to %d", r->name, key, (long long)number,
                    minimum, maximum);
    *value = (int)number;
    return 0;
}

static int read_number(const struct config_reader *r, const cJSON *root, const char *key, int minimum, int maximum,
                       int *value)
{
    return check_number(r, cJSON_GetObjectItemCaseSensitive(root, key), key, minimum, maximum, value);
}

static int read_dilations(const struct config_reader *r, const cJSON *root, struct vad_config *c)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "dilations"), *item;
    int code = 0;
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > VAD_MOST_BLOCKS)
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: dilations is not a list of at most %d numbers", r->name,
                    VAD_MOST_BLOCKS);
    cJSON_ArrayForEach(item, list)
    {
        if (!code)
            code = check_number(r, item, "a dilation", 1, MOST_DILATION, &c->dilations[c->blocks++]);
    }
    return code;
}

static int read_tree(const struct config_reader *r, const cJSON *root, struct vad_config *c)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "model_type"));
    if (!type || strcmp(type, "utter_vad") != 0)
        return fail(r->fault, UTTER_ERROR_UNSUPPORTED, "%s: model_type is not utter_vad", r->name);
    int code = read_number(r, root, "mel_bins", 1, MOST_MELS, &c->mel_bins);
    if (!code)
        code = read_number(r, root, "hidden_size", 1, MOST_HIDDEN, &c->hidden_size);
    if (!code)
        code = read_number(r, root, "taps", VAD_STEP, MOST_TAPS, &c->taps);
    if (!code)
        code = read_number(r, root, "look_ahead", 0, c->taps - VAD_STEP, &c->look_ahead);
    return code ? code : read_dilations(r, root, c);
}

int vad_config_read(struct vad_config *config, const char *json, size_t length, const char *name, struct fault *fault)
{
    struct fault own = {0};
    struct config_reader r = {name, fault};
    *config = (struct vad_config){0};
    cJSON *root = json_parse(json, length, name, &own);
    if (!root)
        return fail(fault, own.code, "%s", own.message);
    int code = read_tree(&r, root, config);
    cJSON_Delete(root);
    return code;
}

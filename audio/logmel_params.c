/* logmel_params.c - the numbers of the features, and their reading from a model's preprocessor_config.json. */
#include "audio/logmel_internal.h"

#include <cjson/cJSON.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

void logmel_params_default(struct logmel_params *params, enum logmel_kind kind, int mels)
{
    const bool parakeet = kind == LOGMEL_PARAKEET;
    *params = (struct logmel_params){
        .kind = kind,
        .sample_rate = 16000,
        .mels = mels,
        .fft = parakeet ? 512 : 400,
        .window = 400,
        .hop = 160,
        .preemphasis = parakeet ? 0.97f : 0,
    };
}

static int in_range(const char *field, int value, int least, int most, const char *name, int code, struct fault *fault)
{
    if (value >= least && value <= most)
        return 0;
    return fail(fault, code, "%s: %s is %d, outside %d to %d", name, field, value, least, most);
}

int logmel_params_check(const struct logmel_params *p, const char *name, int code, struct fault *fault)
{
    int rc = in_range("the sample rate", p->sample_rate, 1000, 768000, name, code, fault);
    if (!rc)
        rc = in_range("the number of mel bins", p->mels, 1, 512, name, code, fault);
    if (!rc)
        rc = in_range("the Fourier transform's size", p->fft, 16, 32768, name, code, fault);
    if (!rc)
        rc = in_range("the window's length", p->window, 2, p->fft, name, code, fault);
    if (!rc)
        rc = in_range("the hop", p->hop, 1, p->fft, name, code, fault);
    if (rc)
        return rc;
    if (p->fft % 2 || p->window % 2)
        return fail(fault, code, "%s: the Fourier transform's size and the window's length have to be even", name);
    if (p->kind == LOGMEL_WHISPER && p->window != p->fft)
        return fail(fault, code, "%s: Whisper's window has to fill the Fourier transform", name);
    if (!(p->preemphasis >= 0 && p->preemphasis <= 1) || (p->kind == LOGMEL_WHISPER && p->preemphasis != 0))
        return fail(fault, code, "%s: a preemphasis of %g is not supported", name, (double)p->preemphasis);
    if (!(p->least_deviation >= 0 && p->least_deviation <= 1))
        return fail(fault, code, "%s: the least deviation is %g, outside 0 to 1", name, (double)p->least_deviation);
    return 0;
}

/* A whole number into *value; a field that is not there leaves it alone. */
static int read_whole(const cJSON *object, const char *field, int *value, const char *name, struct fault *fault)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, field);
    if (!item)
        return 0;
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= INT_MAX) ||
        item->valuedouble != (double)(int)item->valuedouble)
        return fail(fault, UTTER_ERROR_MODEL, "%s: \"%s\" is not a whole number", name, field);
    *value = (int)item->valuedouble;
    return 0;
}

/* A number into *value, null as 0; a field that is not there leaves it alone. */
static int read_number(const cJSON *object, const char *field, float *value, const char *name, struct fault *fault)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, field);
    if (!item)
        return 0;
    if (!cJSON_IsNumber(item) && !cJSON_IsNull(item))
        return fail(fault, UTTER_ERROR_MODEL, "%s: \"%s\" is not a number", name, field);
    *value = cJSON_IsNull(item) ? 0 : (float)item->valuedouble;
    return 0;
}

static int read_kind(const cJSON *object, enum logmel_kind *kind, const char *name, struct fault *fault)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "feature_extractor_type");
    if (!cJSON_IsString(item))
        return fail(fault, UTTER_ERROR_MODEL, "%s: \"feature_extractor_type\" is missing", name);
    if (!strcmp(item->valuestring, "ParakeetFeatureExtractor"))
        *kind = LOGMEL_PARAKEET;
    else if (!strcmp(item->valuestring, "WhisperFeatureExtractor"))
        *kind = LOGMEL_WHISPER;
    else
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s: features of the kind \"%.60s\" are not supported", name,
                    item->valuestring);
    return 0;
}

static int read_fields(const cJSON *object, struct logmel_params *params, const char *name, struct fault *fault)
{
    enum logmel_kind kind;
    int rc = read_kind(object, &kind, name, fault);
    if (rc)
        return rc;
    logmel_params_default(params, kind, 80);
    rc = read_whole(object, "feature_size", &params->mels, name, fault);
    if (!rc)
        rc = read_whole(object, "sampling_rate", &params->sample_rate, name, fault);
    if (!rc)
        rc = read_whole(object, "hop_length", &params->hop, name, fault);
    if (!rc)
        rc = read_whole(object, "n_fft", &params->fft, name, fault);
    if (!rc && kind == LOGMEL_PARAKEET)
        rc = read_whole(object, "win_length", &params->window, name, fault);
    if (!rc && kind == LOGMEL_PARAKEET)
        rc = read_number(object, "preemphasis", &params->preemphasis, name, fault);
    if (!rc && kind == LOGMEL_PARAKEET)
        rc = read_number(object, "least_deviation", &params->least_deviation, name, fault);
    if (kind == LOGMEL_WHISPER)
        params->window = params->fft;
    return rc ? rc : logmel_params_check(params, name, UTTER_ERROR_MODEL, fault);
}

int logmel_params_read(struct logmel_params *params, const char *json, size_t length, const char *name,
                       struct fault *fault)
{
    cJSON *root = cJSON_ParseWithLength(json, length);
    if (!cJSON_IsObject(root)) {
        cJSON_Delete(root);
        return fail(fault, UTTER_ERROR_MODEL, "%s: not a JSON object", name);
    }
    /* A processor's own file (processor_config.json) holds the extractor's numbers one level down. */
    const cJSON *inner = cJSON_GetObjectItemCaseSensitive(root, "feature_extractor");
    const int rc = read_fields(cJSON_IsObject(inner) ? inner : root, params, name, fault);
    cJSON_Delete(root);
    return rc;
}

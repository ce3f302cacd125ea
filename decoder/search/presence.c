#include "decoder/search/presence.h"

#include <cjson/cJSON.h>
#include <math.h>

static const double MOST = 1e6; /* of a weight */

/* ---- reading ---- */

static int read_number(const cJSON *map, const char *key, double least, double most, double *value, const char *name,
                       struct fault *fault)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, key);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= least && item->valuedouble <= most))
        return fail(fault, UTTER_ERROR_MODEL, "%s: %s is missing or no number within reason", name, key);
    *value = item->valuedouble;
    return 0;
}

static int read_weights(const cJSON *root, const char *key, struct presence_weights *out, const char *name,
                        struct fault *fault)
{
    const struct {
        const char *key;
        double least, most, *value;
    } fields[] = {{"bias", -MOST, MOST, &out->bias},       {"acoustic", -MOST, MOST, &out->acoustic},
                  {"letters", -MOST, MOST, &out->letters}, {"seconds", -MOST, MOST, &out->seconds},
                  {"mass", -MOST, MOST, &out->mass},       {"entropy", -MOST, MOST, &out->entropy},
                  {"threshold", 0.0, 1.0, &out->threshold}};
    const cJSON *map = cJSON_GetObjectItemCaseSensitive(root, key);
    if (!cJSON_IsObject(map))
        return fail(fault, UTTER_ERROR_MODEL, "%s: there is no %s", name, key);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (read_number(map, fields[i].key, fields[i].least, fields[i].most, fields[i].value, name, fault))
            return fault->code;
    return 0;
}

int presence_read(struct presence *presence, const char *json, size_t length, const char *name, struct fault *fault)
{
    cJSON *root = cJSON_ParseWithLength(json, length);
    if (!root)
        return fail(fault, UTTER_ERROR_MODEL, "%s: not valid JSON", name);
    int code = read_weights(root, "guided", &presence->guided, name, fault);
    if (!code)
        code = read_weights(root, "alone", &presence->alone, name, fault);
    cJSON_Delete(root);
    return code;
}

/* ---- evidence ---- */

static double mean_acoustic(const struct word_list *words)
{
    double weighted = 0, duration = 0, plain = 0;
    for (size_t i = 0; i < words->count; i++) {
        double length = words->words[i].end - words->words[i].start;
        weighted += (double)words->words[i].acoustic * length;
        duration += length;
        plain += (double)words->words[i].acoustic;
    }
    return duration > 0 ? weighted / duration : plain / (double)words->count;
}

static int letters(const char *text)
{
    int count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static double frame_entropy(const float *frame, int vocabulary)
{
    double entropy = 0;
    for (int id = 0; id < vocabulary; id++)
        if (isfinite(frame[id]))
            entropy -= exp((double)frame[id]) * (double)frame[id];
    return entropy;
}

void presence_gather(struct presence_evidence *e, const float *scores, int frames, int vocabulary, int blank,
                     double seconds, const struct word_list *words)
{
    *e = (struct presence_evidence){.acoustic = mean_acoustic(words), .seconds = seconds};
    for (size_t i = 0; i < words->count; i++)
        e->letters += letters(words->words[i].text);
    for (int frame = 0; frame < frames; frame++) {
        const float *at = scores + (size_t)frame * (size_t)vocabulary;
        e->mass += isfinite(at[blank]) ? 1.0 - exp((double)at[blank]) : 1.0;
        e->entropy += frame_entropy(at, vocabulary) / frames;
    }
}

/* ---- the map ---- */

/* Never quite sure, so that one number does not outweigh all others. */
static double log_odds(double p)
{
    p = p > 0.001 ? p : 0.001;
    p = p < 0.999 ? p : 0.999;
    return log(p / (1.0 - p));
}

static double logarithm(double x)
{
    return log(x > 0.01 ? x : 0.01);
}

double presence_probability(const struct presence_weights *w, const struct presence_evidence *e)
{
    double odds = w->bias + w->acoustic * log_odds(e->acoustic) + w->letters * logarithm(e->letters) +
                  w->seconds * logarithm(e->seconds) + w->mass * logarithm(e->mass) + w->entropy * e->entropy;
    return 1.0 / (1.0 + exp(-odds));
}

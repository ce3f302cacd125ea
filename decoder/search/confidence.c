#include "decoder/search/confidence.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

static const double LN_10 = 2.302585092994045684;
static const double MOST = 1e6; /* of a weight */

/* ---- reading ---- */

struct reader {
    const char *name;
    struct fault *fault;
};

static int read_number(const struct reader *r, const cJSON *map, const char *key, double *value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, key);
    if (!cJSON_IsNumber(item) || !(fabs(item->valuedouble) <= MOST))
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is missing or no number within reason", r->name, key);
    *value = item->valuedouble;
    return 0;
}

static int read_weights(const struct reader *r, const cJSON *root, const char *key, struct confidence_weights *out)
{
    const cJSON *map = cJSON_GetObjectItemCaseSensitive(root, key);
    if (!cJSON_IsObject(map))
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: there is no %s", r->name, key);
    int code = read_number(r, map, "bias", &out->bias);
    if (!code)
        code = read_number(r, map, "acoustic", &out->acoustic);
    if (!code)
        code = read_number(r, map, "mean", &out->mean);
    if (!code)
        code = read_number(r, map, "letters", &out->letters);
    if (!code)
        code = read_number(r, map, "language_model", &out->language_model);
    return code ? code : read_number(r, map, "known", &out->known);
}

int confidence_read(struct confidence *confidence, const char *json, size_t length, const char *name,
                    struct fault *fault)
{
    const struct reader r = {name, fault};
    cJSON *root = cJSON_ParseWithLength(json, length);
    if (!root)
        return fail(fault, UTTER_ERROR_MODEL, "%s: not valid JSON", name);
    int code = read_weights(&r, root, "guided", &confidence->guided);
    if (!code)
        code = read_weights(&r, root, "alone", &confidence->alone);
    cJSON_Delete(root);
    return code;
}

/* ---- use ---- */

/* Never quite sure, so that one number does not outweigh all others. */
static double log_odds(double p)
{
    p = p > 0.001 ? p : 0.001;
    p = p < 0.999 ? p : 0.999;
    return log(p / (1.0 - p));
}

static int letters(const char *text)
{
    int count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static double mean_acoustic(const struct word_list *words)
{
    double sum = 0.0;
    for (size_t i = 0; i < words->count; i++)
        sum += (double)words->words[i].acoustic;
    return sum / (double)words->count;
}

void confidence_set(const struct confidence_weights *w, const struct ngram *ngram, struct word_list *words)
{
    struct ngram_state state;
    if (!words->count)
        return;
    double all = w->bias + w->mean * log_odds(mean_acoustic(words));
    ngram_begin(ngram, &state);
    for (size_t i = 0; i < words->count; i++) {
        struct word *word = &words->words[i];
        uint32_t id = ngram_find(ngram, word->text, strlen(word->text));
        double expected = LN_10 * (double)ngram_score(ngram, &state, id, &state);
        double odds = all + w->acoustic * log_odds((double)word->acoustic) + w->letters * letters(word->text) +
                      w->language_model * expected + (id ? w->known : 0.0);
        word->confidence = (float)(1.0 / (1.0 + exp(-odds)));
    }
}

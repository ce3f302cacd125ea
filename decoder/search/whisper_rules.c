#include "decoder/search/whisper_rules.h"

#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double timestamp_seconds = 0.02, whole_window = 30;

/* ---- opening ---- */

static void bar(struct whisper_rules *r, int token)
{
    r->barred[token / 32] |= UINT32_C(1) << token % 32;
}

static int gather_barred(struct whisper_rules *r, const struct whisper_search_params *params, struct fault *fault)
{
    size_t count = 0;
    const int *words = params->suppress_non_speech_off ? NULL : whisper_vocabulary_non_speech(r->vocabulary, &count);
    const int always[] = {r->special->transcribe, r->special->translate, r->special->sot,
                          r->special->sot_prev,   r->special->sot_lm,    r->special->no_speech};
    r->barred = memory_new(((size_t)r->size + 31) / 32, sizeof *r->barred);
    if (!r->barred)
        return fail_memory(fault, "a search");
    for (size_t i = 0; words && i < count; i++)
        bar(r, words[i]);
    for (size_t i = 0; i < params->suppress_count; i++) {
        if (params->suppress[i] < 0 || params->suppress[i] >= r->size)
            return fail(fault, UTTER_ERROR_ARGUMENT, "token %d to suppress is outside the vocabulary",
                        params->suppress[i]);
        bar(r, params->suppress[i]);
    }
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        bar(r, always[i]);
    if (r->timestamps)
        bar(r, r->special->no_timestamps);
    return 0;
}

/* The timestamp of so many seconds, held to those that there are. */
static int timestamp_of(const struct whisper_rules *r, double seconds)
{
    int begin = r->special->timestamp_begin, last = r->size - 1 - begin;
    double steps = floor(seconds / timestamp_seconds + 0.5);
    return begin + (steps < last ? (int)steps : last);
}

int whisper_rules_open(struct whisper_rules *rules, const struct whisper_vocabulary *vocabulary,
                       const struct whisper_search_params *params, struct fault *fault)
{
    double initial = params->maximum_initial_timestamp == 0 ? 1 : params->maximum_initial_timestamp;
    double window = params->window_seconds > 0 ? params->window_seconds : whole_window;
    *rules = (struct whisper_rules){.vocabulary = vocabulary,
                                    .special = whisper_vocabulary_special(vocabulary),
                                    .size = whisper_vocabulary_size(vocabulary),
                                    .timestamps = params->timestamps,
                                    .force = params->force_tokens};
    rules->blank = params->suppress_blank_off ? -1 : whisper_vocabulary_blank(vocabulary);
    rules->latest_initial = initial < 0 ? -1 : timestamp_of(rules, initial);
    rules->latest = window < whole_window ? timestamp_of(rules, window) : rules->size - 1;
    if (gather_barred(rules, params, fault))
        whisper_rules_close(rules);
    return fault->code;
}

void whisper_rules_close(struct whisper_rules *rules)
{
    free(rules->barred);
    rules->barred = NULL;
}

/* ---- exponentials ----
 * A step of a small model takes a few milliseconds, and a vocabulary has fifty thousand tokens for each hypothesis: the
 * loops below are written so that the compiler makes vectors of them. */

/* exp by x = n ln 2 + r and the polynomial of Cephes' expf (S. Moshier): within 2 units in the last place on [-87, 88],
 * which x is held to. */
static inline float exponential(float x)
{
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    float shifted = x * 1.44269504f + 12582912.0f; /* 1.5 · 2²³: rounds to a whole number in the low bits */
    float n = shifted - 12582912.0f;
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1;
    uint32_t bits;
    float power;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127) << 23;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

static float largest(const float *x, int begin, int end)
{
    float most[8], result = -INFINITY;
    int i = begin;
    for (int k = 0; k < 8; k++)
        most[k] = -INFINITY;
    for (; i + 8 <= end; i += 8)
        for (int k = 0; k < 8; k++)
            most[k] = x[i + k] > most[k] ? x[i + k] : most[k];
    for (; i < end; i++)
        result = x[i] > result ? x[i] : result;
    for (int k = 0; k < 8; k++)
        result = most[k] > result ? most[k] : result;
    return result;
}

/* Σ exp(x - most), in blocks of f32 sums that are added in double. */
static double sum_exponentials(const float *x, int begin, int end, float most)
{
    enum { LANES = 8, BLOCK = 1024 };
    double total = 0;
    for (int from = begin; from < end; from += BLOCK) {
        int to = end - from < BLOCK ? end : from + BLOCK, i = from;
        float sums[LANES] = {0};
        for (; i + LANES <= to; i += LANES)
            for (int k = 0; k < LANES; k++)
                sums[k] += exponential(x[i + k] - most);
        for (; i < to; i++)
            sums[0] += exponential(x[i] - most);
        for (int k = 0; k < LANES; k++)
            total += (double)sums[k];
    }
    return total;
}

/* What exponential() gives for -infinity, which is not quite nothing, matters where most are suppressed. */
static double log_sum(const float *x, int begin, int end)
{
    float most = largest(x, begin, end);
    if (!(most > -INFINITY))
        return -INFINITY;
    return (double)most + log(sum_exponentials(x, begin, end, most));
}

static double add_logs(double a, double b)
{
    double most = a > b ? a : b;
    return most > -INFINITY ? most + log(exp(a - most) + exp(b - most)) : most;
}

double whisper_rules_probability(const struct whisper_rules *r, const float *logits, int token)
{
    return exp((double)logits[token] - log_sum(logits, 0, r->size));
}

/* ---- the rules ---- */

/* Timestamps come in pairs, but for the one before the end, and never go back. */
static void allow_by_timestamps(const struct whisper_rules *r, const int *sampled, size_t count,
                                struct whisper_range *ranges)
{
    struct whisper_range *times = &ranges[WHISPER_RANGES - 1];
    const int begin = r->special->timestamp_begin;
    const bool last = count >= 1 && sampled[count - 1] >= begin, before = count < 2 || sampled[count - 2] >= begin;
    int previous = -1;
    for (size_t i = count; i-- > 0 && previous < 0;)
        if (sampled[i] >= begin)
            previous = sampled[i];
    times->end = r->latest + 1;
    if (previous >= 0)
        times->begin = last && !before ? previous : previous + 1;
    if (last && before)
        times->end = times->begin;
    else if (last)
        ranges[0].end = ranges[1].end = 0; /* no text, but its end */
    if (count == 0) {
        for (int i = 0; i < WHISPER_RANGES - 1; i++)
            ranges[i].end = 0;
        if (r->latest_initial >= 0 && r->latest_initial < times->end)
            times->end = r->latest_initial + 1;
    }
}

void whisper_rules_allow(const struct whisper_rules *r, const int *sampled, size_t count, struct whisper_range *ranges)
{
    const int eot = r->special->eot, begin = r->special->timestamp_begin;
    const bool first = count == 0 && r->blank >= 0, no_end = first || count < (size_t)r->force;
    ranges[0] = (struct whisper_range){0, first ? r->blank : eot};
    ranges[1] = (struct whisper_range){first ? r->blank + 1 : eot, eot};
    ranges[2] = (struct whisper_range){no_end ? eot + 1 : eot, begin};
    ranges[3] = (struct whisper_range){begin, r->size};
    if (r->timestamps)
        allow_by_timestamps(r, sampled, count, ranges);
    for (int i = 0; i < WHISPER_RANGES; i++)
        if (ranges[i].end < ranges[i].begin)
            ranges[i].end = ranges[i].begin;
}

static void forbid(float *logits, int begin, int end)
{
    for (int i = begin; i < end; i++)
        logits[i] = -INFINITY;
}

static void forbid_barred(const struct whisper_rules *r, float *logits)
{
    for (int begin = 0; begin < r->size; begin += 32)
        for (int i = 0; i < 32 && r->barred[begin / 32] >> i; i++)
            if (r->barred[begin / 32] >> i & 1)
                logits[begin + i] = -INFINITY;
}

double whisper_rules_apply(const struct whisper_rules *r, float *logits, const int *sampled, size_t count)
{
    struct whisper_range ranges[WHISPER_RANGES];
    int begin = r->special->timestamp_begin, at = 0;
    whisper_rules_allow(r, sampled, count, ranges);
    for (int i = 0; i < WHISPER_RANGES; at = ranges[i++].end)
        forbid(logits, at, ranges[i].begin);
    forbid(logits, at, r->size);
    forbid_barred(r, logits);
    if (!r->timestamps)
        return log_sum(logits, 0, r->size);
    /* Where some timestamp is likelier than any one text token, it is time for a timestamp. */
    double times = log_sum(logits, begin, r->size);
    if (times > (double)largest(logits, 0, begin)) {
        forbid(logits, 0, begin);
        return times;
    }
    return add_logs(times, log_sum(logits, 0, begin));
}

/* Adds what was found in a range to the likeliest so far, of which at most count are kept, best first. */
static int merge(const float *found, int count, int have, int *tokens, float *logits)
{
    for (int k = 1; k <= count && found[k] > -INFINITY && (have < count || found[k] > logits[have - 1]); k++) {
        int at = have < count ? have++ : count - 1;
        for (; at > 0 && logits[at - 1] < found[k]; at--) {
            tokens[at] = tokens[at - 1];
            logits[at] = logits[at - 1];
        }
        tokens[at] = (int)found[count + k];
        logits[at] = found[k];
    }
    return have;
}

double whisper_rules_choose(const struct whisper_rules *r, const float *found, int *tokens, float *logits, int *most)
{
    const int count = *most, each = 1 + 2 * count, texts = WHISPER_RANGES - 1;
    const double times = (double)found[texts * each];
    double sum = -INFINITY, likeliest = -INFINITY;
    for (int i = 0; i < texts; i++) {
        sum = add_logs(sum, (double)found[i * each]);
        likeliest = fmax(likeliest, (double)found[i * each + 1]);
    }
    const bool time = r->timestamps && times > likeliest;
    *most = 0;
    for (int i = time ? texts : 0; i < WHISPER_RANGES; i++)
        *most = merge(found + i * each, count, *most, tokens, logits);
    return time ? times : add_logs(sum, times);
}

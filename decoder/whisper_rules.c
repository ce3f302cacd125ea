#include "decoder/whisper_rules.h"

#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double timestamp_seconds = 0.02, whole_window = 30;

/* ---- opening ---- */

static int gather_suppressed(struct whisper_rules *r, const struct whisper_search_params *params, struct fault *fault)
{
    size_t count = 0;
    const int *words = params->suppress_non_speech_off ? NULL : whisper_vocabulary_non_speech(r->vocabulary, &count);
    const int always[] = {r->special->transcribe, r->special->translate, r->special->sot,
                          r->special->sot_prev,   r->special->sot_lm,    r->special->no_speech};
    size_t others = sizeof always / sizeof *always;
    r->suppressed = memory_new(count + params->suppress_count + others, sizeof *r->suppressed);
    if (!r->suppressed)
        return fail_memory(fault, "a search");
    for (size_t i = 0; words && i < count; i++)
        r->suppressed[r->suppressed_count++] = words[i];
    for (size_t i = 0; i < params->suppress_count; i++) {
        if (params->suppress[i] < 0 || params->suppress[i] >= r->size)
            return fail(fault, UTTER_ERROR_ARGUMENT, "token %d to suppress is outside the vocabulary",
                        params->suppress[i]);
        r->suppressed[r->suppressed_count++] = params->suppress[i];
    }
    for (size_t i = 0; i < others; i++)
        r->suppressed[r->suppressed_count++] = always[i];
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
    if (gather_suppressed(rules, params, fault))
        whisper_rules_close(rules);
    return fault->code;
}

void whisper_rules_close(struct whisper_rules *rules)
{
    free(rules->suppressed);
    rules->suppressed = NULL;
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

static void forbid(float *logits, int begin, int end)
{
    for (int i = begin; i < end; i++)
        logits[i] = -INFINITY;
}

/* Timestamps come in pairs, but for the one before the end, and never go back. */
static void forbid_by_timestamps(const struct whisper_rules *r, float *logits, const int *sampled, size_t count)
{
    int begin = r->special->timestamp_begin, previous = -1;
    bool last = count >= 1 && sampled[count - 1] >= begin;
    bool before = count < 2 || sampled[count - 2] >= begin;
    logits[r->special->no_timestamps] = -INFINITY;
    forbid(logits, r->latest + 1, r->size);
    if (last && before)
        forbid(logits, begin, r->size);
    else if (last)
        forbid(logits, 0, r->special->eot);
    for (size_t i = count; i-- > 0 && previous < 0;)
        if (sampled[i] >= begin)
            previous = sampled[i];
    if (previous >= 0)
        forbid(logits, begin, last && !before ? previous : previous + 1);
    if (count == 0) {
        forbid(logits, 0, begin);
        if (r->latest_initial >= 0)
            forbid(logits, r->latest_initial + 1, r->size);
    }
}

double whisper_rules_apply(const struct whisper_rules *r, float *logits, const int *sampled, size_t count)
{
    int begin = r->special->timestamp_begin;
    if (count == 0 && r->blank >= 0)
        logits[r->blank] = logits[r->special->eot] = -INFINITY;
    for (size_t i = 0; i < r->suppressed_count; i++)
        logits[r->suppressed[i]] = -INFINITY;
    if (count < (size_t)r->force)
        logits[r->special->eot] = -INFINITY;
    if (!r->timestamps)
        return log_sum(logits, 0, r->size);
    forbid_by_timestamps(r, logits, sampled, count);
    /* Where some timestamp is likelier than any one text token, it is time for a timestamp. */
    double times = log_sum(logits, begin, r->size);
    if (times > (double)largest(logits, 0, begin)) {
        forbid(logits, 0, begin);
        return times;
    }
    return add_logs(times, log_sum(logits, 0, begin));
}

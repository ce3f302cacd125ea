/* whisper_sample.c - greedy search, and sampling at a temperature. */
#include "decoder/search/whisper_hypotheses.h"

#include <math.h>

/* SplitMix64 (Steele, Lea and Flood 2014): a number in [0, 1). */
static double draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

static int best(const float *logits, int size)
{
    int at = 0;
    for (int i = 1; i < size; i++)
        if (logits[i] > logits[at])
            at = i;
    return at;
}

/* A token by its probability at the temperature. */
static int sample(const float *logits, int size, double temperature, uint64_t *random)
{
    double most = (double)logits[best(logits, size)], sum = 0;
    for (int i = 0; i < size; i++)
        if (logits[i] > -INFINITY)
            sum += exp(((double)logits[i] - most) / temperature);
    double left = draw(random) * sum;
    int last = 0;
    for (int i = 0; i < size; i++) {
        if (!(logits[i] > -INFINITY))
            continue;
        last = i;
        left -= exp(((double)logits[i] - most) / temperature);
        if (left < 0)
            break;
    }
    return last;
}

/* From all tokens; none, where the rules allow none. Samples share the logits of the first step: the rules change
 * nothing in what they were applied to before. */
static struct choice draw_any(struct search *s, int from, const struct scored *scored)
{
    const struct hypothesis *h = &s->now.items[from];
    float *row = scored->logits + (size_t)h->row * (size_t)s->rules->size;
    double sum = whisper_rules_apply(s->rules, row, h->tokens, h->count);
    int size = s->rules->size;
    int token = s->temperature > 0 ? sample(row, size, s->temperature, &s->random) : best(row, size);
    if (!(row[token] > -INFINITY))
        token = NO_CHOICE;
    return (struct choice){0.0, token == NO_CHOICE ? -INFINITY : (double)row[token] - sum, 0.0, token, from};
}

/* From those that the guide was asked about, by what it makes of them. */
static struct choice draw_guided(struct search *s, int from, const struct scored *scored)
{
    struct choice choices[CHOICES_MOST];
    float scores[CHOICES_MOST];
    int count = search_choices(s, from, scored, choices);
    if (!count && s->guide->grammar)
        return (struct choice){.token = NO_CHOICE};
    if (!count)
        return draw_any(s, from, scored);
    for (int i = 0; i < count; i++)
        scores[i] = (float)(choices[i].score - choices[0].score);
    return choices[s->temperature > 0 ? sample(scores, count, s->temperature, &s->random) : 0];
}

/* The likeliest of what was asked for. */
static struct choice take_found(const struct search *s, int from, const struct scored *scored)
{
    struct choice choices[WHISPER_LIKELIEST_MOST];
    return search_choices(s, from, scored, choices) ? choices[0] : (struct choice){.token = NO_CHOICE};
}

void search_sample(struct search *s, const struct scored *scored)
{
    s->next.count = 0;
    for (int i = 0; i < s->now.count; i++) {
        struct choice choice = scored->found ? take_found(s, i, scored)
                               : s->guide    ? draw_guided(s, i, scored)
                                             : draw_any(s, i, scored);
        if (choice.token != NO_CHOICE)
            search_go_on(s, &choice);
    }
    struct hypotheses old = s->now;
    s->now = s->next;
    s->next = old;
}

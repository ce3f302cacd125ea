/* whisper_sample.c - greedy search, and sampling at a temperature. */
#include "decoder/whisper_hypotheses.h"

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

void search_sample(struct search *s, float *logits)
{
    const int size = s->rules->size;
    s->next.count = 0;
    for (int i = 0; i < s->now.count; i++) {
        const struct hypothesis *h = &s->now.items[i];
        float *row = logits + (size_t)h->row * (size_t)size;
        /* Samples share the logits of the first step: the rules change nothing in what they were applied to before. */
        double sum = whisper_rules_apply(s->rules, row, h->tokens, h->count);
        double most = search_hold(s, h, row);
        int token = s->temperature > 0 ? sample(row, size, s->temperature, &s->random) : best(row, size);
        double score = (double)row[token] - sum;
        if (s->grammar && !(row[token] > -INFINITY))
            continue; /* nothing may follow */
        const bool ends = token == s->rules->special->eot;
        struct hypothesis *to = hypotheses_add(ends ? &s->done : &s->next, h, ends ? -1 : token, score);
        search_follow(s, to, token, (double)row[token] - most);
    }
    struct hypotheses old = s->now;
    s->now = s->next;
    s->next = old;
}

/* whisper_beam.c - beam search as openai/whisper does it: of the likeliest beam + 1 ways to go on from each hypothesis
 * the best are taken, and those among them that end are set aside until there are enough. */
#include "decoder/whisper_hypotheses.h"

#include <math.h>

enum { MOST = WHISPER_BEAM_MAXIMUM * (WHISPER_BEAM_MAXIMUM + 1) };

struct candidate {
    double score; /* of the whole text */
    float log_probability;
    double gap;
    int token, from;
};

/* The count likeliest tokens, best first; of equals the lower id. Returns how many are possible. */
static int likeliest(const float *logits, int size, int count, int *tokens)
{
    int found = 0;
    float bar = -INFINITY;
    for (int i = 0; i < size; i++) {
        if (!(logits[i] > bar))
            continue;
        int at = found < count ? found++ : count - 1;
        for (; at > 0 && logits[tokens[at - 1]] < logits[i]; at--)
            tokens[at] = tokens[at - 1];
        tokens[at] = i;
        bar = found < count ? -INFINITY : logits[tokens[count - 1]];
    }
    return found;
}

static int gather(const struct search *s, float *logits, struct candidate *out)
{
    const int size = s->rules->size;
    int count = 0, tokens[WHISPER_BEAM_MAXIMUM + 1];
    for (int i = 0; i < s->now.count; i++) {
        const struct hypothesis *h = &s->now.items[i];
        float *row = logits + (size_t)h->row * (size_t)size;
        double sum = whisper_rules_apply(s->rules, row, h->tokens, h->count);
        double most = search_hold(s, h, row);
        int found = likeliest(row, size, s->beam + 1, tokens);
        for (int k = 0; k < found; k++) {
            float score = (float)((double)row[tokens[k]] - sum);
            out[count++] =
                (struct candidate){h->sum + (double)score, score, (double)row[tokens[k]] - most, tokens[k], i};
        }
    }
    return count;
}

/* By insertion, since equals must stay in order: there are a few dozen. */
static void sort(struct candidate *c, int count)
{
    for (int i = 1; i < count; i++) {
        struct candidate one = c[i];
        int at = i;
        for (; at > 0 && c[at - 1].score < one.score; at--)
            c[at] = c[at - 1];
        c[at] = one;
    }
}

void search_beam(struct search *s, float *logits)
{
    struct candidate all[MOST];
    int count = gather(s, logits, all);
    sort(all, count);
    s->next.count = 0;
    for (int i = 0; i < count && s->next.count < s->beam; i++) {
        const struct hypothesis *from = &s->now.items[all[i].from];
        const bool ends = all[i].token == s->rules->special->eot;
        struct hypothesis *to = NULL;
        if (!ends)
            to = hypotheses_add(&s->next, from, all[i].token, (double)all[i].log_probability);
        else if (s->done.count < s->candidates)
            to = hypotheses_add(&s->done, from, -1, (double)all[i].log_probability);
        if (to)
            search_follow(s, to, all[i].token, all[i].gap);
    }
    struct hypotheses old = s->now;
    s->now = s->next;
    s->next = old;
}

/* whisper_choices.c - the ways to go on from a text: the model's likeliest tokens, and what a guide makes of them. */
#include "decoder/search/whisper_hypotheses.h"

#include <math.h>

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

/* What the guide adds to a text that goes on with a token, or ends. */
static double added(const struct search *s, struct hypothesis *h, int token)
{
    struct guided child;
    if (!s->guide)
        return 0.0;
    if (token == s->rules->special->eot)
        return guide_whole(s->guide, &h->guided);
    guide_extend(s->guide, &h->guided, token, &child);
    return child.rank;
}

/* By insertion, since equals must stay in order: there are a few dozen. */
void choices_sort(struct choice *c, int count)
{
    for (int i = 1; i < count; i++) {
        struct choice one = c[i];
        int at = i;
        for (; at > 0 && c[at - 1].score < one.score; at--)
            c[at] = c[at - 1];
        c[at] = one;
    }
}

int search_asks_for(const struct search *s)
{
    const int count = s->beam > 1 ? s->beam + 1 : 1;
    return s->guide || s->temperature > 0 || count > WHISPER_LIKELIEST_MOST ? 0 : count;
}

/* The same from what was found already, without a guide. */
static int choices_found(const struct search *s, int from, const struct scored *scored, struct choice *out)
{
    const struct hypothesis *h = &s->now.items[from];
    const size_t each = (size_t)WHISPER_RANGES * (1 + 2 * (size_t)scored->count);
    int tokens[WHISPER_LIKELIEST_MOST], count = scored->count;
    float logits[WHISPER_LIKELIEST_MOST];
    const double sum = whisper_rules_choose(s->rules, scored->found + (size_t)h->row * each, tokens, logits, &count);
    for (int k = 0; k < count; k++) {
        double score = (double)(float)((double)logits[k] - sum);
        out[k] = (struct choice){h->sum + score, score, 0.0, tokens[k], from};
    }
    return count;
}

int search_choices(const struct search *s, int from, const struct scored *scored, struct choice *out)
{
    if (scored->found)
        return choices_found(s, from, scored, out);
    struct hypothesis *h = &s->now.items[from];
    float *row = scored->logits + (size_t)h->row * (size_t)s->rules->size;
    int tokens[CHOICES_MOST], count = 0;
    double sum = whisper_rules_apply(s->rules, row, h->tokens, h->count);
    double most = search_hold(s, h, row);
    int found = likeliest(row, s->rules->size, s->guide ? CHOICES_MOST : s->beam + 1, tokens);
    for (int k = 0; k < found; k++) {
        double score = (double)(float)((double)row[tokens[k]] - sum);
        double guided = added(s, h, tokens[k]);
        if (guided > -INFINITY)
            out[count++] =
                (struct choice){h->sum + score + guided, score, (double)row[tokens[k]] - most, tokens[k], from};
    }
    if (s->guide)
        choices_sort(out, count);
    return count;
}

void search_go_on(struct search *s, const struct choice *choice)
{
    struct hypothesis *from = &s->now.items[choice->from];
    const int end = s->rules->special->eot;
    struct hypothesis *to = hypotheses_add(choice->token == end ? &s->done : &s->next, from,
                                           choice->token == end ? -1 : choice->token, choice->log_probability);
    if (choice->token <= end) { /* text, and its end; times are nobody's wish */
        to->gap += choice->gap;
        to->spoken++;
    }
    if (s->guide && choice->token != end)
        guide_extend(s->guide, &from->guided, choice->token, &to->guided);
}

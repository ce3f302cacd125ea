/* whisper_grammar.c - texts held to a grammar: of the text tokens those that it lets follow; times are
 * free. */
#include "decoder/whisper_hypotheses.h"

#include <math.h>

static double largest(const float *logits, int size)
{
    float most = -INFINITY;
    for (int i = 0; i < size; i++)
        most = logits[i] > most ? logits[i] : most;
    return (double)most;
}

static void forbid(float *logits, int begin, int end)
{
    for (int i = begin; i < end; i++)
        logits[i] = -INFINITY;
}

bool search_may_end(const struct search *s, const struct hypothesis *h)
{
    return !s->grammar || s->unfinished || grammar_may_end(s->grammar, h->place);
}

double search_hold(const struct search *s, const struct hypothesis *h, float *logits)
{
    if (!s->grammar)
        return 0;
    const int end = s->rules->special->eot;
    double most = largest(logits, s->rules->size);
    size_t count;
    const struct grammar_token *allowed = grammar_tokens(s->grammar, h->place, &count);
    int at = 0;
    for (size_t i = 0; i < count && allowed[i].token < end; i++) {
        forbid(logits, at, allowed[i].token);
        at = allowed[i].token + 1;
    }
    forbid(logits, at, end);
    if (!search_may_end(s, h))
        logits[end] = -INFINITY;
    forbid(logits, end + 1, s->rules->timestamps ? s->rules->special->timestamp_begin : s->rules->size);
    return most;
}

void search_follow(const struct search *s, struct hypothesis *h, int token, double gap)
{
    if (!s->grammar || token > s->rules->special->eot)
        return;
    h->gap += gap;
    h->spoken++;
    if (token < s->rules->special->eot)
        h->place = grammar_next(s->grammar, h->place, token);
}

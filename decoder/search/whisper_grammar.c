/* whisper_grammar.c - texts held to a grammar: of the text tokens those that it lets follow; times are
 * free. */
#include "decoder/search/whisper_hypotheses.h"

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

static struct grammar_walk *grammar_of(const struct search *s)
{
    return s->guide ? s->guide->grammar : NULL;
}

bool search_may_end(const struct search *s, const struct hypothesis *h)
{
    return !grammar_of(s) || s->guide->unfinished || grammar_may_end(grammar_of(s), h->guided.place);
}

double search_hold(const struct search *s, const struct hypothesis *h, float *logits)
{
    if (!grammar_of(s))
        return 0;
    const int end = s->rules->special->eot;
    double most = largest(logits, s->rules->size);
    size_t count;
    const struct grammar_token *allowed = grammar_tokens(grammar_of(s), h->guided.place, &count);
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

#include "decoder/guide.h"

#include <math.h>

bool guide_asks(const struct guide *g)
{
    return g && (g->fusion || g->grammar);
}

/* Words are scored once for each sequence that ends with them, when somebody first asks. */
static const struct fused *completed(const struct guide *g, struct guided *state)
{
    fusion_complete(g->fusion, &g->weights, &state->words);
    return &state->words;
}

static bool begins_word(const struct guide *g, int token)
{
    return spelling_of(g->fusion->spelling, token).begins;
}

void guide_begin(const struct guide *g, struct guided *out)
{
    out->rank = 0.0;
    if (g->fusion)
        fusion_begin(g->fusion, &out->words);
    out->place = g->grammar ? grammar_begin(g->grammar) : 0;
}

void guide_extend(const struct guide *g, struct guided *parent, int token, struct guided *out)
{
    out->rank = 0.0;
    out->place = g->grammar ? grammar_next(g->grammar, parent->place, token) : 0;
    if (g->fusion) {
        const struct fused *words = begins_word(g, token) ? completed(g, parent) : &parent->words;
        fusion_extend(g->fusion, &g->weights, words, token, &out->words);
        out->rank += out->words.rank;
    }
    if (out->place == GRAMMAR_DEAD)
        out->rank = -INFINITY;
}

double guide_whole(const struct guide *g, struct guided *state)
{
    if (g->grammar && !g->unfinished && !grammar_may_end(g->grammar, state->place))
        return -INFINITY;
    return g->fusion ? completed(g, state)->whole : 0.0;
}

const struct grammar_token *guide_allowed(const struct guide *g, const struct guided *state, size_t *count)
{
    return g->grammar ? grammar_tokens(g->grammar, state->place, count) : NULL;
}

/* ---- bounds: look-ahead only ever falls within a word ---- */

static double bonus(const struct guide *g)
{
    return g->weights.bonus > 0.0 ? g->weights.bonus : 0.0;
}

double guide_most(const struct guide *g, struct guided *state)
{
    if (!g->fusion)
        return 0.0;
    double whole = completed(g, state)->whole, open = state->words.rank;
    return (whole > open ? whole : open) + bonus(g);
}

double guide_most_with(const struct guide *g, struct guided *state, int token)
{
    if (!g->fusion)
        return 0.0;
    if (begins_word(g, token))
        return completed(g, state)->whole + bonus(g);
    return state->words.word.length ? state->words.rank : state->words.rank + bonus(g);
}

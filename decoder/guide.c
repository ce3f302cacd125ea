#include "decoder/guide.h"

bool guide_asks(const struct guide *g)
{
    return g && g->fusion;
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
}

void guide_extend(const struct guide *g, struct guided *parent, int token, struct guided *out)
{
    out->rank = 0.0;
    if (g->fusion) {
        const struct fused *words = begins_word(g, token) ? completed(g, parent) : &parent->words;
        fusion_extend(g->fusion, &g->weights, words, token, &out->words);
        out->rank += out->words.rank;
    }
}

double guide_whole(const struct guide *g, struct guided *state)
{
    return g->fusion ? completed(g, state)->whole : 0.0;
}

bool guide_reads_tokens(const struct guide *g)
{
    return g && g->fusion && g->fusion->pieces;
}

bool guide_same(const struct guide *g, const struct guided *a, const struct guided *b)
{
    return !g->fusion || fusion_same(&a->words, &b->words);
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

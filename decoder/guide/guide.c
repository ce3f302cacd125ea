#include "decoder/guide/guide.h"

#include <math.h>
#include <string.h>

bool guide_asks(const struct guide *g)
{
    return g && (g->fusion || g->boost || g->grammar);
}

void guide_begin(const struct guide *g, struct guided *out)
{
    out->rank = 0.0;
    if (g->fusion)
        fusion_begin(g->fusion, &out->words);
    if (g->boost)
        boost_begin(g->boost, &out->phrases);
    out->place = g->grammar ? grammar_begin(g->grammar) : 0;
}

/* ---- words, which phrases vouch for ---- */

/* Words are scored once for each sequence that ends with them, when somebody first asks. */
static const struct fused *completed(const struct guide *g, struct guided *state)
{
    if (!state->words.completed)
        fusion_complete(g->fusion, &g->weights, g->boost && boost_is_word(g->boost, &state->phrases), &state->words);
    return &state->words;
}

static bool begins_word(const struct guide *g, int token)
{
    return spelling_of(g->fusion->spelling, token).begins;
}

/* The phrases of out are there. */
static void extend_words(const struct guide *g, struct guided *parent, int token, struct guided *out)
{
    const struct fused *words = begins_word(g, token) ? completed(g, parent) : &parent->words;
    bool vouched = g->boost && boost_begins_word(g->boost, &out->phrases);
    fusion_extend(g->fusion, &g->weights, words, token, vouched, &out->words);
}

static double letters_of(const struct guide *g, int token)
{
    return g->fusion ? g->weights.letter * spelling_of(g->fusion->spelling, token).letters : 0.0;
}

/* Look-ahead only ever falls within a word. The token's letters are not counted. */
static double most_of_words(const struct guide *g, struct guided *state, int token)
{
    double bonus = g->weights.bonus > 0.0 ? g->weights.bonus : 0.0;
    if (begins_word(g, token))
        return completed(g, state)->whole + bonus;
    return state->words.word.length ? state->words.rank : state->words.rank + bonus;
}

/* ---- all of it ---- */

void guide_extend(const struct guide *g, struct guided *parent, int token, struct guided *out)
{
    out->rank = 0.0;
    if (g->boost) {
        boost_extend(g->boost, &parent->phrases, token, &out->phrases);
        out->rank += out->phrases.rank;
    }
    if (g->fusion) {
        extend_words(g, parent, token, out);
        out->rank += out->words.rank;
    }
    out->place = g->grammar ? grammar_next(g->grammar, parent->place, token) : 0;
    if (out->place == GRAMMAR_DEAD)
        out->rank = -INFINITY;
}

double guide_whole(const struct guide *g, struct guided *state)
{
    if (g->grammar && !g->unfinished && !grammar_may_end(g->grammar, state->place))
        return -INFINITY;
    double whole = g->boost ? boost_whole(g->boost, &state->phrases) : 0.0;
    return g->fusion ? whole + completed(g, state)->whole : whole;
}

bool guide_reads_tokens(const struct guide *g)
{
    return g && (g->grammar || (g->fusion && g->fusion->pieces));
}

bool guide_same(const struct guide *g, const struct guided *a, const struct guided *b)
{
    return (!g->fusion || fusion_same(&a->words, &b->words)) && (!g->boost || a->phrases.node == b->phrases.node) &&
           (!g->grammar || a->place == b->place);
}

const struct grammar_token *guide_allowed(const struct guide *g, const struct guided *state, size_t *count)
{
    return g->grammar ? grammar_tokens(g->grammar, state->place, count) : NULL;
}

struct guide_most guide_most(const struct guide *g, struct guided *state)
{
    struct guide_most out = {0};
    if (g->boost) {
        const struct boost_most phrases = boost_most(g->boost, &state->phrases);
        out.most = phrases.behind;
        memcpy(out.begun, phrases.begun, sizeof out.begun);
    }
    if (!g->fusion)
        return out;
    double bonus = g->weights.bonus > 0.0 ? g->weights.bonus : 0.0;
    double whole = completed(g, state)->whole, open = state->words.rank;
    out.most += (whole > open ? whole : open) + bonus;
    return out;
}

struct guide_gain guide_gain(const struct guide *g, int token)
{
    return (struct guide_gain){letters_of(g, token),
                               g->boost ? boost_gain(g->boost, token) : (struct boost_gain){0.0, 0}};
}

double guide_most_of_any(const struct guide *g, struct guided *state)
{
    const struct guide_most most = guide_most(g, state);
    const double begins = g->boost ? boost_gain_most(g->boost) : 0.0, begun = (double)most.begun[BOOST_LENGTHS - 1];
    const double letters = g->fusion && g->weights.letter > 0.0 ? spelling_longest(g->fusion->spelling) : 0.0;
    return most.most + (begun > begins ? begun : begins) + g->weights.letter * letters;
}

double guide_most_with(const struct guide *g, struct guided *state, int token)
{
    struct boosted phrases = {0};
    if (g->boost) /* costs little, and is no bound but the thing itself */
        boost_extend(g->boost, &state->phrases, token, &phrases);
    return phrases.rank + (g->fusion ? most_of_words(g, state, token) + letters_of(g, token) : 0.0);
}

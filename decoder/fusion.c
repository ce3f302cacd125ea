#include "decoder/fusion.h"

#include <math.h>

static const double LN_10 = 2.302585092994045684;

static struct ngram_prefix every_word(const struct fusion *f)
{
    return (struct ngram_prefix){0, ngram_words(f->ngram), 0};
}

void fusion_begin(const struct fusion *f, struct fused *out)
{
    *out = (struct fused){.word = every_word(f), .completed = true};
    ngram_begin(f->ngram, &out->context);
    out->after = out->context;
}

/* What an open word may count as. */
static double promise(const struct fusion *f, const struct fusion_params *p, const struct fused *fused)
{
    if (fused->word.length == 0 && !fused->unknown)
        return 0.0;
    if (fused->unknown)
        return p->bonus + p->unknown;
    return p->bonus + p->weight * LN_10 * (double)ngram_best(f->ngram, fused->word);
}

/* A new word behind parent's. */
static void part(const struct fusion *f, const struct fused *parent, struct fused *out)
{
    out->before = parent->whole;
    out->context = parent->after;
    out->word = every_word(f);
    out->unknown = false;
}

void fusion_extend(const struct fusion *f, const struct fusion_params *p, const struct fused *parent, int token,
                   struct fused *out)
{
    const struct spelled spelled = spelling_of(f->spelling, token);
    size_t space = spelled.begins ? 1 : 0;
    out->rank = parent->rank;
    out->before = parent->before;
    out->word = parent->word;
    out->unknown = parent->unknown;
    out->completed = false;
    out->context = parent->context;
    if (!spelled.length)
        return;
    if (spelled.begins && (parent->word.length || parent->unknown))
        part(f, parent, out);
    if (!out->unknown && spelled.length > space) {
        out->word = ngram_narrow(f->ngram, out->word, spelled.bytes + space, spelled.length - space);
        out->unknown = out->word.begin == out->word.end || !(ngram_best(f->ngram, out->word) > -INFINITY);
    }
    out->rank = out->before + promise(f, p, out);
}

void fusion_complete(const struct fusion *f, const struct fusion_params *p, struct fused *fused)
{
    if (fused->completed)
        return;
    fused->completed = true;
    fused->whole = fused->before;
    fused->after = fused->context;
    if (fused->word.length == 0 && !fused->unknown)
        return;
    uint32_t word = fused->unknown ? 0 : ngram_whole(f->ngram, fused->word);
    double score = LN_10 * (double)ngram_score(f->ngram, &fused->context, word, &fused->after);
    fused->whole += p->bonus + p->weight * score + (word ? 0.0 : p->unknown);
}

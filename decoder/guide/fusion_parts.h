/* fusion_parts.h - what models of words do with a token, whether it writes bare words or prose. Private to the fusion.
 */
#ifndef DECODER_FUSION_PARTS_H
#define DECODER_FUSION_PARTS_H

#include "decoder/guide/fusion.h"

static inline struct ngram_prefix ngram_every_word(const struct ngram *ngram)
{
    return (struct ngram_prefix){0, ngram_words(ngram), 0};
}

/* Whether a word has begun. */
static inline bool fusion_within_word(const struct fused *fused)
{
    return fused->word.length || fused->unknown;
}

/* What the open word may count as. */
double fusion_promise(const struct fusion *f, const struct fusion_params *p, bool vouched, const struct fused *fused);
/* Begins a new word behind parent's, which is completed; out may be parent. */
void fusion_part(const struct fusion *f, const struct fused *parent, struct fused *out);

/* fusion_prose.c: fusion_extend where fusion.prose. */
void fusion_extend_prose(const struct fusion *f, const struct fusion_params *p, const struct fused *parent,
                         struct spelled spelled, bool vouched, struct fused *out);

#endif

#include "decoder/fusion.h"

#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double LN_10 = 2.302585092994045684;
static const char WORD_MARK[] = "\xE2\x96\x81"; /* ▁, of SentencePiece */
static const char BYTE_MARK[] = "\xC4\xA0";     /* Ġ, a space in byte-level BPE */

struct spelling {
    const char *text; /* without the mark of a word's beginning; NULL: a special token, which spells nothing */
    uint32_t length;
    bool begins;
};

struct fusion {
    const struct ngram *ngram;
    struct spelling *tokens; /* [count] */
    int count;
};

static struct spelling spell(const struct tokenizer *tokenizer, int id)
{
    const char *piece = tokenizer_piece(tokenizer, id);
    struct spelling s = {.begins = tokenizer_begins_word(tokenizer, id)};
    if (!piece || tokenizer_special(tokenizer, id))
        return (struct spelling){0};
    if (strncmp(piece, WORD_MARK, strlen(WORD_MARK)) == 0)
        piece += strlen(WORD_MARK);
    else if (s.begins && strncmp(piece, BYTE_MARK, strlen(BYTE_MARK)) == 0)
        piece += strlen(BYTE_MARK);
    s.text = piece;
    s.length = (uint32_t)strlen(piece);
    return s;
}

int fusion_open(struct fusion **fusion, const struct tokenizer *tokenizer, const struct ngram *ngram,
                struct fault *fault)
{
    struct fusion *f = memory_new(1, sizeof *f);
    int count = tokenizer_size(tokenizer);
    struct spelling *tokens = memory_new((size_t)count, sizeof *tokens);
    if (!f || !tokens) {
        free(f);
        free(tokens);
        return fail_memory(fault, "a language model");
    }
    for (int id = 0; id < count; id++)
        tokens[id] = spell(tokenizer, id);
    *f = (struct fusion){ngram, tokens, count};
    *fusion = f;
    return 0;
}

void fusion_close(struct fusion **fusion)
{
    if (*fusion)
        free((*fusion)->tokens);
    free(*fusion);
    *fusion = NULL;
}

bool fusion_begins_word(const struct fusion *f, int token)
{
    return token < f->count && f->tokens[token].begins;
}

static struct ngram_prefix every_word(const struct fusion *f)
{
    return (struct ngram_prefix){0, ngram_words(f->ngram), 0};
}

void fusion_begin(const struct fusion *f, struct fused *out)
{
    *out = (struct fused){.word = every_word(f), .completed = true};
    ngram_begin(f->ngram, &out->after);
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

void fusion_extend(const struct fusion *f, const struct fusion_params *p, const struct fused *parent, int32_t number,
                   int token, struct fused *out)
{
    static const struct spelling nothing;
    const struct spelling *s = token < f->count ? &f->tokens[token] : &nothing;
    *out = (struct fused){.rank = parent->rank,
                          .before = parent->before,
                          .word = parent->word,
                          .unknown = parent->unknown,
                          .context = parent->completed && parent->word.length == 0 ? number : parent->context};
    if (!s->text)
        return;
    if (s->begins && (parent->word.length || parent->unknown)) {
        out->before = parent->whole;
        out->word = every_word(f);
        out->unknown = false;
        out->context = number;
    }
    if (!out->unknown && s->length) {
        out->word = ngram_narrow(f->ngram, out->word, s->text, s->length);
        out->unknown = out->word.begin == out->word.end || !(ngram_best(f->ngram, out->word) > -INFINITY);
    }
    out->rank = out->before + promise(f, p, out);
}

void fusion_complete(const struct fusion *f, const struct fusion_params *p, const struct ngram_state *context,
                     struct fused *fused)
{
    fused->completed = true;
    fused->whole = fused->before;
    fused->after = *context;
    if (fused->word.length == 0 && !fused->unknown)
        return;
    uint32_t word = fused->unknown ? 0 : ngram_whole(f->ngram, fused->word);
    double score = LN_10 * (double)ngram_score(f->ngram, context, word, &fused->after);
    fused->whole += p->bonus + p->weight * score + (word ? 0.0 : p->unknown);
}

/* fusion.h - a language model beside the scores of subword tokens: shallow fusion (Gulcehre et al. 2015, arXiv
 * 1503.03535, section 4.1), as in Hannun et al. 2014 (arXiv 1408.2873, equation 6): log p(tokens | sound)
 * + weight * log p(words) + bonus * words + letter * letters. A long word costs the sound and the model more than a
 * short one does, so a bonus for words alone chooses many short ones where one long word was said.
 *
 * The model is asked when a word is complete: when a token begins the next one, or at the end. Until then a word counts
 * as the likeliest 1-gram that it can still become, found in the sorted vocabulary (look-ahead: Ortmanns, Ney and
 * Eiden, ICSLP 1996), and one that can become no known word pays for that at once. */
#ifndef DECODER_FUSION_H
#define DECODER_FUSION_H

#include "decoder/guide/ngram.h"
#include "decoder/guide/spelling.h"

struct fusion_params {
    double weight;  /* of the language model's natural logarithms */
    double bonus;   /* natural log, for each word */
    double unknown; /* natural log, for each word that is not in the vocabulary: 0 or below */
    double letter;  /* natural log, for each letter of a word; above 0, of a known one: else none would be too long */
};

/* A model, and the tokens that spell its words. All are borrowed; immutable; any thread. */
struct fusion {
    const struct spelling *spelling;
    const struct ngram *ngram;
    const struct ngram_prefix *starts; /* fusion_starts; NULL: they are looked up each time */
    const uint32_t *pieces;            /* fusion_pieces; NULL: a model of words */
    /* The tokens write prose, as a Whisper's do, and spelling is a spelling_open_prose in the case of fusion_letters:
       words end at punctuation, too, an apostrophe at either end of one is a quotation mark, and one that begins as
       none of the model's does (a digit, another script) is not the model's to judge: it counts as <unk>, and pays
       nothing for being unknown. starts is not used. */
    bool prose;
};

/* The case that the model's words are in: as spelt where neither is in the great majority. */
enum letter_case fusion_letters(const struct ngram *ngram);

/* [spelling_size] the words that each token may be the beginning of, in memory of the caller's (free). NULL when memory
 * ran out. */
struct ngram_prefix *fusion_starts(const struct spelling *spelling, const struct ngram *ngram);

/* Where the model's words are the tokens themselves ("▁he", "llo": a subword model): *pieces is [spelling_size] its
 * word for each, 0 for one that it does not know, in memory of the caller's (free). A model of words (which has none
 * that begin with the mark of one) leaves it NULL. Such a model is asked at every token, and unknown is for each token
 * that it does not know; what it says depends on the tokens, not only on the text. Errors: MEMORY. */
int fusion_pieces(uint32_t **pieces, const struct spelling *spelling, const struct ngram *ngram, struct fault *fault);

/* What the model says of a sequence of tokens. */
struct fused {
    double rank;   /* to be added to the sequence's score while it grows: its word counts as what it may become */
    double before; /* of the words before the last one, and of its letters */
    double whole;  /* with the last word as it stands, once completed */
    struct ngram_prefix word; /* the last word so far; length 0: none has begun */
    int letters;              /* of the last word */
    bool unknown;             /* it can become no known word … */
    bool foreign;             /* … and begins as none does, in prose, where … */
    bool apostrophe;          /* … one that comes after it may be a part of it or not */
    bool completed;
    struct ngram_state context; /* behind the word before the last … */
    struct ngram_state after;   /* … and, once completed, behind the last */
};

/* The empty sequence, completed. */
void fusion_begin(const struct fusion *fusion, struct fused *out);
/* parent and a token more. parent must be completed where the token begins a word. vouched: somebody knows a word that
 * begins as the last one does then; if the model does not, it counts as <unk> and pays nothing for that. */
void fusion_extend(const struct fusion *fusion, const struct fusion_params *params, const struct fused *parent,
                   int token, bool vouched, struct fused *out);
/* Whether both have the same open word behind the same context. */
bool fusion_same(const struct fused *a, const struct fused *b);
/* Fills whole and after, unless they are. vouched: somebody knows the last word as it stands. */
void fusion_complete(const struct fusion *fusion, const struct fusion_params *params, bool vouched, struct fused *f);

/* The lowest log10 probability that the model gives a word of a text, each behind the words before it; -infinity where
 * there is one that it does not know. text: words between single spaces. */
double fusion_least(const struct fusion *fusion, const char *text, size_t length);

#endif

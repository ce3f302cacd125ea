#include "decoder/guide/fusion_parts.h"

#include "decoder/tokens/tokenizer_parts.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double LN_10 = 2.302585092994045684;
static const double RAREST = -7.0; /* log10 */

static struct ngram_prefix narrowed(const struct ngram *ngram, struct ngram_prefix word, struct spelled spelled)
{
    size_t space = spelled.begins ? 1 : 0;
    return ngram_narrow(ngram, word, spelled.bytes + space, spelled.length - space);
}

struct ngram_prefix *fusion_starts(const struct spelling *spelling, const struct ngram *ngram)
{
    int count = spelling_size(spelling);
    struct ngram_prefix *starts = memory_new((size_t)count, sizeof *starts);
    for (int token = 0; starts && token < count; token++) {
        struct spelled spelled = spelling_of(spelling, token);
        starts[token] = spelled.length ? narrowed(ngram, ngram_every_word(ngram), spelled) : ngram_every_word(ngram);
    }
    return starts;
}

void fusion_begin(const struct fusion *f, struct fused *out)
{
    *out = (struct fused){.word = ngram_every_word(f->ngram), .completed = true};
    ngram_begin(f->ngram, &out->context);
    out->after = out->context;
}

/* ---- models of tokens ---- */

/* A token as SentencePiece writes it: with a mark for the spaces in it. */
static void add_marked(struct text *text, struct spelled spelled)
{
    for (size_t i = 0; i < spelled.length; i++)
        if (spelled.bytes[i] == ' ')
            text_add_string(text, "\xE2\x96\x81");
        else
            text_add(text, &spelled.bytes[i], 1);
}

/* As byte-level BPE writes it: with a letter for every byte. */
static void add_byte_letters(struct text *text, struct spelled spelled)
{
    for (size_t i = 0; i < spelled.length; i++)
        text_add_code(text, byte_to_letter((unsigned char)spelled.bytes[i]));
}

/* The model's word for a token; 0: there is none. text: its memory is used again. */
static uint32_t piece_word(const struct ngram *ngram, struct spelled spelled, struct text *text)
{
    uint32_t word = 0;
    text->length = 0;
    add_marked(text, spelled);
    if (text->length)
        word = ngram_find(ngram, text->bytes, text->length);
    if (word || !text->length)
        return word;
    text->length = 0;
    add_byte_letters(text, spelled);
    return ngram_find(ngram, text->bytes, text->length);
}

int fusion_pieces(uint32_t **pieces, const struct spelling *spelling, const struct ngram *ngram, struct fault *fault)
{
    const int count = spelling_size(spelling);
    uint32_t *words = memory_new((size_t)count, sizeof *words);
    struct text text = {0};
    int begin = 0, known = 0;
    if (!words)
        return fail_memory(fault, "a language model");
    for (int token = 0; token < count; token++) {
        const struct spelled spelled = spelling_of(spelling, token);
        words[token] = piece_word(ngram, spelled, &text);
        begin += spelled.begins;
        known += spelled.begins && words[token];
    }
    const bool failed = text.failed;
    text_free(&text);
    *pieces = known > begin / 2 && !failed ? words : NULL;
    if (!*pieces)
        free(words);
    return failed ? fail_memory(fault, "a language model") : 0;
}

/* What a word pays for being unknown, the bonuses of its letters among it. */
static double unknown_word(const struct fusion_params *p, int letters)
{
    return p->unknown - fmax(p->letter, 0.0) * letters;
}

/* Every token is a word of its own. */
static void extend_by_piece(const struct fusion *f, const struct fusion_params *p, const struct fused *parent,
                            int token, struct fused *out)
{
    const struct spelled spelled = spelling_of(f->spelling, token);
    const uint32_t word = spelled.length ? f->pieces[token] : 0;
    *out = *parent;
    if (!spelled.length)
        return;
    const double score = LN_10 * (double)ngram_score(f->ngram, &parent->after, word, &out->after);
    out->rank = parent->rank + p->weight * score + (spelled.begins ? p->bonus : 0.0) +
                (word ? 0.0 : unknown_word(p, spelled.letters)) + p->letter * spelled.letters;
    out->whole = out->rank;
    out->completed = true;
}

/* ---- models of words ---- */

/* A word that is vouched for and not known counts as <unk>, and as a rare word in a model that has no use for that. */
static double at_least_rare(double score)
{
    return score > RAREST ? score : RAREST;
}

static double unknown_alone(const struct fusion *f)
{
    struct ngram_state state = {0};
    return at_least_rare((double)ngram_score(f->ngram, &state, 0, &state));
}

/* What an open word may count as. */
double fusion_promise(const struct fusion *f, const struct fusion_params *p, bool vouched, const struct fused *fused)
{
    vouched |= fused->foreign;
    if (!fusion_within_word(fused))
        return 0.0;
    if (fused->unknown && !vouched)
        return p->bonus + unknown_word(p, fused->letters);
    double best = fused->unknown ? -INFINITY : (double)ngram_best(f->ngram, fused->word);
    return p->bonus + p->weight * LN_10 * (vouched ? fmax(best, unknown_alone(f)) : best);
}

void fusion_part(const struct fusion *f, const struct fused *parent, struct fused *out)
{
    out->before = parent->whole;
    out->context = parent->after;
    out->word = ngram_every_word(f->ngram);
    out->letters = 0;
    out->unknown = out->foreign = out->apostrophe = false;
}

void fusion_extend(const struct fusion *f, const struct fusion_params *p, const struct fused *parent, int token,
                   bool vouched, struct fused *out)
{
    const struct spelled spelled = spelling_of(f->spelling, token);
    size_t space = spelled.begins ? 1 : 0;
    if (f->pieces) {
        extend_by_piece(f, p, parent, token, out);
        return;
    }
    if (f->prose) {
        fusion_extend_prose(f, p, parent, spelled, vouched, out);
        return;
    }
    out->rank = parent->rank;
    out->before = parent->before;
    out->word = parent->word;
    out->letters = parent->letters;
    out->unknown = parent->unknown;
    out->foreign = out->apostrophe = false;
    out->completed = false;
    out->context = parent->context;
    if (!spelled.length)
        return;
    if (spelled.begins && fusion_within_word(parent))
        fusion_part(f, parent, out);
    if (!out->unknown && spelled.length > space) {
        out->word = f->starts && !out->word.length ? f->starts[token] : narrowed(f->ngram, out->word, spelled);
        out->unknown = out->word.begin == out->word.end || !(ngram_best(f->ngram, out->word) > -INFINITY);
    }
    out->letters += spelled.letters;
    out->before += p->letter * spelled.letters;
    out->rank = out->before + fusion_promise(f, p, vouched, out);
}

void fusion_complete(const struct fusion *f, const struct fusion_params *p, bool vouched, struct fused *fused)
{
    if (fused->completed)
        return;
    vouched |= fused->foreign;
    fused->completed = true;
    fused->whole = fused->before;
    fused->after = fused->context;
    if (!fusion_within_word(fused))
        return;
    uint32_t word = fused->unknown ? 0 : ngram_whole(f->ngram, fused->word);
    double score = (double)ngram_score(f->ngram, &fused->context, word, &fused->after);
    if (!word && vouched)
        score = at_least_rare(score);
    fused->whole += p->bonus + p->weight * LN_10 * score + (word || vouched ? 0.0 : unknown_word(p, fused->letters));
}

double fusion_least(const struct fusion *f, const char *text, size_t length)
{
    const char *end = text + length;
    struct ngram_state state = {0};
    double least = INFINITY;
    for (const char *next; text < end; text = next + 1) {
        next = memchr(text, ' ', (size_t)(end - text));
        next = next ? next : end;
        uint32_t word = ngram_find(f->ngram, text, (size_t)(next - text));
        double score = (double)ngram_score(f->ngram, &state, word, &state);
        least = fmin(least, word ? score : -INFINITY);
    }
    return least;
}

static bool same_state(const struct ngram_state *a, const struct ngram_state *b)
{
    if (a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++)
        if (a->words[i] != b->words[i])
            return false;
    return true;
}

bool fusion_same(const struct fused *a, const struct fused *b)
{
    return a->unknown == b->unknown && a->foreign == b->foreign && a->apostrophe == b->apostrophe &&
           a->word.begin == b->word.begin && a->word.end == b->word.end && a->word.length == b->word.length &&
           same_state(&a->context, &b->context) && (!a->completed || !b->completed || same_state(&a->after, &b->after));
}

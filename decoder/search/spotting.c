#include "decoder/search/spotting.h"

#include "decoder/search/align.h"
#include "decoder/search/spotting_parts.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PLACES = 3,  /* of a phrase that are looked at; they do not overlap */
    WORDS = 5,   /* that a phrase may replace */
    BEHIND = 2,  /* words that the language model is asked for behind it */
    FRAMES = 250 /* that it may have to account for */
};
/* What a phrase wins by is a sum of what speaks for it. A logistic regression on the development set gives what the
 * guide says the weight of the phrase's own fit, and the misfit of the words that stand there less
 * (docs/benchmarks.md). */
static const double MISFIT_SHARE = 0.6;
/* Natural log: how badly the words that stand there may fit and no worse; what a phrase must win by. */
static const double MISFIT = 8.0, THRESHOLD = 2.0;
/* A place where a phrase could only win if the language model gave it more than this is not looked at. */
static const double LANGUAGE = 3.0;
static const double ROUNDING = 1e-3; /* of sums in single precision */

/* A word of the hypothesis. */
struct spot_word {
    size_t begin, end;    /* tokens */
    int first, last;      /* frames */
    struct guided before; /* the text before it */
};

/* A phrase in place of words [from, to). */
struct spot {
    const struct spotting_lattice *phrase;
    size_t from, to;
    int begin, end; /* frames that it has to account for */
    double gain;    /* what it wins by */
    double sound;   /* … without the guide */
};

struct spotter {
    const struct spotting *spotting;
    const struct guide *guide;
    const struct ctc_hypothesis *text;
    struct spotting_walk walk;
    struct spot_word *words; /* [word_count] */
    size_t word_count;
    struct spotting_lattice chain; /* of words of the text: room for all of them */
    struct spot *spots;
    size_t spot_count, spot_capacity;
    double *lost;   /* [frames + 1] up to each frame, by the text where its tokens lie: no path for it fits worse */
    double *silent; /* [frames + 1] up to each frame, by blanks */
};

/* ---- the text as words ---- */

static bool begins_word(const struct spotter *s, size_t token)
{
    return token == 0 || spelling_of(s->spotting->spelling, s->text->tokens[token].id).begins;
}

static void read_words(struct spotter *s)
{
    struct guided state, next;
    guide_begin(s->guide, &state);
    for (size_t i = 0; i < s->text->count; i++) {
        const struct ctc_token *token = &s->text->tokens[i];
        if (begins_word(s, i))
            s->words[s->word_count++] = (struct spot_word){i, i, token->first, token->last, state};
        struct spot_word *word = &s->words[s->word_count - 1];
        word->end = i + 1;
        word->last = token->last;
        guide_extend(s->guide, &state, token->id, &next);
        state = next;
    }
    s->words[s->word_count] = (struct spot_word){s->text->count, s->text->count, s->walk.frames, s->walk.frames, state};
}

/* How well words [from, to) fit their frames, as spotting_fit says it. */
static double fit_of_words(struct spotter *s, size_t from, size_t to, int begin, int end)
{
    struct spotting_lattice *l = &s->chain;
    size_t first = s->words[from].begin, count = s->words[to].begin - first;
    l->nodes = (int32_t)count + 1;
    for (size_t i = 0; i <= count + 1; i++)
        l->first[i] = (int32_t)(i < count ? i : count);
    for (size_t i = 0; i < count; i++) {
        l->token[i] = s->text->tokens[first + i].id;
        l->to[i] = (int32_t)i + 1;
    }
    return spotting_fit(&s->walk, l, begin, end, -INFINITY);
}

/* ---- how badly they may fit at most ---- */

/* Fills s->lost and s->silent. */
static void add_losses(struct spotter *s)
{
    const struct spotting_walk *w = &s->walk;
    size_t token = 0;
    for (int t = 0; t < w->frames; t++) {
        while (token < s->text->count && s->text->tokens[token].last < t)
            token++;
        const bool said = token < s->text->count && s->text->tokens[token].first <= t;
        const int id = said ? s->text->tokens[token].id : w->blank;
        const double loss = -(double)w->gaps[(size_t)t * (size_t)w->vocabulary + (size_t)id];
        s->lost[t + 1] = s->lost[t] + (loss < MISFIT ? loss : MISFIT);
        s->silent[t + 1] = s->silent[t] + (double)w->gaps[(size_t)t * (size_t)w->vocabulary + (size_t)w->blank];
    }
}

/* Words [from, to) do not fit worse, or it does not matter. */
static double most_misfit(const struct spotter *s, size_t from, size_t to)
{
    const double lost = s->lost[s->words[to].first] - s->lost[from ? s->words[from - 1].last + 1 : 0];
    return lost < MISFIT ? lost : MISFIT;
}

/* For each block of frames what a phrase that ends there gains at most since the words fit badly that it may replace
 * (try_place): the more words, the more of it. */
static void add_bonuses(struct spotter *s)
{
    struct spotting_walk *w = &s->walk;
    for (int b = 0; b < w->blocks; b++)
        w->bonus[b] = 0.0f;
    for (size_t to = 0; to <= s->word_count; to++) {
        const float bonus = (float)(MISFIT_SHARE * most_misfit(s, to > WORDS ? to - WORDS : 0, to));
        const int first = to > 1 ? s->words[to - 2].first : 0;
        const int last = to < s->word_count ? s->words[to + 1].first : w->frames;
        for (int b = first / SPOTTING_BLOCK; b * SPOTTING_BLOCK < last; b++)
            w->bonus[b] = bonus > w->bonus[b] ? bonus : w->bonus[b];
    }
}

static int open_spotter(struct spotter *s, const float *scores, int frames, int vocabulary,
                        const struct ctc_params *params, struct fault *fault)
{
    size_t tokens = s->text->count;
    if (spotting_walk_open(&s->walk, s->spotting, (int32_t)tokens, scores, frames, vocabulary, params->blank,
                           params->blank_penalty, fault))
        return fault->code;
    s->words = memory_new(tokens + 1, sizeof *s->words);
    s->chain.token = memory_new(tokens, sizeof *s->chain.token);
    s->chain.to = memory_new(tokens, sizeof *s->chain.to);
    s->chain.cost = memory_new(tokens, sizeof *s->chain.cost);
    s->chain.first = memory_new(tokens + 2, sizeof *s->chain.first);
    s->lost = memory_new((size_t)frames + 1, sizeof *s->lost);
    s->silent = memory_new((size_t)frames + 1, sizeof *s->silent);
    if (!s->words || !s->chain.token || !s->chain.to || !s->chain.cost || !s->chain.first || !s->lost || !s->silent)
        return fail_memory(fault, "a search for phrases");
    read_words(s);
    add_losses(s);
    add_bonuses(s);
    return 0;
}

static void close_spotter(struct spotter *s)
{
    spotting_walk_close(&s->walk);
    free(s->words);
    free(s->chain.token);
    free(s->chain.to);
    free(s->chain.cost);
    free(s->chain.first);
    free(s->lost);
    free(s->silent);
    free(s->spots);
}

/* ---- what speaks for a phrase in place of words ---- */

static void extend(const struct guide *guide, struct guided *state, int token)
{
    struct guided next;
    guide_extend(guide, state, token, &next);
    *state = next;
}

/* What the guide says for the phrase in place of the words, by the text up to some words behind it. */
static double judge(const struct spotter *s, const struct spot *spot)
{
    const struct spot_word *words = s->words;
    struct guided with = words[spot->from].before, without = words[spot->from].before;
    size_t behind = spot->to + BEHIND < s->word_count ? spot->to + BEHIND : s->word_count;
    for (size_t i = 0; i < spot->phrase->token_count; i++)
        extend(s->guide, &with, spot->phrase->tokens[i]);
    for (size_t i = words[spot->to].begin; i < words[behind].begin; i++)
        extend(s->guide, &with, s->text->tokens[i].id);
    for (size_t i = words[spot->from].begin; i < words[behind].begin; i++)
        extend(s->guide, &without, s->text->tokens[i].id);
    return guide_whole(s->guide, &with) - guide_whole(s->guide, &without);
}

/* A phrase that fits worse than this cannot win from words that fit. */
static double least_fit(const struct spotting_lattice *phrase)
{
    return THRESHOLD - LANGUAGE - (phrase->worth - phrase->taken);
}

/* The phrase in hand does not fit frames [begin, end) better: with blanks behind where it ends best. */
static double most_fit(const struct spotter *s, int begin, int end)
{
    double most = -INFINITY;
    for (int t = begin; t < end; t++)
        most = fmax(most, (double)s->walk.ends[t].score - s->silent[t + 1]);
    return most + s->silent[end];
}

/* The phrase in place of words [from, to): fills what it wins by, -infinity where it cannot win. */
static struct spot try_words(struct spotter *s, const struct spotting_lattice *phrase, size_t from, size_t to)
{
    struct spot spot = {phrase, from, to, 0, 0, -INFINITY, -INFINITY};
    spot.begin = from ? s->words[from - 1].last + 1 : 0;
    spot.end = s->words[to].first;
    if (spot.end - spot.begin < (int)phrase->token_count || spot.end - spot.begin > FRAMES)
        return spot;
    double least = least_fit(phrase) - MISFIT_SHARE * most_misfit(s, from, to);
    if (!(most_fit(s, spot.begin, spot.end) >= least - ROUNDING))
        return spot;
    double fit = spotting_fit(&s->walk, phrase, spot.begin, spot.end, least);
    if (!(fit > -INFINITY))
        return spot;
    double instead = fmax(fit_of_words(s, from, to, spot.begin, spot.end), -MISFIT);
    spot.sound = fit - instead;
    spot.gain = fit - MISFIT_SHARE * instead + judge(s, &spot) - phrase->taken - THRESHOLD;
    return spot;
}

/* ---- places ---- */

/* The words that lie within frames [first, last]: [*from, *to). */
static void words_at(const struct spotter *s, int first, int last, size_t *from, size_t *to)
{
    *from = 0;
    while (*from < s->word_count && s->words[*from].last < first)
        ++*from;
    *to = *from;
    while (*to < s->word_count && s->words[*to].first <= last)
        ++*to;
}

/* The best that a phrase found in frames [first, last] may replace: the words there, one more or one less either side.
 */
static struct spot try_place(struct spotter *s, const struct spotting_lattice *phrase, int first, int last)
{
    struct spot best = {.gain = -INFINITY};
    size_t from, to;
    words_at(s, first, last, &from, &to);
    for (size_t a = from ? from - 1 : 0; a <= from + 1 && a <= s->word_count; a++)
        for (size_t b = to ? to - 1 : 0; b <= to + 1 && b <= s->word_count; b++) {
            bool fits = from == to ? a == from && b == to : a < b && b - a <= WORDS;
            struct spot spot = fits ? try_words(s, phrase, a, b) : best;
            if (spot.gain > best.gain)
                best = spot;
        }
    return best;
}

static int keep(struct spotter *s, struct spot spot, struct fault *fault)
{
    void *spots = s->spots;
    bool grown = memory_grow(&spots, &s->spot_capacity, s->spot_count + 1, sizeof spot);
    s->spots = spots;
    if (!grown)
        return fail_memory(fault, "a search for phrases");
    s->spots[s->spot_count++] = spot;
    return 0;
}

struct place {
    int first, last; /* frames */
};

static bool is_free(const struct place *taken, int count, struct place place)
{
    for (int i = 0; i < count; i++)
        if (place.first <= taken[i].last && taken[i].first <= place.last)
            return false;
    return true;
}

/* The best place that overlaps none of those; false: there is none any more. */
static bool next_place(const struct spotting_walk *w, const struct place *taken, int count, struct place *best)
{
    float most = -INFINITY;
    for (int t = 0; t < w->frames; t++) {
        const struct place place = {w->ends[t].start, t};
        if (w->ends[t].score > most && is_free(taken, count, place)) {
            *best = place;
            most = w->ends[t].score;
        }
    }
    return most > -INFINITY;
}

/* The places of a phrase, the likeliest first. */
static int find_phrase(struct spotter *s, const struct spotting_lattice *phrase, struct fault *fault)
{
    struct place places[PLACES];
    if (!spotting_find(&s->walk, phrase, least_fit(phrase)))
        return 0;
    for (int i = 0; i < PLACES && next_place(&s->walk, places, i, &places[i]); i++) {
        struct spot spot = try_place(s, phrase, places[i].first, places[i].last);
        if (spot.gain > 0.0 && keep(s, spot, fault))
            return fault->code;
    }
    return 0;
}

/* ---- the text with them ---- */

static int most_first(const void *a, const void *b)
{
    const struct spot *x = a, *y = b;
    if (x->gain != y->gain)
        return x->gain < y->gain ? 1 : -1;
    return x->phrase != y->phrase ? (x->phrase < y->phrase ? -1 : 1) : (x->from > y->from) - (x->from < y->from);
}

static int first_first(const void *a, const void *b)
{
    const struct spot *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* Of those that want the same frames only the best stays; in the order of time then. */
static void choose(struct spotter *s)
{
    size_t kept = 0;
    if (s->spot_count)
        qsort(s->spots, s->spot_count, sizeof *s->spots, most_first);
    for (size_t i = 0; i < s->spot_count; i++) {
        bool taken = false;
        for (size_t k = 0; k < kept; k++)
            taken |= s->spots[i].begin < s->spots[k].end && s->spots[k].begin < s->spots[i].end;
        if (!taken)
            s->spots[kept++] = s->spots[i];
    }
    s->spot_count = kept;
    if (kept)
        qsort(s->spots, kept, sizeof *s->spots, first_first);
}

static void copy_words(const struct spotter *s, size_t from, size_t to, struct ctc_hypothesis *out)
{
    for (size_t i = s->words[from].begin; i < s->words[to].begin; i++)
        out->tokens[out->count++] = s->text->tokens[i];
}

/* The phrase's own tokens where they fit best in its frames. False: they do not. */
static bool lay(const struct spotter *s, const struct spot *spot, struct ctc_token *tokens, struct fault *fault)
{
    const struct spotting_walk *w = &s->walk;
    const float *scores = w->scores + (size_t)spot->begin * (size_t)w->vocabulary;
    int code = ctc_align(scores, spot->end - spot->begin, w->vocabulary, w->blank, spot->phrase->tokens,
                         spot->phrase->token_count, NULL, 0, tokens, NULL, NULL);
    for (size_t i = 0; i < spot->phrase->token_count && !code; i++) {
        tokens[i].first += spot->begin;
        tokens[i].last += spot->begin;
    }
    if (code == UTTER_ERROR_MEMORY)
        fail_memory(fault, "an alignment");
    return !code;
}

/* The hypothesis with all that was chosen. */
static int write_text(const struct spotter *s, struct ctc_hypothesis *out, struct fault *fault)
{
    size_t room = s->text->count, at = 0;
    for (size_t i = 0; i < s->spot_count; i++)
        room += s->spots[i].phrase->token_count;
    *out = (struct ctc_hypothesis){s->text->score, s->text->sound, memory_new(room, sizeof *out->tokens), 0};
    if (!out->tokens)
        return fail_memory(fault, "the tokens of a recording");
    for (size_t i = 0; i < s->spot_count && !fault->code; i++) {
        const struct spot *spot = &s->spots[i];
        copy_words(s, at, spot->from, out);
        at = spot->from;
        if (!lay(s, spot, out->tokens + out->count, fault))
            continue;
        out->count += spot->phrase->token_count;
        out->score += spot->gain;
        out->sound += spot->sound;
        at = spot->to;
    }
    copy_words(s, at, s->word_count, out);
    return fault->code;
}

/* The text without them. */
static int keep_plain(const struct spotter *s, struct ctc_result *result, struct fault *fault)
{
    struct ctc_hypothesis plain = *s->text;
    plain.tokens = memory_new(plain.count, sizeof *plain.tokens);
    if (!plain.tokens)
        return fail_memory(fault, "the tokens of a recording");
    if (plain.count)
        memcpy(plain.tokens, s->text->tokens, plain.count * sizeof *plain.tokens);
    result->plain = plain;
    return 0;
}

static bool same_tokens(const struct ctc_hypothesis *a, const struct ctc_hypothesis *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->tokens[i].id != b->tokens[i].id)
            return false;
    return true;
}

/* The hypothesis becomes the first of at most so many; where it was there already, or else the last, makes room. */
static int lead(struct ctc_result *result, struct ctc_hypothesis first, size_t most, struct fault *fault)
{
    size_t last = 0;
    while (last < result->count && !same_tokens(&result->best[last], &first))
        last++;
    if (last == result->count && result->count < most) {
        void *best = realloc(result->best, (result->count + 1) * sizeof *result->best);
        if (!best) {
            free(first.tokens);
            return fail_memory(fault, "the hypotheses of a beam search");
        }
        result->best = best;
        result->best[result->count++] = (struct ctc_hypothesis){0};
    }
    last = last < result->count ? last : result->count - 1;
    free(result->best[last].tokens);
    memmove(result->best + 1, result->best, last * sizeof *result->best);
    result->best[0] = first;
    return 0;
}

/* Writes down what was chosen, and what there was without it. */
static int put_in(const struct spotter *s, const struct ctc_params *params, struct ctc_result *result,
                  struct fault *fault)
{
    struct ctc_hypothesis found = {0};
    if (keep_plain(s, result, fault) || write_text(s, &found, fault)) {
        free(found.tokens);
        return fault->code;
    }
    return lead(result, found, params->nbest > 1 ? (size_t)params->nbest : 1, fault);
}

int spotting_apply(const struct spotting *spotting, const float *scores, int frames, int vocabulary,
                   const struct ctc_params *params, struct ctc_result *result, struct fault *fault)
{
    struct spotter s = {.spotting = spotting, .guide = params->guide, .text = &result->best[0]};
    if (!result->count || !spotting->count)
        return 0;
    int code = open_spotter(&s, scores, frames, vocabulary, params, fault);
    for (size_t i = 0; i < spotting->count && !code; i++)
        code = find_phrase(&s, &spotting->phrases[i], fault);
    choose(&s);
    if (!code && s.spot_count)
        code = put_in(&s, params, result, fault);
    close_spotter(&s);
    return code;
}

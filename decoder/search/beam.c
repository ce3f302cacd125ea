/* beam.c - prefix beam search: the likeliest token sequences, each the sum over all of its alignments
 * (Hannun et al. 2014, arXiv 1408.2873, algorithm 1). With a guide (guide.h) a prefix has a rank beside its mass, and
 * competes with the sum of both.
 *
 * Those in the beam sit in slots. A prefix that is new to the beam can come from one
 * place only, its text before that token, so no table of candidates is needed: slots are first advanced in place (with
 * what flows in from such a text that is in the beam too), then new children compete with them in a bounded heap. */
#include "decoder/search/beam.h"

#include "decoder/search/align.h"
#include "decoder/search/ctc_scores.h"
#include "decoder/search/text_prefixes.h"
#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    NONE = PREFIX_NONE,
    WHOLE_TRELLIS = 1 << 22, /* cells of an alignment that is searched whole */
    REACH = 64,              /* frames either side of a token's birth that a long alignment searches first */
    REMEMBERED = 4096        /* ranks; a power of two */
};
static const float PRUNE_DEFAULT = 8.0f;
static const double CERTAIN_BLANK = -0.0010005003335835344; /* log 0.999: no new tokens are tried in such a frame */

/* A prefix in the beam. Natural logs of the mass of its alignments that end in the blank, in its last token, in all.
 * Behind a blank all prefixes of a text go on alike: that mass is with the first of them, the likeliest. */
struct slot {
    int32_t prefix;
    int32_t mate; /* the next slot with a prefix of the same text, or NONE */
    double blank, token, total;
    double rank; /* what the guide adds; 0 without one */
};

/* A prefix that may be in the next beam: slot's own, or slot's extended by a token. */
struct candidate {
    double score;              /* total + rank */
    double blank, last, total; /* as struct slot */
    double rank;
    int32_t slot, token; /* token NONE: the prefix itself */
    uint32_t order;      /* who comes first among equals */
};

struct choice {
    float score;
    int32_t token;
    struct guide_gain gain;     /* what the token may gain by the guide */
    double begins;              /* no choice from here on scores higher where a phrase begins with it … */
    double goes[BOOST_LENGTHS]; /* … nor one of that length without */
};

/* What the guide said of a text with a token more: the same children are asked for frame after frame. */
struct remembered {
    int32_t text, token;
    double rank;
};

struct beam {
    const float *scores;
    int frames, vocabulary, blank, width;
    float prune;
    double blank_penalty;
    struct text_prefixes prefixes;
    struct slot *slots, *next; /* [width], best first */
    int count;
    struct candidate *heap; /* [width], worst first */
    int heap_count;
    struct choice *choices; /* [choice_limit] the frame's likeliest tokens */
    int choice_limit, choice_count;
    struct remembered *remembered; /* [REMEMBERED], where there is a guide */
    bool recombine;
};

static struct text_prefix *prefix_of(const struct beam *b, const struct slot *slot)
{
    return &b->prefixes.list[slot->prefix];
}

static struct text_node *text_of(const struct beam *b, const struct slot *slot)
{
    return &b->prefixes.texts[prefix_of(b, slot)->text];
}

/* ---- candidates: a heap of the best so far, the worst of them on top ------------------------------ */

static bool worse(const struct candidate *a, const struct candidate *b)
{
    return a->score != b->score ? a->score < b->score : a->order > b->order;
}

static void sift_down(struct candidate *heap, int count, int at)
{
    for (;;) {
        int lowest = at, left = 2 * at + 1, right = left + 1;
        if (left < count && worse(&heap[left], &heap[lowest]))
            lowest = left;
        if (right < count && worse(&heap[right], &heap[lowest]))
            lowest = right;
        if (lowest == at)
            return;
        struct candidate swap = heap[at];
        heap[at] = heap[lowest];
        heap[lowest] = swap;
        at = lowest;
    }
}

static void offer(struct beam *b, struct candidate candidate)
{
    if (b->heap_count < b->width) {
        int at = b->heap_count++;
        for (; at > 0 && worse(&candidate, &b->heap[(at - 1) / 2]); at = (at - 1) / 2)
            b->heap[at] = b->heap[(at - 1) / 2];
        b->heap[at] = candidate;
    } else if (worse(&b->heap[0], &candidate)) {
        b->heap[0] = candidate;
        sift_down(b->heap, b->heap_count, 0);
    }
}

/* ---- one frame ------------------------------------------------------------------------------------ */

/* What a prefix passes on to its child by a token: a repeated token needs a blank between. */
static double passed_on(const struct beam *b, const struct slot *slot, int32_t token)
{
    return prefix_of(b, slot)->token == token ? slot->blank : slot->total;
}

/* What all prefixes of a text do. slot: the first of them, or NONE. */
static double passed_on_by_all(const struct beam *b, int32_t slot, int32_t token)
{
    double sum = -INFINITY;
    for (; slot != NONE; slot = b->slots[slot].mate)
        sum = score_add(sum, passed_on(b, &b->slots[slot], token));
    return sum;
}

/* A slot after the frame, without growing: blank, its own token again, or its text's mass arriving by its token. */
static struct slot advance(const struct beam *b, const struct slot *slot, const float *row, double blank)
{
    const struct text_prefix *prefix = prefix_of(b, slot);
    struct slot next = *slot;
    next.blank = slot->total + blank;
    next.token = -INFINITY;
    if (prefix->from != PREFIX_NONE) {
        double in = passed_on_by_all(b, b->prefixes.texts[prefix->from].slot, prefix->token);
        next.token = score_add(slot->token, in) + score_of(row, prefix->token);
    }
    next.total = score_add(next.blank, next.token);
    return next;
}

/* Gives the mass behind the blank to the first prefix of each text. */
static void gather(struct beam *b)
{
    for (int32_t i = 0; i < b->count; i++) {
        int32_t first = text_of(b, &b->next[i])->slot;
        if (first == i)
            continue;
        struct slot *to = &b->next[first], *slot = &b->next[i];
        to->blank = score_add(to->blank, slot->blank);
        to->total = score_add(to->blank, to->token);
        slot->blank = -INFINITY;
        slot->total = slot->token;
    }
}

/* Keeps choices a heap with the least likely of them on top; among equals the higher id. */
static bool less_likely(struct choice a, struct choice b)
{
    return a.score != b.score ? a.score < b.score : a.token > b.token;
}

static int by_likelihood(const void *a, const void *b)
{
    const struct choice *x = a, *y = b;
    return less_likely(*x, *y) ? 1 : -1;
}

static void take_choice(struct beam *b, struct choice choice)
{
    struct choice *heap = b->choices;
    int at, count = b->choice_count;
    if (count < b->choice_limit) {
        at = b->choice_count++;
        for (; at > 0 && less_likely(choice, heap[(at - 1) / 2]); at = (at - 1) / 2)
            heap[at] = heap[(at - 1) / 2];
        heap[at] = choice;
        return;
    }
    if (!less_likely(heap[0], choice))
        return;
    for (at = 0; 2 * at + 1 < count;) {
        int low = 2 * at + 1;
        if (low + 1 < count && less_likely(heap[low + 1], heap[low]))
            low++;
        if (!less_likely(heap[low], choice))
            break;
        heap[at] = heap[low];
        at = low;
    }
    heap[at] = choice;
}

/* The tokens that may extend a prefix in this frame, likeliest first. Of one prefix's children at most width can
 * survive, and at most width are in the beam already, so 2 * width + 1 tokens are enough to lose nothing. */
static void choose_tokens(struct beam *b, const float *row)
{
    float best = row_maximum(row, b->vocabulary);
    float bar = (best <= FLT_MAX ? best : FLT_MAX) - b->prune;
    bar = bar >= -FLT_MAX ? bar : -FLT_MAX;
    b->choice_count = 0;
    for (int begin = 0; begin < b->vocabulary; begin += ROW_LANES) {
        int end = begin + ROW_LANES <= b->vocabulary ? begin + ROW_LANES : b->vocabulary;
        if (end - begin == ROW_LANES && !row_reaches(row + begin, bar))
            continue;
        for (int i = begin; i < end; i++)
            if (row[i] >= bar && row[i] <= FLT_MAX && i != b->blank)
                take_choice(b, (struct choice){.score = row[i], .token = i});
        if (b->choice_count == b->choice_limit)
            bar = b->choices[0].score;
    }
    qsort(b->choices, (size_t)b->choice_count, sizeof *b->choices, by_likelihood);
}

/* What the tokens of the frame's choices may gain. */
static void bound_choices(struct beam *b)
{
    const struct choice *next = NULL;
    for (int i = b->choice_count; i-- > 0; next = &b->choices[i]) {
        struct choice *c = &b->choices[i];
        if (b->prefixes.guide)
            c->gain = guide_gain(b->prefixes.guide, c->token);
        const double score = (double)c->score + c->gain.letters, begins = score + c->gain.phrases.begins;
        c->begins = next && next->begins > begins ? next->begins : begins;
        for (int k = 0; k < BOOST_LENGTHS; k++)
            c->goes[k] = next ? next->goes[k] : -INFINITY;
        double *goes = &c->goes[c->gain.phrases.length];
        *goes = score > *goes ? score : *goes;
    }
}

static bool in_beam(const struct beam *b, int32_t text, int32_t token)
{
    int32_t child = text_prefixes_find(&b->prefixes, text, token);
    return child != PREFIX_NONE && b->prefixes.list[child].slot != NONE;
}

/* Where the rank is remembered: Fibonacci hashing (Knuth, volume 3, section 6.4). */
static uint32_t slot_of(int32_t text, int32_t token)
{
    uint64_t key = (uint64_t)(uint32_t)text << 32 | (uint32_t)token;
    return (uint32_t)(key * 11400714819323198485u >> 32) % REMEMBERED;
}

/* What the guide adds to a text with a token more; -infinity where nothing may follow with that. bar: how high it must
 * be to matter. */
static double rank_with(struct beam *b, int32_t text, int32_t token, double bar)
{
    const struct guide *guide = b->prefixes.guide;
    struct guided child;
    if (!guide)
        return 0.0;
    struct remembered *known = &b->remembered[slot_of(text, token)];
    if (known->text == text && known->token == token)
        return known->rank;
    struct guided *guided = text_prefixes_guided(&b->prefixes, text);
    if (guide_most_with(guide, guided, token) < bar)
        return -INFINITY;
    guide_extend(guide, guided, token, &child);
    *known = (struct remembered){text, token, child.rank};
    return child.rank;
}

/* What a text passes on to its child by a token. all: its mass. */
static double arriving(const struct beam *b, int32_t first, double all, int32_t token)
{
    for (int32_t s = first; s != NONE; s = b->slots[s].mate)
        if (prefix_of(b, &b->slots[s])->token == token)
            return passed_on_by_all(b, first, token);
    return all;
}

/* The score that a prefix must have to be in the next beam. */
static double bar_of(const struct beam *b)
{
    return b->heap_count == b->width ? b->heap[0].score : -INFINITY;
}

/* A text that is to be extended: its first slot, its mass, and what the guide adds to a child at most. */
struct growing {
    int32_t text, slot;
    double mass;
    struct guide_most most; /* by the guide */
};

static struct growing growing_at(struct beam *b, int32_t s)
{
    struct growing g = {.text = prefix_of(b, &b->slots[s])->text, .slot = s, .mass = passed_on_by_all(b, s, NONE)};
    if (b->prefixes.guide)
        g.most = guide_most(b->prefixes.guide, text_prefixes_guided(&b->prefixes, g.text));
    return g;
}

/* No child by a choice from here on scores higher. */
static double most_from(const struct growing *g, const struct choice *choice)
{
    double most = choice->begins;
    for (int k = 0; k < BOOST_LENGTHS; k++) {
        const double goes = choice->goes[k] + (double)g->most.begun[k];
        most = goes > most ? goes : most;
    }
    return g->mass + g->most.most + most;
}

/* Offers the text extended by a token. order: who it is among equals. */
static void try_child(struct beam *b, const struct growing *g, const struct choice *choice, uint32_t order)
{
    const double bar = bar_of(b), score = (double)choice->score, most = guide_most_by(&g->most, &choice->gain);
    if (g->mass + score + most < bar)
        return;
    const double total = arriving(b, g->slot, g->mass, choice->token) + score;
    if (!(total > -INFINITY) || total + most < bar || in_beam(b, g->text, choice->token))
        return;
    double rank = rank_with(b, g->text, choice->token, bar - total);
    if (!(rank > -INFINITY) || total + rank < bar)
        return;
    offer(b, (struct candidate){total + rank, -INFINITY, total, total, rank, g->slot, choice->token, order});
}

/* The children of the text whose first slot is s. */
static void extend(struct beam *b, int32_t s)
{
    const struct growing g = growing_at(b, s);
    for (int i = 0; i < b->choice_count; i++) {
        const struct choice *choice = &b->choices[i];
        if (most_from(&g, choice) < bar_of(b))
            return;
        try_child(b, &g, choice, (uint32_t)(b->width + s * b->choice_limit + i));
    }
}

/* The same where few tokens may follow: all of them, for they may be far from the frame's likeliest. */
static void extend_allowed(struct beam *b, int32_t s, const float *row)
{
    const struct growing g = growing_at(b, s);
    const struct guide *guide = b->prefixes.guide;
    size_t count;
    const struct grammar_token *allowed = guide_allowed(guide, text_prefixes_guided(&b->prefixes, g.text), &count);
    for (size_t i = 0; i < count; i++) {
        int32_t token = allowed[i].token;
        double score = token < b->vocabulary ? score_of(row, token) : -INFINITY;
        const struct choice choice = {.score = (float)score, .token = token, .gain = guide_gain(guide, token)};
        if (token == b->blank)
            continue;
        try_child(b, &g, &choice, (uint32_t)b->width + (uint32_t)s * (uint32_t)b->vocabulary + (uint32_t)token);
        /* the guide was asked since */
        allowed = guide_allowed(guide, text_prefixes_guided(&b->prefixes, g.text), &count);
    }
}

static int best_first(const void *a, const void *b)
{
    return worse(a, b) ? 1 : -1;
}

/* The prefix of a candidate, made when it has never been in the beam before; NONE when memory ran out. */
static int32_t prefix_for(struct beam *b, const struct candidate *c, int frame)
{
    const struct slot *likeliest = &b->slots[c->slot];
    int32_t text = prefix_of(b, likeliest)->text;
    if (c->token == NONE)
        return likeliest->prefix;
    int32_t prefix = text_prefixes_find(&b->prefixes, text, c->token);
    if (prefix != PREFIX_NONE)
        return prefix;
    for (int32_t s = likeliest->mate; s != NONE; s = b->slots[s].mate)
        if (passed_on(b, &b->slots[s], c->token) > passed_on(b, likeliest, c->token))
            likeliest = &b->slots[s];
    return text_prefixes_add(&b->prefixes, text, c->token, likeliest->prefix, frame);
}

/* Tells prefixes and texts where in the beam they are: the likeliest prefix of a text is its first. */
static void take_seats(struct beam *b)
{
    for (int32_t i = b->count; i-- > 0;) {
        struct slot *slot = &b->slots[i];
        slot->mate = text_of(b, slot)->slot;
        text_of(b, slot)->slot = i;
        prefix_of(b, slot)->slot = i;
    }
}

static void leave_seats(struct beam *b)
{
    for (int i = 0; i < b->count; i++) {
        text_of(b, &b->slots[i])->slot = NONE;
        prefix_of(b, &b->slots[i])->slot = NONE;
    }
}

/* Whether a better seated prefix ends in the same token and has the same guide ahead, so that whatever follows, this
 * one stays behind it. */
static bool goes_on_as_better(struct beam *b, int seat)
{
    const struct text_prefix *prefix = prefix_of(b, &b->next[seat]);
    for (int i = 0; i < seat; i++) {
        const struct text_prefix *better = prefix_of(b, &b->next[i]);
        if (better->token == prefix->token &&
            (!b->prefixes.guide || guide_same(b->prefixes.guide, text_prefixes_guided(&b->prefixes, better->text),
                                              text_prefixes_guided(&b->prefixes, prefix->text))))
            return true;
    }
    return false;
}

/* Seats the candidates of the heap as the next beam. */
static int seat(struct beam *b, int frame, struct fault *fault)
{
    qsort(b->heap, (size_t)b->heap_count, sizeof *b->heap, best_first);
    int count = 0;
    for (int i = 0; i < b->heap_count; i++) {
        const struct candidate *c = &b->heap[i];
        int32_t prefix = prefix_for(b, c, frame);
        if (prefix == PREFIX_NONE)
            return fail_memory(fault, "a beam search");
        b->next[count] = (struct slot){prefix, NONE, c->blank, c->last, c->total, c->rank};
        count += !b->recombine || !goes_on_as_better(b, count);
    }
    leave_seats(b);
    struct slot *swap = b->slots;
    b->slots = b->next;
    b->next = swap;
    b->count = count;
    take_seats(b);
    return 0;
}

/* The slot's own prefix as a candidate. */
static struct candidate stay(const struct slot *slot, int32_t s)
{
    return (struct candidate){
        slot->total + slot->rank, slot->blank, slot->token, slot->total, slot->rank, s, NONE, (uint32_t)s};
}

static int search_frame(struct beam *b, int t, struct fault *fault)
{
    const float *row = b->scores + (size_t)t * (size_t)b->vocabulary;
    double blank = score_of_blank(row, b->vocabulary, b->blank);
    for (int i = 0; i < b->count; i++)
        b->next[i] = advance(b, &b->slots[i], row, blank - b->blank_penalty);
    gather(b);
    bool allows = b->prefixes.guide && b->prefixes.guide->grammar; /* which says itself what to try */
    if (blank > CERTAIN_BLANK && !allows) { /* nothing can be born: the beam keeps its prefixes */
        memcpy(b->slots, b->next, (size_t)b->count * sizeof *b->slots);
        return 0;
    }
    b->heap_count = 0;
    for (int32_t i = 0; i < b->count; i++)
        if (b->next[i].total > -INFINITY)
            offer(b, stay(&b->next[i], i));
    if (!allows) {
        choose_tokens(b, row);
        bound_choices(b);
    }
    for (int32_t i = 0; i < b->count; i++)
        if (text_of(b, &b->slots[i])->slot == i)
            allows ? extend_allowed(b, i, row) : extend(b, i);
    return b->heap_count ? seat(b, t, fault) : 0;
}

/* ---- results -------------------------------------------------------------------------------------- */

/* Where the tokens lie: the whole trellis for what a session decodes at once. Over a long recording that would be
 * quadratic, so it is searched around the frames where each prefix was born, further out when that fails. */
static int align(const struct beam *b, const int *ids, const int *born, struct ctc_hypothesis *h, struct fault *fault)
{
    bool whole = (double)b->frames * (2.0 * (double)h->count + 1.0) <= WHOLE_TRELLIS;
    for (int reach = REACH; !whole && reach < b->frames; reach = reach < b->frames / 4 ? reach * 4 : b->frames) {
        int error =
            ctc_align(b->scores, b->frames, b->vocabulary, b->blank, ids, h->count, born, reach, h->tokens, NULL, NULL);
        if (!error || error == UTTER_ERROR_MEMORY)
            return error ? fail_memory(fault, "an alignment") : 0;
    }
    return ctc_align(b->scores, b->frames, b->vocabulary, b->blank, ids, h->count, NULL, 0, h->tokens, NULL, fault);
}

/* Frames without a token, on the best alignment. */
static int blank_frames(const struct beam *b, const struct ctc_hypothesis *h)
{
    int frames = b->frames;
    for (size_t i = 0; i < h->count; i++)
        frames -= h->tokens[i].last - h->tokens[i].first + 1;
    return frames;
}

static int read_out(const struct beam *b, const struct slot *slot, struct ctc_hypothesis *h, struct fault *fault)
{
    const struct text_prefix *list = b->prefixes.list;
    for (int32_t n = slot->prefix; n != PREFIX_ROOT; n = list[n].before)
        h->count++;
    int *ids = memory_new(h->count, sizeof *ids), *born = memory_new(h->count, sizeof *born);
    h->tokens = memory_new(h->count, sizeof *h->tokens);
    h->score = slot->total + slot->rank;
    int error = ids && born && h->tokens ? 0 : fail_memory(fault, "the tokens of a recording");
    if (!error && h->count) {
        size_t i = h->count;
        for (int32_t n = slot->prefix; n != PREFIX_ROOT; n = list[n].before) {
            ids[--i] = list[n].token;
            born[i] = list[n].born;
        }
        error = align(b, ids, born, h, fault);
    }
    if (!error)
        h->sound = slot->total + b->blank_penalty * blank_frames(b, h);
    free(ids);
    free(born);
    return error;
}

static int by_total(const void *a, const void *b)
{
    const struct slot *x = a, *y = b;
    double left = x->total + x->rank, right = y->total + y->rank;
    if (left != right)
        return left < right ? 1 : -1;
    return x->prefix < y->prefix ? -1 : x->prefix > y->prefix;
}

/* Nothing grows any more: what a guide counted on must be there, and what it does not let end is left out. Of each text
 * one slot is left, its likeliest prefix with the mass of all. */
static void end_all(struct beam *b)
{
    int kept = 0;
    for (int32_t i = 0; i < b->count; i++) {
        const struct slot *first = &b->slots[i];
        if (text_of(b, first)->slot != i)
            continue;
        struct slot slot = *first;
        for (int32_t s = first->mate; s != NONE; s = b->slots[s].mate)
            slot.prefix = b->slots[s].total > first->total ? b->slots[s].prefix : slot.prefix;
        slot.total = passed_on_by_all(b, i, NONE);
        if (b->prefixes.guide)
            slot.rank = guide_whole(b->prefixes.guide, text_prefixes_guided(&b->prefixes, prefix_of(b, first)->text));
        if (slot.rank > -INFINITY)
            b->next[kept++] = slot;
    }
    struct slot *swap = b->slots;
    b->slots = b->next;
    b->next = swap;
    b->count = kept;
}

static int collect(struct beam *b, int nbest, struct ctc_result *result, struct fault *fault)
{
    end_all(b);
    qsort(b->slots, (size_t)b->count, sizeof *b->slots, by_total);
    int wanted = nbest < b->count ? nbest : b->count;
    result->best = memory_new((size_t)wanted, sizeof *result->best);
    if (!result->best)
        return fail_memory(fault, "the hypotheses of a beam search");
    result->count = (size_t)wanted;
    for (int i = 0; i < wanted; i++) {
        int error = read_out(b, &b->slots[i], &result->best[i], fault);
        if (error)
            return error;
    }
    return 0;
}

static int open_beam(struct beam *b, const struct ctc_params *params, struct fault *fault)
{
    const struct guide *guide = guide_asks(params->guide) ? params->guide : NULL;
    size_t width = (size_t)b->width;
    b->slots = memory_new(width, sizeof *b->slots);
    b->next = memory_new(width, sizeof *b->next);
    b->heap = memory_new(width, sizeof *b->heap);
    b->choices = memory_new((size_t)b->choice_limit, sizeof *b->choices);
    b->remembered = memory_new(guide ? REMEMBERED : 0, sizeof *b->remembered);
    if (!b->slots || !b->next || !b->heap || !b->choices || !b->remembered ||
        !text_prefixes_open(&b->prefixes, guide_reads_tokens(guide) ? NULL : params->spelling, guide))
        return fail_memory(fault, "a beam search");
    b->slots[0] = (struct slot){PREFIX_ROOT, NONE, 0.0, -INFINITY, 0.0, 0.0};
    b->count = 1;
    take_seats(b);
    return 0;
}

int ctc_beam(const float *scores, int frames, int vocabulary, const struct ctc_params *params,
             struct ctc_result *result, struct fault *fault)
{
    struct beam b = {.scores = scores,
                     .frames = frames,
                     .vocabulary = vocabulary,
                     .blank = params->blank,
                     .width = params->beam,
                     .prune = params->prune > 0.0f ? params->prune : PRUNE_DEFAULT,
                     .blank_penalty = params->blank_penalty,
                     .recombine = params->recombine,
                     .choice_limit = 2 * params->beam + 1};
    int error = open_beam(&b, params, fault);
    for (int t = 0; t < frames && !error; t++)
        error = search_frame(&b, t, fault);
    if (!error)
        error = collect(&b, params->nbest ? params->nbest : 1, result, fault);
    text_prefixes_close(&b.prefixes);
    free(b.slots);
    free(b.next);
    free(b.heap);
    free(b.choices);
    free(b.remembered);
    return error;
}

/* beam.c - prefix beam search: the likeliest token sequences, each the sum over all of its alignments
 * (Hannun et al. 2014, arXiv 1408.2873, algorithm 1). With a guide (guide.h) a prefix has a rank beside its mass, and
 * competes with the sum of both.
 *
 * Prefixes are nodes of a trie; those in the beam sit in slots. A prefix that is new to the beam can come from one
 * place only, its parent plus one token, so no table of candidates is needed: slots are first advanced in place (with
 * what flows in from a parent that is in the beam too), then new children compete with them in a bounded heap. */
#include "decoder/beam.h"

#include "decoder/align.h"
#include "decoder/ctc_scores.h"
#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    NONE = -1,
    ROOT = 0,
    WHOLE_TRELLIS = 1 << 22, /* cells of an alignment that is searched whole */
    REACH = 64               /* frames either side of a token's birth that a long alignment searches first */
};
static const float PRUNE_DEFAULT = 12.0f;
static const double CERTAIN_BLANK = -0.0010005003335835344; /* log 0.999: no new tokens are tried in such a frame */

struct node {
    int32_t parent, token, child, sibling; /* child: the first; sibling: the next child of the same parent */
    int32_t slot;                          /* in the beam, or NONE */
    int32_t born;                          /* the frame that first brought it into the beam */
};

/* A prefix in the beam. Natural logs of the mass of its alignments that end in the blank, in its last token, in all. */
struct slot {
    int32_t node;
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
    double gain; /* what the token may gain by the guide */
    double most; /* no choice from here on scores higher with its gain */
};

struct beam {
    const float *scores;
    int frames, vocabulary, blank, width;
    float prune;
    struct node *nodes;
    size_t node_count, node_capacity;
    struct slot *slots, *next; /* [width], best first */
    int count;
    struct candidate *heap; /* [width], worst first */
    int heap_count;
    struct choice *choices; /* [choice_limit] the frame's likeliest tokens */
    int choice_limit, choice_count;
    const struct guide *guide; /* NULL: the scores are all there is */
    struct guided *guided;     /* of each node, where there is a guide */
    size_t guided_capacity;
};

/* ---- prefixes --------------------------------------------------------------------------------------- */

/* What the guide says of the node that is to be added. */
static bool add_guided(struct beam *b, int32_t parent, int32_t token)
{
    void *guided = b->guided;
    bool grown = memory_grow(&guided, &b->guided_capacity, b->node_count + 1, sizeof *b->guided);
    b->guided = guided;
    if (grown && parent == NONE)
        guide_begin(b->guide, &b->guided[b->node_count]);
    else if (grown)
        guide_extend(b->guide, &b->guided[parent], token, &b->guided[b->node_count]);
    return grown;
}

static int32_t add_node(struct beam *b, int32_t parent, int32_t token, int born)
{
    void *nodes = b->nodes;
    if (b->guide && !add_guided(b, parent, token))
        return NONE;
    if (b->node_count >= INT32_MAX || !memory_grow(&nodes, &b->node_capacity, b->node_count + 1, sizeof *b->nodes))
        return NONE;
    b->nodes = nodes;
    int32_t made = (int32_t)b->node_count++;
    b->nodes[made] = (struct node){parent, token, NONE, NONE, NONE, born};
    if (parent != NONE) {
        b->nodes[made].sibling = b->nodes[parent].child;
        b->nodes[parent].child = made;
    }
    return made;
}

/* The child of a prefix, made when it has never been in the beam before. One node per prefix, so that a prefix that
 * left the beam and comes back finds its children again. */
static int32_t child_node(struct beam *b, int32_t parent, int32_t token, int born)
{
    int32_t child = b->nodes[parent].child;
    while (child != NONE && b->nodes[child].token != token)
        child = b->nodes[child].sibling;
    return child != NONE ? child : add_node(b, parent, token, born);
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
    return b->nodes[slot->node].token == token ? slot->blank : slot->total;
}

/* A slot after the frame, without growing: blank, its own token again, or its parent's mass arriving by its token. */
static struct slot advance(const struct beam *b, const struct slot *slot, const float *row, double blank)
{
    const struct node *node = &b->nodes[slot->node];
    struct slot next = {.node = slot->node, .blank = slot->total + blank, .token = -INFINITY, .rank = slot->rank};
    if (node->parent != NONE) {
        double score = score_of(row, node->token);
        int32_t parent = b->nodes[node->parent].slot;
        double in = parent == NONE ? -INFINITY : passed_on(b, &b->slots[parent], node->token);
        next.token = score_add(slot->token, in) + score;
    }
    next.total = score_add(next.blank, next.token);
    return next;
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

static void bound_choices(struct beam *b)
{
    double most = -INFINITY;
    for (int i = b->choice_count; i-- > 0;) {
        struct choice *c = &b->choices[i];
        c->gain = b->guide ? guide_gain(b->guide, c->token) : 0.0;
        most = c->score + c->gain > most ? c->score + c->gain : most;
        c->most = most;
    }
}

static bool in_beam(const struct beam *b, int32_t parent, int32_t token)
{
    int32_t child = b->nodes[parent].child;
    while (child != NONE && b->nodes[child].token != token)
        child = b->nodes[child].sibling;
    return child != NONE && b->nodes[child].slot != NONE;
}

/* What the guide adds to a prefix with a token more. */
static double rank_with(struct beam *b, int32_t node, int32_t token)
{
    struct guided child;
    if (!b->guide)
        return 0.0;
    guide_extend(b->guide, &b->guided[node], token, &child);
    return child.rank;
}

static double most_with(struct beam *b, int32_t node, int32_t token)
{
    return b->guide ? guide_most_with(b->guide, &b->guided[node], token) : 0.0;
}

static void extend(struct beam *b, int32_t s)
{
    const struct slot *slot = &b->slots[s];
    double most = b->guide ? guide_most(b->guide, &b->guided[slot->node]) : 0.0;
    for (int i = 0; i < b->choice_count; i++) {
        struct choice choice = b->choices[i];
        double bar = b->heap_count == b->width ? b->heap[0].score : -INFINITY;
        if (slot->total + choice.most + most < bar)
            return;
        double total = passed_on(b, slot, choice.token) + choice.score;
        if (!(total > -INFINITY) || total + choice.gain + most < bar ||
            total + most_with(b, slot->node, choice.token) < bar || in_beam(b, slot->node, choice.token))
            continue;
        double rank = rank_with(b, slot->node, choice.token);
        if (!(rank > -INFINITY) || total + rank < bar)
            continue;
        offer(b, (struct candidate){total + rank, -INFINITY, total, total, rank, s, choice.token,
                                    (uint32_t)(b->width + s * b->choice_limit + i)});
    }
}

static int best_first(const void *a, const void *b)
{
    return worse(a, b) ? 1 : -1;
}

/* Seats the candidates of the heap as the next beam. */
static int seat(struct beam *b, int frame, struct fault *fault)
{
    qsort(b->heap, (size_t)b->heap_count, sizeof *b->heap, best_first);
    for (int i = 0; i < b->heap_count; i++) {
        const struct candidate *c = &b->heap[i];
        int32_t node = b->slots[c->slot].node;
        if (c->token != NONE)
            node = child_node(b, node, c->token, frame);
        if (node == NONE)
            return fail_memory(fault, "a beam search");
        b->next[i] = (struct slot){node, c->blank, c->last, c->total, c->rank};
    }
    for (int i = 0; i < b->count; i++)
        b->nodes[b->slots[i].node].slot = NONE;
    struct slot *swap = b->slots;
    b->slots = b->next;
    b->next = swap;
    b->count = b->heap_count;
    for (int i = 0; i < b->count; i++)
        b->nodes[b->slots[i].node].slot = i;
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
        b->next[i] = advance(b, &b->slots[i], row, blank);
    if (blank > CERTAIN_BLANK) { /* nothing can be born: the beam keeps its prefixes */
        memcpy(b->slots, b->next, (size_t)b->count * sizeof *b->slots);
        return 0;
    }
    b->heap_count = 0;
    for (int32_t i = 0; i < b->count; i++)
        if (b->next[i].total > -INFINITY)
            offer(b, stay(&b->next[i], i));
    choose_tokens(b, row);
    bound_choices(b);
    for (int32_t i = 0; i < b->count; i++)
        extend(b, i);
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

static int read_out(const struct beam *b, const struct slot *slot, struct ctc_hypothesis *h, struct fault *fault)
{
    for (int32_t n = slot->node; n != ROOT; n = b->nodes[n].parent)
        h->count++;
    int *ids = memory_new(h->count, sizeof *ids), *born = memory_new(h->count, sizeof *born);
    h->tokens = memory_new(h->count, sizeof *h->tokens);
    h->score = slot->total + slot->rank;
    int error = ids && born && h->tokens ? 0 : fail_memory(fault, "the tokens of a recording");
    if (!error && h->count) {
        size_t i = h->count;
        for (int32_t n = slot->node; n != ROOT; n = b->nodes[n].parent) {
            ids[--i] = b->nodes[n].token;
            born[i] = b->nodes[n].born;
        }
        error = align(b, ids, born, h, fault);
    }
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
    return x->node < y->node ? -1 : x->node > y->node;
}

/* Nothing grows any more: what was counted on must be there. What a guide does not let end is left out. */
static void end_all(struct beam *b)
{
    int kept = 0;
    for (int i = 0; i < b->count; i++) {
        struct slot slot = b->slots[i];
        slot.rank = guide_whole(b->guide, &b->guided[slot.node]);
        if (slot.rank > -INFINITY)
            b->slots[kept++] = slot;
    }
    b->count = kept;
}

static int collect(struct beam *b, int nbest, struct ctc_result *result, struct fault *fault)
{
    if (b->guide)
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

static int open_beam(struct beam *b, struct fault *fault)
{
    size_t width = (size_t)b->width;
    b->slots = memory_new(width, sizeof *b->slots);
    b->next = memory_new(width, sizeof *b->next);
    b->heap = memory_new(width, sizeof *b->heap);
    b->choices = memory_new((size_t)b->choice_limit, sizeof *b->choices);
    if (!b->slots || !b->next || !b->heap || !b->choices || add_node(b, NONE, NONE, 0) == NONE)
        return fail_memory(fault, "a beam search");
    b->slots[0] = (struct slot){ROOT, 0.0, -INFINITY, 0.0, 0.0};
    b->nodes[ROOT].slot = 0;
    b->count = 1;
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
                     .choice_limit = 2 * params->beam + 1,
                     .guide = guide_asks(params->guide) ? params->guide : NULL};
    int error = open_beam(&b, fault);
    for (int t = 0; t < frames && !error; t++)
        error = search_frame(&b, t, fault);
    if (!error)
        error = collect(&b, params->nbest ? params->nbest : 1, result, fault);
    free(b.nodes);
    free(b.guided);
    free(b.slots);
    free(b.next);
    free(b.heap);
    free(b.choices);
    return error;
}

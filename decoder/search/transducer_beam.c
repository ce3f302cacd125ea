/* transducer_beam.c - beam search over prefixes, each the sum over its alignments, frame by frame.
 *
 * An alignment is at a frame with a prefix read. Its next event is the blank, which moves on by a duration, or a token,
 * which makes the prefix longer and moves on by a duration, too, by none at all in an RNN-T. So a prefix has mass
 * waiting at the current frame and at those that durations reach. At the current frame the mass goes through the joint
 * network and is waiting elsewhere afterwards, of the prefix itself or of a child. What a prefix has waiting in all is
 * the probability of the alignments that have read it when they are about to pass the current frame, whatever frame
 * they leap to, and each alignment is counted once: prefixes compete with that sum, plus what the guide adds. Equal
 * prefixes are one entry, so alignments merge (as in Saon et al. 2020, section 2, for one frame a blank).
 *
 * A round is one step of the model: mass at the current frame that has its scores flows; children by tokens of no
 * duration wait at the same frame for the next round. The rounds of a frame are bounded by max_symbols; in the last one
 * no duration counts as one frame, which is how greedy search gets on as well. */
#include "decoder/search/ctc_scores.h"
#include "decoder/search/prefixes.h"
#include "decoder/search/transducer_parts.h"
#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { NONE = -1 };
static const float PRUNE_DEFAULT = 12.0f;

/* Natural logs: of all alignments together, of the likeliest; event: the last token of that one, or NONE. */
struct mass {
    double sum, best;
    int32_t event;
};

static const struct mass NOTHING = {-INFINITY, -INFINITY, NONE};

/* A token of an alignment. */
struct event {
    int32_t before;
    int32_t frame, duration;
    float log_probability;
};

struct choice {
    float score;
    int32_t token;
    bool known; /* the child by it is in the beam */
};

/* A prefix in the beam. */
struct entry {
    int32_t node;
    int slot, parent_slot; /* of predictions; its own is to be asked for while it is fresh */
    bool fresh, kept;
    int scored; /* the frame that choices, blank and durations are of, or NONE */
    double blank;
    double durations[TRANSDUCER_DURATIONS_MAXIMUM];
    int choice_count;
    struct choice *choices; /* [choice_limit], likeliest first */
    struct mass *waiting;   /* [reach]: at frame t in place t % reach, from the current frame on */
    struct mass flowing;    /* in this round */
    double total, rank;     /* of all that is waiting; what the guide adds */
};

/* A prefix that may be in the next beam: an entry's own, or its child by choice number `choice`. */
struct candidate {
    double score, rank;
    int32_t entry, choice; /* NONE: its own */
    int32_t order;         /* who comes first among equals */
};

struct transducer_beam {
    const struct transducer_search_params *params;
    int window, frames, frame, rounds; /* rounds that the frame has had */
    int width, reach, smallest, choice_limit;
    int duration_count; /* at least 1: an RNN-T's tokens have none, the only one there is */
    int durations[TRANSDUCER_DURATIONS_MAXIMUM];
    float prune;
    struct guide guide; /* with a grammar walk of its own */
    struct prefixes prefixes;
    struct entry *entries;      /* [2 · width] */
    int *order, *asked, *spare; /* entries: [width] in the beam, best first; [width] of the step; [2 · width] free */
    int count, asked_count, spare_count;
    int *slots, *retired; /* [2 · width]: free; free once the step is done that may read them */
    int slot_count, retired_count;
    struct candidate *candidates; /* [width], best first */
    int candidate_count;
    struct event *events;
    size_t event_count, event_capacity;
    struct choice *choices; /* the memory of the entries' */
    struct mass *waiting;
    bool failed; /* memory has run out */
};

/* ---- memory ---- */

static void prepare_entries(struct transducer_beam *b)
{
    for (int i = 0; i < 2 * b->width; i++) {
        b->entries[i].choices = b->choices + (size_t)i * (size_t)b->choice_limit;
        b->entries[i].waiting = b->waiting + (size_t)i * (size_t)b->reach;
        b->spare[b->spare_count++] = 2 * b->width - 1 - i;
        b->slots[b->slot_count++] = b->window * 2 * b->width + 2 * b->width - 1 - i;
    }
}

static int take_memory(struct transducer_beam *b, struct fault *fault)
{
    const size_t width = (size_t)b->width;
    b->entries = memory_new(2 * width, sizeof *b->entries);
    b->order = memory_new(width, sizeof *b->order);
    b->asked = memory_new(width, sizeof *b->asked);
    b->spare = memory_new(2 * width, sizeof *b->spare);
    b->slots = memory_new(2 * width, sizeof *b->slots);
    b->retired = memory_new(2 * width, sizeof *b->retired);
    b->candidates = memory_new(width + 1, sizeof *b->candidates);
    b->choices = memory_new(2 * width * (size_t)b->choice_limit, sizeof *b->choices);
    b->waiting = memory_new(2 * width * (size_t)b->reach, sizeof *b->waiting);
    if (!b->entries || !b->order || !b->asked || !b->spare || !b->slots || !b->retired || !b->candidates ||
        !b->choices || !b->waiting || !prefixes_open(&b->prefixes, &b->guide))
        return fail_memory(fault, "a beam search");
    return 0;
}

/* ---- entries ---- */

static struct mass *waiting_at(const struct transducer_beam *b, const struct entry *e, int frame)
{
    return &e->waiting[frame % b->reach];
}

static int new_entry(struct transducer_beam *b, int32_t node, int parent_slot)
{
    int made = b->spare[--b->spare_count];
    struct entry *e = &b->entries[made];
    e->node = node;
    e->slot = b->slots[--b->slot_count];
    e->parent_slot = parent_slot;
    e->fresh = true;
    e->scored = NONE;
    e->flowing = NOTHING;
    e->rank = prefixes_rank(&b->prefixes, node);
    for (int i = 0; i < b->reach; i++)
        e->waiting[i] = NOTHING;
    b->prefixes.nodes[node].place = made;
    return made;
}

static void drop_entry(struct transducer_beam *b, int entry)
{
    b->prefixes.nodes[b->entries[entry].node].place = PREFIX_NONE;
    b->retired[b->retired_count++] = b->entries[entry].slot;
    b->spare[b->spare_count++] = entry;
}

int transducer_beam_open(struct transducer_beam **beam, const struct transducer_search_params *p, int window,
                         int frames, struct fault *fault)
{
    struct transducer_beam *b = memory_new(1, sizeof *b);
    if (!b)
        return fail_memory(fault, "a beam search");
    b->params = p;
    b->window = window;
    b->frames = frames;
    b->width = p->beam;
    b->choice_limit = 2 * p->beam + 1;
    b->prune = p->prune > 0.0f ? p->prune : PRUNE_DEFAULT;
    b->smallest = transducer_smallest_duration(p);
    if (p->guide)
        b->guide = *p->guide;
    if (p->walks)
        b->guide.grammar = p->walks[window];
    b->duration_count = p->duration_count ? p->duration_count : 1;
    if (p->duration_count)
        memcpy(b->durations, p->durations, (size_t)p->duration_count * sizeof *b->durations);
    b->reach = b->durations[b->duration_count - 1] > b->smallest ? b->durations[b->duration_count - 1] : b->smallest;
    b->reach++;
    *beam = b;
    if (take_memory(b, fault))
        return fault ? fault->code : UTTER_ERROR_MEMORY;
    prepare_entries(b);
    b->order[b->count++] = new_entry(b, PREFIX_ROOT, NONE);
    *waiting_at(b, &b->entries[b->order[0]], 0) = (struct mass){0.0, 0.0, NONE};
    return 0;
}

void transducer_beam_close(struct transducer_beam **beam)
{
    struct transducer_beam *b = *beam;
    if (!b)
        return;
    prefixes_free(&b->prefixes);
    free(b->entries);
    free(b->order);
    free(b->asked);
    free(b->spare);
    free(b->slots);
    free(b->retired);
    free(b->candidates);
    free(b->events);
    free(b->choices);
    free(b->waiting);
    free(b);
    *beam = NULL;
}

/* ---- asking ---- */

bool transducer_beam_ask(struct transducer_beam *b, struct transducer_round *round)
{
    b->asked_count = 0;
    if (b->frame >= b->frames)
        return false;
    for (int i = 0; i < b->count; i++) {
        struct entry *e = &b->entries[b->order[i]];
        if (e->fresh)
            ask_prediction(round, e->parent_slot,
                           e->node == PREFIX_ROOT ? b->params->blank : b->prefixes.nodes[e->node].token, e->slot);
        e->fresh = false;
        if (e->scored == b->frame || !(waiting_at(b, e, b->frame)->sum > -INFINITY))
            continue;
        ask_joint(round, b->window, b->frame, e->slot);
        b->asked[b->asked_count++] = b->order[i];
    }
    return true;
}

/* ---- scores ---- */

/* Keeps the choices in order, the lower token first among equals. */
static void take_choice(struct transducer_beam *b, struct entry *e, struct choice choice)
{
    int at = e->choice_count;
    if (at == b->choice_limit)
        at--;
    else
        e->choice_count++;
    for (; at > 0 && e->choices[at - 1].score < choice.score; at--)
        e->choices[at] = e->choices[at - 1];
    e->choices[at] = choice;
}

static float finite_maximum(const float *row, int count)
{
    float best = row_maximum(row, count);
    if (best <= FLT_MAX)
        return best;
    best = -INFINITY;
    for (int i = 0; i < count; i++)
        best = row[i] <= FLT_MAX && row[i] > best ? row[i] : best;
    return best;
}

/* The tokens that may extend the prefix. Of one prefix's children at most width can survive, and at most width are in
 * the beam already, so 2 · width + 1 tokens are enough. */
static void choose_tokens(struct transducer_beam *b, struct entry *e, const float *row)
{
    const int vocabulary = b->params->vocabulary;
    float bar = finite_maximum(row, vocabulary) - b->prune;
    bar = bar >= -FLT_MAX ? bar : -FLT_MAX;
    e->choice_count = 0;
    for (int begin = 0; begin < vocabulary; begin += ROW_LANES) {
        int end = begin + ROW_LANES <= vocabulary ? begin + ROW_LANES : vocabulary;
        if (end - begin == ROW_LANES && !row_reaches(row + begin, bar))
            continue;
        for (int i = begin; i < end; i++) {
            bool full = e->choice_count == b->choice_limit;
            if (row[i] >= bar && row[i] <= FLT_MAX && i != b->params->blank &&
                (!full || row[i] > e->choices[e->choice_count - 1].score))
                take_choice(b, e, (struct choice){row[i], i, false});
            if (e->choice_count == b->choice_limit && e->choices[e->choice_count - 1].score > bar)
                bar = e->choices[e->choice_count - 1].score;
        }
    }
}

/* Those that the grammar lets follow, however unlikely. */
static void choose_allowed(struct transducer_beam *b, struct entry *e, const float *row)
{
    size_t count;
    const struct grammar_token *allowed = guide_allowed(&b->guide, &b->prefixes.guided[e->node], &count);
    e->choice_count = 0;
    for (size_t i = 0; i < count; i++) {
        const int32_t token = allowed[i].token;
        if (token >= b->params->vocabulary || token == b->params->blank || !(score_of(row, token) > -INFINITY))
            continue;
        if (e->choice_count < b->choice_limit || row[token] > e->choices[e->choice_count - 1].score)
            take_choice(b, e, (struct choice){row[token], token, false});
    }
}

/* Durations that say nothing are one: none at all. */
static void read_durations(struct transducer_beam *b, struct entry *e, const float *durations)
{
    bool any = false;
    for (int i = 0; i < b->params->duration_count; i++) {
        e->durations[i] = score_of(durations, i);
        any = any || e->durations[i] > -INFINITY;
    }
    if (!any)
        e->durations[0] = 0.0;
}

static void read_scores(struct transducer_beam *b, const float *tokens, const float *durations)
{
    const int vocabulary = b->params->vocabulary;
    for (int i = 0; i < b->asked_count; i++) {
        struct entry *e = &b->entries[b->asked[i]];
        const float *row = tokens + (size_t)i * (size_t)vocabulary;
        e->scored = b->frame;
        e->blank = score_of_blank(row, vocabulary, b->params->blank);
        if (b->guide.grammar)
            choose_allowed(b, e, row);
        else
            choose_tokens(b, e, row);
        read_durations(b, e, durations + (size_t)i * (size_t)b->params->duration_count);
    }
}

/* ---- mass ---- */

static void add_mass(struct mass *to, double sum, double best, int32_t event)
{
    to->sum = score_add(to->sum, sum);
    if (best > to->best) {
        to->best = best;
        to->event = event;
    }
}

/* The frame that an event of this duration moves on to. */
static int frame_after(const struct transducer_beam *b, int duration, bool blank)
{
    if (!duration && blank)
        duration = b->smallest;
    if (!duration && b->rounds + 1 >= b->params->max_symbols)
        duration = 1;
    return b->frame + duration < b->frames ? b->frame + duration : b->frames;
}

static int32_t add_event(struct transducer_beam *b, struct event event)
{
    void *events = b->events;
    bool grown =
        b->event_count < INT32_MAX && memory_grow(&events, &b->event_capacity, b->event_count + 1, sizeof *b->events);
    b->events = events;
    b->failed = b->failed || !grown;
    if (!grown)
        return NONE;
    b->events[b->event_count] = event;
    return (int32_t)b->event_count++;
}

/* What flows in parent reaches child by a token. */
static void emit(struct transducer_beam *b, const struct entry *parent, const struct entry *child, float score)
{
    for (int i = 0; i < b->duration_count; i++) {
        const double step = (double)score + parent->durations[i], best = parent->flowing.best + step;
        struct mass *to = waiting_at(b, child, frame_after(b, b->durations[i], false));
        int32_t event = to->event;
        if (!(step > -INFINITY))
            continue;
        if (best > to->best)
            event = add_event(b, (struct event){parent->flowing.event, b->frame, b->durations[i], score});
        add_mass(to, parent->flowing.sum + step, best, event);
    }
}

/* The children that are in the beam get what is theirs at once; those that are not will be candidates. */
static void emit_to_known(struct transducer_beam *b, struct entry *e)
{
    for (int i = 0; i < e->choice_count; i++)
        e->choices[i].known = false;
    for (int32_t child = b->prefixes.nodes[e->node].child; child != PREFIX_NONE;
         child = b->prefixes.nodes[child].sibling) {
        const struct prefix *node = &b->prefixes.nodes[child];
        for (int i = 0; node->place != PREFIX_NONE && i < e->choice_count; i++)
            if (e->choices[i].token == node->token) {
                e->choices[i].known = true;
                emit(b, e, &b->entries[node->place], e->choices[i].score);
            }
    }
}

/* Before any of it flows, so that what arrives at the frame meanwhile waits for the next round: an alignment has one
 * event a round. */
static void take_up(struct transducer_beam *b, struct entry *e)
{
    struct mass *here = waiting_at(b, e, b->frame);
    e->flowing = *here;
    *here = NOTHING;
}

static void flow(struct transducer_beam *b, struct entry *e)
{
    if (!(e->flowing.sum > -INFINITY))
        return;
    for (int i = 0; i < b->duration_count; i++) {
        const double step = e->blank + e->durations[i];
        if (step > -INFINITY)
            add_mass(waiting_at(b, e, frame_after(b, b->durations[i], true)), e->flowing.sum + step,
                     e->flowing.best + step, e->flowing.event);
    }
    emit_to_known(b, e);
}

static double total_of(const struct transducer_beam *b, const struct entry *e)
{
    double total = -INFINITY;
    for (int i = 0; i < b->reach; i++)
        total = score_add(total, e->waiting[i].sum);
    return total;
}

/* ---- candidates ---- */

static bool better(const struct candidate *x, const struct candidate *y)
{
    return x->score != y->score ? x->score > y->score : x->order < y->order;
}

static void offer(struct transducer_beam *b, struct candidate candidate)
{
    int at = b->candidate_count;
    for (; at > 0 && better(&candidate, &b->candidates[at - 1]); at--)
        b->candidates[at] = b->candidates[at - 1];
    b->candidates[at] = candidate;
    if (b->candidate_count < b->width)
        b->candidate_count++;
}

static double bar_of(const struct transducer_beam *b)
{
    return b->candidate_count == b->width ? b->candidates[b->width - 1].score : -INFINITY;
}

static void offer_children(struct transducer_beam *b, int place)
{
    const struct entry *e = &b->entries[b->order[place]];
    if (!(e->flowing.sum > -INFINITY))
        return;
    const double most = prefixes_most(&b->prefixes, e->node);
    for (int i = 0; i < e->choice_count; i++) {
        const double total = e->flowing.sum + e->choices[i].score, bar = bar_of(b);
        if (total + most < bar)
            return; /* the tokens that follow are less likely still */
        if (e->choices[i].known)
            continue;
        double rank = prefixes_rank_with(&b->prefixes, e->node, e->choices[i].token, bar - total);
        if (rank > -INFINITY && total + rank >= bar)
            offer(b,
                  (struct candidate){total + rank, rank, b->order[place], i, b->width + place * b->choice_limit + i});
    }
}

static void find_candidates(struct transducer_beam *b)
{
    b->candidate_count = 0;
    for (int i = 0; i < b->count; i++) {
        struct entry *e = &b->entries[b->order[i]];
        e->total = total_of(b, e);
        if (e->total > -INFINITY && e->rank > -INFINITY)
            offer(b, (struct candidate){e->total + e->rank, e->rank, b->order[i], NONE, i});
    }
    for (int i = 0; i < b->count; i++)
        offer_children(b, i);
}

/* ---- the next beam ---- */

/* The entry of a candidate, a new one for a child; NONE: no memory. */
static int seat_one(struct transducer_beam *b, const struct candidate *c)
{
    struct entry *from = &b->entries[c->entry];
    if (c->choice == NONE)
        return c->entry;
    const struct choice choice = from->choices[c->choice];
    int32_t node = prefixes_child(&b->prefixes, from->node, choice.token);
    if (node == PREFIX_NONE)
        return NONE;
    int made = new_entry(b, node, from->slot);
    emit(b, from, &b->entries[made], choice.score);
    b->entries[made].total = total_of(b, &b->entries[made]);
    return made;
}

static int seat(struct transducer_beam *b, struct fault *fault)
{
    int before = b->count;
    for (int i = 0; i < before; i++)
        b->entries[b->order[i]].kept = false;
    for (int i = 0; i < b->candidate_count; i++)
        if (b->candidates[i].choice == NONE)
            b->entries[b->candidates[i].entry].kept = true;
    memcpy(b->asked, b->order, (size_t)before * sizeof *b->asked);
    b->count = 0;
    for (int i = 0; i < b->candidate_count; i++) {
        int entry = seat_one(b, &b->candidates[i]);
        if (entry == NONE || b->failed)
            return fail_memory(fault, "a beam search");
        b->order[b->count++] = entry;
    }
    for (int i = 0; i < before; i++)
        if (!b->entries[b->asked[i]].kept)
            drop_entry(b, b->asked[i]);
    return 0;
}

/* Whether anything that matters waits at the frame; what does not is forgotten, and costs no joint. */
static bool waits(struct transducer_beam *b)
{
    bool any = false;
    double best = -INFINITY;
    for (int i = 0; i < b->count; i++) {
        const struct entry *e = &b->entries[b->order[i]];
        best = e->total + e->rank > best ? e->total + e->rank : best;
    }
    for (int i = 0; i < b->count; i++) {
        struct entry *e = &b->entries[b->order[i]];
        struct mass *here = waiting_at(b, e, b->frame);
        if (here->sum + e->rank < best - b->prune)
            *here = NOTHING;
        any = any || here->sum > -INFINITY;
    }
    return any;
}

/* On to the next frame where something waits. Should nothing wait anywhere, to the end. */
static void move_on(struct transducer_beam *b)
{
    b->rounds++;
    while (b->frame < b->frames && !waits(b)) {
        b->frame++;
        b->rounds = 0;
    }
}

int transducer_beam_hear(struct transducer_beam *b, const float *tokens, const float *durations, struct fault *fault)
{
    read_scores(b, tokens, durations);
    memcpy(b->slots + b->slot_count, b->retired, (size_t)b->retired_count * sizeof *b->slots);
    b->slot_count += b->retired_count;
    b->retired_count = 0;
    for (int i = 0; i < b->count; i++)
        take_up(b, &b->entries[b->order[i]]);
    for (int i = 0; i < b->count; i++)
        flow(b, &b->entries[b->order[i]]);
    find_candidates(b);
    int code = b->failed ? fail_memory(fault, "a beam search") : 0;
    if (!code && b->candidate_count)
        code = seat(b, fault);
    move_on(b);
    return code;
}

/* ---- results ---- */

/* Where the likeliest alignment has the tokens. */
static int read_out(const struct transducer_beam *b, const struct entry *e, struct ctc_hypothesis *h,
                    struct fault *fault)
{
    const struct mass *end = waiting_at(b, e, b->frames);
    size_t i = (size_t)b->prefixes.nodes[e->node].depth;
    h->tokens = memory_new(i, sizeof *h->tokens);
    if (!h->tokens)
        return fail_memory(fault, "the tokens of a recording");
    h->count = i;
    h->score = e->total + e->rank;
    h->sound = e->total;
    int32_t node = e->node;
    for (int32_t at = end->event; at != NONE && i > 0; at = b->events[at].before) {
        const struct event *event = &b->events[at];
        int last = event->frame + (event->duration > 1 ? event->duration - 1 : 0);
        h->tokens[--i] = (struct ctc_token){.id = b->prefixes.nodes[node].token,
                                            .first = event->frame,
                                            .last = last < b->frames ? last : b->frames - 1,
                                            .log_probability = event->log_probability};
        node = b->prefixes.nodes[node].parent;
    }
    return 0;
}

/* Those that may end, by what they are worth as a whole. */
static void end_all(struct transducer_beam *b)
{
    b->candidate_count = 0;
    for (int i = 0; i < b->count; i++) {
        struct entry *e = &b->entries[b->order[i]];
        e->total = waiting_at(b, e, b->frames)->sum;
        e->rank = prefixes_whole(&b->prefixes, e->node);
        if (e->total > -INFINITY && e->rank > -INFINITY)
            offer(b, (struct candidate){e->total + e->rank, e->rank, b->order[i], NONE, i});
    }
}

int transducer_beam_finish(struct transducer_beam *b, struct ctc_result *result, struct fault *fault)
{
    end_all(b);
    int wanted = b->params->nbest ? b->params->nbest : 1, code = 0;
    wanted = wanted < b->candidate_count ? wanted : b->candidate_count;
    result->best = memory_new((size_t)wanted, sizeof *result->best);
    if (!result->best)
        return fail_memory(fault, "the hypotheses of a beam search");
    result->count = (size_t)wanted;
    for (int i = 0; i < wanted && !code; i++)
        code = read_out(b, &b->entries[b->candidates[i].entry], &result->best[i], fault);
    return code;
}

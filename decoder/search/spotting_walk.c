#include "decoder/search/ctc_scores.h"
#include "decoder/search/spotting_parts.h"
#include "src/base/memory.h"

#include <stdlib.h>

/* Natural log: tokens that are further from the frame's best are not said there, as in the search's own pruning. */
static const float FARTHEST = 8.0f;
static const struct spotting_reach NOWHERE = {-INFINITY, 0};
static const struct spotting_place NOBODY = {{-INFINITY, 0}, {-INFINITY, 0}, {-INFINITY, 0}, -1, false};

/* ---- the frames' best ---- */

static double best_of(const struct spotting_walk *w, const float *row, double blank)
{
    double best = blank;
    for (int i = 0; i < w->vocabulary; i++)
        if (i != w->blank && score_of(row, i) > best)
            best = score_of(row, i);
    return best;
}

/* A frame's scores as differences to its best, as far as they matter. */
static void compare(struct spotting_walk *w, int frame)
{
    const float *row = w->scores + (size_t)frame * (size_t)w->vocabulary;
    float *gaps = w->gaps + (size_t)frame * (size_t)w->vocabulary;
    double blank = score_of_blank(row, w->vocabulary, w->blank) - w->blank_penalty, best = best_of(w, row, blank);
    w->speech[frame] = -INFINITY;
    for (int i = 0; i < w->vocabulary; i++) {
        gaps[i] = (float)((i == w->blank ? blank : score_of(row, i)) - best);
        if (i != w->blank && gaps[i] < -FARTHEST)
            gaps[i] = -INFINITY;
        if (i != w->blank && gaps[i] > w->speech[frame])
            w->speech[frame] = gaps[i];
    }
}

int spotting_walk_open(struct spotting_walk *w, const struct spotting *spotting, int32_t tokens, const float *scores,
                       int frames, int vocabulary, int blank, double blank_penalty, struct fault *fault)
{
    const int most = SPOTTING_BLOCK * SPOTTING_VECTOR;
    const size_t nodes = (size_t)(spotting->most_nodes > tokens + 1 ? spotting->most_nodes : tokens + 1);
    const size_t arcs = (size_t)(spotting->most_arcs > tokens ? spotting->most_arcs : tokens);
    *w = (struct spotting_walk){.scores = scores,
                                .frames = frames,
                                .vocabulary = vocabulary,
                                .blank = blank,
                                .blank_penalty = blank_penalty,
                                .blocks = (frames + most - 1) / most * SPOTTING_VECTOR};
    const size_t blocks = (size_t)w->blocks;
    w->gaps = memory_new((size_t)frames * (size_t)vocabulary, sizeof *w->gaps);
    w->speech = memory_new((size_t)frames, sizeof *w->speech);
    w->places = memory_new(nodes, sizeof *w->places);
    w->on = memory_new(arcs, sizeof *w->on);
    w->start = memory_new(arcs, sizeof *w->start);
    w->least = memory_new(arcs, sizeof *w->least);
    w->starts = memory_new((size_t)frames, sizeof *w->starts);
    w->ends = memory_new((size_t)frames, sizeof *w->ends);
    w->loudest = memory_new((size_t)vocabulary * blocks, sizeof *w->loudest);
    w->bonus = memory_new(blocks, sizeof *w->bonus);
    w->idle = memory_new(blocks, sizeof *w->idle);
    w->still = memory_new(nodes * blocks, sizeof *w->still);
    w->leaving = memory_new(nodes * blocks, sizeof *w->leaving);
    w->waits = memory_new(nodes, sizeof *w->waits);
    w->leaves = memory_new(nodes, sizeof *w->leaves);
    if (!w->gaps || !w->speech || !w->places || !w->on || !w->start || !w->least || !w->starts || !w->ends ||
        !w->loudest || !w->bonus || !w->idle || !w->still || !w->leaving || !w->waits || !w->leaves)
        return fail_memory(fault, "a search for phrases");
    for (int t = 0; t < frames; t++)
        compare(w, t);
    spotting_bounds_begin(w);
    return 0;
}

void spotting_walk_close(struct spotting_walk *w)
{
    void *all[] = {w->gaps,  w->speech,  w->places, w->on,    w->start,   w->least, w->starts, w->ends,
                   w->bonus, w->loudest, w->idle,   w->still, w->leaving, w->waits, w->leaves};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

/* ---- one frame ---- */

static void clear(struct spotting_walk *w, const struct spotting_lattice *l)
{
    for (int32_t n = 0; n < l->nodes; n++)
        w->places[n] = NOBODY;
    for (int32_t k = 0; k < l->first[l->nodes]; k++)
        w->on[k] = -INFINITY;
}

static struct spotting_reach better(struct spotting_reach a, struct spotting_reach b)
{
    return a.score > b.score ? a : b;
}

static void arrive(struct spotting_place *place, int32_t token, struct spotting_reach reach)
{
    if (token == place->token) {
        if (reach.score > place->best.score)
            place->best = reach;
    } else if (reach.score > place->best.score) {
        place->other = place->best;
        place->best = reach;
        place->token = token;
    } else if (reach.score > place->other.score) {
        place->other = reach;
    }
}

/* What stands at a node, for its arcs: by those of the token that the best path ends with only other paths may go on.
 */
struct front {
    float best, other;
    int32_t best_start, other_start, token;
};

/* A frame on arcs that leave one node. Whether any path is left. Bare pointers, or the compiler finds no vectors. */
static int32_t move(int32_t count, const int32_t *restrict token, const float *restrict cost,
                    const float *restrict least, const float *restrict gaps, struct front front, float *restrict on,
                    int32_t *restrict start)
{
    const float best = front.best, other = front.other;
    const int32_t best_start = front.best_start, other_start = front.other_start;
    int32_t left = 0;
    for (int32_t k = 0; k < count; k++) {
        const int32_t same = token[k] == front.token, before = start[k];
        const float was = on[k];
        float from = (same ? other : best) - cost[k];
        int32_t since = same ? other_start : best_start;
        since = was > from ? before : since;
        from = (was > from ? was : from) + gaps[token[k]];
        const int32_t stays = from >= least[k];
        start[k] = since;
        on[k] = stays ? from : -INFINITY;
        left |= stays;
    }
    return left;
}

/* Moves along the arcs that leave a node, to nodes that have been moved already. Whether any is within its token. */
static bool follow(struct spotting_walk *w, const struct spotting_lattice *l, int32_t node, const float *gaps)
{
    const struct spotting_place *place = &w->places[node];
    const struct spotting_reach any = better(place->best, place->blank), other = better(place->other, place->blank);
    const struct front front = {any.score, other.score, any.start, other.start, place->token};
    const int32_t k = l->first[node], end = l->first[node + 1];
    if (!move(end - k, l->token + k, l->cost + k, w->least + k, gaps, front, w->on + k, w->start + k))
        return false;
    for (int32_t i = k; i < end; i++)
        if (w->on[i] > -INFINITY)
            arrive(&w->places[l->to[i]], l->token[i], (struct spotting_reach){w->on[i], w->start[i]});
    return true;
}

/* The blank behind a node. */
static void rest(struct spotting_place *place, float blank, float least)
{
    if (place->best.score > place->blank.score)
        place->blank = place->best;
    place->blank.score += blank;
    if (!(place->blank.score >= least))
        place->blank = NOWHERE;
    place->best = place->other = NOWHERE;
    place->token = -1;
}

/* A frame for all nodes, the last ones first: what arrives at a node comes from before it, and goes on in the next. A
 * node that nothing worth its while has come to is passed over. Whether there is anything but at the beginning. */
static bool step(struct spotting_walk *w, const struct spotting_lattice *l, int frame, double least)
{
    const float *gaps = w->gaps + (size_t)frame * (size_t)w->vocabulary;
    bool live = false;
    for (int32_t n = l->nodes; n-- > 0;) {
        struct spotting_place *place = &w->places[n];
        float held = better(place->best, place->blank).score;
        if (held > -INFINITY || place->live) {
            if (place->live || (double)(held + w->leaves[n]) >= least)
                place->live = follow(w, l, n, gaps);
            rest(place, gaps[w->blank], (float)least - w->waits[n]);
            live |= place->live || (n > 0 && place->blank.score > -INFINITY);
        }
    }
    return live;
}

/* ---- passes ---- */

/* Fills w->starts. */
static void find_starts(struct spotting_walk *w, const struct spotting_lattice *l, double least)
{
    for (int t = 0; t < w->frames; t++) {
        const int block = t / SPOTTING_BLOCK;
        const float *gaps = w->gaps + (size_t)t * (size_t)w->vocabulary;
        const bool any = (double)w->leaving[block] >= least;
        w->starts[t] = false;
        for (int32_t k = 0; any && !w->starts[t] && k < l->first[1]; k++) {
            const float still = w->still[(size_t)l->to[k] * (size_t)w->blocks + (size_t)block];
            w->starts[t] = (double)(gaps[l->token[k]] - l->cost[k] + still) >= least;
        }
    }
}

bool spotting_find(struct spotting_walk *w, const struct spotting_lattice *l, double least)
{
    if (!(spotting_bound(w, l) >= least))
        return false;
    clear(w, l);
    find_starts(w, l, least);
    struct spotting_place *last = &w->places[l->nodes - 1];
    bool live = false, any = false;
    for (int t = 0, block = -1; t < w->frames; t++) {
        w->ends[t] = NOWHERE;
        if (!live && !w->starts[t])
            continue;
        if (block != t / SPOTTING_BLOCK)
            spotting_enter(w, l, block = t / SPOTTING_BLOCK, least);
        w->places[0].blank = w->starts[t] ? (struct spotting_reach){0.0f, t} : NOWHERE;
        live = step(w, l, t, least);
        if (last->best.score > -INFINITY && (double)(last->best.score + w->bonus[block]) >= least) {
            w->ends[t] = last->best;
            any = true;
        }
        *last = NOBODY;
    }
    return any;
}

double spotting_fit(struct spotting_walk *w, const struct spotting_lattice *l, int begin, int end, double least)
{
    const struct spotting_place *last = &w->places[l->nodes - 1];
    clear(w, l);
    w->places[0].blank.score = 0.0f;
    for (int t = begin; t < end; t++) {
        if (t == begin || (w->bounded == l && t % SPOTTING_BLOCK == 0))
            spotting_enter(w, l, t / SPOTTING_BLOCK, least);
        step(w, l, t, least);
    }
    return (double)better(last->best, last->blank).score;
}

#include "decoder/ctc_scores.h"
#include "decoder/spotting_parts.h"
#include "src/base/memory.h"

#include <stdlib.h>

/* Natural log: tokens that are further from the frame's best are not said there, as in the search's own pruning. */
static const float FARTHEST = 8.0f;
static const struct spotting_reach NOWHERE = {-INFINITY, 0};

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
        w->likeliest[i] = gaps[i] > w->likeliest[i] ? gaps[i] : w->likeliest[i];
        if (i != w->blank && gaps[i] > w->speech[frame])
            w->speech[frame] = gaps[i];
    }
}

int spotting_walk_open(struct spotting_walk *w, const struct spotting *spotting, int32_t tokens, const float *scores,
                       int frames, int vocabulary, int blank, double blank_penalty, struct fault *fault)
{
    int32_t nodes = spotting->most_nodes > tokens + 1 ? spotting->most_nodes : tokens + 1;
    int32_t arcs = spotting->most_arcs > tokens ? spotting->most_arcs : tokens;
    *w = (struct spotting_walk){
        .scores = scores, .frames = frames, .vocabulary = vocabulary, .blank = blank, .blank_penalty = blank_penalty};
    w->places = memory_new((size_t)nodes, sizeof *w->places);
    w->on = memory_new((size_t)arcs, sizeof *w->on);
    w->gaps = memory_new((size_t)frames * (size_t)vocabulary, sizeof *w->gaps);
    w->ends = memory_new((size_t)frames, sizeof *w->ends);
    w->ahead = memory_new((size_t)nodes, sizeof *w->ahead);
    w->after = memory_new((size_t)nodes, sizeof *w->after);
    w->speech = memory_new((size_t)frames, sizeof *w->speech);
    w->behind = memory_new((size_t)nodes, sizeof *w->behind);
    w->thinned.arcs = memory_new((size_t)arcs, sizeof *w->thinned.arcs);
    w->thinned.first = memory_new((size_t)nodes + 1, sizeof *w->thinned.first);
    w->likeliest = memory_new((size_t)vocabulary, sizeof *w->likeliest);
    if (!w->places || !w->on || !w->gaps || !w->ends || !w->ahead || !w->likeliest || !w->behind || !w->after ||
        !w->speech || !w->thinned.arcs || !w->thinned.first)
        return fail_memory(fault, "a search for phrases");
    for (int i = 0; i < vocabulary; i++)
        w->likeliest[i] = -INFINITY;
    for (int t = 0; t < frames; t++)
        compare(w, t);
    return 0;
}

void spotting_walk_close(struct spotting_walk *w)
{
    free(w->places);
    free(w->on);
    free(w->gaps);
    free(w->ends);
    free(w->ahead);
    free(w->likeliest);
    free(w->behind);
    free(w->after);
    free(w->speech);
    free(w->thinned.arcs);
    free(w->thinned.first);
}

/* ---- one frame ---- */

static void clear(struct spotting_walk *w, const struct spotting_lattice *l)
{
    for (int32_t n = 0; n < l->nodes; n++)
        w->places[n] = (struct spotting_place){NOWHERE, NOWHERE, NOWHERE, -1, false};
    for (int32_t k = 0; k < l->first[l->nodes]; k++)
        w->on[k] = NOWHERE;
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

/* Moves along the arcs that leave a node, to nodes that have been moved already. Whether any is within its token. */
static bool follow(struct spotting_walk *w, const struct spotting_lattice *l, int32_t node, const float *gaps,
                   double least)
{
    const struct spotting_place *place = &w->places[node];
    const struct spotting_reach any = better(place->best, place->blank), other = better(place->other, place->blank);
    const int32_t token = place->token;
    bool live = false;
    for (int32_t k = l->first[node]; k < l->first[node + 1]; k++) {
        const struct spotting_arc *arc = &l->arcs[k];
        struct spotting_reach from = arc->token == token ? other : any;
        from.score -= (double)arc->cost;
        from = better(w->on[k], from);
        from.score += (double)gaps[arc->token];
        if (from.score + w->ahead[arc->to] >= least && from.score > -INFINITY) {
            w->on[k] = from;
            live = true;
            arrive(&w->places[arc->to], arc->token, from);
        } else {
            w->on[k] = NOWHERE;
        }
    }
    return live;
}

/* The blank behind a node. */
static void rest(struct spotting_place *place, double blank, double least)
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
 * node that nothing worth its while has come to is passed over. */
static void step(struct spotting_walk *w, const struct spotting_lattice *l, int frame, double least)
{
    const float *gaps = w->gaps + (size_t)frame * (size_t)w->vocabulary;
    for (int32_t n = l->nodes; n-- > 0;) {
        struct spotting_place *place = &w->places[n];
        double held = better(place->best, place->blank).score;
        if (held > -INFINITY || place->live) {
            if (place->live || held + (double)w->speech[frame] + w->after[n] >= least)
                place->live = follow(w, l, n, gaps, least);
            rest(place, (double)gaps[w->blank], least - w->ahead[n]);
        }
    }
}

/* ---- passes ---- */

double spotting_bound(struct spotting_walk *w, const struct spotting_lattice *l)
{
    for (int32_t n = l->nodes; n-- > 0;) {
        w->ahead[n] = n == l->nodes - 1 ? 0.0 : -INFINITY;
        w->after[n] = -INFINITY;
        for (int32_t k = l->first[n]; k < l->first[n + 1]; k++) {
            const struct spotting_arc *arc = &l->arcs[k];
            double after = w->ahead[arc->to] - (double)arc->cost, most = (double)w->likeliest[arc->token] + after;
            w->ahead[n] = most > w->ahead[n] ? most : w->ahead[n];
            w->after[n] = after > w->after[n] ? after : w->after[n];
        }
    }
    return w->ahead[0];
}

/* The lattice without the arcs that no path worth its while goes along. */
static const struct spotting_lattice *thin(struct spotting_walk *w, const struct spotting_lattice *l, double least)
{
    struct spotting_lattice *out = &w->thinned;
    int32_t count = 0;
    for (int32_t n = 0; n < l->nodes; n++)
        w->behind[n] = n ? -INFINITY : 0.0;
    for (int32_t n = 0; n < l->nodes; n++) {
        out->first[n] = count;
        for (int32_t k = l->first[n]; w->behind[n] > -INFINITY && k < l->first[n + 1]; k++) {
            const struct spotting_arc arc = l->arcs[k];
            double most = w->behind[n] + (double)w->likeliest[arc.token] - (double)arc.cost;
            if (!(most + w->ahead[arc.to] >= least))
                continue;
            w->behind[arc.to] = most > w->behind[arc.to] ? most : w->behind[arc.to];
            out->arcs[count++] = arc;
        }
    }
    out->nodes = l->nodes;
    out->first[l->nodes] = count;
    return out;
}

void spotting_find(struct spotting_walk *w, const struct spotting_lattice *l, double least)
{
    for (int t = 0; t < w->frames; t++)
        w->ends[t] = NOWHERE;
    if (!(spotting_bound(w, l) >= least))
        return;
    l = thin(w, l, least);
    clear(w, l);
    for (int t = 0; t < w->frames; t++) {
        w->places[0].blank = (struct spotting_reach){0.0, t};
        step(w, l, t, least);
        w->ends[t] = w->places[l->nodes - 1].best;
    }
}

double spotting_fit(struct spotting_walk *w, const struct spotting_lattice *l, int begin, int end, double least)
{
    spotting_bound(w, l);
    clear(w, l);
    w->places[0].blank.score = 0.0;
    for (int t = begin; t < end; t++)
        step(w, l, t, least);
    const struct spotting_place *last = &w->places[l->nodes - 1];
    return last->best.score > last->blank.score ? last->best.score : last->blank.score;
}

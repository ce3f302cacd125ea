#include "decoder/ctc_scores.h"
#include "decoder/spotting_parts.h"
#include "src/base/memory.h"

#include <stdlib.h>

static const struct spotting_reach NOWHERE = {-INFINITY, 0};

/* ---- the frames' best ---- */

static double blank_of(const struct spotting_walk *w, int frame)
{
    return score_of_blank(w->scores + (size_t)frame * (size_t)w->vocabulary, w->vocabulary, w->blank) -
           w->blank_penalty;
}

static double best_of(const struct spotting_walk *w, int frame)
{
    const float *row = w->scores + (size_t)frame * (size_t)w->vocabulary;
    double best = blank_of(w, frame);
    for (int i = 0; i < w->vocabulary; i++)
        if (i != w->blank && score_of(row, i) > best)
            best = score_of(row, i);
    return best;
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
    w->best = memory_new((size_t)frames, sizeof *w->best);
    w->ends = memory_new((size_t)frames, sizeof *w->ends);
    if (!w->places || !w->on || !w->best || !w->ends)
        return fail_memory(fault, "a search for phrases");
    for (int t = 0; t < frames; t++)
        w->best[t] = best_of(w, t);
    return 0;
}

void spotting_walk_close(struct spotting_walk *w)
{
    free(w->places);
    free(w->on);
    free(w->best);
    free(w->ends);
}

/* ---- one frame ---- */

static void clear(struct spotting_walk *w, const struct spotting_lattice *l)
{
    for (int32_t n = 0; n < l->nodes; n++)
        w->places[n] = (struct spotting_place){NOWHERE, NOWHERE, NOWHERE, -1, false};
    for (int32_t k = 0; k < l->first[l->nodes]; k++)
        w->on[k] = NOWHERE;
}

/* What may go on by a token behind a place. */
static struct spotting_reach leaving(const struct spotting_place *place, int32_t token)
{
    struct spotting_reach arrived = place->token == token ? place->other : place->best;
    return arrived.score > place->blank.score ? arrived : place->blank;
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

/* Moves along the arcs that leave a node. Whether any is within its token. */
static bool follow(struct spotting_walk *w, const struct spotting_lattice *l, int32_t node, const float *row,
                   double best, double least)
{
    bool live = false;
    for (int32_t k = l->first[node]; k < l->first[node + 1]; k++) {
        const struct spotting_arc *arc = &l->arcs[k];
        struct spotting_reach from = leaving(&w->places[node], arc->token);
        from.score -= (double)arc->cost;
        if (w->on[k].score > from.score)
            from = w->on[k];
        from.score += from.score > -INFINITY ? score_of(row, arc->token) - best : 0.0;
        w->on[k] = from.score >= least ? from : NOWHERE;
        live |= from.score >= least;
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

/* A frame for all nodes: arcs first, by what stood behind each node before it, then what arrives there. */
static void step(struct spotting_walk *w, const struct spotting_lattice *l, int frame, double least)
{
    const float *row = w->scores + (size_t)frame * (size_t)w->vocabulary;
    double best = w->best[frame], blank = blank_of(w, frame) - best;
    for (int32_t n = 0; n < l->nodes; n++) {
        struct spotting_place *place = &w->places[n];
        bool held = place->blank.score > -INFINITY || place->best.score > -INFINITY;
        if (held || place->live) {
            place->live = follow(w, l, n, row, best, least);
            rest(place, blank, least);
        }
    }
    for (int32_t n = 0; n < l->nodes; n++)
        for (int32_t k = l->first[n]; w->places[n].live && k < l->first[n + 1]; k++)
            if (w->on[k].score > -INFINITY)
                arrive(&w->places[l->arcs[k].to], l->arcs[k].token, w->on[k]);
}

/* ---- passes ---- */

void spotting_find(struct spotting_walk *w, const struct spotting_lattice *l, double least)
{
    clear(w, l);
    for (int t = 0; t < w->frames; t++) {
        w->places[0].blank = (struct spotting_reach){0.0, t};
        step(w, l, t, least);
        w->ends[t] = w->places[l->nodes - 1].best;
    }
}

double spotting_fit(struct spotting_walk *w, const struct spotting_lattice *l, int begin, int end, double least)
{
    clear(w, l);
    w->places[0].blank.score = 0.0;
    for (int t = begin; t < end; t++)
        step(w, l, t, least);
    const struct spotting_place *last = &w->places[l->nodes - 1];
    return last->best.score > last->blank.score ? last->best.score : last->blank.score;
}

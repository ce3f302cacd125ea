/* align.c - Viterbi through the CTC trellis, whole or within a band. */
#include "decoder/search/align.h"

#include "decoder/search/ctc_scores.h"
#include "src/base/memory.h"

#include <stdint.h>
#include <stdlib.h>

/* State 2u + 1 is token u, state 2u the blank before it; the last state is the blank after the last token. */
struct trellis {
    const float *scores;
    int frames, vocabulary, blank;
    const int *ids;
    int64_t states;
    const int *near;
    int reach;
    int64_t *low, *high;  /* [frames] states [low, high) that frame t may be in */
    size_t *row;          /* [frames] where its steps begin */
    uint8_t *steps;       /* how many states back the best way into each state came from: 0, 1 or 2 */
    double *now, *before; /* [states] scores of the best way into each */
};

/* The states that can be reached from the beginning and from which the end can be reached. */
static void bound_by_ends(struct trellis *a)
{
    for (int64_t t = 0; t < a->frames; t++) {
        int64_t low = a->states - 2 * (a->frames - t), high = 2 * (t + 1);
        a->low[t] = low > 0 ? low : 0;
        a->high[t] = high < a->states ? high : a->states;
    }
}

/* Of these, the states of the tokens within reach of frame t, and the blanks around them. */
static void bound_by_reach(struct trellis *a)
{
    int64_t count = (a->states - 1) / 2, first = 0, end = 0;
    for (int64_t t = 0; t < a->frames; t++) {
        while (first < count && a->near[first] < t - a->reach)
            first++;
        while (end < count && a->near[end] <= t + a->reach)
            end++;
        int64_t low = 2 * first, high = 2 * (end > first ? end : first) + 1;
        a->low[t] = low > a->low[t] ? low : a->low[t];
        a->high[t] = high < a->high[t] ? high : a->high[t];
        if (a->high[t] < a->low[t])
            a->high[t] = a->low[t];
    }
}

static int open_trellis(struct trellis *a, struct fault *fault)
{
    size_t total = 0;
    a->low = memory_new((size_t)a->frames, sizeof *a->low);
    a->high = memory_new((size_t)a->frames, sizeof *a->high);
    a->row = memory_new((size_t)a->frames, sizeof *a->row);
    if (!a->low || !a->high || !a->row)
        return fail_memory(fault, "an alignment");
    bound_by_ends(a);
    if (a->near)
        bound_by_reach(a);
    for (int t = 0; t < a->frames; t++) {
        a->row[t] = total;
        total += (size_t)(a->high[t] - a->low[t]);
    }
    a->steps = memory_new(total, 1);
    a->now = memory_new((size_t)a->states, sizeof *a->now);
    a->before = memory_new((size_t)a->states, sizeof *a->before);
    return a->steps && a->now && a->before ? 0 : fail_memory(fault, "an alignment");
}

static void close_trellis(struct trellis *a)
{
    free(a->low);
    free(a->high);
    free(a->row);
    free(a->steps);
    free(a->now);
    free(a->before);
}

/* The best of staying, coming from the state before, and skipping the blank between two different tokens. */
static double best_way(const struct trellis *a, int t, int64_t s, uint8_t *step)
{
    double best = -INFINITY;
    int64_t low = a->low[t - 1], high = a->high[t - 1];
    int skip = s % 2 == 1 && s >= 3 && a->ids[s / 2] != a->ids[s / 2 - 1];
    for (int back = 0; back <= 1 + skip; back++) {
        int64_t from = s - back;
        if (from >= low && from < high && a->before[from] > best) {
            best = a->before[from];
            *step = (uint8_t)back;
        }
    }
    return best;
}

static void forward_frame(struct trellis *a, int t)
{
    const float *row = a->scores + (size_t)t * (size_t)a->vocabulary;
    double blank = score_of_blank(row, a->vocabulary, a->blank);
    uint8_t *steps = a->steps + a->row[t];
    for (int64_t s = a->low[t]; s < a->high[t]; s++) {
        double way = t == 0 ? (s < 2 ? 0.0 : -INFINITY) : best_way(a, t, s, &steps[s - a->low[t]]);
        a->now[s] = way + (s % 2 ? score_of(row, a->ids[s / 2]) : blank);
    }
}

static double last_score(const struct trellis *a, int64_t s)
{
    int t = a->frames - 1;
    return s >= a->low[t] && s < a->high[t] ? a->now[s] : -INFINITY;
}

/* Walks back from the better of the two last states and fills the spans and their sums. */
static void trace_back(const struct trellis *a, int64_t state, struct ctc_token *tokens)
{
    for (int t = a->frames - 1; t >= 0; t--) {
        if (state % 2) {
            struct ctc_token *token = &tokens[state / 2];
            if (token->last < 0)
                token->last = t;
            token->first = t;
            token->log_probability += (float)score_of(a->scores + (size_t)t * (size_t)a->vocabulary, token->id);
        }
        state -= a->steps[a->row[t] + (size_t)(state - a->low[t])];
    }
}

static int run_trellis(struct trellis *a, struct ctc_token *tokens, double *score, struct fault *fault)
{
    size_t count = (size_t)(a->states / 2);
    for (int t = 0; t < a->frames; t++) {
        forward_frame(a, t);
        double *swap = a->before;
        a->before = a->now;
        a->now = swap;
    }
    double *swap = a->before;
    a->before = a->now;
    a->now = swap;
    double blank_end = last_score(a, a->states - 1), token_end = last_score(a, a->states - 2);
    double best = blank_end > token_end ? blank_end : token_end;
    if (!(best > -INFINITY))
        return fail(fault, UTTER_ERROR_ARGUMENT, "the %zu tokens have no alignment with %d frames", count, a->frames);
    for (size_t u = 0; u < count; u++)
        tokens[u] = (struct ctc_token){.id = a->ids[u], .first = -1, .last = -1};
    trace_back(a, blank_end > token_end ? a->states - 1 : a->states - 2, tokens);
    for (size_t u = 0; u < count; u++)
        tokens[u].log_probability /= (float)(tokens[u].last - tokens[u].first + 1);
    if (score)
        *score = best;
    return 0;
}

int ctc_align(const float *scores, int frames, int vocabulary, int blank, const int *ids, size_t count, const int *near,
              int reach, struct ctc_token *tokens, double *score, struct fault *fault)
{
    if (frames < 0 || vocabulary < 1 || blank < 0 || blank >= vocabulary || (frames > 0 && !scores) || reach < 0)
        return fail(fault, UTTER_ERROR_ARGUMENT, "an alignment needs scores, and a blank inside the vocabulary");
    if (count > (size_t)frames)
        return fail(fault, UTTER_ERROR_ARGUMENT, "the %zu tokens have no alignment with %d frames", count, frames);
    for (size_t u = 0; u < count; u++)
        if (ids[u] < 0 || ids[u] >= vocabulary || ids[u] == blank)
            return fail(fault, UTTER_ERROR_ARGUMENT,
                        "token %d cannot be aligned: it is outside the vocabulary or blank", ids[u]);
    if (frames == 0) {
        if (score)
            *score = 0.0;
        return 0;
    }
    struct trellis a = {.scores = scores,
                        .frames = frames,
                        .vocabulary = vocabulary,
                        .blank = blank,
                        .ids = ids,
                        .states = 2 * (int64_t)count + 1,
                        .near = near,
                        .reach = reach};
    int error = open_trellis(&a, fault);
    if (!error)
        error = run_trellis(&a, tokens, score, fault);
    close_trellis(&a);
    return error;
}

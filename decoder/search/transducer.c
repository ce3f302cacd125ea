/* transducer.c - arguments, and the steps that the searches of all windows share. */
#include "decoder/search/transducer.h"

#include "decoder/search/transducer_parts.h"
#include "src/base/memory.h"
#include "src/base/threads.h"

#include <stdlib.h>

/* One of the two, its place in the step, and what went wrong in it. */
struct window {
    struct transducer_greedy *greedy;
    struct transducer_beam *beam;
    int joint; /* the first of its own */
    bool live;
    struct fault fault;
};

struct search {
    const struct transducer_search_params *params;
    struct window *windows; /* [count] */
    int count, live;
    struct transducer_round round;
    float *tokens;    /* [joints, vocabulary] */
    float *durations; /* [joints, duration_count] */
};

/* ---- arguments ---- */

int transducer_smallest_duration(const struct transducer_search_params *p)
{
    for (int i = 0; i < p->duration_count; i++)
        if (p->durations[i] > 0)
            return p->durations[i];
    return 1;
}

static int width_of(const struct transducer_search_params *p)
{
    return p->beam > 1 ? p->beam : 1;
}

int transducer_search_slots(const struct transducer_search_params *params, int windows)
{
    return windows * (params->beam > 1 ? 2 * params->beam : 1);
}

int transducer_search_joints(const struct transducer_search_params *params, int windows)
{
    int least = windows * width_of(params);
    return params->beam > 1 || params->ahead < least ? least : params->ahead;
}

static int check_durations(const struct transducer_search_params *p, struct fault *fault)
{
    if (p->duration_count < 0 || p->duration_count > TRANSDUCER_DURATIONS_MAXIMUM ||
        (p->duration_count && !p->durations))
        return fail(fault, UTTER_ERROR_ARGUMENT, "%d durations, of which there may be %d", p->duration_count,
                    TRANSDUCER_DURATIONS_MAXIMUM);
    for (int i = 0; i < p->duration_count; i++)
        if (p->durations[i] < 0 || p->durations[i] > TRANSDUCER_DURATION_MAXIMUM ||
            (i && p->durations[i] <= p->durations[i - 1]))
            return fail(fault, UTTER_ERROR_ARGUMENT, "durations do not rise from 0 to %d at most",
                        TRANSDUCER_DURATION_MAXIMUM);
    if (p->duration_count && p->durations[p->duration_count - 1] == 0)
        return fail(fault, UTTER_ERROR_ARGUMENT, "no duration is above 0");
    return 0;
}

static int check_arguments(const struct transducer_search_params *p, const int *lengths, int windows,
                           struct fault *fault)
{
    if (windows < 1 || !lengths || p->vocabulary < 1)
        return fail(fault, UTTER_ERROR_ARGUMENT, "there is nothing to decode: %d windows of %d tokens", windows,
                    p->vocabulary);
    for (int i = 0; i < windows; i++)
        if (lengths[i] < 0 || lengths[i] > INT32_MAX / 2)
            return fail(fault, UTTER_ERROR_ARGUMENT, "window %d has %d frames", i, lengths[i]);
    if (p->blank < 0 || p->blank >= p->vocabulary)
        return fail(fault, UTTER_ERROR_ARGUMENT, "the blank, token %d, is outside the vocabulary of %d", p->blank,
                    p->vocabulary);
    if (p->beam < 0 || p->beam > TRANSDUCER_BEAM_MAXIMUM)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a beam of %d is not between 1 and %d", p->beam,
                    TRANSDUCER_BEAM_MAXIMUM);
    if (p->nbest < 0 || p->nbest > width_of(p))
        return fail(fault, UTTER_ERROR_ARGUMENT, "%d hypotheses cannot come from a beam of %d", p->nbest, p->beam);
    if (p->max_symbols < 1)
        return fail(fault, UTTER_ERROR_ARGUMENT, "max_symbols is %d, and must be at least 1", p->max_symbols);
    if (!(p->prune >= 0.0f))
        return fail(fault, UTTER_ERROR_ARGUMENT, "the pruning threshold is negative or not a number");
    return check_durations(p, fault);
}

/* ---- steps ---- */

static int open_search(struct search *s, const int *lengths, struct fault *fault)
{
    const struct transducer_search_params *p = s->params;
    const size_t joints = (size_t)transducer_search_joints(p, s->count);
    s->windows = memory_new((size_t)s->count, sizeof *s->windows);
    s->round.predictions = memory_new(joints, sizeof *s->round.predictions);
    s->round.joints = memory_new(joints, sizeof *s->round.joints);
    s->tokens = memory_aligned(joints * (size_t)p->vocabulary * sizeof *s->tokens);
    s->durations = memory_aligned(joints * ((size_t)p->duration_count + 1) * sizeof *s->durations);
    if (!s->windows || !s->round.predictions || !s->round.joints || !s->tokens || !s->durations)
        return fail_memory(fault, "a search");
    int code = 0;
    for (int i = 0; i < s->count && !code; i++)
        code = p->beam > 1 ? transducer_beam_open(&s->windows[i].beam, p, i, lengths[i], fault)
                           : transducer_greedy_open(&s->windows[i].greedy, p, i, lengths[i], fault);
    s->live = s->count;
    return code;
}

static void close_search(struct search *s)
{
    for (int i = 0; s->windows && i < s->count; i++) {
        transducer_greedy_close(&s->windows[i].greedy);
        transducer_beam_close(&s->windows[i].beam);
    }
    free(s->windows);
    free(s->round.predictions);
    free(s->round.joints);
    free(s->tokens);
    free(s->durations);
}

/* What the windows ask for; joints that greedy windows leave are shared out among them, to look ahead. */
static void ask(struct search *s)
{
    const int joints = transducer_search_joints(s->params, s->count);
    int live = 0;
    s->round.prediction_count = s->round.joint_count = 0;
    for (int i = 0; i < s->count; i++) {
        struct window *w = &s->windows[i];
        w->joint = s->round.joint_count;
        w->live = w->beam ? transducer_beam_ask(w->beam, &s->round)
                          : transducer_greedy_ask(w->greedy, &s->round, joints / s->live);
        live += w->live;
    }
    s->live = live;
}

static void hear(void *context, int64_t begin, int64_t end, int worker)
{
    struct search *s = context;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        struct window *w = &s->windows[i];
        const float *tokens = s->tokens + (size_t)w->joint * (size_t)s->params->vocabulary;
        const float *durations = s->durations + (size_t)w->joint * (size_t)s->params->duration_count;
        if (w->live && w->beam)
            transducer_beam_hear(w->beam, tokens, durations, &w->fault);
        else if (w->live)
            transducer_greedy_hear(w->greedy, tokens, durations, &w->fault);
    }
}

static int run_step(struct search *s, transducer_search_step step, void *context, struct fault *fault)
{
    const struct transducer_search_ask asked = {s->round.predictions, s->round.prediction_count, s->round.joints,
                                                s->round.joint_count};
    if (asked.prediction_count || asked.joint_count) {
        int code = step(context, &asked, s->tokens, s->durations, fault);
        if (code)
            return code;
    }
    if (s->params->threads)
        thread_pool_run(s->params->threads, s->count, 1, hear, s);
    else
        hear(s, 0, s->count, 0);
    for (int i = 0; i < s->count; i++)
        if (s->windows[i].fault.code)
            return fail(fault, s->windows[i].fault.code, "%s", s->windows[i].fault.message);
    return 0;
}

static int finish(struct search *s, struct ctc_result *results, struct fault *fault)
{
    int code = 0;
    for (int i = 0; i < s->count && !code; i++)
        code = s->windows[i].beam ? transducer_beam_finish(s->windows[i].beam, &results[i], fault)
                                  : transducer_greedy_finish(s->windows[i].greedy, &results[i], fault);
    for (int i = 0; code && i < s->count; i++)
        ctc_free(&results[i]);
    return code;
}

int transducer_search(const struct transducer_search_params *params, transducer_search_step step, void *context,
                      const int *lengths, int windows, struct ctc_result *results, struct fault *fault)
{
    struct search s = {.params = params, .count = windows};
    int code = check_arguments(params, lengths, windows, fault);
    if (code)
        return code;
    for (int i = 0; i < windows; i++)
        results[i] = (struct ctc_result){0};
    code = open_search(&s, lengths, fault);
    for (; !code; code = run_step(&s, step, context, fault)) {
        ask(&s);
        if (!s.live)
            break;
    }
    if (!code)
        code = finish(&s, results, fault);
    close_search(&s);
    return code;
}

#include "src/running.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* What is left at the end of a stream and shorter than this holds no word. */
enum { SHORTEST = WINDOW_RATE / 10 };

/* Text found at a temperature above this has lost the thread, and is no prompt. */
static const double prompt_temperature = 0.5;

struct lane {
    float *samples; /* [count] not heard yet, the first at `begin` of the stream */
    size_t count, capacity;
    int64_t begin;
    int *history; /* [history_count]: the prompt, then the text so far */
    size_t history_count, history_capacity;
};

struct running {
    const struct decoding *decoding;
    int64_t whole;
    int lanes;
    struct lane *lane; /* [lanes] */
};

static int remember(struct running *r, struct lane *lane, const int *tokens, size_t count, struct fault *fault)
{
    if (!memory_grow((void **)&lane->history, &lane->history_capacity, lane->history_count + count + 1,
                     sizeof *lane->history))
        return fail_memory(fault, "a session");
    if (count)
        memcpy(lane->history + lane->history_count, tokens, count * sizeof *tokens);
    lane->history_count += count;
    /* A search looks no further back than this. */
    size_t limit = (size_t)r->decoding->search.text_positions;
    if (lane->history_count > 2 * limit) {
        memmove(lane->history, lane->history + lane->history_count - limit, limit * sizeof *lane->history);
        lane->history_count = limit;
    }
    return 0;
}

int running_open(struct running **running, int lanes, const struct decoding *decoding, int64_t whole,
                 struct fault *fault)
{
    struct running *r = memory_new(1, sizeof *r);
    if (!r)
        return fail_memory(fault, "a session");
    *r = (struct running){.decoding = decoding, .whole = whole, .lanes = lanes};
    r->lane = memory_new((size_t)lanes, sizeof *r->lane);
    if (!r->lane)
        fail_memory(fault, "a session");
    for (int i = 0; r->lane && i < lanes; i++)
        if (remember(r, &r->lane[i], decoding->prompt, decoding->prompt_count, fault))
            break;
    if (fault->code)
        running_close(&r);
    else
        *running = r;
    return fault->code;
}

void running_close(struct running **running)
{
    struct running *r = *running;
    if (!r)
        return;
    for (int i = 0; r->lane && i < r->lanes; i++) {
        free(r->lane[i].samples);
        free(r->lane[i].history);
    }
    free(r->lane);
    free(r);
    *running = NULL;
}

void running_reset(struct running *r)
{
    for (int i = 0; i < r->lanes; i++) {
        struct lane *lane = &r->lane[i];
        lane->count = 0;
        lane->begin = 0;
        lane->history_count = 0;
        /* There is room: the prompt was the first that history held. */
        remember(r, lane, r->decoding->prompt, r->decoding->prompt_count, NULL);
    }
}

/* The next window's prompt is the text so far, unless this window's cannot be trusted. */
static int keep_thread(struct running *r, struct lane *lane, const struct window *w, struct fault *fault)
{
    if (w->reason == UTTER_REASON_SILENCE)
        return 0;
    if (r->decoding->forget || w->temperature > prompt_temperature || w->reason != UTTER_REASON_NONE) {
        lane->history_count = 0;
        return 0;
    }
    return remember(r, lane, w->tokens, w->token_count, fault);
}

/* Samples to go on by: what the window said, as long as it goes on at all. */
static int64_t advance_of(const struct window *w)
{
    int64_t advance = (int64_t)(w->seek * WINDOW_RATE + 0.5);
    return advance > 0 && advance < w->count ? advance : w->count;
}

static int run_window(struct running *r, int index, running_step step, void *context, struct fault *fault)
{
    struct lane *lane = &r->lane[index];
    struct window w = {.samples = lane->samples,
                       .count = (int64_t)lane->count < r->whole ? (int64_t)lane->count : r->whole,
                       .begin = lane->begin,
                       .channel = index,
                       .prompt = lane->history,
                       .prompt_count = lane->history_count};
    int code = step(context, &w, fault);
    int64_t advance = advance_of(&w);
    if (!code)
        code = keep_thread(r, lane, &w, fault);
    w.samples = NULL; /* the lane's */
    window_free(&w);
    lane->count -= (size_t)advance;
    lane->begin += advance;
    memmove(lane->samples, lane->samples + advance, lane->count * sizeof *lane->samples);
    return code;
}

int running_take(struct running *r, struct window *sound, running_step step, void *context, struct fault *fault)
{
    struct lane *lane = &r->lane[sound->channel];
    int index = sound->channel;
    size_t count = (size_t)sound->count;
    bool grown = memory_grow((void **)&lane->samples, &lane->capacity, lane->count + count, sizeof *lane->samples);
    if (grown)
        memcpy(lane->samples + lane->count, sound->samples, count * sizeof *lane->samples);
    window_free(sound);
    if (!grown)
        return fail_memory(fault, "a session");
    lane->count += count;
    while ((int64_t)lane->count >= r->whole)
        if (run_window(r, index, step, context, fault))
            return fault->code;
    return 0;
}

int running_finish(struct running *r, running_step step, void *context, struct fault *fault)
{
    for (int i = 0; i < r->lanes; i++)
        while (r->lane[i].count >= SHORTEST)
            if (run_window(r, i, step, context, fault))
                return fault->code;
    return 0;
}

bool running_waiting(const struct running *r)
{
    for (int i = 0; i < r->lanes; i++)
        if (r->lane[i].count)
            return true;
    return false;
}

#include "src/live.h"

#include "src/base/memory.h"
#include "src/lane.h"
#include "src/message.h"
#include "src/voices.h"

#include <stdlib.h>

/* Windows of a live session are shorter than a recording's: what lies behind is committed the sooner, and a session's
 * memory is its longest window. A Whisper's cost 30 s whatever they hold. In frames of 10 ms. */
enum { LONGEST = 1200, LONGEST_WHISPER = 2000, CONTEXT = 60, OVERLAP = 150 };

static const double after_words = 0.7, after_nothing = 5, longest = 30, interval = 0.1;
static const double tail_seconds = 5, crowded_seconds = 3;
static const float threshold = 0.5f;

struct live {
    struct live_setting setting;
    struct live_results results;
    struct passes *own;    /* of a Whisper … */
    struct decoding quick; /* … which is asked for tentative texts greedily and once */
    int lanes;
    struct lane **lane; /* [lanes] */
};

int64_t live_longest(void)
{
    return (int64_t)LONGEST * (WINDOW_RATE / 100);
}

/* ---- open and close ---- */

static int check(double value, double least, double most, const char *name, struct fault *fault)
{
    if (value >= least && value <= most)
        return 0;
    return fail(fault, UTTER_ERROR_ARGUMENT, "utter_live_params.%s is %g, and must be %g to %g", name, value, least,
                most);
}

/* Puts the defaults in and checks the ranges. */
static int read_params(struct utter_live_params *p, const struct utter_live_params *given, struct fault *fault)
{
    if (params_read(p, sizeof *p, given, "utter_live_params", fault))
        return fault->code;
    p->silence_after_words = p->silence_after_words != 0 ? p->silence_after_words : after_words;
    if (p->silence_after_nothing == 0)
        p->silence_after_nothing = p->silence_after_words > after_nothing ? p->silence_after_words : after_nothing;
    p->longest = p->longest != 0 ? p->longest : longest;
    p->tentative_interval = p->tentative_interval != 0 ? p->tentative_interval : interval;
    p->speech_threshold = p->speech_threshold != 0 ? p->speech_threshold : threshold;
    if (check(p->silence_after_words, 0.2, 10, "silence_after_words", fault) ||
        check(p->silence_after_nothing, p->silence_after_words, 3600, "silence_after_nothing", fault) ||
        check(p->longest, 5, 3600, "longest", fault) ||
        check(p->tentative_interval < 0 ? 0 : p->tentative_interval, 0, 3600, "tentative_interval", fault) ||
        check((double)p->speech_threshold, 0.01, 0.99, "speech_threshold", fault))
        return fault->code;
    return 0;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int cut_live(struct cutter_params *cutting, const struct utter_model *model, const struct utter_live_params *p,
                    struct fault *fault)
{
    int64_t whole = batch_longest(model);
    int most = p->longest * 100 < LONGEST ? (int)(p->longest * 100) : LONGEST;
    if (whole)
        most = smaller(LONGEST_WHISPER, (int)(whole * 100 / WINDOW_RATE) - 1);
    int silence = (int)(100 * p->silence_after_words + 0.5);
    *cutting = (struct cutter_params){.longest = most,
                                      .context = smaller(CONTEXT, most / 8),
                                      .long_pause = silence,
                                      .short_pause = silence,
                                      .settled = most,
                                      .overlap = smaller(OVERLAP, most / 4),
                                      .threshold = p->speech_threshold};
    return voices_get(model->voices, p->voice_activity, &cutting->voice, fault);
}

/* Nothing in it is owned: it is the session's own decoding with less search. */
static void choose_quick(struct live *live)
{
    struct live_setting *s = &live->setting;
    s->quick = s->decoding;
    if (!s->model->whisper && !s->decoding->constraint)
        return;
    live->quick = *s->decoding;
    live->quick.passing = true;
    s->quick = &live->quick;
    if (!s->model->whisper)
        return;
    live->quick.beam = live->quick.search.beam = live->quick.search.best_of = live->quick.search.temperatures = 1;
    live->quick.search.temperature[0] = 0;
    live->quick.nbest = live->quick.search.nbest = 0;
}

static int settle(struct live *live, const struct utter_model *model, const struct utter_live_params *p,
                  struct fault *fault)
{
    struct live_setting *s = &live->setting;
    s->model = model;
    s->nothing = (int64_t)(p->silence_after_nothing * WINDOW_RATE);
    s->longest = (int64_t)(p->longest * WINDOW_RATE);
    s->interval = p->tentative_interval < 0 ? -1 : (int64_t)(p->tentative_interval * WINDOW_RATE);
    s->tail = model->whisper ? batch_longest(model) : (int64_t)(tail_seconds * WINDOW_RATE);
    if (s->decoding->constraint) /* a sentence makes sense from its beginning on */
        s->tail = (int64_t)LONGEST * (WINDOW_RATE / 100);
    s->crowded = model->whisper ? s->tail : (int64_t)(crowded_seconds * WINDOW_RATE);
    if (cut_live(&s->cutting, model, p, fault))
        return fault->code;
    choose_quick(live);
    if (model->whisper && passes_open(&live->own, model, batch_longest(model), s->decoding, fault))
        return fault->code;
    s->passes = model->whisper ? live->own : model->passes;
    return 0;
}

static int open_lanes(struct live *live, int lanes, struct fault *fault)
{
    live->lane = memory_new((size_t)lanes, sizeof(struct lane *));
    if (!live->lane)
        return fail_memory(fault, "a session");
    live->lanes = lanes;
    for (int i = 0; i < lanes; i++)
        if (lane_open(&live->lane[i], i, &live->setting, &live->results, fault))
            return fault->code;
    return 0;
}

int live_open(struct live **live, const struct utter_model *model, const struct utter_live_params *given, int lanes,
              const struct decoding *decoding, struct writing *writing, struct fault *fault)
{
    struct utter_live_params params;
    if (read_params(&params, given, fault))
        return fault->code;
    if (decoding->sequential)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a live session cannot be sequential: it is cut at pauses");
    struct live *new = memory_new(1, sizeof *new);
    if (!new)
        return fail_memory(fault, "a session");
    new->setting.decoding = decoding;
    new->setting.writing = writing;
    if (settle(new, model, &params, fault) || open_lanes(new, lanes, fault))
        live_close(&new);
    else
        *live = new;
    return fault->code;
}

void live_reset(struct live *live)
{
    for (int i = 0; i < live->lanes; i++)
        if (live->lane[i])
            lane_reset(live->lane[i]);
    if (live->own)
        passes_reset(live->own);
    writing_reset(live->setting.writing);
    event_clear(&live->results.events);
    dropped_queue_clear(&live->results.dropped);
    nbest_queue_clear(&live->results.nbest);
    live->results.timings = (struct utter_timings){0};
    live->results.time = 0;
}

void live_close(struct live **live)
{
    struct live *l = *live;
    if (!l)
        return;
    live_reset(l);
    for (int i = 0; i < l->lanes; i++)
        lane_close(&l->lane[i]);
    passes_close(&l->own);
    free(l->lane);
    free(l);
    *live = NULL;
}

/* ---- sound ---- */

int live_take(void *live, struct window *sound, struct fault *fault)
{
    struct live *l = live;
    lane_feed(l->lane[sound->channel], sound->samples, sound->count, fault);
    window_free(sound);
    return fault->code;
}

static int end_lanes(struct live *l, enum utter_end reason, struct fault *fault)
{
    for (int i = 0; i < l->lanes; i++)
        if (lane_end(l->lane[i], reason, fault))
            return fault->code;
    return 0;
}

int live_flush(struct live *live, struct fault *fault)
{
    return end_lanes(live, UTTER_END_FLUSHED, fault);
}

int live_finish(struct live *live, struct fault *fault)
{
    return end_lanes(live, UTTER_END_FINISHED, fault);
}

int live_warn(struct live *live, const char *message, struct fault *fault)
{
    struct event *event;
    if (event_add(&live->results.events, UTTER_EVENT_WARNING, 0, live->results.time, NULL, &event, fault))
        return fault->code;
    event->public.message = message;
    return 0;
}

void live_set_time(struct live *live, double time)
{
    live->results.time = time;
}

/* ---- results ---- */

struct event_queue *live_events(struct live *live)
{
    return &live->results.events;
}

struct dropped_queue *live_dropped(struct live *live)
{
    return &live->results.dropped;
}

struct nbest_queue *live_nbest(struct live *live)
{
    return &live->results.nbest;
}

const char *live_language(const struct live *live)
{
    return live->own ? passes_language(live->own) : "";
}

void live_add_timings(const struct live *live, struct utter_timings *timings)
{
    timings->features_seconds += live->results.timings.features_seconds;
    timings->model_seconds += live->results.timings.model_seconds;
    timings->search_seconds += live->results.timings.search_seconds;
}

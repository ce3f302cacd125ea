#include "src/cutter.h"

#include "audio/activity.h"
#include "src/base/memory.h"
#include "src/nbest.h"
#include "src/voice.h"

#include <stdlib.h>
#include <string.h>

enum { TAKE = 64, NONE = -1 };

/* Frames that may lie about before they are forgotten: a live session is one of hundreds. */
enum { KEPT = 500, KEPT_LIVE = 100 };

/* A window that rests on a pause of this many frames needs no overlap: no word is that quiet for so long. A stop
 * closure within a word lasts 50 to 100 ms. */
enum { PAUSE_FRAMES = 20 };
/* … and "quiet" is this far below the window's speech, where the detector calls no frame silent. */
static const float pause_depth_db = 20;

/* Frames and samples are numbered from the beginning of the stream; the buffers hold those from base on. */
struct cutter {
    struct cutter_params params;
    int channel;
    struct activity *activity; /* one of the two */
    struct voice_stream *voice;
    struct activity_frame *frames;
    size_t frame_count, frame_capacity;
    float *samples;
    size_t sample_count, sample_capacity;
    int64_t base;                      /* the first frame kept */
    int64_t begin;                     /* of the open window, or NONE */
    int64_t floor;                     /* no window begins before: the end of the last one */
    int64_t first_speech, last_speech; /* in the open window */
    bool seam_before;                  /* of the open window */
};

void window_free(struct window *window)
{
    free(window->samples);
    words_free(&window->words);
    free(window->dropped);
    free(window->tokens);
    nbest_free(window->nbest);
    memset(window, 0, sizeof *window);
}

/* The detector keeps 0.2 s before speech and 0.3 s after it, so a pause as heard is half a second longer than here.
 * A window is normalised as one. Half a second of its own silence around the speech is what the training heard, and a
 * shorter pause is a hesitation, whose windows would be too short to normalise well; a longer one parts speakers. With
 * the default model, by `utter eval` on the four evaluation sets one by one and on the hour that
 * tests/perf/make_hour.py strings together: 60.1 and 59.5 % word errors; windows that end at half a second, with half
 * this context, 61.7 and 60.1 %. On strings of hard training utterances (models/training/cutting.py) the pauses are as
 * good as any within a point, and a shorter context is better: 44.5 % with 50 frames, 42.9 with 30, with which the
 * evaluation sets have 47.0 in place of 47.2 % as shipped; the model of tests/golden/tones then loses a word in 350. In
 * running speech the beginning of a window is heard worse than its middle: with 150 frames beyond a seam words are
 * missed at seams of tests/stream/test_recordings.c, with 200 none. */
void cutter_params_default(struct cutter_params *params)
{
    *params = (struct cutter_params){
        .longest = 2000, .context = 50, .long_pause = 40, .short_pause = 15, .settled = 200, .overlap = 200};
}

/* ---- the detector ---- */

static int open_detector(struct cutter *c, struct fault *fault)
{
    struct activity_params detector;
    if (c->params.voice)
        return voice_stream_open(&c->voice, c->params.voice, c->params.threshold, fault);
    activity_params_default(&detector);
    return activity_open(&c->activity, &detector, fault);
}

static int feed_detector(struct cutter *c, const float *samples, int64_t count, struct fault *fault)
{
    return c->voice ? voice_stream_feed(c->voice, samples, count, fault)
                    : activity_feed(c->activity, samples, count, fault);
}

static int finish_detector(struct cutter *c, struct fault *fault)
{
    if (c->voice)
        return voice_stream_finish(c->voice, fault);
    activity_finish(c->activity);
    return 0;
}

static int take_detected(struct cutter *c, struct activity_frame *out, int count)
{
    return c->voice ? voice_stream_take(c->voice, out, count) : activity_take(c->activity, out, count);
}

/* ---- open and close ---- */

/* All that a live window can need, and no more: growing would double it. */
static int reserve_window(struct cutter *c, struct fault *fault)
{
    size_t frames = (size_t)(c->params.longest + c->params.context + KEPT_LIVE) + 2 * TAKE;
    c->frames = memory_new(frames, sizeof *c->frames);
    c->samples = memory_new(frames * ACTIVITY_HOP, sizeof *c->samples);
    if (!c->frames || !c->samples)
        return fail_memory(fault, "a session");
    c->frame_capacity = frames;
    c->sample_capacity = frames * ACTIVITY_HOP;
    return 0;
}

int cutter_open(struct cutter **cutter, const struct cutter_params *params, int channel, struct fault *fault)
{
    struct cutter *c = memory_new(1, sizeof *c);
    if (!c)
        return fail_memory(fault, "a session");
    c->params = *params;
    c->channel = channel;
    if (open_detector(c, fault) || (c->voice && reserve_window(c, fault)))
        cutter_close(&c);
    else
        cutter_reset(c);
    *cutter = c;
    return fault->code;
}

void cutter_close(struct cutter **cutter)
{
    if (!*cutter)
        return;
    activity_close(&(*cutter)->activity);
    voice_stream_close(&(*cutter)->voice);
    free((*cutter)->frames);
    free((*cutter)->samples);
    free(*cutter);
    *cutter = NULL;
}

void cutter_reset(struct cutter *c)
{
    if (c->voice)
        voice_stream_reset(c->voice);
    else
        activity_reset(c->activity);
    c->frame_count = c->sample_count = 0;
    c->base = c->floor = 0;
    c->begin = c->first_speech = c->last_speech = NONE;
    c->seam_before = false;
}

/* ---- windows ---- */

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Frames seen so far. */
static int64_t seen(const struct cutter *c)
{
    return c->base + (int64_t)c->frame_count;
}

/* Samples that lie in frames [base, end), or all when the end is the stream's last frame, which may be cut short. */
static int64_t samples_until(const struct cutter *c, int64_t end)
{
    return smaller((end - c->base) * ACTIVITY_HOP, (int64_t)c->sample_count);
}

/* How a window ends: at a pause or the end of the sound, at its full length in a quiet moment, or in running speech. */
enum edge { EDGE_PAUSE, EDGE_QUIET, EDGE_SEAM };

/* Hands frames [c->begin, end) to the sink. */
static int give(struct cutter *c, int64_t end, enum edge edge, int64_t seam, window_sink sink, void *context,
                struct fault *fault)
{
    int64_t first = (c->begin - c->base) * ACTIVITY_HOP;
    struct window window = {.count = samples_until(c, end) - first,
                            .begin = c->begin * ACTIVITY_HOP,
                            .channel = c->channel,
                            .speech_end = smaller(c->last_speech + 1, end) * ACTIVITY_HOP,
                            .seam_before = c->seam_before,
                            .seam_after = edge == EDGE_SEAM,
                            .ended = edge == EDGE_PAUSE,
                            .seam = seam * ACTIVITY_HOP};
    window.samples = memory_new((size_t)window.count, sizeof *window.samples);
    if (!window.samples)
        return fail_memory(fault, "a window of sound");
    memcpy(window.samples, c->samples + first, (size_t)window.count * sizeof *window.samples);
    return sink(context, &window, fault);
}

/* Ends the open window, not in running speech. */
static int close_window(struct cutter *c, int64_t end, enum edge edge, window_sink sink, void *context,
                        struct fault *fault)
{
    int code = give(c, end, edge, 0, sink, context, fault);
    c->floor = end;
    c->begin = NONE;
    c->seam_before = false;
    return code;
}

/* The level around frame at against the level of the window's speech, in dB; and whether every frame around it is
 * without speech anyhow. */
static bool rests_on_pause(const struct cutter *c, int64_t at)
{
    double around = 0, speech = 0;
    int64_t speech_count = 0, around_count = 0;
    bool silent = true;
    for (int64_t f = c->begin; f < seen(c); f++) {
        const struct activity_frame *frame = &c->frames[f - c->base];
        if (frame->speech) {
            speech += frame->level_dbfs;
            speech_count++;
        }
        if (f >= at - PAUSE_FRAMES / 2 && f < at + PAUSE_FRAMES / 2) {
            around += frame->level_dbfs;
            around_count++;
            silent = silent && !frame->speech;
        }
    }
    if (silent)
        return true;
    return around / (double)around_count < speech / (double)speech_count - pause_depth_db;
}

static int64_t quietest(const struct cutter *c, int64_t begin, int64_t end)
{
    return c->base + activity_quietest(c->frames, (int)(begin - c->base), (int)(end - c->base));
}

/* The open window is as long as it may be: ends it in its last third and opens the next. */
static int cut_window(struct cutter *c, window_sink sink, void *context, struct fault *fault)
{
    int64_t third = c->begin + c->params.longest * 2 / 3, end = seen(c);
    int64_t at = quietest(c, third, end);
    if (rests_on_pause(c, at)) {
        int64_t speech = c->last_speech;
        if (close_window(c, at, EDGE_QUIET, sink, context, fault))
            return fault->code;
        if (speech >= at) {
            c->begin = c->first_speech = at;
            c->last_speech = speech;
        }
        return 0;
    }
    at = quietest(c, third, end - c->params.overlap);
    if (give(c, at + c->params.overlap, EDGE_SEAM, at, sink, context, fault))
        return fault->code;
    c->begin = c->first_speech = at - c->params.overlap;
    c->seam_before = true;
    return 0;
}

/* ---- frames ---- */

/* Takes frame f, which is the last of c->frames. */
static int take_frame(struct cutter *c, int64_t f, window_sink sink, void *context, struct fault *fault)
{
    bool speech = c->frames[f - c->base].speech;
    if (speech)
        c->last_speech = f;
    if (c->begin == NONE) {
        if (!speech)
            return 0;
        c->first_speech = f;
        c->begin = f - c->params.context;
        if (c->begin < c->floor)
            c->begin = c->floor;
    }
    int64_t length = f + 1 - c->begin, pause = f - c->last_speech;
    if (pause >= (length - pause >= c->params.settled ? c->params.short_pause : c->params.long_pause))
        return close_window(c, smaller(c->last_speech + 1 + c->params.context, f + 1), EDGE_PAUSE, sink, context,
                            fault);
    if (length >= c->params.longest)
        return cut_window(c, sink, context, fault);
    return 0;
}

/* Forgets what no later window can reach; now and then, so that moving the rest costs little. */
static void forget(struct cutter *c)
{
    int64_t keep = c->begin != NONE ? c->begin : seen(c) - c->params.context;
    if (keep < c->floor && c->begin == NONE)
        keep = c->floor;
    int64_t old = smaller(keep, seen(c)) - c->base;
    if (old < (c->voice ? KEPT_LIVE : KEPT))
        return;
    size_t samples = (size_t)old * ACTIVITY_HOP;
    c->frame_count -= (size_t)old;
    memmove(c->frames, c->frames + old, c->frame_count * sizeof *c->frames);
    c->sample_count -= samples;
    memmove(c->samples, c->samples + samples, c->sample_count * sizeof *c->samples);
    c->base += old;
}

static int take_verdicts(struct cutter *c, window_sink sink, void *context, struct fault *fault)
{
    for (;;) {
        struct activity_frame verdicts[TAKE];
        int count = take_detected(c, verdicts, TAKE);
        if (count <= 0)
            return 0;
        if (!memory_grow((void **)&c->frames, &c->frame_capacity, c->frame_count + TAKE, sizeof *c->frames))
            return fail_memory(fault, "a session");
        for (int i = 0; i < count; i++) {
            c->frames[c->frame_count++] = verdicts[i];
            if (take_frame(c, seen(c) - 1, sink, context, fault))
                return fault->code;
        }
        forget(c);
    }
}

int cutter_feed(struct cutter *c, const float *samples, int64_t count, window_sink sink, void *context,
                struct fault *fault)
{
    if (count <= 0)
        return 0;
    if (!memory_grow((void **)&c->samples, &c->sample_capacity, c->sample_count + (size_t)count, sizeof *c->samples))
        return fail_memory(fault, "a session");
    memcpy(c->samples + c->sample_count, samples, (size_t)count * sizeof *samples);
    c->sample_count += (size_t)count;
    if (feed_detector(c, samples, count, fault))
        return fault->code;
    return take_verdicts(c, sink, context, fault);
}

int cutter_finish(struct cutter *c, window_sink sink, void *context, struct fault *fault)
{
    if (finish_detector(c, fault) || take_verdicts(c, sink, context, fault))
        return fault->code;
    if (c->begin == NONE)
        return 0;
    int64_t end = c->last_speech + 1 + c->params.context;
    /* A window that reaches the end takes the samples after the last whole frame, too. */
    return close_window(c, end < seen(c) ? end : seen(c) + 1, EDGE_PAUSE, sink, context, fault);
}

int cutter_flush(struct cutter *c, window_sink sink, void *context, struct fault *fault)
{
    if (c->begin == NONE)
        return 0;
    return close_window(c, smaller(c->last_speech + 1 + c->params.context, seen(c)), EDGE_PAUSE, sink, context, fault);
}

struct cutter_view cutter_look(const struct cutter *c)
{
    struct cutter_view view = {.open = c->begin != NONE, .heard = seen(c) * ACTIVITY_HOP};
    if (!view.open)
        return view;
    view.begin = c->begin * ACTIVITY_HOP;
    view.speech = c->first_speech * ACTIVITY_HOP;
    view.speech_end = (c->last_speech + 1) * ACTIVITY_HOP;
    size_t first = (size_t)((c->begin - c->base) * ACTIVITY_HOP);
    view.samples = c->samples + first;
    view.count = (int64_t)(c->sample_count - first);
    return view;
}

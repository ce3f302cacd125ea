#include "src/lane.h"

#include "src/base/memory.h"
#include "src/stitch.h"
#include "src/tentative.h"

#include <stdlib.h>
#include <string.h>

struct lane {
    int index;
    const struct live_setting *setting;
    struct live_results *results;
    struct cutter *cutter;

    bool speaking;         /* an utterance is open */
    double begin;          /* of the utterance, seconds */
    size_t words;          /* committed in it */
    double until;          /* end of the last committed word */
    int64_t quiet_since;   /* sample */
    bool said_nothing;     /* the silence since then was reported */
    enum utter_end ending; /* why windows end just now; NONE: by themselves */

    struct word_list held; /* of the last window, where the speech runs on into the next … */
    size_t held_first;     /* … those that are not committed: their neighbours are to come */
    double seam;

    struct tentative *tentative;
};

static double seconds(int64_t samples)
{
    return (double)samples / WINDOW_RATE;
}

int lane_open(struct lane **lane, int index, const struct live_setting *setting, struct live_results *results,
              struct fault *fault)
{
    struct lane *l = memory_new(1, sizeof *l);
    if (!l)
        return fail_memory(fault, "a session");
    l->index = index;
    l->setting = setting;
    l->results = results;
    if (cutter_open(&l->cutter, &setting->cutting, index, fault) ||
        tentative_open(&l->tentative, index, setting, results, fault))
        lane_close(&l);
    else
        *lane = l;
    return fault->code;
}

static void forget_speech(struct lane *l)
{
    if (l->speaking)
        passes_speaking(l->setting->passes, -1);
    l->speaking = false;
    l->words = 0;
}

void lane_reset(struct lane *l)
{
    if (l->cutter)
        cutter_reset(l->cutter);
    if (l->tentative)
        tentative_reset(l->tentative);
    forget_speech(l);
    words_free(&l->held);
    l->until = 0;
    l->quiet_since = 0;
    l->said_nothing = false;
    l->ending = UTTER_END_NONE;
}

void lane_close(struct lane **lane)
{
    struct lane *l = *lane;
    if (!l)
        return;
    lane_reset(l);
    cutter_close(&l->cutter);
    tentative_close(&l->tentative);
    free(l);
    *lane = NULL;
}

/* ---- utterances ---- */

static int add_event(struct lane *l, enum utter_event_kind kind, double start, double end, enum utter_end reason,
                     struct fault *fault)
{
    struct event *event;
    if (event_add(&l->results->events, kind, l->index, l->results->time, NULL, &event, fault))
        return fault->code;
    event->public.segment.start = start;
    event->public.segment.end = end;
    event->public.end = reason;
    return 0;
}

static int begin_utterance(struct lane *l, int64_t speech, struct fault *fault)
{
    l->said_nothing = false;
    if (l->speaking)
        return 0;
    passes_speaking(l->setting->passes, 1);
    l->speaking = true;
    l->begin = seconds(speech);
    return add_event(l, UTTER_EVENT_SPEECH, l->begin, l->begin, UTTER_END_NONE, fault);
}

static int end_utterance(struct lane *l, enum utter_end reason, int64_t at, struct fault *fault)
{
    double begin = l->speaking ? l->begin : seconds(l->quiet_since);
    forget_speech(l);
    l->said_nothing = reason == UTTER_END_NOTHING;
    l->quiet_since = at;
    return add_event(l, UTTER_EVENT_END, begin, seconds(at), reason, fault);
}

/* ---- committed text ---- */

static double middle(const struct word *word)
{
    return (word->start + word->end) / 2;
}

/* Words that are to be committed together, of the window before and of this one: borrowed, one behind the other. */
struct batch_of_words {
    struct word *words;
    size_t count;
};

static void add_words(struct batch_of_words *b, const struct word_list *from, size_t first, size_t end)
{
    if (first >= end)
        return;
    memcpy(b->words + b->count, from->words + first, (end - first) * sizeof *b->words);
    b->count += end - first;
}

/* A sound that is no speech: see segment_unsure. What runs on across a seam is speech. */
static bool believed(const struct lane *l, const struct window *w, const struct segment *segment)
{
    return l->setting->model->whisper || l->setting->model->tells_noise || l->setting->decoding->no_speech < 0 ||
           w->sentence || w->seam_before || w->seam_after || l->words || !segment_unsure(segment);
}

static int commit_words(struct lane *l, const struct window *w, const struct batch_of_words *b, struct fault *fault)
{
    if (!b->count)
        return 0;
    struct segment *segment = segment_new(b->words, b->count, l->index);
    if (!segment)
        return fail_memory(fault, "a segment");
    const bool kept = believed(l, w, segment);
    l->until = kept ? segment->public.end : l->until;
    free(segment);
    if (!kept)
        return 0;
    l->words += b->count;
    if (l->setting->model->whisper && !l->setting->decoding->search.translate)
        writing_hears(l->setting->writing, passes_language(l->setting->passes));
    if (writing_live(l->setting->writing, l->index, b->words, b->count, false, &segment, fault))
        return fault->code;
    if (w->sentence)
        segment->public.confidence = w->confidence;
    event_drop_tentative(&l->results->events, l->index);
    return event_add(&l->results->events, UTTER_EVENT_COMMITTED, l->index, l->results->time, segment, NULL, fault);
}

/* How many of the window's words can be committed before the next window was heard: those that it will not hear, or,
 * where the utterance ends here, those on this side of the seam. */
static size_t safe_words(const struct lane *l, const struct window *w, bool ends)
{
    double limit = seconds(ends ? w->seam : w->seam - l->setting->cutting.overlap * (WINDOW_RATE / 100));
    size_t count = 0;
    while (count < w->words.count && (ends ? middle(&w->words.words[count]) : w->words.words[count].end) < limit)
        count++;
    return count;
}

/* Commits what the window settles: the words held from the one before, and its own; those that lie in its overlap with
 * the next are held. */
static int commit_window(struct lane *l, struct window *w, bool ends, struct fault *fault)
{
    struct stitch stitch = {.left_count = l->held.count};
    if (l->held.count && w->seam_before) {
        stitch = stitch_words(&l->held, &w->words, l->seam);
        stitch_trim(stitch, &l->held, &w->words);
    }
    size_t first = stitch.right_first;
    if (l->held_first >= stitch.left_count) /* words were committed that the stitch would rather have from here */
        while (first < w->words.count && w->seam_before && middle(&w->words.words[first]) < l->until)
            first++;
    size_t safe = w->seam_after ? safe_words(l, w, ends) : w->words.count;
    struct batch_of_words b = {memory_new(l->held.count + w->words.count + 1, sizeof *b.words), 0};
    if (!b.words)
        return fail_memory(fault, "a segment");
    add_words(&b, &l->held, l->held_first, stitch.left_count);
    add_words(&b, &w->words, first, safe);
    int code = commit_words(l, w, &b, fault);
    free(b.words);
    words_free(&l->held);
    if (w->seam_after) {
        l->held = w->words;
        w->words = (struct word_list){0};
        l->held_first = safe > first ? safe : first;
        l->seam = seconds(w->seam);
    }
    return code;
}

/* ---- windows ---- */

static int keep_rest(struct lane *l, struct window *w, struct fault *fault)
{
    if (writing_window(l->setting->writing, w, fault))
        return fault->code;
    if (w->nbest)
        nbest_queue_add(&l->results->nbest, w->nbest);
    w->nbest = NULL;
    if (w->reason == UTTER_REASON_NONE)
        return 0;
    struct dropped *dropped = dropped_new(w);
    if (!dropped)
        return fail_memory(fault, "a segment");
    dropped_queue_add(&l->results->dropped, dropped);
    return 0;
}

/* Whether the utterance must end where this window was cut, since with another one it would be too long. */
static bool too_long(const struct lane *l, const struct window *w)
{
    int64_t window = (int64_t)l->setting->cutting.longest * (WINDOW_RATE / 100);
    return w->begin + w->count - (int64_t)(l->begin * WINDOW_RATE) + window > l->setting->longest;
}

static int take_ended(struct lane *l, const struct window *w, struct fault *fault)
{
    l->quiet_since = w->speech_end;
    if (l->ending != UTTER_END_NONE || (!l->words && w->reason != UTTER_REASON_NO_MATCH))
        return 0; /* lane_end's affair; or nothing was said so far */
    return end_utterance(l, UTTER_END_SILENCE, w->speech_end, fault);
}

/* A window has ended: what it says is committed. */
static int take_window(void *context, struct window *w, struct fault *fault)
{
    struct lane *l = context;
    if (!begin_utterance(l, w->begin, fault) &&
        !passes_run(l->setting->passes, l->setting->decoding, w, &l->results->timings, fault) &&
        !keep_rest(l, w, fault)) {
        bool ends = !w->ended && too_long(l, w);
        commit_window(l, w, ends, fault);
        if (!fault->code)
            tentative_restart(l->tentative, &l->held, l->held_first, l->seam, fault);
        if (!fault->code && w->ended)
            take_ended(l, w, fault);
        else if (!fault->code && ends)
            end_utterance(l, UTTER_END_LENGTH, w->seam_after ? w->seam : w->begin + w->count, fault);
    }
    window_free(w);
    return fault->code;
}

int lane_feed(struct lane *l, const float *samples, int64_t count, struct fault *fault)
{
    if (cutter_feed(l->cutter, samples, count, take_window, l, fault))
        return fault->code;
    struct cutter_view view = cutter_look(l->cutter);
    if (view.open)
        return begin_utterance(l, view.speech, fault) ? fault->code : tentative_hear(l->tentative, &view, fault);
    if (!l->said_nothing && view.heard - l->quiet_since >= l->setting->nothing)
        return end_utterance(l, UTTER_END_NOTHING, view.heard, fault);
    return 0;
}

int lane_end(struct lane *l, enum utter_end reason, struct fault *fault)
{
    l->ending = reason;
    if (reason == UTTER_END_FINISHED)
        cutter_finish(l->cutter, take_window, l, fault);
    else
        cutter_flush(l->cutter, take_window, l, fault);
    l->ending = UTTER_END_NONE;
    if (fault->code || !l->speaking)
        return fault->code;
    return end_utterance(l, reason, l->quiet_since, fault);
}

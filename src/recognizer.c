#include "src/recognizer.h"

#include "src/base/memory.h"
#include "src/batch.h"
#include "src/running.h"
#include "src/stitch.h"

#include <stdlib.h>
#include <string.h>

/* For throughput: as many rows as fill the device's matrix products, and enough windows waiting for each that those of
 * one pass are nearly equally long, since a pass costs the longest row's length for every row. */
enum { GATHER_PER_ROW = 4, ROWS_LIMIT = 256 };
/* Sound that may wait, in samples for each row: what bounds the memory. */
static const int64_t waiting_per_row = (int64_t)40 * WINDOW_RATE;

/* A channel's last window when the speech runs on into the next: its words wait for their neighbours. */
struct held {
    struct window *window;
    size_t first; /* of its words that the window before has not given */
};

struct recognizer {
    struct recognizer_params params;
    const struct utter_model *model;
    struct batch *batch;
    int rows, gather;
    struct window **waiting; /* [gather] in order of arrival */
    struct window **sorted;  /* [gather] the same, by length */
    int count;
    int64_t waiting_samples, waiting_limit;
    struct held *held;       /* [lanes] */
    struct running *running; /* sequential mode: windows are what it makes of the sound */
    struct segment_queue segments;
    struct dropped_queue dropped;
    struct nbest_queue nbest;
    double reached;
    struct utter_timings timings;
};

static int take_memory(struct recognizer *r, struct fault *fault)
{
    r->waiting = memory_new((size_t)r->gather, sizeof(struct window *));
    r->sorted = memory_new((size_t)r->gather, sizeof(struct window *));
    r->held = memory_new((size_t)r->params.lanes, sizeof *r->held);
    return r->waiting && r->sorted && r->held ? 0 : fail_memory(fault, "a session");
}

int recognizer_open(struct recognizer **recognizer, const struct utter_model *model,
                    const struct recognizer_params *params, struct fault *fault)
{
    if (params->batch < 0 || params->batch > ROWS_LIMIT)
        return fail(fault, UTTER_ERROR_ARGUMENT, "batch is %d, and must be 0 to %d", params->batch, ROWS_LIMIT);
    struct recognizer *r = memory_new(1, sizeof *r);
    if (!r)
        return fail_memory(fault, "a session");
    bool sequential = params->decoding->sequential;
    r->params = *params;
    r->model = model;
    const int rows = model->engine->device->rows;
    r->rows = sequential ? 1 : batch_rows(model, params->decoding, params->batch ? params->batch : rows);
    r->gather = params->batch ? params->batch : GATHER_PER_ROW * rows;
    r->waiting_limit = waiting_per_row * rows;
    if (!take_memory(r, fault) && !batch_open(&r->batch, model, r->rows, params->longest, params->decoding, fault) &&
        sequential)
        running_open(&r->running, params->lanes, params->decoding, batch_longest(model), fault);
    if (fault->code)
        recognizer_close(&r);
    else
        *recognizer = r;
    return fault->code;
}

static void drop_window(struct window **window)
{
    if (*window)
        window_free(*window);
    free(*window);
    *window = NULL;
}

void recognizer_reset(struct recognizer *r)
{
    while (r->count > 0)
        drop_window(&r->waiting[--r->count]);
    for (int lane = 0; r->held && lane < r->params.lanes; lane++)
        drop_window(&r->held[lane].window);
    writing_reset(r->params.writing);
    segment_queue_clear(&r->segments);
    dropped_queue_clear(&r->dropped);
    nbest_queue_clear(&r->nbest);
    if (r->running)
        running_reset(r->running);
    if (r->batch)
        batch_reset(r->batch);
    r->waiting_samples = 0;
    r->reached = 0;
    memset(&r->timings, 0, sizeof r->timings);
}

void recognizer_close(struct recognizer **recognizer)
{
    struct recognizer *r = *recognizer;
    if (!r)
        return;
    recognizer_reset(r);
    running_close(&r->running);
    batch_close(&r->batch);
    free(r->waiting);
    free(r->sorted);
    free(r->held);
    free(r);
    *recognizer = NULL;
}

/* ---- segments ---- */

/* Speech that runs on from or into another window is never taken for noise. A Whisper says itself what it doubts, and
 * so does a model that tells noise from speech. */
static bool unsure(const struct recognizer *r, const struct segment *segment, const struct window *window)
{
    return !r->model->whisper && !r->model->tells_noise && r->params.decoding->no_speech >= 0 && !window->sentence &&
           !window->seam_before && !window->seam_after && segment_unsure(segment);
}

/* A grammar's sentence is whole as it is: nothing that follows belongs to it, and the grammar says how sure it is. */
static int emit_sentence(struct recognizer *r, const struct window *window, const struct word *words, size_t count,
                         struct fault *fault)
{
    const struct segment *before = r->segments.last;
    if (writing_take(r->params.writing, window->channel, words, count, &r->segments, fault) ||
        writing_finish(r->params.writing, &r->segments, fault))
        return fault->code;
    for (struct segment *s = before ? before->next : r->segments.first; s; s = s->next)
        s->public.confidence = window->confidence;
    return 0;
}

static int emit_segment(struct recognizer *r, const struct window *window, size_t first, size_t end,
                        struct fault *fault)
{
    const struct word *words = window->words.words + first;
    struct segment *segment = segment_new(words, end - first, window->channel);
    if (!segment)
        return fail_memory(fault, "a segment");
    const bool drop = unsure(r, segment, window);
    free(segment);
    if (drop)
        return 0;
    if (!r->params.decoding->search.translate)
        writing_hears(r->params.writing, batch_language(r->batch));
    if (window->sentence)
        return emit_sentence(r, window, words, end - first, fault);
    return writing_take(r->params.writing, window->channel, words, end - first, &r->segments, fault);
}

/* Words [first, end) of the window, as one segment or as those that the model itself made. */
static int emit(struct recognizer *r, const struct window *window, size_t first, size_t end, struct fault *fault)
{
    while (first < end) {
        size_t next = first + 1;
        while (next < end && (window->sentence || !window->words.words[next].opens))
            next++;
        if (emit_segment(r, window, first, next, fault))
            return fault->code;
        first = next;
    }
    return 0;
}

static int emit_dropped(struct recognizer *r, struct window *window, struct fault *fault)
{
    if (writing_window(r->params.writing, window, fault))
        return fault->code;
    if (window->reason == UTTER_REASON_NONE)
        return 0;
    struct dropped *dropped = dropped_new(window);
    if (!dropped)
        return fail_memory(fault, "a segment");
    dropped_queue_add(&r->dropped, dropped);
    return 0;
}

static void emit_nbest(struct recognizer *r, struct window *window)
{
    if (window->nbest)
        nbest_queue_add(&r->nbest, window->nbest);
    window->nbest = NULL;
}

/* Gives out the held words of a lane, those that lie before right (NULL: all); returns how many of right's they
 * cover through *covered. */
static int release_held(struct recognizer *r, int lane, const struct window *right, size_t *covered,
                        struct fault *fault)
{
    struct held *held = &r->held[lane];
    *covered = 0;
    if (!held->window)
        return 0;
    struct stitch stitch = {.left_count = held->window->words.count};
    if (right && right->seam_before) {
        stitch = stitch_words(&held->window->words, &right->words, (double)held->window->seam / (double)WINDOW_RATE);
        stitch_trim(stitch, &held->window->words, &right->words);
    }
    *covered = stitch.right_first;
    int code = emit(r, held->window, held->first, stitch.left_count, fault);
    drop_window(&held->window);
    return code;
}

/* Takes over the oldest recognized window. */
static int finish_window(struct recognizer *r, struct window **window, struct fault *fault)
{
    struct window *w = *window;
    size_t covered;
    if (release_held(r, w->channel, w, &covered, fault) || emit_dropped(r, w, fault))
        return fault->code;
    emit_nbest(r, w);
    if (w->seam_after) {
        r->held[w->channel] = (struct held){w, covered};
        *window = NULL;
        return 0;
    }
    return emit(r, w, covered, w->words.count, fault);
}

/* ---- passes ---- */

static int longer_first(const void *a, const void *b)
{
    const struct window *x = *(struct window *const *)a, *y = *(struct window *const *)b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->channel - y->channel;
}

static int ask_caller(const struct recognizer *r, struct fault *fault)
{
    if (r->params.poll && r->params.poll(r->params.poll_context))
        return fail(fault, UTTER_ERROR_CANCELLED, "the caller cancelled the transcription");
    return 0;
}

static int run_stages(struct recognizer *r, struct window *const *windows, int count, int next, struct fault *fault)
{
    double began = clock_seconds();
    if (batch_features(r->batch, windows, count, fault))
        return fault->code;
    double heard = clock_seconds();
    batch_announce(r->batch, windows + count, next);
    if (batch_forward(r->batch, fault))
        return fault->code;
    double scored = clock_seconds();
    if (batch_search(r->batch, fault))
        return fault->code;
    r->timings.features_seconds += heard - began;
    r->timings.model_seconds += scored - heard;
    r->timings.search_seconds += clock_seconds() - scored;
    return 0;
}

/* next: how many windows behind those are of the pass after this one. */
static int run_pass(struct recognizer *r, struct window *const *windows, int count, int next, struct fault *fault)
{
    if (!ask_caller(r, fault) && !run_stages(r, windows, count, next, fault))
        return 0;
    batch_announce(r->batch, NULL, 0);
    return fault->code;
}

/* Windows of the next pass: as many as a pass takes of those that are not much shorter than the first. A Whisper pads
 * every window to the same length. */
static int pass_size(const struct recognizer *r, int first)
{
    bool padded = r->model->whisper != NULL;
    int count = 1;
    while (count < r->rows && first + count < r->count &&
           (padded || r->sorted[first + count]->count * 2 > r->sorted[first]->count))
        count++;
    return count;
}

static int run_waiting(struct recognizer *r, struct fault *fault)
{
    if (!r->count)
        return 0;
    memcpy(r->sorted, r->waiting, (size_t)r->count * sizeof(struct window *));
    qsort(r->sorted, (size_t)r->count, sizeof(struct window *), longer_first);
    const struct window *last = r->waiting[r->count - 1];
    double from = r->reached, to = (double)(last->begin + last->count) / WINDOW_RATE;
    for (int first = 0, count = pass_size(r, 0), next; first < r->count; first += count, count = next) {
        next = first + count < r->count ? pass_size(r, first + count) : 0;
        if (run_pass(r, r->sorted + first, count, next, fault))
            return fault->code;
        r->reached = from + (to - from) * (first + count) / r->count;
    }
    for (int i = 0; i < r->count; i++)
        if (finish_window(r, &r->waiting[i], fault))
            return fault->code;
    while (r->count > 0)
        drop_window(&r->waiting[--r->count]);
    r->waiting_samples = 0;
    return 0;
}

/* A window of sequential mode: heard, given out, and told to what keeps the thread of the text. */
static int run_running(void *recognizer, struct window *window, struct fault *fault)
{
    struct recognizer *r = recognizer;
    if (run_pass(r, &window, 1, 0, fault) || emit_dropped(r, window, fault) ||
        emit(r, window, 0, window->words.count, fault))
        return fault->code;
    emit_nbest(r, window);
    r->reached = (double)window->begin / WINDOW_RATE + window->seek;
    return 0;
}

int recognizer_take(void *recognizer, struct window *window, struct fault *fault)
{
    struct recognizer *r = recognizer;
    if (r->running)
        return running_take(r->running, window, run_running, r, fault);
    struct window *kept = memory_new(1, sizeof *kept);
    if (!kept) {
        window_free(window);
        return fail_memory(fault, "a window of sound");
    }
    *kept = *window;
    r->waiting[r->count++] = kept;
    r->waiting_samples += kept->count;
    if (r->count < r->gather && r->waiting_samples < r->waiting_limit)
        return 0;
    return run_waiting(r, fault);
}

int recognizer_finish(struct recognizer *r, struct fault *fault)
{
    if (r->running)
        return running_finish(r->running, run_running, r, fault)
                   ? fault->code
                   : writing_finish(r->params.writing, &r->segments, fault);
    if (run_waiting(r, fault))
        return fault->code;
    for (int lane = 0; lane < r->params.lanes; lane++) {
        size_t covered;
        if (release_held(r, lane, NULL, &covered, fault))
            return fault->code;
    }
    return writing_finish(r->params.writing, &r->segments, fault);
}

struct segment_queue *recognizer_segments(struct recognizer *r)
{
    return &r->segments;
}

struct dropped_queue *recognizer_dropped(struct recognizer *r)
{
    return &r->dropped;
}

struct nbest_queue *recognizer_nbest(struct recognizer *r)
{
    return &r->nbest;
}

const char *recognizer_language(const struct recognizer *r)
{
    return batch_language(r->batch);
}

bool recognizer_waiting(const struct recognizer *r)
{
    return r->count > 0 || (r->running && running_waiting(r->running));
}

double recognizer_reached(const struct recognizer *r)
{
    return r->reached;
}

void recognizer_add_timings(const struct recognizer *r, struct utter_timings *timings)
{
    timings->features_seconds += r->timings.features_seconds;
    timings->model_seconds += r->timings.model_seconds;
    timings->search_seconds += r->timings.search_seconds;
}

#include "src/tentative.h"

#include "src/base/memory.h"
#include "src/base/threads.h"
#include "src/stitch.h"

#include <stdlib.h>
#include <string.h>

/* A pass that does not begin where the window does hears its first second badly: there the words known before stay. */
static const double warm_up = 1.0;
/* Speech of less says nothing yet; and silence of so much after it will say nothing more. */
static const int64_t least = WINDOW_RATE / 4, settled = WINDOW_RATE / 4;
/* Seconds to wait for a turn from which on the machine is crowded. */
static const double crowded = 0.25;

struct tentative {
    int channel;
    const struct live_setting *setting;
    struct live_results *results;
    struct word_list words; /* all that are known of the open window, and before its seam */
    double seam;            /* where words of the window before and of this one meet; negative: nowhere */
    int64_t heard;          /* sample of the stream up to which the last pass heard */
    double rest_until;      /* of the clock */
    char *shown;            /* the text that was given out last, or NULL */
};

int tentative_open(struct tentative **tentative, int channel, const struct live_setting *setting,
                   struct live_results *results, struct fault *fault)
{
    struct tentative *t = memory_new(1, sizeof *t);
    if (!t)
        return fail_memory(fault, "a session");
    t->channel = channel;
    t->setting = setting;
    t->results = results;
    t->seam = -1;
    *tentative = t;
    return 0;
}

void tentative_reset(struct tentative *t)
{
    words_free(&t->words);
    free(t->shown);
    t->shown = NULL;
    t->seam = -1;
    t->heard = 0;
    t->rest_until = 0;
}

void tentative_close(struct tentative **tentative)
{
    if (!*tentative)
        return;
    tentative_reset(*tentative);
    free(*tentative);
    *tentative = NULL;
}

/* ---- what is shown ---- */

/* Gives text out where it differs from what was given last: the words as a segment, or NULL for nothing. */
static int show(struct tentative *t, struct segment *segment, struct fault *fault)
{
    const char *text = segment ? segment->public.text : "";
    if (!strcmp(text, t->shown ? t->shown : "")) {
        free(segment);
        return 0;
    }
    free(t->shown);
    t->shown = memory_text(text, strlen(text));
    if (!t->shown) {
        free(segment);
        return fail_memory(fault, "a tentative text");
    }
    event_drop_tentative(&t->results->events, t->channel);
    return event_add(&t->results->events, UTTER_EVENT_TENTATIVE, t->channel, t->results->time, segment, NULL, fault);
}

/* While the window is open, what was shown stays where nothing better is known: text that comes and goes is worse. */
static int show_words(struct tentative *t, struct fault *fault)
{
    if (!t->words.count)
        return 0;
    struct segment *segment = segment_new(t->words.words, t->words.count, t->channel);
    if (!segment)
        return fail_memory(fault, "a tentative text");
    const struct live_setting *s = t->setting;
    const bool unsure = !s->model->whisper && !s->model->tells_noise && s->decoding->no_speech >= 0 &&
                        !s->decoding->constraint && t->seam < 0 && segment_unsure(segment);
    free(segment);
    if (unsure)
        return 0;
    if (writing_live(t->setting->writing, t->channel, t->words.words, t->words.count, true, &segment, fault))
        return fault->code;
    return show(t, segment, fault);
}

/* ---- what is known ---- */

/* The words' texts are copied. */
static int append(struct word_list *to, const struct word_list *from, size_t first, size_t end, struct fault *fault)
{
    for (size_t i = first; i < end; i++) {
        struct word *word = &to->words[to->count];
        *word = from->words[i];
        word->text = memory_text(from->words[i].text, strlen(from->words[i].text));
        if (!word->text)
            return fail_memory(fault, "a tentative text");
        to->count++;
    }
    return 0;
}

/* Replaces what is known from at on (negative: all of it) by what was heard just now. */
static int merge(struct tentative *t, const struct word_list *heard, double at, struct fault *fault)
{
    struct stitch stitch = {0};
    if (at >= 0)
        stitch = stitch_words(&t->words, heard, at);
    struct word_list merged = {memory_new(stitch.left_count + heard->count + 1, sizeof *merged.words), 0};
    if (!merged.words)
        return fail_memory(fault, "a tentative text");
    if (append(&merged, &t->words, 0, stitch.left_count, fault) ||
        append(&merged, heard, stitch.right_first, heard->count, fault)) {
        words_free(&merged);
        return fault->code;
    }
    words_free(&t->words);
    t->words = merged;
    return 0;
}

int tentative_restart(struct tentative *t, const struct word_list *held, size_t first, double seam, struct fault *fault)
{
    words_free(&t->words);
    t->seam = -1;
    if (first >= held->count)
        return show(t, NULL, fault);
    t->words.words = memory_new(held->count - first, sizeof *t->words.words);
    if (!t->words.words)
        return fail_memory(fault, "a tentative text");
    t->seam = seam;
    if (append(&t->words, held, first, held->count, fault))
        return fault->code;
    return show_words(t, fault);
}

/* ---- passes ---- */

static bool due(const struct tentative *t, const struct cutter_view *view)
{
    int64_t end = view->begin + view->count;
    return t->setting->interval >= 0 && end - view->speech >= least && end - t->heard >= t->setting->interval &&
           t->heard < view->speech_end + settled && clock_seconds() >= t->rest_until;
}

static int hear_tail(struct tentative *t, const struct cutter_view *view, struct window *w, struct fault *fault)
{
    const struct live_setting *s = t->setting;
    int64_t tail = passes_pause(s->passes) > crowded ? s->crowded : s->tail;
    int64_t count = view->count < tail ? view->count : tail;
    *w = (struct window){.count = count, .begin = view->begin + view->count - count, .channel = t->channel};
    w->seam_before = count < view->count || t->seam >= 0;
    w->samples = memory_new((size_t)count, sizeof *w->samples);
    if (!w->samples)
        return fail_memory(fault, "a window of sound");
    memcpy(w->samples, view->samples + (view->count - count), (size_t)count * sizeof *w->samples);
    return passes_run(s->passes, s->quick, w, &t->results->timings, fault);
}

int tentative_hear(struct tentative *t, const struct cutter_view *view, struct fault *fault)
{
    if (!due(t, view))
        return 0;
    struct window w;
    if (!hear_tail(t, view, &w, fault)) {
        double begin = (double)w.begin / WINDOW_RATE;
        t->heard = w.begin + w.count;
        t->rest_until = clock_seconds() + passes_pause(t->setting->passes);
        if (!merge(t, &w.words, w.begin > view->begin ? begin + warm_up : t->seam, fault))
            show_words(t, fault);
    }
    window_free(&w);
    return fault->code;
}

#include "src/writing.h"

#include "decoder/written/written.h"
#include "src/base/mapping.h"
#include "src/base/memory.h"
#include "src/message.h"
#include "src/nbest.h"

#include <stdlib.h>
#include <string.h>

enum { PENDING_WORDS = 400 };
/* Seconds: a pause that no number is said across; how long a word as "card" counts for what follows; and by how much
 * the sound of redacted words reaches beyond their times, where no other word does. */
static const double longest_pause = 10, context_seconds = 20, margin = 0.25;

/* A channel. */
struct lane_text {
    struct word_list pending; /* of segments that are kept back, one behind the other, … */
    size_t capacity;
    size_t *ends; /* … and where each ends: [segments] */
    size_t segments, ends_capacity;
    struct redact_tail tail; /* live: of what was committed */
    double spoken;           /* end of its last word that was given out */
};

struct writing {
    unsigned wanted; /* of enum redact_kind */
    struct written_params params;
    bool numbers; /* are to be written, where it is English */
    struct mask *mask;
    int lanes;
    struct lane_text *lane; /* [lanes] */
    enum redact_kind context;
    double context_end;
    struct redacted_queue redacted;
};

/* ---- open and close ---- */

static bool is_english(const char *language)
{
    return !language || !*language || strncmp(language, "en", 2) == 0 || strncmp(language, "En", 2) == 0;
}

static int check(const struct utter_text_params *p, const struct utter_model *model, const char *language,
                 struct fault *fault)
{
    const char *spoken = language && *language ? language : model->language;
    if (p->redact & ~UTTER_REDACT_ALL)
        return fail(fault, UTTER_ERROR_ARGUMENT, "utter_text_params.redact is %d, which names kinds that there are not",
                    p->redact);
    if (p->mask_words && !p->mask)
        return fail(fault, UTTER_ERROR_ARGUMENT, "utter_text_params has mask_words, and nothing is to be masked");
    if ((p->written || p->redact) && !is_english(spoken))
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "numbers are written and redacted in English only, not in %.40s",
                    spoken);
    return 0;
}

static int open_mask(struct writing *w, const char *path, struct fault *fault)
{
    struct mapping file;
    if (!path)
        return mask_open(&w->mask, NULL, 0, "the list of words to mask", fault);
    if (mapping_open(&file, path, fault))
        return fault->code;
    mask_open(&w->mask, file.data ? (const char *)file.data : "", file.size, path_for_message(path), fault);
    mapping_close(&file);
    return fault->code;
}

int writing_open(struct writing **writing, const struct utter_text_params *given, const struct utter_model *model,
                 const char *language, int lanes, struct fault *fault)
{
    struct utter_text_params p;
    *writing = NULL;
    if (params_read(&p, sizeof p, given, "utter_text_params", fault) || check(&p, model, language, fault))
        return fault->code;
    if (!p.written && !p.mask && !p.redact)
        return 0;
    struct writing *w = memory_new(1, sizeof *w);
    if (!w)
        return fail_memory(fault, "a session");
    w->wanted = (unsigned)p.redact;
    w->numbers = w->params.numbers = p.written != 0;
    w->lanes = lanes;
    w->lane = memory_new((size_t)lanes, sizeof *w->lane);
    if (!w->lane)
        fail_memory(fault, "a session");
    else if (p.mask)
        open_mask(w, p.mask_words, fault);
    w->params.mask = w->mask;
    if (fault->code)
        writing_close(&w);
    else
        *writing = w;
    return fault->code;
}

static void forget(struct lane_text *lane)
{
    words_free(&lane->pending);
    free(lane->ends);
    *lane = (struct lane_text){0};
}

void writing_reset(struct writing *w)
{
    if (!w)
        return;
    for (int i = 0; w->lane && i < w->lanes; i++)
        forget(&w->lane[i]);
    redacted_queue_clear(&w->redacted);
    w->context = REDACT_NONE;
    w->params.numbers = w->numbers;
}

void writing_close(struct writing **writing)
{
    if (!*writing)
        return;
    writing_reset(*writing);
    mask_close(&(*writing)->mask);
    free((*writing)->lane);
    free(*writing);
    *writing = NULL;
}

void writing_hears(struct writing *w, const char *language)
{
    if (w)
        w->params.numbers = w->numbers && is_english(language);
}

struct redacted_queue *writing_redacted(struct writing *w)
{
    return w ? &w->redacted : NULL;
}

/* ---- what is redacted ---- */

static const struct redact_tail nothing = {0};

/* Words, and what was found in them. */
struct found {
    const struct word *words;
    size_t count;
    struct redactions redactions;
};

static int find_kinds(const struct writing *w, unsigned wanted, struct found *f, struct redact_tail before, bool open,
                      struct fault *fault)
{
    struct heard_list heard;
    struct redact_setting setting = {.wanted = wanted, .before = before, .open = open};
    const double start = f->words[0].start;
    f->redactions = (struct redactions){0};
    if (!wanted)
        return 0;
    if (w->context && start >= w->context_end - context_seconds && start <= w->context_end + context_seconds)
        setting.context = w->context;
    int code = heard_read(&heard, f->words, f->count, fault);
    if (!code)
        code = redact_find(&heard, &setting, &f->redactions, fault);
    heard_free(&heard);
    return code;
}

static int find(const struct writing *w, struct found *f, struct redact_tail before, bool open, struct fault *fault)
{
    return find_kinds(w, w->wanted, f, before, open, fault);
}

static void remember_context(struct writing *w, const struct found *f)
{
    if (!f->redactions.context)
        return;
    w->context = f->redactions.context;
    w->context_end = f->words[f->count - 1].end;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* The sound of a redaction: a CTC model says where a word is, not quite how long. */
static int keep_sound(struct writing *w, int channel, const struct found *f, const struct redaction *r, double before,
                      struct fault *fault)
{
    const double start = f->words[r->first].start, end = f->words[r->end - 1].end;
    const double left = larger(start - margin, r->first ? f->words[r->first - 1].end : before);
    const double next = r->end < f->count ? f->words[r->end].start : end + margin;
    const struct utter_redacted redacted = {.start = left < start ? left : start,
                                            .end = next < end            ? end
                                                   : next < end + margin ? next
                                                                         : end + margin,
                                            .channel = channel,
                                            .kind = (enum utter_redact)r->kind};
    return redacted_queue_add(&w->redacted, &redacted, fault);
}

static int keep_sounds(struct writing *w, int channel, const struct found *f, double before, struct fault *fault)
{
    int code = 0;
    for (size_t i = 0; i < f->redactions.count && !code; i++)
        code = keep_sound(w, channel, f, &f->redactions.items[i], before, fault);
    return code;
}

/* ---- what is written ---- */

/* The redactions that fall on words [first, end), counted from there: [*count], the caller's (free). NULL: memory ran
 * out. */
static struct redaction *cut(const struct redactions *all, size_t first, size_t end, size_t *count)
{
    struct redaction *part = memory_new(all->count, sizeof *part);
    *count = 0;
    for (size_t i = 0; part && i < all->count; i++) {
        const struct redaction *r = &all->items[i];
        if (r->end <= first || r->first >= end)
            continue;
        part[(*count)++] = (struct redaction){r->kind, (r->first > first ? r->first : first) - first,
                                              (r->end < end ? r->end : end) - first};
    }
    return part;
}

/* The words [first, end) as a segment. */
static int make_segment(const struct writing *w, int channel, const struct found *f, size_t first, size_t end,
                        struct segment **segment, struct fault *fault)
{
    struct heard_list heard = {0};
    struct written written = {0};
    size_t count;
    struct redaction *redactions = cut(&f->redactions, first, end, &count);
    int code = redactions ? heard_read(&heard, f->words + first, end - first, fault) : fail_memory(fault, "a segment");
    if (!code)
        code = write_words(f->words + first, end - first, &heard, redactions, count, &w->params, &written, fault);
    if (!code && !(*segment = segment_new(written.words.words, written.words.count, channel)))
        code = fail_memory(fault, "a segment");
    written_free(&written);
    heard_free(&heard);
    free(redactions);
    return code;
}

static int pass(int channel, const struct word *words, size_t count, struct segment **segment, struct fault *fault)
{
    *segment = segment_new(words, count, channel);
    return *segment ? 0 : fail_memory(fault, "a segment");
}

/* ---- recordings ---- */

/* The words' texts are copied. */
static int add_pending(struct lane_text *lane, const struct word *words, size_t count, struct fault *fault)
{
    void *list = lane->pending.words, *ends = lane->ends;
    const bool grown = memory_grow(&list, &lane->capacity, lane->pending.count + count, sizeof *words);
    lane->pending.words = list;
    const bool both = grown && memory_grow(&ends, &lane->ends_capacity, lane->segments + 1, sizeof *lane->ends);
    lane->ends = ends;
    if (!both)
        return fail_memory(fault, "a segment");
    for (size_t i = 0; i < count; i++) {
        struct word word = words[i];
        word.text = memory_text(words[i].text, strlen(words[i].text));
        if (!word.text)
            return fail_memory(fault, "a segment");
        lane->pending.words[lane->pending.count++] = word;
    }
    lane->ends[lane->segments++] = lane->pending.count;
    return 0;
}

static void drop_pending(struct lane_text *lane)
{
    const double spoken = lane->pending.words[lane->pending.count - 1].end;
    forget(lane);
    lane->spoken = spoken;
}

/* A number that goes on in the next segment is written in the one that it begins in: that takes the number's words. */
static int join_numbers(const struct writing *w, struct lane_text *lane, struct fault *fault)
{
    struct found f = {.words = lane->pending.words, .count = lane->pending.count};
    if (!w->params.numbers || lane->segments < 2)
        return 0;
    const int code = find_kinds(w, UTTER_REDACT_ALL, &f, nothing, false, fault);
    for (size_t i = 0; i < f.redactions.count && !code; i++)
        for (size_t k = 0; k + 1 < lane->segments; k++)
            if (lane->ends[k] > f.redactions.items[i].first && lane->ends[k] < f.redactions.items[i].end)
                lane->ends[k] = f.redactions.items[i].end;
    redactions_free(&f.redactions);
    return code;
}

/* Gives out what is kept back of a channel. */
static int release(struct writing *w, int channel, struct segment_queue *out, struct fault *fault)
{
    struct lane_text *lane = &w->lane[channel];
    struct found f = {.words = lane->pending.words, .count = lane->pending.count};
    if (!lane->segments)
        return 0;
    int code = find(w, &f, nothing, false, fault);
    if (!code)
        code = join_numbers(w, lane, fault);
    for (size_t i = 0, first = 0; i < lane->segments && !code; first = lane->ends[i++]) {
        struct segment *segment = NULL;
        if (first == lane->ends[i])
            continue;
        code = make_segment(w, channel, &f, first, lane->ends[i], &segment, fault);
        if (!code)
            segment_queue_add(out, segment);
    }
    if (!code)
        code = keep_sounds(w, channel, &f, lane->spoken, fault);
    remember_context(w, &f);
    redactions_free(&f.redactions);
    drop_pending(lane);
    return code;
}

/* Whether what is kept back ends in digits. */
static int ends_open(const struct writing *w, const struct lane_text *lane, bool *open, struct fault *fault)
{
    struct found f = {.words = lane->pending.words, .count = lane->pending.count};
    const int code = find_kinds(w, w->params.numbers ? UTTER_REDACT_ALL : w->wanted, &f, nothing, true, fault);
    *open = f.redactions.tail.digits > 0 && lane->pending.count < PENDING_WORDS;
    redactions_free(&f.redactions);
    return code;
}

int writing_take(struct writing *w, int channel, const struct word *words, size_t count, struct segment_queue *out,
                 struct fault *fault)
{
    struct segment *segment;
    bool open;
    if (!w) {
        if (!pass(channel, words, count, &segment, fault))
            segment_queue_add(out, segment);
        return fault->code;
    }
    struct lane_text *lane = &w->lane[channel];
    const bool apart =
        lane->segments && words[0].start > lane->pending.words[lane->pending.count - 1].end + longest_pause;
    if ((apart && release(w, channel, out, fault)) || add_pending(lane, words, count, fault) ||
        ends_open(w, lane, &open, fault))
        return fault->code;
    return open ? 0 : release(w, channel, out, fault);
}

int writing_finish(struct writing *w, struct segment_queue *out, struct fault *fault)
{
    int code = 0;
    for (int i = 0; w && i < w->lanes && !code; i++)
        code = release(w, i, out, fault);
    return code;
}

/* ---- live ---- */

static int keep_committed(struct writing *w, int channel, const struct found *f, struct fault *fault)
{
    struct lane_text *lane = &w->lane[channel];
    const int code = keep_sounds(w, channel, f, lane->spoken, fault);
    lane->tail = f->redactions.tail;
    lane->spoken = f->words[f->count - 1].end;
    remember_context(w, f);
    return code;
}

int writing_live(struct writing *w, int channel, const struct word *words, size_t count, bool tentative,
                 struct segment **segment, struct fault *fault)
{
    struct found f = {.words = words, .count = count};
    if (!w)
        return pass(channel, words, count, segment, fault);
    const struct lane_text *lane = &w->lane[channel];
    int code = find(w, &f, words[0].start <= lane->spoken + longest_pause ? lane->tail : nothing, true, fault);
    if (!code)
        code = make_segment(w, channel, &f, 0, count, segment, fault);
    if (!code && !tentative && (code = keep_committed(w, channel, &f, fault)))
        free(*segment);
    redactions_free(&f.redactions);
    return code;
}

/* ---- texts without times ---- */

/* The words of a text, which is cut up: [*count], the caller's (free). NULL: memory ran out. */
static struct word *split(char *text, size_t *count)
{
    struct word *words = memory_new(strlen(text) / 2 + 1, sizeof *words);
    char *state = NULL;
    *count = 0;
    for (char *at = words ? strtok_r(text, " \t\r\n", &state) : NULL; at; at = strtok_r(NULL, " \t\r\n", &state))
        words[(*count)++].text = at;
    return words;
}

/* Its neighbours are not known, so every run of digits goes. */
static int write_strictly(const struct writing *w, char *text, struct text *out, struct fault *fault)
{
    const struct redact_setting setting = {.wanted = w->wanted, .strict = true};
    const struct written_params params = {.mask = w->mask};
    struct heard_list heard = {0};
    struct redactions redactions = {0};
    struct written written = {0};
    size_t count;
    struct word *words = split(text, &count);
    int code = words ? heard_read(&heard, words, count, fault) : fail_memory(fault, "a text");
    if (!code && w->wanted)
        code = redact_find(&heard, &setting, &redactions, fault);
    if (!code)
        code = write_words(words, count, &heard, redactions.items, redactions.count, &params, &written, fault);
    for (size_t i = 0; !code && i < written.words.count; i++) {
        text_add(out, " ", i > 0);
        text_add_string(out, written.words.words[i].text);
    }
    text_add(out, "", 1);
    written_free(&written);
    redactions_free(&redactions);
    heard_free(&heard);
    free(words);
    return !code && out->failed ? fail_memory(fault, "a text") : code;
}

static int write_alternative(const struct writing *w, struct nbest *nbest, size_t at, struct fault *fault)
{
    const char *text = nbest->alternatives[at].text;
    char *copy = memory_text(text, strlen(text));
    struct text out = {0};
    int code = copy ? write_strictly(w, copy, &out, fault) : fail_memory(fault, "a text");
    if (!code)
        code = nbest_rewrite(nbest, at, out.bytes, !w->wanted, fault);
    text_free(&out);
    free(copy);
    return code;
}

int writing_window(struct writing *w, struct window *window, struct fault *fault)
{
    struct text out = {0};
    if (!w || (!w->wanted && !w->mask))
        return 0;
    for (size_t i = 0; window->nbest && i < window->nbest->public.alternative_count; i++)
        if (write_alternative(w, window->nbest, i, fault))
            return fault->code;
    if (!window->dropped)
        return 0;
    if (!write_strictly(w, window->dropped, &out, fault)) {
        free(window->dropped);
        window->dropped = memory_text(out.bytes, out.length - 1);
        if (!window->dropped)
            fail_memory(fault, "a text");
    }
    text_free(&out);
    return fault->code;
}

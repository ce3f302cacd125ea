/* spoken_reader.c - pieces of text in, sentences out. */
#include "decoder/spoken/spoken_text.h"

#include "decoder/spoken/spoken_folded.h"
#include "decoder/spoken/spoken_split.h"
#include "decoder/spoken/spoken_ssml.h"
#include "decoder/spoken/spoken_verbalize.h"
#include "decoder/text.h"
#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { PULL_BYTES = 1024 /* of what was fed are looked at together */ };

struct spoken_reader {
    struct spoken_options options;
    struct text pending; /* fed and not yet looked at: [taken, length) */
    size_t taken;
    size_t offset; /* in the stream, of pending's taken byte */
    size_t fed;    /* bytes of the stream whose UTF-8 has been checked */
    char cut[4];   /* the beginning of a character whose end has not come */
    size_t cut_length;
    bool finished, ended; /* by the caller; and the markup knows */
    struct folded folded;
    struct mark_list marks;
    struct ssml *ssml;
    struct verbalizer *verbalizer;
    int error; /* that every call repeats */
    struct fault fault;
};

static int start(struct spoken_reader *r, struct fault *fault)
{
    r->folded.raw = r->options.verbatim;
    r->folded.flat = r->options.markup == SPOKEN_SSML;
    folded_prosody(&r->folded, &r->options.prosody);
    if (r->folded.failed)
        return fail_memory(fault, "a reader of text to be spoken");
    if (r->options.markup == SPOKEN_PLAIN)
        return 0;
    return ssml_open(&r->ssml, &r->folded, &r->marks, &r->options.voice, fault);
}

static bool is_in(float value, float low, float high)
{
    return value >= low && value <= high;
}

int spoken_reader_open(struct spoken_reader **reader, const struct spoken_options *options, struct fault *fault)
{
    const struct prosody *p = &options->prosody;
    if (!is_in(p->rate, 0.2f, 5.0f) || !is_in(p->pitch, -24.0f, 24.0f) || !is_in(p->volume, -60.0f, 20.0f))
        return fail(
            fault, UTTER_ERROR_ARGUMENT,
            "a rate of %g, a pitch of %g or a volume of %g is outside 0.2 to 5, -24 to 24 semitones or -60 to 20 dB",
            (double)p->rate, (double)p->pitch, (double)p->volume);
    if (options->voice.speakers && (p->speaker < 0 || p->speaker >= options->voice.speakers))
        return fail(fault, UTTER_ERROR_ARGUMENT, "there is no speaker %d of %d", p->speaker, options->voice.speakers);
    struct spoken_reader *r = memory_new(1, sizeof *r);
    if (!r)
        return fail_memory(fault, "a reader of text to be spoken");
    r->options = *options;
    int error = verbalizer_open(&r->verbalizer, options->rules, fault);
    if (!error)
        error = start(r, fault);
    *reader = r;
    if (error)
        spoken_reader_close(reader);
    return error;
}

void spoken_reader_close(struct spoken_reader **reader)
{
    if (!*reader)
        return;
    ssml_close(&(*reader)->ssml);
    verbalizer_close(&(*reader)->verbalizer);
    folded_free(&(*reader)->folded);
    mark_list_free(&(*reader)->marks);
    text_free(&(*reader)->pending);
    free(*reader);
    *reader = NULL;
}

void spoken_reader_reset(struct spoken_reader *r)
{
    ssml_close(&r->ssml);
    folded_free(&r->folded);
    mark_list_free(&r->marks);
    text_free(&r->pending);
    *r = (struct spoken_reader){.options = r->options, .verbalizer = r->verbalizer};
    r->error = start(r, &r->fault);
}

static int remember(struct spoken_reader *r, int error, struct fault *fault)
{
    if (error && !r->error)
        r->error = error;
    return fail(fault, r->error, "%s", r->fault.message);
}

/* Checks what of text is whole characters, behind the cut one; what is cut at the end is kept apart. */
static int check_utf8(struct spoken_reader *r, const char *text, size_t size)
{
    for (size_t i = 0, n; i < size; i += n) {
        n = utf8_length(text + i, size - i);
        if (n)
            continue;
        if (utf8_is_cut(text + i, size - i)) {
            memcpy(r->cut, text + i, size - i);
            r->cut_length = size - i;
            text_add(&r->pending, text, i);
            r->fed += i;
            return 0;
        }
        return fail(&r->fault, UTTER_ERROR_ARGUMENT, "the text is not UTF-8 at byte %zu", r->fed + i);
    }
    text_add(&r->pending, text, size);
    r->fed += size;
    return 0;
}

/* Completes the cut character with bytes of text; how many it took. */
static size_t complete_cut(struct spoken_reader *r, const char *text, size_t size, int *error)
{
    size_t used = 0;
    while (r->cut_length && used < size && !*error) {
        char whole[4];
        const size_t length = r->cut_length + 1;
        memcpy(whole, r->cut, r->cut_length);
        whole[r->cut_length] = text[used++];
        r->cut_length = 0;
        *error = check_utf8(r, whole, length);
    }
    return used;
}

int spoken_reader_feed(struct spoken_reader *r, const char *text, size_t size, struct fault *fault)
{
    int error = 0;
    if (r->error)
        return remember(r, 0, fault);
    if (r->finished)
        return fail(fault, UTTER_ERROR_STATE, "no text may follow after the end of it");
    if (r->taken == r->pending.length)
        r->taken = r->pending.length = 0;
    const size_t used = complete_cut(r, text, size, &error);
    if (!error)
        error = check_utf8(r, text + used, size - used);
    if (!error && r->pending.failed)
        error = fail_memory(&r->fault, "a text to be spoken");
    return error ? remember(r, error, fault) : 0;
}

int spoken_reader_finish(struct spoken_reader *r, struct fault *fault)
{
    if (r->error)
        return remember(r, 0, fault);
    if (r->finished)
        return fail(fault, UTTER_ERROR_STATE, "the text has been finished before");
    r->finished = true;
    if (r->cut_length)
        return remember(
            r, fail(&r->fault, UTTER_ERROR_ARGUMENT, "the text ends inside the character at byte %zu", r->fed), fault);
    return 0;
}

static int pull_plain(struct spoken_reader *r, size_t size)
{
    const char *text = r->pending.bytes + r->taken;
    size_t at = 0;
    for (size_t n; at < size; at += n) {
        n = utf8_length(text + at, r->pending.length - r->taken - at);
        folded_add(&r->folded, utf8_code(text + at, n), r->offset + at, r->offset + at + n);
    }
    r->taken += at;
    r->offset += at;
    return r->folded.failed ? fail_memory(&r->fault, "a text to be spoken") : 0;
}

static int pull_markup(struct spoken_reader *r, size_t size)
{
    const char *text = size ? r->pending.bytes + r->taken : "";
    r->taken += size;
    r->offset += size;
    r->ended = r->finished && r->taken == r->pending.length;
    return ssml_feed(r->ssml, text, size, r->ended, &r->fault);
}

/* Looks at more of what was fed; false where nothing is left. */
static bool pull(struct spoken_reader *r, int *error)
{
    const size_t left = r->pending.length - r->taken;
    const bool last = r->finished && !r->ended && r->ssml;
    if (!left && !last)
        return false;
    const size_t size = left < PULL_BYTES ? left : PULL_BYTES;
    *error = r->ssml ? pull_markup(r, size) : pull_plain(r, size);
    return true;
}

static bool is_whole(const struct spoken_reader *r)
{
    return r->finished && r->taken == r->pending.length && (!r->ssml || r->ended);
}

/* Those behind the last sentence, as one without items. */
static bool last_marks(struct spoken_reader *r, struct spoken_sentence *sentence)
{
    *sentence = (struct spoken_sentence){.begin = r->fed, .end = r->fed};
    mark_list_take(&r->marks, SIZE_MAX, sentence);
    return sentence->mark_count > 0;
}

int spoken_reader_next(struct spoken_reader *r, struct spoken_sentence *sentence, struct fault *fault)
{
    struct split split;
    int error = 0;
    for (;;) {
        while (split_next(&r->folded, is_whole(r), &split)) {
            error = verbalize(r->verbalizer, &r->folded, &split, sentence, &r->fault);
            if (error)
                return remember(r, error, fault);
            folded_consume(&r->folded, split.consumed);
            if (!sentence->count)
                continue;
            mark_list_take(&r->marks, sentence->end, sentence);
            return 1;
        }
        if (r->error)
            return remember(r, 0, fault);
        if (!pull(r, &error))
            return is_whole(r) && last_marks(r, sentence);
        r->error = error; /* sentences before it come first */
    }
}

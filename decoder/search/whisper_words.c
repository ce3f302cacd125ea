/* whisper_words.c - a window's text tokens as words with times. */
#include "decoder/search/whisper_segments.h"

#include "decoder/search/whisper_alignment.h"
#include "decoder/text.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A word of text tokens [first, first + count). */
struct span {
    size_t first, count;
    struct text text; /* with the space in front, if there is one */
    size_t segment;
    bool opens;
};

struct builder {
    const struct whisper_vocabulary *vocabulary;
    const struct whisper_hypothesis *hypothesis;
    size_t *text;    /* [text_count]: where the text tokens lie in the hypothesis */
    size_t *segment; /* [text_count]: which segment each is in */
    size_t text_count;
    struct span *words;
    size_t count;
    bool characters; /* a language without spaces: every character is a word */
};

/* ---- cutting ---- */

static bool is_one_of(const char *list, const char *bytes, size_t length)
{
    for (const char *at = list; *at && length;) {
        size_t size = utf8_length(at, strlen(at));
        if (size == length && !memcmp(at, bytes, size))
            return true;
        at += size ? size : 1;
    }
    return false;
}

static bool is_punctuation(const char *bytes, size_t length)
{
    return is_one_of("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", bytes, length);
}

static bool without_spaces(const char *language)
{
    static const char *const codes[] = {"zh", "ja", "th", "lo", "my", "yue"};
    for (size_t i = 0; language && i < sizeof codes / sizeof *codes; i++)
        if (strcmp(codes[i], language) == 0)
            return true;
    return false;
}

static size_t trim_front(const struct text *text)
{
    size_t blanks = 0;
    while (blanks < text->length && text->bytes[blanks] == ' ')
        blanks++;
    return blanks;
}

/* Whole characters of tokens [first, end) begin a word, or go on with the last. */
static void add_piece(struct builder *b, struct text *piece, size_t first, size_t end)
{
    struct span *last = b->count ? &b->words[b->count - 1] : NULL;
    size_t blanks = trim_front(piece);
    bool begins = !last || b->characters || blanks || last->segment != b->segment[first] ||
                  is_punctuation(piece->bytes, piece->length);
    if (begins) {
        bool opens = !last || last->segment != b->segment[first];
        b->words[b->count++] = (struct span){first, end - first, *piece, b->segment[first], opens};
        *piece = (struct text){0};
        return;
    }
    text_add(&last->text, piece->bytes, piece->length);
    last->count += end - first;
    piece->length = 0;
}

/* Bytes that make no character wait for those of the next tokens. */
static bool cut_words(struct builder *b)
{
    struct text piece = {0};
    size_t first = 0;
    bool failed = false;
    for (size_t i = 0; i < b->text_count; i++) {
        size_t length;
        const char *bytes = whisper_vocabulary_bytes(b->vocabulary, b->hypothesis->tokens[b->text[i]], &length);
        text_add(&piece, bytes, length);
        bool ends = i + 1 == b->text_count || b->segment[i + 1] != b->segment[i];
        if (!ends && !utf8_valid(piece.bytes, piece.length))
            continue;
        struct text clean = {0};
        utf8_add_lossy(&clean, piece.bytes, piece.length);
        piece.length = 0;
        failed = failed || piece.failed || clean.failed;
        if (clean.length)
            add_piece(b, &clean, first, i + 1);
        text_free(&clean);
        first = i + 1;
    }
    text_free(&piece);
    for (size_t i = 0; i < b->count; i++)
        failed = failed || b->words[i].text.failed;
    return !failed;
}

/* Opening punctuation goes with the word after it, closing with the one before. */
static void merge_into(struct span *to, struct span *from, bool before)
{
    struct text joined = {0};
    const struct text *a = before ? &from->text : &to->text, *z = before ? &to->text : &from->text;
    size_t blanks = before ? trim_front(z) : 0;
    text_add(&joined, a->bytes, a->length);
    text_add(&joined, z->bytes + blanks, z->length - blanks);
    text_free(&to->text);
    text_free(&from->text);
    to->text = joined;
    to->first = before ? from->first : to->first;
    to->count += from->count;
    to->opens = to->opens || (before && from->opens);
}

static void merge_punctuation(struct builder *b)
{
    size_t kept = 0;
    for (size_t i = 0; i < b->count; i++) {
        struct span *word = &b->words[i], *last = kept ? &b->words[kept - 1] : NULL;
        size_t blanks = trim_front(&word->text);
        bool closing = !blanks && is_one_of("\"'.。,，!！?？:：”)]}、", word->text.bytes, word->text.length);
        if (last && closing && last->segment == word->segment) {
            merge_into(last, word, false);
            continue;
        }
        size_t open = last ? trim_front(&last->text) : 0;
        bool opening = last && open && !blanks && last->segment == word->segment &&
                       is_one_of("\"'“¿([{-", last->text.bytes + open, last->text.length - open);
        if (opening) {
            merge_into(word, last, true);
            *last = *word;
            continue;
        }
        b->words[kept++] = *word;
    }
    b->count = kept;
}

/* ---- times ---- */

static void spread_times(const struct builder *b, const struct whisper_segment_list *segments, struct word *out)
{
    for (size_t i = 0; i < b->count;) {
        const struct whisper_segment *s = &segments->segments[b->words[i].segment];
        size_t end = i, total = 0, before = 0;
        for (; end < b->count && b->words[end].segment == b->words[i].segment; end++)
            total += b->words[end].text.length;
        for (; i < end; i++) {
            double length = s->end - s->start;
            out[i].start = s->start + length * (double)before / (double)total;
            before += b->words[i].text.length;
            out[i].end = s->start + length * (double)before / (double)total;
        }
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool ends_sentence(const struct span *word)
{
    static const char marks[] = ".。!！?？";
    for (size_t size = 1; size <= 3 && size <= word->text.length; size++)
        if (is_one_of(marks, word->text.bytes + word->text.length - size, size))
            return true;
    return false;
}

/* At the edge of a sentence a pause is heard as a part of the word beside it: such a word is held to twice the usual
 * length, which itself is held to 0.7 s. */
static int trim_pauses(const struct builder *b, struct word *out, struct fault *fault)
{
    double *lengths = memory_new(b->count, sizeof *lengths);
    size_t count = 0;
    if (!lengths)
        return fail_memory(fault, "a window's words");
    for (size_t i = 0; i < b->count; i++)
        if (out[i].end > out[i].start)
            lengths[count++] = out[i].end - out[i].start;
    qsort(lengths, count, sizeof *lengths, by_value);
    double usual = count ? lengths[count / 2] : 0, most = 2 * (usual < 0.7 ? usual : 0.7);
    free(lengths);
    for (size_t i = 0; i < b->count && most > 0; i++) {
        if (out[i].end - out[i].start <= most)
            continue;
        if (ends_sentence(&b->words[i]))
            out[i].end = out[i].start + most;
        else if (!i || ends_sentence(&b->words[i - 1]))
            out[i].start = out[i].end - most;
    }
    return 0;
}

static int attended_times(const struct builder *b, const struct whisper_words_params *p, struct word *out,
                          struct fault *fault)
{
    int valid = (int)(p->duration / p->position_seconds), first = p->skip - 1;
    valid = valid < 1 ? 1 : valid > p->positions ? p->positions : valid;
    size_t rows = (size_t)(p->rows - first);
    int *at = memory_new(rows + 1, sizeof *at);
    if (!at)
        return fail_memory(fault, "a window's words");
    /* The last row is about nothing: the token that ends the text comes after it. */
    int code = whisper_align(p->attention, p->heads, p->rows, p->positions, valid, first, at, fault);
    size_t last = rows > 1 ? rows - 2 : 0;
    for (size_t i = 0; i < b->count && !code; i++) {
        size_t begin = b->words[i].first, end = begin + b->words[i].count;
        out[i].start = at[begin < last ? begin : last] * p->position_seconds;
        out[i].end = at[end < last ? end : last] * p->position_seconds;
    }
    free(at);
    return code ? code : trim_pauses(b, out, fault);
}

static void hold_times(struct word *words, size_t count, double duration)
{
    double at = 0;
    for (size_t i = 0; i < count; i++) {
        struct word *w = &words[i];
        w->start = w->start < at ? at : w->start > duration ? duration : w->start;
        w->end = w->end < w->start ? w->start : w->end > duration ? duration : w->end;
        at = w->end;
    }
}

/* ---- together ---- */

static bool open_builder(struct builder *b, const struct whisper_segment_list *segments)
{
    const struct whisper_hypothesis *h = b->hypothesis;
    int eot = whisper_vocabulary_special(b->vocabulary)->eot;
    b->text = memory_new(h->count + 1, sizeof *b->text);
    b->segment = memory_new(h->count + 1, sizeof *b->segment);
    b->words = memory_new(h->count + 1, sizeof *b->words);
    for (size_t s = 0; b->text && b->segment && b->words && s < segments->count; s++) {
        size_t end = segments->segments[s].first + segments->segments[s].count;
        for (size_t i = segments->segments[s].first; i < end && i < h->count; i++)
            if (h->tokens[i] < eot) {
                b->text[b->text_count] = i;
                b->segment[b->text_count++] = s;
            }
    }
    return b->text && b->segment && b->words;
}

static void close_builder(struct builder *b)
{
    for (size_t i = 0; b->words && i < b->count; i++)
        text_free(&b->words[i].text);
    free(b->text);
    free(b->segment);
    free(b->words);
}

static float confidence_of(const struct builder *b, const struct span *word)
{
    double sum = 0;
    for (size_t i = 0; i < word->count; i++)
        sum += (double)b->hypothesis->log_probabilities[b->text[word->first + i]];
    double mean = exp(sum / (double)word->count);
    return (float)(mean < 1 ? mean : 1);
}

/* Words of nothing but a space have no text to show. */
static int write_words(const struct builder *b, struct word_list *out, struct fault *fault)
{
    size_t kept = 0;
    bool opens = false;
    for (size_t i = 0; i < b->count; i++) {
        const struct span *word = &b->words[i];
        size_t blanks = trim_front(&word->text);
        opens = opens || word->opens;
        if (blanks == word->text.length)
            continue;
        struct word *to = &out->words[kept++];
        *to = out->words[i];
        to->text = memory_text(word->text.bytes + blanks, word->text.length - blanks);
        to->joined = !blanks && kept > 1;
        to->opens = opens;
        to->confidence = confidence_of(b, word);
        opens = false;
        out->count = kept;
        if (!to->text)
            return fail_memory(fault, "a window's words");
    }
    return 0;
}

static int make_words(struct builder *b, const struct whisper_segment_list *segments,
                      const struct whisper_words_params *params, struct word_list *out, struct fault *fault)
{
    if (!open_builder(b, segments) || !cut_words(b))
        return fail_memory(fault, "a window's words");
    merge_punctuation(b);
    out->words = memory_new(b->count + 1, sizeof *out->words);
    if (!out->words)
        return fail_memory(fault, "a window's words");
    if (params->attention && attended_times(b, params, out->words, fault))
        return fault ? fault->code : UTTER_ERROR_MEMORY;
    if (!params->attention)
        spread_times(b, segments, out->words);
    hold_times(out->words, b->count, params->duration);
    return write_words(b, out, fault);
}

int whisper_words(const struct whisper_vocabulary *vocabulary, const struct whisper_hypothesis *hypothesis,
                  const struct whisper_segment_list *segments, const struct whisper_words_params *params,
                  struct word_list *out, struct fault *fault)
{
    struct builder b = {.vocabulary = vocabulary, .hypothesis = hypothesis};
    b.characters = without_spaces(params->language);
    *out = (struct word_list){0};
    int code = make_words(&b, segments, params, out, fault);
    close_builder(&b);
    if (code)
        words_free(out);
    return code;
}

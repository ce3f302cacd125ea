/* words.c - tokens grouped into words: a piece with the word mark begins one, every other piece belongs to it. */
#include "decoder/search/words.h"

#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A spike marks about the middle of its token, so what is heard of it goes on for some frames. */
enum { STRETCH_FRAMES = 2 };

struct span {
    const struct ctc_token *tokens;
    size_t count;
};

static bool counts(const struct tokenizer *tokenizer, int id)
{
    return tokenizer_piece(tokenizer, id) && !tokenizer_special(tokenizer, id);
}

/* The tokens from at to the next one that begins a word. */
static struct span next_word(const struct tokenizer *tokenizer, const struct ctc_hypothesis *h, size_t at)
{
    struct span span = {h->tokens + at, 0};
    bool begun = false;
    for (; at < h->count; at++, span.count++) {
        if (!counts(tokenizer, h->tokens[at].id))
            continue;
        if (begun && tokenizer_begins_word(tokenizer, h->tokens[at].id))
            break;
        begun = true;
    }
    return span;
}

/* Without the white space around it. */
static void trim(char *text)
{
    const char *space = " \t\r\n";
    size_t lead = strspn(text, space), length = strlen(text + lead);
    memmove(text, text + lead, length + 1);
    while (length > 0 && strchr(space, text[length - 1]))
        text[--length] = 0;
}

static char *span_text(const struct tokenizer *tokenizer, struct span span)
{
    char *text = NULL;
    int *ids = memory_new(span.count, sizeof *ids);
    if (!ids)
        return NULL;
    for (size_t i = 0; i < span.count; i++)
        ids[i] = span.tokens[i].id;
    size_t length = tokenizer_decode(tokenizer, ids, span.count, NULL, 0);
    if ((text = memory_new(length + 1, 1))) {
        tokenizer_decode(tokenizer, ids, span.count, text, length + 1);
        trim(text);
    }
    free(ids);
    return text;
}

static float span_probability(const struct tokenizer *tokenizer, struct span span)
{
    double sum = 0.0, frames = 0.0;
    for (size_t i = 0; i < span.count; i++) {
        const struct ctc_token *token = &span.tokens[i];
        double weight = (double)token->last - token->first + 1.0;
        if (!counts(tokenizer, token->id) || !(weight > 0.0))
            continue;
        sum += weight * token->log_probability;
        frames += weight;
    }
    double mean = frames > 0.0 ? exp(sum / frames) : 0.0;
    return mean >= 0.0 ? (float)(mean < 1.0 ? mean : 1.0) : 0.0f;
}

/* The frames that the span's tokens cover, [first, end). False when none of them counts. */
static bool span_frames(const struct tokenizer *tokenizer, struct span span, double *first, double *end)
{
    bool any = false;
    for (size_t i = 0; i < span.count; i++) {
        if (!counts(tokenizer, span.tokens[i].id))
            continue;
        if (!any)
            *first = span.tokens[i].first;
        *end = (double)span.tokens[i].last + 1.0;
        any = true;
    }
    return any;
}

static double within(double x, double low, double high)
{
    x = x < high ? x : high;
    return x > low ? x : low;
}

static int append(struct word_list *list, size_t *capacity, struct word word, struct fault *fault)
{
    void *words = list->words;
    bool grown = memory_grow(&words, capacity, list->count + 1, sizeof word);
    list->words = words;
    if (!grown) {
        free(word.text);
        return fail_memory(fault, "the words of a recording");
    }
    list->words[list->count++] = word;
    return 0;
}

/* Appends the span's word, with its end where its last spike ends; a span without text gives none. */
static int add_word(const struct tokenizer *tokenizer, struct span span, double frame_seconds, struct word_list *list,
                    size_t *capacity, struct fault *fault)
{
    double first = 0.0, end = 0.0;
    if (!span_frames(tokenizer, span, &first, &end))
        return 0;
    char *text = span_text(tokenizer, span);
    if (!text)
        return fail_memory(fault, "the words of a recording");
    if (!*text) {
        free(text);
        return 0;
    }
    float probability = span_probability(tokenizer, span);
    struct word word = {.text = text,
                        .start = first * frame_seconds,
                        .end = end * frame_seconds,
                        .acoustic = probability,
                        .confidence = probability};
    return append(list, capacity, word, fault);
}

/* Stretches ends and puts the words in order within [0, duration]. */
static void settle(struct word_list *list, double frame_seconds, double duration)
{
    double before = 0.0;
    for (size_t i = 0; i < list->count; i++) {
        struct word *word = &list->words[i];
        double limit = i + 1 < list->count ? within(list->words[i + 1].start, 0.0, duration) : duration;
        word->start = within(word->start, before, duration);
        word->end = within(word->end + STRETCH_FRAMES * frame_seconds, word->start, limit);
        before = word->end = word->end > word->start ? word->end : word->start;
    }
}

int words_from_tokens(const struct tokenizer *tokenizer, const struct ctc_hypothesis *hypothesis, double frame_seconds,
                      double duration, struct word_list *out, struct fault *fault)
{
    struct word_list list = {0};
    size_t capacity = 0;
    int error = 0;
    for (size_t at = 0; at < hypothesis->count && !error;) {
        struct span span = next_word(tokenizer, hypothesis, at);
        error = add_word(tokenizer, span, frame_seconds, &list, &capacity, fault);
        at += span.count;
    }
    if (error) {
        words_free(&list);
        return error;
    }
    settle(&list, frame_seconds, duration > 0.0 ? duration : 0.0);
    *out = list;
    return 0;
}

void words_free(struct word_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->words[i].text);
    free(list->words);
    *list = (struct word_list){0};
}

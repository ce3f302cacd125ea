/* encode.c - text to ids: added tokens are cut out first, what lies between is normalized, split and encoded. */
#include "decoder/tokens/tokenizer_parts.h"

#include <stdlib.h>
#include <string.h>

struct encoding {
    const struct tokenizer *t;
    struct ids ids;
    struct fault *fault;
};

/* ---- added tokens --------------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || (unsigned char)c >= 0x80;
}

/* The longest added token at a place; normal: of those that are looked for in the normalized text. */
static const struct added *added_at(const struct tokenizer *t, bool normal, const char *text, size_t length,
                                    size_t *size)
{
    const struct added *best = NULL;
    *size = 0;
    for (size_t i = 0; i < t->added_count; i++) {
        const struct added *added = &t->added[i];
        if ((added->normal != NULL) != normal)
            continue;
        const char *what = normal ? added->normal : added->content;
        size_t n = normal ? strlen(what) : added->length;
        if (n > *size && n <= length && what[0] == text[0] && memcmp(what, text, n) == 0) {
            best = added;
            *size = n;
        }
    }
    return best;
}

struct cutting {
    const char *text;
    size_t length, done; /* everything before done is dealt with */
};

/* The next added token of the text: where it is, white space that belongs to it included. */
static const struct added *next_added(const struct tokenizer *t, bool normal, const struct cutting *c, size_t *begin,
                                      size_t *end)
{
    for (size_t at = c->done, size; at < c->length; at += size ? size : 1) {
        const struct added *added = added_at(t, normal, c->text + at, c->length - at, &size);
        if (!added)
            continue;
        *begin = at;
        *end = at + size;
        if (added->single_word &&
            ((at > 0 && is_word(c->text[at - 1])) || (*end < c->length && is_word(c->text[*end]))))
            continue;
        while (added->left && *begin > c->done && is_space(c->text[*begin - 1]))
            --*begin;
        while (added->right && *end < c->length && is_space(c->text[*end]))
            ++*end;
        return added;
    }
    return NULL;
}

/* ---- the text between ----------------------------------------------------------------------------- */

static int encode_words(struct encoding *e, const char *text, size_t length, bool at_start)
{
    const struct tokenizer *t = e->t;
    struct pieces words = {0};
    int error = split(&t->pre_tokenizer, text, length, at_start, &words, e->fault);
    for (size_t i = 0; i < words.count && !error; i++) {
        const char *word = words.text.bytes + piece_begin(&words, i);
        size_t size = words.ends[i] - piece_begin(&words, i);
        error = t->is_unigram ? unigram_encode(&t->unigram, &t->vocabulary, word, size, &e->ids, e->fault)
                              : bpe_encode(&t->bpe, &t->vocabulary, word, size, &e->ids, e->fault);
    }
    pieces_free(&words);
    return error;
}

typedef int (*encode_part)(struct encoding *e, const char *text, size_t length, bool at_start);

static int encode_between_added(struct encoding *e, bool normal, const char *text, size_t length, bool at_start,
                                encode_part encode)
{
    struct cutting c = {text, length, 0};
    const struct added *added;
    size_t begin = 0, end = 0;
    int error = 0;
    while (!error && (added = next_added(e->t, normal, &c, &begin, &end))) {
        if (begin > c.done)
            error = encode(e, text + c.done, begin - c.done, at_start && c.done == 0);
        ids_add(&e->ids, added->id);
        c.done = end;
    }
    if (!error && length > c.done)
        error = encode(e, text + c.done, length - c.done, at_start && c.done == 0);
    return error;
}

static int encode_text(struct encoding *e, const char *text, size_t length, bool at_start)
{
    struct text normal = {0};
    int error = normalize(&e->t->normalizer, text, length, &normal, e->fault);
    if (!error)
        error = encode_between_added(e, true, normal.bytes, normal.length, at_start, encode_words);
    text_free(&normal);
    return error;
}

int64_t tokenizer_encode(const struct tokenizer *tokenizer, const char *text, size_t length, int *ids, size_t capacity,
                         struct fault *fault)
{
    struct encoding e = {.t = tokenizer, .fault = fault};
    if (!utf8_valid(text, length))
        return fail(fault, UTTER_ERROR_ARGUMENT, "the text to encode is not valid UTF-8");
    int error = encode_between_added(&e, false, text, length, true, encode_text);
    if (!error && e.ids.failed)
        error = fail_memory(fault, "the tokens of a text");
    size_t fit = e.ids.count < capacity ? e.ids.count : capacity;
    if (!error && fit)
        memcpy(ids, e.ids.ids, fit * sizeof *ids);
    int64_t count = error ? error : (int64_t)e.ids.count;
    free(e.ids.ids);
    return count;
}

/* vits_vocabulary.c - text to tokens. The steps and their order are VitsTokenizer's, each over a list of characters
 * that know where in the text they come from. */
#include "decoder/tokens/vits_vocabulary_parts.h"

#include "decoder/lower.h"
#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

const struct vits_rules *vits_vocabulary_rules(const struct vits_vocabulary *vocabulary)
{
    return &vocabulary->rules;
}

int vits_vocabulary_size(const struct vits_vocabulary *vocabulary)
{
    return vocabulary->symbols.size;
}

int vits_vocabulary_find(const struct vits_vocabulary *vocabulary, const char *symbol, size_t length)
{
    return vocabulary_find(&vocabulary->symbols, symbol, length);
}

/* ---- characters and where they come from ---- */

struct characters {
    struct text text; /* of well-formed characters */
    size_t *begins;   /* per byte of the text: the byte of the source */
    size_t capacity;
    bool failed;
};

static void characters_free(struct characters *c)
{
    text_free(&c->text);
    free(c->begins);
}

static void characters_add(struct characters *c, const char *bytes, size_t length, size_t begin)
{
    void *grown = c->begins;
    const size_t at = c->text.length;
    text_add(&c->text, bytes, length);
    if (c->text.failed || !memory_grow(&grown, &c->capacity, c->text.length, sizeof *c->begins)) {
        c->failed = true;
        return;
    }
    c->begins = grown;
    for (size_t i = at; i < c->text.length; i++)
        c->begins[i] = begin;
}

static void characters_replace(struct characters *c, struct characters *with)
{
    characters_free(c);
    *c = *with;
}

/* ---- the steps ---- */

static void take_text(struct characters *c, const char *text, size_t length)
{
    for (size_t i = 0, n; i < length; i += n ? n : 1) {
        n = utf8_length(text + i, length - i);
        characters_add(c, text + i, n, i);
    }
}

/* Bytes of the first word of a list that the text begins with, or 0. */
static size_t starts_with(const struct pieces *words, const char *text, size_t length)
{
    for (size_t i = 0; i < words->count; i++) {
        const size_t begin = piece_begin(words, i), n = words->ends[i] - begin;
        if (n && n <= length && memcmp(words->text.bytes + begin, text, n) == 0)
            return n;
    }
    return 0;
}

/* Symbols of the vocabulary and special tokens stay as they are, whatever their case. */
static void lowercase(const struct vits_vocabulary *v, struct characters *c)
{
    struct characters out = {0};
    for (size_t i = 0, n; i < c->text.length; i += n) {
        const char *at = c->text.bytes + i;
        char lower[LOWER_BYTES];
        size_t bytes = n = starts_with(&v->words, at, c->text.length - i);
        if (!n)
            bytes = n = starts_with(&v->special, at, c->text.length - i);
        if (!n) {
            n = utf8_length(at, c->text.length - i);
            bytes = lower_character(at, n, lower);
            out.failed = out.failed || !bytes;
            at = lower;
        }
        characters_add(&out, at, bytes, c->begins[i]);
    }
    characters_replace(c, &out);
}

/* Romanian models know t with a cedilla where the language has a comma. */
static void spell_romanian(struct characters *c)
{
    static const char comma[] = "\xC8\x9B", cedilla[] = "\xC5\xA3";
    for (size_t i = 0; i + 1 < c->text.length; i++)
        if (memcmp(c->text.bytes + i, comma, 2) == 0)
            memcpy(c->text.bytes + i, cedilla, 2);
}

/* Python's white space: Unicode's, and the separators among ASCII's control characters. */
static bool is_space(uint32_t c)
{
    return (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

static bool space_at(const struct characters *c, size_t i)
{
    return is_space(utf8_code(c->text.bytes + i, utf8_length(c->text.bytes + i, c->text.length - i)));
}

/* Characters of the vocabulary only, without the white space around them. */
static void filter(const struct vits_vocabulary *v, struct characters *c)
{
    struct characters out = {0};
    size_t end = 0; /* behind the last character that is no space */
    for (size_t i = 0, n; i < c->text.length; i += n) {
        n = utf8_length(c->text.bytes + i, c->text.length - i);
        const bool space = space_at(c, i);
        if (vocabulary_find(&v->symbols, c->text.bytes + i, n) < 0 || (space && out.text.length == 0))
            continue;
        characters_add(&out, c->text.bytes + i, n, c->begins[i]);
        if (!space)
            end = out.text.length;
    }
    out.text.length = end;
    characters_replace(c, &out);
}

static void single_spaces(struct characters *c)
{
    struct characters out = {0};
    bool after_space = false;
    for (size_t i = 0, n; i < c->text.length; i += n) {
        n = utf8_length(c->text.bytes + i, c->text.length - i);
        const bool space = space_at(c, i);
        if (space && !after_space)
            characters_add(&out, " ", 1, c->begins[i]);
        else if (!space)
            characters_add(&out, c->text.bytes + i, n, c->begins[i]);
        after_space = space;
    }
    characters_replace(c, &out);
}

static void prepare(const struct vits_vocabulary *v, struct characters *c)
{
    if (v->rules.phonemize) {
        single_spaces(c);
        return;
    }
    if (v->rules.normalize)
        lowercase(v, c);
    if (!c->failed && strcmp(v->rules.language, "ron") == 0)
        spell_romanian(c);
    if (!c->failed && v->rules.normalize)
        filter(v, c);
}

/* ---- tokens ---- */

struct tokens {
    struct vits_token *items;
    size_t count, capacity;
    bool failed;
};

static void tokens_add(struct tokens *t, int id, size_t begin)
{
    void *grown = t->items;
    if (t->failed || !memory_grow(&grown, &t->capacity, t->count + 1, sizeof *t->items)) {
        t->failed = true;
        return;
    }
    t->items = grown;
    t->items[t->count++] = (struct vits_token){id, begin};
}

static int special_id(const struct vits_vocabulary *v, size_t i)
{
    const size_t begin = piece_begin(&v->special, i);
    return vocabulary_find(&v->symbols, v->special.text.bytes + begin, v->special.ends[i] - begin);
}

/* The longest special token that the text begins with, or VITS_SPECIALS. */
static size_t special_at(const struct vits_vocabulary *v, const char *text, size_t length, size_t *bytes)
{
    size_t found = VITS_SPECIALS;
    *bytes = 0;
    for (size_t i = 0; i < v->special.count; i++) {
        const size_t begin = piece_begin(&v->special, i), n = v->special.ends[i] - begin;
        if (n > *bytes && n <= length && memcmp(v->special.text.bytes + begin, text, n) == 0) {
            found = i;
            *bytes = n;
        }
    }
    return found;
}

/* Blanks stand around every character of a run without special tokens. These are taken as they are: a model whose
 * padding token is a letter, as the published MMS ones have it, meets that letter without blanks of its own. */
static void add_tokens(const struct vits_vocabulary *v, const struct characters *c, size_t end, struct tokens *t)
{
    bool in_run = false;
    for (size_t i = 0, n; i < c->text.length; i += n) {
        const char *at = c->text.bytes + i;
        const size_t special = special_at(v, at, c->text.length - i, &n);
        if (special < VITS_SPECIALS && in_run && v->rules.add_blank)
            tokens_add(t, 0, c->begins[i]);
        in_run = in_run && special == VITS_SPECIALS;
        if (special == VITS_SPECIALS)
            n = utf8_length(at, c->text.length - i);
        int id = special < VITS_SPECIALS ? special_id(v, special) : vocabulary_find(&v->symbols, at, n);
        if (id < 0 && special == VITS_SPECIALS)
            id = special_id(v, VITS_UNKNOWN);
        if (id < 0)
            continue;
        if (special == VITS_SPECIALS && v->rules.add_blank)
            tokens_add(t, 0, c->begins[i]);
        in_run = special == VITS_SPECIALS;
        tokens_add(t, id, c->begins[i]);
    }
    if (in_run && v->rules.add_blank)
        tokens_add(t, 0, end);
}

int vits_vocabulary_encode(const struct vits_vocabulary *vocabulary, const char *text, size_t length,
                           struct vits_token **tokens, size_t *count, struct fault *fault)
{
    struct characters c = {0};
    struct tokens t = {0};
    *tokens = NULL;
    *count = 0;
    take_text(&c, text, length);
    if (!c.failed)
        prepare(vocabulary, &c);
    if (!c.failed)
        add_tokens(vocabulary, &c, length, &t);
    const bool failed = c.failed || t.failed;
    characters_free(&c);
    if (failed) {
        free(t.items);
        return fail_memory(fault, "the tokens of a text");
    }
    *tokens = t.items;
    *count = t.count;
    return 0;
}

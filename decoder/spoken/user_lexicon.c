#include "decoder/spoken/user_lexicon.h"

#include "decoder/spoken/ipa.h"
#include "src/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct user_word {
    size_t word, length; /* bytes of text */
    size_t phones, count;
    size_t line;
};

struct user_lexicon {
    struct text text; /* the words, in lower case */
    struct phones phones;
    struct user_word *words; /* sorted by bytes */
    size_t count, capacity;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* ---- looking up ---- */

static int compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t shorter = a_length < b_length ? a_length : b_length;
    int order = shorter ? memcmp(a, b, shorter) : 0;
    return order ? order : (a_length > b_length) - (a_length < b_length);
}

size_t user_lexicon_count(const struct user_lexicon *lexicon)
{
    return lexicon ? lexicon->count : 0;
}

const unsigned char *user_lexicon_find(const struct user_lexicon *l, const char *word, size_t length, size_t *count)
{
    char wanted[USER_WORD_LONGEST];
    size_t begin = 0, end = user_lexicon_count(l);
    if (length == 0 || length > sizeof wanted)
        return NULL;
    for (size_t i = 0; i < length; i++)
        wanted[i] = lower(word[i]);
    while (begin < end) {
        size_t middle = begin + (end - begin) / 2;
        const struct user_word *w = &l->words[middle];
        int order = compare(l->text.bytes + w->word, w->length, wanted, length);
        if (order == 0) {
            *count = w->count;
            return l->phones.ids + w->phones;
        }
        begin = order < 0 ? middle + 1 : begin;
        end = order < 0 ? end : middle;
    }
    return NULL;
}

/* ---- reading ---- */

struct line {
    const char *text;
    size_t length, number;
    const char *name; /* of the file */
};

static size_t past_blanks(const struct line *line, size_t at)
{
    while (at < line->length && is_blank(line->text[at]))
        at++;
    return at;
}

/* Without its comment and the blanks at its end. */
static void trim(struct line *line)
{
    const char *comment = memchr(line->text, '#', line->length);
    if (comment)
        line->length = (size_t)(comment - line->text);
    while (line->length && is_blank(line->text[line->length - 1]))
        line->length--;
}

static int add_word(struct user_lexicon *l, const struct line *line, size_t begin, size_t length)
{
    void *words = l->words;
    if (!memory_grow(&words, &l->capacity, l->count + 1, sizeof *l->words))
        return UTTER_ERROR_MEMORY;
    l->words = words;
    l->words[l->count++] = (struct user_word){l->text.length, length, l->phones.count, 0, line->number};
    for (size_t i = 0; i < length; i++) {
        char c = lower(line->text[begin + i]);
        text_add(&l->text, &c, 1);
    }
    return l->text.failed ? UTTER_ERROR_MEMORY : 0;
}

static int add_phones(struct user_lexicon *l, const char *text, size_t length, struct fault *fault)
{
    struct user_word *w = &l->words[l->count - 1];
    int code =
        text[0] == '/' ? ipa_read(text, length, &l->phones, fault) : arpabet_read(text, length, &l->phones, fault);
    w->count = l->phones.count - w->phones;
    return code ? code : w->count == 0 ? fail(fault, UTTER_ERROR_ARGUMENT, "no phones are given") : 0;
}

static int refuse(const struct line *line, struct fault *fault, const char *why)
{
    return fail(fault, UTTER_ERROR_ARGUMENT, "%s, line %zu: %s", line->name, line->number, why);
}

static int read_line(struct user_lexicon *l, struct line line, struct fault *fault)
{
    struct fault inner = {0};
    trim(&line);
    size_t begin = past_blanks(&line, 0), end = begin;
    while (end < line.length && !is_blank(line.text[end]))
        end++;
    size_t phones = past_blanks(&line, end);
    if (begin == line.length)
        return 0;
    if (end - begin > USER_WORD_LONGEST)
        return refuse(&line, fault, "a word of more than 255 bytes");
    if (!utf8_valid(line.text + begin, end - begin))
        return refuse(&line, fault, "a word that is no UTF-8");
    if (phones == line.length)
        return refuse(&line, fault, "a word without phones");
    if (add_word(l, &line, begin, end - begin))
        return fail_memory(fault, "a user lexicon");
    int code = add_phones(l, line.text + phones, line.length - phones, &inner);
    if (code == UTTER_ERROR_ARGUMENT)
        return refuse(&line, fault, inner.message);
    return code ? fail_memory(fault, "a user lexicon") : 0;
}

static int read_lines(struct user_lexicon *l, const char *text, size_t length, const char *name, struct fault *fault)
{
    size_t number = 1;
    for (size_t at = 0; at < length; number++) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t size = end ? (size_t)(end - (text + at)) : length - at;
        if (read_line(l, (struct line){text + at, size, number, name}, fault))
            return fault->code;
        at += size + 1;
    }
    return 0;
}

/* ---- sorting ---- */

/* qsort has no place for the text: what is sorted points at its words. */
struct key {
    const char *word;
    struct user_word entry;
};

static int by_word(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    int order = compare(x->word, x->entry.length, y->word, y->entry.length);
    return order ? order : (x->entry.line > y->entry.line) - (x->entry.line < y->entry.line);
}

/* Sorts, and of equal words keeps the last. */
static int sort(struct user_lexicon *l, struct fault *fault)
{
    struct key *keys = memory_new(l->count, sizeof *keys);
    if (!keys)
        return fail_memory(fault, "a user lexicon");
    for (size_t i = 0; i < l->count; i++)
        keys[i] = (struct key){l->text.bytes + l->words[i].word, l->words[i]};
    qsort(keys, l->count, sizeof *keys, by_word);
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++) {
        bool again = kept > 0 && compare(l->text.bytes + l->words[kept - 1].word, l->words[kept - 1].length,
                                         keys[i].word, keys[i].entry.length) == 0;
        l->words[again ? kept - 1 : kept++] = keys[i].entry;
    }
    l->count = kept;
    free(keys);
    return 0;
}

int user_lexicon_parse(struct user_lexicon **lexicon, const char *text, size_t length, const char *name,
                       struct fault *fault)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* editors put it before UTF-8 */
    size_t skip = length >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
    struct user_lexicon *l = memory_new(1, sizeof *l);
    if (!l)
        return fail_memory(fault, "a user lexicon");
    if (read_lines(l, text + skip, length - skip, name, fault) || sort(l, fault)) {
        user_lexicon_close(&l);
        return fault->code;
    }
    *lexicon = l;
    return 0;
}

static int read_file(FILE *file, const char *path, struct text *text, struct fault *fault)
{
    char buffer[4096];
    size_t size;
    while ((size = fread(buffer, 1, sizeof buffer, file)) > 0 && text->length <= USER_LEXICON_BYTES)
        text_add(text, buffer, size);
    if (text->failed)
        return fail_memory(fault, "a user lexicon");
    if (text->length > USER_LEXICON_BYTES)
        return fail(fault, UTTER_ERROR_IO, "%.200s: too large for a user lexicon", path);
    return ferror(file) ? fail(fault, UTTER_ERROR_IO, "%.200s: it cannot be read", path) : 0;
}

int user_lexicon_read(struct user_lexicon **lexicon, const char *path, struct fault *fault)
{
    struct text text = {0};
    FILE *file = fopen(path, "rb");
    char name[201];
    if (!file)
        return fail(fault, UTTER_ERROR_IO, "%.200s: no such file, or no permission to read it", path);
    snprintf(name, sizeof name, "%s", path);
    int code = read_file(file, path, &text, fault);
    fclose(file);
    if (!code)
        code = user_lexicon_parse(lexicon, text.bytes, text.length, name, fault);
    text_free(&text);
    return code;
}

void user_lexicon_close(struct user_lexicon **lexicon)
{
    if (!*lexicon)
        return;
    text_free(&(*lexicon)->text);
    phones_free(&(*lexicon)->phones);
    free((*lexicon)->words);
    free(*lexicon);
    *lexicon = NULL;
}

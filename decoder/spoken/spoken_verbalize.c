#include "decoder/spoken/spoken_verbalize.h"

#include "decoder/spoken/spoken_say.h"
#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { OTHER_SCRIPT_MS = 200 /* silence for words of a script that is not read */ };

struct verbalizer {
    struct say_rules *own; /* rules, where none were given */
    struct say_matcher *matcher;
    struct said said;
    struct text words;
    struct spoken_item *items;
    size_t items_capacity;
};

int verbalizer_open(struct verbalizer **verbalizer, const struct say_rules *rules, struct fault *fault)
{
    struct verbalizer *v = memory_new(1, sizeof *v);
    if (!v)
        return fail_memory(fault, "a reader of text to be spoken");
    int error = rules ? 0 : say_rules_open(&v->own, fault);
    if (!error)
        error = say_matcher_open(&v->matcher, rules ? rules : v->own, fault);
    *verbalizer = v;
    if (error)
        verbalizer_close(verbalizer);
    return error;
}

void verbalizer_close(struct verbalizer **verbalizer)
{
    if (!*verbalizer)
        return;
    say_matcher_close(&(*verbalizer)->matcher);
    say_rules_close(&(*verbalizer)->own);
    free((*verbalizer)->said.items);
    text_free(&(*verbalizer)->said.strings);
    text_free(&(*verbalizer)->words);
    free((*verbalizer)->items);
    free(*verbalizer);
    *verbalizer = NULL;
}

/* Where a sign is said. */
enum sign_place {
    ANYWHERE,
    AS_OPERATOR, /* between two operands */
    AT_NUMBER,   /* before or after a digit */
    IN_WORD,     /* right behind a letter: C++ */
    IN_SMALL     /* between operands that are not both capitals: a/b, but AC/DC */
};

struct sign {
    unsigned char sign;
    enum sign_place place;
    const char *said; /* a mark by itself is a pause */
};

static const struct sign signs[] = {
    {',', ANYWHERE, ","},
    {';', ANYWHERE, ";"},
    {':', ANYWHERE, ":"},
    {'?', ANYWHERE, "?"},
    {'!', ANYWHERE, "!"},
    {'(', ANYWHERE, ","},
    {')', ANYWHERE, ","},
    {'[', ANYWHERE, ","},
    {']', ANYWHERE, ","},
    {'{', ANYWHERE, ","},
    {'}', ANYWHERE, ","},
    {'|', ANYWHERE, ","},
    {FOLDED_BULLET, ANYWHERE, ","},
    {FOLDED_EM_DASH, ANYWHERE, "-"},
    {FOLDED_EN_DASH, ANYWHERE, "-"},
    {'&', ANYWHERE, "and"},
    {'%', ANYWHERE, "percent"},
    {'@', ANYWHERE, "at"},
    {'#', AT_NUMBER, "number"},
    {'$', ANYWHERE, "dollar"},
    {FOLDED_EURO, ANYWHERE, "euro"},
    {FOLDED_POUND, ANYWHERE, "pound"},
    {FOLDED_YEN, ANYWHERE, "yen"},
    {FOLDED_CENT, ANYWHERE, "cent"},
    {FOLDED_RUPEE, ANYWHERE, "rupee"},
    {FOLDED_SECTION, ANYWHERE, "section"},
    {FOLDED_DEGREE, AT_NUMBER, "degrees"},
    {FOLDED_PLUS_MINUS, ANYWHERE, "plus or minus"},
    {FOLDED_SQUARED, ANYWHERE, "squared"},
    {FOLDED_CUBED, ANYWHERE, "cubed"},
    {FOLDED_TIMES, ANYWHERE, "times"},
    {FOLDED_DIVIDED, ANYWHERE, "divided by"},
    {'+', AS_OPERATOR, "plus"},
    {'+', AT_NUMBER, "plus"},
    {'+', IN_WORD, "plus"},
    {'=', AS_OPERATOR, "equals"},
    {'<', AS_OPERATOR, "is less than"},
    {'>', AS_OPERATOR, "is greater than"},
    {'*', AT_NUMBER, "times"},
    {'/', IN_SMALL, "slash"},
    {'^', AS_OPERATOR, "to the power of"},
    {'~', AT_NUMBER, "about"},
};

/* The character that is not a space before or after `at`, 0 at the edge. */
static char neighbour(const struct say *s, size_t at, int step)
{
    for (size_t i = at + (size_t)step; i < s->size; i += (size_t)step)
        if (s->text[i] != ' ' && s->text[i] != '\n')
            return s->text[i];
    return 0;
}

static bool stands_there(const struct say *s, size_t at, enum sign_place place)
{
    const char before = neighbour(s, at, -1), after = neighbour(s, at, 1);
    switch (place) {
    case AS_OPERATOR:
        return (is_alnum(before) || before == ')') && (is_alnum(after) || after == '(' || after == '-');
    case AT_NUMBER:
        return is_digit(after) && (s->text[at] != '*' || is_digit(before));
    case IN_WORD:
        return at > 0 && (is_upper(s->text[at - 1]) || s->text[at - 1] == s->text[at]) &&
               (at + 1 == s->size || !is_alnum(s->text[at + 1]));
    case IN_SMALL:
        return (is_alnum(before) || before == ')') && is_alnum(after) && !(is_upper(before) && is_upper(after));
    default:
        return true;
    }
}

/* Nothing but quotes and brackets follows. */
static bool is_last(const struct say *s, size_t at)
{
    while (at < s->size && strchr("\"')]}*_ \n", s->text[at]))
        at++;
    return at == s->size;
}

/* Points: three are a pause, one at a sentence's end its mark, one inside a word "dot". */
static size_t say_point(struct say *s, size_t at)
{
    size_t end = at;
    while (end < s->size && s->text[end] == '.')
        end++;
    const bool before = at > 0 && is_alnum(s->text[at - 1]), after = end < s->size && is_alnum(s->text[end]);
    if (end - at == 1 && after && !before)
        say_string(s, "dot", at, end);
    else if (end - at == 1 && after)
        say_mark(s, before && is_upper(s->text[end]) ? '.' : ',');
    else
        say_mark(s, is_last(s, end) ? '.' : ',');
    return end;
}

/* Hyphens: inside a word nothing, between words a dash. */
static size_t say_hyphen(struct say *s, size_t at)
{
    size_t end = at;
    while (end < s->size && s->text[end] == '-')
        end++;
    const bool before = at > 0 && s->text[at - 1] != ' ', after = end < s->size && s->text[end] != ' ';
    if (end - at == 1 && !before && !after && is_digit(neighbour(s, at, -1)) && is_digit(neighbour(s, at, 1)))
        say_string(s, "minus", at, end);
    else if (end - at > 1 || (!before && !after) || (before && !after))
        say_mark(s, '-');
    return end;
}

static size_t say_sign(struct say *s, size_t at)
{
    const unsigned char c = (unsigned char)s->text[at];
    if (c == '.')
        return say_point(s, at);
    if (c == '-')
        return say_hyphen(s, at);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (signs[i].sign == c && stands_there(s, at, signs[i].place)) {
            say_string(s, signs[i].said, at, at + 1);
            break;
        }
    return at + 1;
}

/* A Greek letter by itself has a name. */
static const char *greek_letter(uint32_t code)
{
    static const char *const names[] = {"alpha",   "beta", "gamma", "delta",  "epsilon", "zeta", "eta",
                                        "theta",   "iota", "kappa", "lambda", "mu",      "nu",   "xi",
                                        "omicron", "pi",   "rho",   "sigma",  "sigma",   "tau",  "upsilon",
                                        "phi",     "chi",  "psi",   "omega"};
    if (code >= 0x391 && code <= 0x3A9)
        code += 0x20;
    return code >= 0x3B1 && code <= 0x3C9 ? names[code - 0x3B1] : NULL;
}

/* Words of another script, however many in a row, are one break. */
static size_t say_other_script(struct say *s, size_t at)
{
    size_t end = at;
    while (end < s->size && (unsigned char)s->text[end] == FOLDED_LETTER)
        end++;
    const char *greek = end == at + 1 ? greek_letter(s->folded->places[s->begin + at].code) : NULL;
    if (greek) {
        say_string(s, greek, at, end);
        return end;
    }
    struct said *said = s->said;
    if (said->count && said->items[said->count - 1].item.kind == SPOKEN_BREAK) {
        const struct place *last = &s->folded->places[s->begin + end - 1];
        said->items[said->count - 1].item.end = last->begin + last->length;
        return end;
    }
    say_break(s, OTHER_SCRIPT_MS / 1000.0, at, end);
    return end;
}

static bool is_word_char(const struct say *s, size_t at)
{
    return is_alnum(s->text[at]) || s->text[at] == '\'';
}

static size_t say_token(struct say *s, size_t at)
{
    size_t end = at;
    bool digits = false, letters = false;
    while (end < s->size && is_word_char(s, end)) {
        digits |= is_digit(s->text[end]);
        letters |= is_alpha(s->text[end]);
        end++;
    }
    if (digits)
        say_mixed(s, at, end);
    else if (letters)
        say_word(s, at, end);
    return end;
}

/* Rules begin where a word begins. */
static bool may_begin(const struct say *s, size_t at)
{
    return at == 0 || !is_alnum(s->text[at]) || !is_alnum(s->text[at - 1]);
}

void say_text(struct say *s)
{
    size_t edge = 0; /* where a rule has ended */
    for (size_t at = 0, next; at < s->size; at = next) {
        const char c = s->text[at];
        next = at + 1;
        if (c == ' ' || c == '\n' || c == '"')
            continue;
        if (c == FOLDED_OBJECT)
            say_object(s, at);
        else if ((unsigned char)c == FOLDED_LETTER)
            next = say_other_script(s, at);
        else if ((may_begin(s, at) || at == edge) && say_by_rule(s, at, &next))
            edge = next;
        else
            next = is_word_char(s, at) ? say_token(s, at) : say_sign(s, at);
    }
}

/* All in capitals, and of more than one word. */
static bool is_shouted(const char *text, size_t size)
{
    size_t upper = 0, words = 0;
    for (size_t i = 0; i < size; i++) {
        if (is_lower(text[i]))
            return false;
        upper += is_upper(text[i]);
        words += is_upper(text[i]) && (i == 0 || text[i - 1] == ' ');
    }
    return words > 1 && upper > 6;
}

static bool is_raw_edge(char c)
{
    return strchr(" \n\"'()[]{}.,;:?!*_<>", c) != NULL || (unsigned char)c == FOLDED_EM_DASH ||
           (unsigned char)c == FOLDED_EN_DASH || (unsigned char)c == FOLDED_BULLET;
}

/* Marks behind a word of another language. */
static size_t say_raw_signs(struct say *s, size_t at)
{
    for (; at < s->size && s->text[at] != FOLDED_OBJECT && is_raw_edge(s->text[at]); at++)
        if (strchr(",;:?!", s->text[at]))
            say_mark(s, s->text[at]);
        else if (s->text[at] == '.')
            say_mark(s, is_last(s, at + 1) ? '.' : ',');
        else if (strchr(" \n\"'*_<>", s->text[at]) == NULL)
            say_mark(s, (unsigned char)s->text[at] >= FOLDED_EN_DASH ? '-' : ',');
    return at;
}

/* Words as they are written: from a space to a space, without the marks at their edges. */
static void say_raw_text(struct say *s)
{
    for (size_t at = say_raw_signs(s, 0), end, word; at < s->size; at = say_raw_signs(s, end)) {
        if (s->text[at] == FOLDED_OBJECT) {
            say_object(s, at);
            end = at + 1;
            continue;
        }
        for (end = at; end < s->size && s->text[end] != ' ' && s->text[end] != '\n' && s->text[end] != FOLDED_OBJECT;
             end++)
            continue;
        for (word = end; word > at + 1 && is_raw_edge(s->text[word - 1]); word--)
            continue;
        for (size_t i = at; i < word; i++) {
            const struct place *place = &s->folded->places[s->begin + i];
            if (i == at || place->begin != place[-1].begin)
                text_add_code(&s->words, place->code);
        }
        end = word;
        say_collected(s, at, word);
    }
}

static int finish_items(struct verbalizer *v, struct spoken_sentence *sentence, struct fault *fault)
{
    void *items = v->items;
    if (v->said.failed || v->words.failed ||
        !memory_grow(&items, &v->items_capacity, v->said.count + 1, sizeof *v->items))
        return fail_memory(fault, "a sentence to be spoken");
    v->items = items;
    for (size_t i = 0; i < v->said.count; i++) {
        const struct said_item *from = &v->said.items[i];
        v->items[i] = from->item;
        v->items[i].text = from->text == SIZE_MAX ? NULL : v->said.strings.bytes + from->text;
        v->items[i].given = from->given == SIZE_MAX ? NULL : v->said.strings.bytes + from->given;
    }
    sentence->items = v->items;
    sentence->count = v->said.count;
    return 0;
}

int verbalize(struct verbalizer *v, const struct folded *folded, const struct split *split,
              struct spoken_sentence *sentence, struct fault *fault)
{
    const struct place *places = folded->places + folded->head;
    struct say say = {.folded = folded,
                      .text = folded->bytes + folded->head,
                      .begin = folded->head,
                      .size = split->said,
                      .matcher = v->matcher,
                      .said = &v->said,
                      .words = v->words};
    v->said.count = 0;
    v->said.strings.length = 0;
    *sentence = (struct spoken_sentence){.paragraph = split->paragraph};
    if (split->said) {
        sentence->begin = places[0].begin;
        sentence->end = places[split->said - 1].begin + places[split->said - 1].length;
        say.shouted = is_shouted(say.text, say.size);
        if (folded->raw)
            say_raw_text(&say);
        else
            say_text(&say);
        say_mark(&say, split->broken ? ',' : 0);
    }
    v->words = say.words;
    if (v->said.count && !split->broken && !v->said.items[v->said.count - 1].item.after)
        say_mark(&say, '.');
    return finish_items(v, sentence, fault);
}

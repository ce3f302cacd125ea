#include "decoder/spoken/spoken_split.h"

#include "decoder/spoken/spoken_lists.h"

#include <string.h>

enum {
    LONG_BYTES = 250, /* a sentence is at most so long, */
    LONG_WORDS = 40,
    GRACE_BYTES = 60,     /* unless it ends soon, */
    SHORT_BYTES = 60,     /* and no part is shorter by choice */
    HEADING_BYTES = 48,   /* a line without a mark that is a sentence by itself */
    LOOK_AHEAD_BYTES = 16 /* of the word that follows a point */
};

enum verdict { NO, YES, UNKNOWN /* more text is needed */ };

/* The alive bytes, and whether more may come. */
struct scan {
    const char *text;
    size_t size;
    bool finished;
    size_t line; /* where the current line begins */
};

static bool is_space(char c)
{
    return c == ' ' || c == '\n';
}

static bool is_end(char c)
{
    return c == FOLDED_SENTENCE || c == FOLDED_PARAGRAPH;
}

static bool is_mark(char c)
{
    return c == '.' || c == '?' || c == '!';
}

static bool is_closer(char c)
{
    return c == '"' || c == '\'' || c == ')' || c == ']' || c == '}' || c == '*' || c == '_';
}

static size_t skip(const struct scan *s, size_t at, bool (*is)(char))
{
    while (at < s->size && is(s->text[at]))
        at++;
    return at;
}

static bool is_letter_or_apostrophe(char c)
{
    return is_alpha(c) || c == '\'';
}

/* The word from at on, past a quote or bracket; UNKNOWN while it may go on. */
static enum verdict word_ahead(const struct scan *s, size_t at, const char **word, size_t *length)
{
    while (at < s->size && (s->text[at] == '"' || s->text[at] == '(' || s->text[at] == '\''))
        at++;
    const size_t end = skip(s, at, is_letter_or_apostrophe);
    *word = s->text + at;
    *length = end - at;
    return end < s->size || s->finished || end - at >= LOOK_AHEAD_BYTES ? YES : UNKNOWN;
}

/* Where the word before a mark begins: letters, digits and points inside, as "p.m" or "U.S". */
static size_t word_before(const struct scan *s, size_t mark)
{
    size_t at = mark;
    while (at > 0 && (is_alnum(s->text[at - 1]) || s->text[at - 1] == '.' || s->text[at - 1] == '&'))
        at--;
    return at;
}

static bool all_digits(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_digit(text[i]))
            return false;
    return length > 0;
}

/* Letters with points between them: "U.S", "p.m"; or one capital, an initial. */
static bool is_initials(const char *word, size_t length)
{
    if (length == 1)
        return is_upper(word[0]);
    for (size_t i = 0; i < length; i++)
        if (i % 2 ? word[i] != '.' : !is_alpha(word[i]))
            return false;
    return length % 2 == 1;
}

/* Whether the word before begin has a capital or is a number: "Maple Dr." */
static bool follows_name(const struct scan *s, size_t begin)
{
    size_t at = begin > 0 && is_space(s->text[begin - 1]) ? begin - 1 : 0;
    while (at > 0 && is_alnum(s->text[at - 1]))
        at--;
    return is_upper(s->text[at]) || is_digit(s->text[at]);
}

/* Whether a point after an abbreviation is a sentence's end too. */
static enum verdict abbreviation_ends(const struct scan *s, const struct abbreviation *a, size_t begin, size_t next)
{
    const char *word;
    size_t length;
    if (a && a->kind == ABBREVIATION_WITHIN)
        return NO;
    if (word_ahead(s, next, &word, &length) == UNKNOWN)
        return UNKNOWN;
    const bool number = word < s->text + s->size && (is_digit(*word) || *word == '#');
    const bool roman = length && strspn(word, "IVXLC") >= length;
    if (a && a->kind == ABBREVIATION_NUMBER)
        return number || roman ? NO : YES;
    if (a && a->kind == ABBREVIATION_TITLE && (!a->otherwise || !follows_name(s, begin)))
        return NO;
    return begins_sentences(word, length) ? YES : NO;
}

/* One point after the word [begin, mark), and a space; next is what follows the space. */
static enum verdict point_ends(const struct scan *s, size_t begin, size_t mark, size_t next)
{
    const char *word = s->text + begin;
    const size_t length = mark - begin;
    if (all_digits(word, length) && (begin == 0 || begin == s->line) && length <= 3)
        return NO; /* the number of an entry of a list */
    if (length > 1 && strspn(word, "ivxl") >= length && next < s->size && is_lower(s->text[next]))
        return NO; /* "act ii. of" */
    const struct abbreviation *a = find_abbreviation(word, length);
    if (a && a->kind == ABBREVIATION_NUMBER && length > 1 && next < s->size && !is_digit(s->text[next]) &&
        !is_upper(s->text[next]) && s->text[next] != '#')
        return YES; /* the answer "no." */
    if (a)
        return abbreviation_ends(s, a, begin, next);
    return is_initials(word, length) ? abbreviation_ends(s, NULL, begin, next) : YES;
}

/* Marks [mark, marks) with closers until `after`, then a space, at the end of which is next. */
static enum verdict marks_end(const struct scan *s, size_t mark, size_t marks, size_t after, size_t next)
{
    const bool lower = next < s->size && is_lower(s->text[next]);
    if (mark > 0 && s->text[mark - 1] == '(' && after > marks) /* (!) */
        return NO;
    if (s->text[mark] != '.' || marks - mark > 1)
        return lower ? NO : YES;
    const enum verdict verdict = point_ends(s, word_before(s, mark), mark, next);
    if (verdict == YES && lower && after > marks && s->text[marks] == ')')
        return NO; /* "(and so on.) but" */
    return verdict;
}

/* A point without a space behind it, where one was forgotten: "the 12th.Is that right". */
static bool is_forgotten_space(const struct scan *s, size_t mark, size_t next)
{
    if (next + 1 >= s->size || mark < 2 || s->text[mark] != '.' || next != mark + 1)
        return false;
    const size_t begin = word_before(s, mark);
    for (size_t i = begin; i < mark; i++)
        if (s->text[i] == '.')
            return false;
    return is_lower(s->text[mark - 1]) && is_lower(s->text[mark - 2]) && is_upper(s->text[next]) &&
           is_lower(s->text[next + 1]);
}

/* Whether a sentence ends at the mark; *said and *next are where it ends and where the next one begins. */
static enum verdict at_mark(const struct scan *s, size_t mark, size_t *said, size_t *next)
{
    const size_t marks = skip(s, mark, is_mark), after = skip(s, marks, is_closer);
    *said = after;
    *next = skip(s, after, is_space);
    if (*next == s->size && !s->finished)
        return UNKNOWN;
    if (*next == s->size || is_end(s->text[*next]))
        return NO; /* what ends there ends anyway */
    if (*next > after || s->text[*next] == FOLDED_OBJECT)
        return marks_end(s, mark, marks, after, *next);
    if (*next + 1 >= s->size && !s->finished)
        return UNKNOWN;
    return is_forgotten_space(s, mark, *next) ? YES : NO;
}

static bool is_bullet(const struct scan *s, size_t at)
{
    const char c = s->text[at];
    const size_t digits = skip(s, at, is_digit);
    if ((unsigned char)c == FOLDED_BULLET)
        return true;
    if (at + 1 < s->size && (c == '-' || c == '*' || c == '+' || (unsigned char)c == FOLDED_EN_DASH))
        return is_space(s->text[at + 1]);
    return digits > at && digits - at <= 3 && digits + 1 < s->size &&
           (s->text[digits] == '.' || s->text[digits] == ')') && is_space(s->text[digits + 1]);
}

/* A line's end inside running text is a space; after a heading, or before an entry of a list, it ends a sentence. */
static enum verdict at_line(const struct scan *s, size_t at)
{
    if (at + 6 >= s->size && !s->finished)
        return UNKNOWN;
    if (at + 1 >= s->size || at == 0)
        return NO;
    if (is_bullet(s, at + 1))
        return YES;
    static const char unfinished[] =
        " a an the and or but of to in on at for with by from as is was are were his her my ";
    const char before = s->text[at - 1], next = s->text[at + 1];
    const size_t word = word_before(s, at);
    const bool open = list_has(unfinished, s->text + word, at - word) || before == ',' || before == ';' ||
                      before == '-' || (unsigned char)before == FOLDED_EM_DASH;
    return at - s->line <= HEADING_BYTES && !open && (is_upper(next) || is_digit(next)) ? YES : NO;
}

/* How good it is to breathe before at, from 0. */
static int breath(const struct scan *s, size_t at)
{
    static const char joining[] = " and but or nor so yet for because although though while when where which who that "
                                  "if unless until since as than with without after before from into ";
    if (at == 0 || at >= s->size || !is_space(s->text[at - 1]))
        return 0;
    const char before = at >= 2 ? s->text[at - 2] : 0;
    const size_t end = skip(s, at, is_alpha);
    if (before == ';' || before == ':' || is_mark(before))
        return 4;
    if (before == ',' || before == '-' || (unsigned char)before == FOLDED_EM_DASH || before == ')')
        return 3;
    return end < s->size && list_has(joining, s->text + at, end - at) ? 2 : 1;
}

/* The best place to break what is too long at limit: the last one of the best kind. */
static size_t break_long(const struct scan *s, size_t limit)
{
    size_t best = limit;
    int most = 0;
    for (size_t at = limit < SHORT_BYTES * 2 ? 1 : SHORT_BYTES; at <= limit; at++)
        if (breath(s, at) >= most && breath(s, at) > 0) {
            most = breath(s, at);
            best = at;
        }
    return best;
}

static bool found(struct split *split, size_t said, size_t consumed)
{
    *split = (struct split){.said = said, .consumed = consumed};
    return true;
}

/* A sentence that ends at `said`, and whatever boundary stands at next. */
static bool found_end(const struct scan *s, struct split *split, size_t said, size_t next)
{
    found(split, said, next);
    if (next < s->size && s->text[next] == FOLDED_SENTENCE) {
        if (next + 1 == s->size && !s->finished)
            return false; /* a paragraph's end may follow */
        next++;
    }
    split->paragraph = next < s->size ? s->text[next] == FOLDED_PARAGRAPH : s->finished;
    split->consumed = next < s->size && s->text[next] == FOLDED_PARAGRAPH ? next + 1 : next;
    return true;
}

static bool found_long(const struct scan *s, struct split *split, size_t limit)
{
    const size_t at = break_long(s, limit);
    size_t said = at;
    while (said > 0 && is_space(s->text[said - 1]))
        said--;
    found(split, said, at);
    split->broken = true;
    return true;
}

/* The limit that has been passed at `at`: a place within the first 250 bytes or 40 words; 0 for none yet. */
static size_t limit_passed(size_t at, size_t words, size_t *full)
{
    if (*full == 0 && (words > LONG_WORDS || at > LONG_BYTES))
        *full = at < LONG_BYTES ? at : LONG_BYTES;
    return *full && at > *full + GRACE_BYTES ? *full : 0;
}

bool split_next(const struct folded *f, bool finished, struct split *split)
{
    struct scan s = {f->bytes ? f->bytes + f->head : NULL, f->count - f->head, finished, 0};
    size_t words = 0, full = 0;
    for (size_t at = 0; at < s.size; at++) {
        size_t said = at, next = at;
        enum verdict verdict = NO;
        if (is_end(s.text[at]))
            return found_end(&s, split, at, at);
        if (limit_passed(at, words, &full))
            return found_long(&s, split, full);
        if (is_mark(s.text[at]) && (at == 0 || !is_mark(s.text[at - 1])))
            verdict = at_mark(&s, at, &said, &next);
        else if (s.text[at] == '\n')
            verdict = at_line(&s, at);
        if (verdict == UNKNOWN)
            return false;
        if (verdict == YES)
            return found_end(&s, split, said, s.text[at] == '\n' ? at + 1 : next);
        words += is_space(s.text[at]);
        s.line = s.text[at] == '\n' ? at + 1 : s.line;
    }
    return finished && s.size > 0 && found_end(&s, split, s.size, s.size);
}

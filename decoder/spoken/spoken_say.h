/* spoken_say.h - one sentence on its way from folded text to items, and the families of rules that take it there.
 *
 * A rule is a regular expression (PCRE2, bytes) that is tried where a word begins, and a function that says what it
 * matched. Rules stand in tables, the particular before the general; the first that matches and does not decline wins.
 */
#ifndef DECODER_SPOKEN_SAY_H
#define DECODER_SPOKEN_SAY_H

#include "decoder/spoken/spoken_folded.h"
#include "decoder/spoken/spoken_lists.h"
#include "decoder/spoken/spoken_number.h"
#include "decoder/spoken/spoken_rules.h"
#include "decoder/text.h"
#include "src/base/error.h"

enum { SAY_GROUPS = 12 }; /* of a rule's pattern, the whole match counted */

/* What trying the rules takes, of one reader: one match at a time. The rules are borrowed. */
struct say_matcher;

int say_matcher_open(struct say_matcher **matcher, const struct say_rules *rules, struct fault *fault);
void say_matcher_close(struct say_matcher **matcher);

/* An item whose strings are still offsets. */
struct said_item {
    struct spoken_item item;
    size_t text, given; /* in strings; SIZE_MAX for none */
};

/* Where items are collected. Text and given of each are in strings, with a NUL behind them. */
struct said {
    struct said_item *items;
    size_t count, capacity;
    struct text strings;
    bool failed;
};

struct say {
    const struct folded *folded;
    const char *text;   /* of the sentence; text[size] may be read and is no part of it */
    size_t begin, size; /* where it begins in folded->bytes, and its bytes */
    struct say_matcher *matcher;
    struct said *said;
    struct text words;      /* scratch of the rules */
    bool shouted;           /* it is all in capitals: they mean nothing */
    const struct place *at; /* where all items come from, and their prosody, when not from the text's own places */
    const struct prosody *prosody;
};

/* A rule's match: group i is [begin[i], end[i]) of the sentence; begin == end where it did not take part. */
struct match {
    size_t begin[SAY_GROUPS], end[SAY_GROUPS];
};

static inline size_t match_length(const struct match *m, int group)
{
    return m->end[group] - m->begin[group];
}

/* False where the rule declines. It may move m->end[0], where reading goes on. */
typedef bool say_function(struct say *s, struct match *m);

enum say_start {
    START_DIGIT = 1, /* a digit, or a sign before one */
    START_SIGN = 2,  /* any other character that is not a letter */
    START_CAPITAL = 4,
    START_LETTER = 8, /* a small one */
    START_ANY = 15
};

struct say_rule {
    const char *pattern;
    say_function *say;
    unsigned starts; /* of enum say_start */
};

/* The families, in the order in which they are asked. */
extern const struct say_rule say_address_rules[], say_date_rules[], say_quantity_rules[], say_name_rules[];
extern const size_t say_address_count, say_date_count, say_quantity_count, say_name_count;

/* Pieces of patterns. A right edge keeps a rule from ending inside a word. */
#define RE_EDGE    "(?![A-Za-z0-9])"
#define RE_NUMBER  "(?:\\d{1,3}(?:,\\d{3})+(?!\\d)|\\d{1,2}(?:,\\d\\d)+,\\d{3}(?!\\d)|\\d+)"
#define RE_DECIMAL "(?:" RE_NUMBER "(?:\\.\\d+)?|\\.\\d+)"
#define RE_DASH    "[-\x96]"
#define RE_MONTH                                                                                                       \
    "(?:Jan(?:uary|\\.)?|Feb(?:ruary|\\.)?|Mar(?:ch|\\.)|Apr(?:il|\\.)?|May|June?|July?|Aug(?:ust|\\.)?|"              \
    "Sep(?:t(?:ember|\\.)?|\\.)?|Oct(?:ober|\\.)?|Nov(?:ember|\\.)?|Dec(?:ember|\\.)?)"

/* Says words, separated by spaces, that stand for [begin, end) of the sentence. A capital by itself is the name of a
 * letter; a mark by itself follows the word before it. */
void say_words(struct say *s, const char *words, size_t length, size_t begin, size_t end);
void say_string(struct say *s, const char *words, size_t begin, size_t end);
/* What has been put into s->words, which is emptied. */
void say_collected(struct say *s, size_t begin, size_t end);
/* The mark after the last item; a weaker one than what is there changes nothing. */
void say_mark(struct say *s, char mark);
void say_break(struct say *s, double pause, size_t begin, size_t end);

/* All of it, by the rules. */
void say_text(struct say *s);

/* One word of letters and apostrophes, and one of letters and digits. */
void say_word(struct say *s, size_t begin, size_t end);
void say_mixed(struct say *s, size_t begin, size_t end);
/* Every letter by its name, every digit by itself, appended to s->words. */
void spell(struct say *s, const char *text, size_t length);
/* Whether English can say it: it has vowels, and does not begin with what cannot be said. */
bool is_pronounceable(const char *word, size_t length);

/* The object at `at`; an element say-as. */
void say_object(struct say *s, size_t at);
void say_as(struct say *s, const struct spoken_object *object, size_t at);
/* The rule at `at`, if one matches: true, and *end is where reading goes on. */
bool say_by_rule(struct say *s, size_t at, size_t *end);

/* The word before `at`, letters only, past one space (and a point or "#"); its length, 0 where there is none. */
size_t previous_word(const struct say *s, size_t at, const char **word);
/* The word after `at`, past one space. */
size_t following_word(const struct say *s, size_t at, const char **word);
bool previous_in(const struct say *s, size_t at, const char *list);

/* A year, as it stands, appended to s->words: "nineteen fourteen". */
void put_year(struct say *s, const char *digits, size_t length);

#endif

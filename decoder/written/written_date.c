/* written_date.c - dates, years and decades. */
#include "decoder/spoken/spoken_lists.h"
#include "decoder/written/written_number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Months by their whole names. */
static int month_at(const struct stretch *s, size_t at)
{
    const struct heard *word = word_at(s, at);
    const int month = word->length ? month_number(word->text, word->length) : 0;
    return month && heard_is(word, month_name(month)) ? month : 0;
}

static void put_capital(struct draft *d, const char *name)
{
    char text[16] = "";
    snprintf(text, sizeof text, "%c%s", name[0] - 'a' + 'A', name + 1);
    draft_put(d, 1, text);
}

static const char *ordinal_ending(uint64_t value)
{
    const unsigned last = (unsigned)(value % 10), two = (unsigned)(value % 100);
    if (two >= 11 && two <= 13)
        return "th";
    return last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th";
}

static void put_year(struct draft *d, size_t heard, unsigned year)
{
    char text[32];
    snprintf(text, sizeof text, "%u", year);
    draft_put(d, heard, text);
}

static size_t read_day(const struct stretch *s, size_t at, struct cardinal *day)
{
    const size_t n = read_below_hundred(s, at, day);
    return n && day->value <= 31 ? n : 0;
}

/* "march", "may" are months where something says so. */
static bool is_surely_month(const struct stretch *s, size_t at, int month)
{
    return (month != 3 && month != 5) || at == s->begin ||
           before_in(s, at, 1,
                     " on in of since by until till from to before after this last next early late mid and through "
                     "monday tuesday wednesday thursday friday saturday sunday ");
}

/* What is counted rather than dated: "fifteen twenty minutes". */
static bool is_span(const struct stretch *s, size_t at)
{
    return heard_in(word_at(s, at),
                    " people men women children dollars percent minutes hours days weeks months years times "
                    "miles feet degrees pounds seconds inches ");
}

/* march twenty first [twenty twenty six] */
static bool write_month_first(const struct stretch *s, size_t at, struct draft *d)
{
    struct cardinal day;
    unsigned year;
    char text[32];
    const int month = month_at(s, at);
    size_t year_words = month ? read_year(s, at + 1, &year) : 0;
    if (month && year_words > 1 && is_surely_month(s, at, month)) { /* no day: "march twenty twenty six" */
        put_capital(d, month_name(month));
        put_year(d, year_words, year);
        return true;
    }
    const size_t the = heard_is(word_at(s, at + 1), "the");
    const size_t n = month ? read_day(s, at + 1 + the, &day) : 0;
    if (!n || (the && !day.ordinal))
        return false;
    year_words = read_year(s, at + 1 + the + n, &year);
    const bool surely = is_surely_month(s, at, month) || (day.ordinal && day.value > 1); /* "you may first" */
    const bool marches = month == 3 && is_span(s, at + 1 + the + n);                     /* "march ten miles" */
    if ((!surely || marches) && !year_words)
        return false;
    if (!year_words && begins_number(s, at + 1 + the + n))
        return false;
    put_capital(d, month_name(month));
    if (the)
        draft_keep(d);
    snprintf(text, sizeof text, "%" PRIu64 "%s%s", day.value, the ? ordinal_ending(day.value) : "",
             year_words ? "," : "");
    draft_put(d, n, text);
    if (year_words)
        put_year(d, year_words, year);
    return true;
}

/* twenty first [of] march [twenty twenty six] */
static bool write_day_first(const struct stretch *s, size_t at, struct draft *d)
{
    struct cardinal day;
    unsigned year;
    char text[32];
    const size_t n = read_day(s, at, &day), of = heard_is(word_at(s, at + n), "of");
    const int month = n ? month_at(s, at + n + of) : 0;
    if (!month || (!day.ordinal && !of) || (!day.ordinal && !before_in(s, at, 1, " the on ")))
        return false;
    const size_t year_words = read_year(s, at + n + of + 1, &year);
    snprintf(text, sizeof text, "%" PRIu64 "%s", day.value, ordinal_ending(day.value));
    draft_put(d, n, text);
    if (of)
        draft_keep(d);
    put_capital(d, month_name(month));
    if (year_words)
        put_year(d, year_words, year);
    return true;
}

bool write_date(const struct stretch *s, size_t at, struct draft *d)
{
    return write_month_first(s, at, d) || write_day_first(s, at, d);
}

/* Names of days and months by themselves, except "march" and "may", which are words, too. */
bool write_day(const struct stretch *s, size_t at, struct draft *d)
{
    static const char days[] = " monday tuesday wednesday thursday friday saturday sunday ";
    const struct heard *word = word_at(s, at);
    const int month = month_at(s, at);
    if (!heard_in(word, days) && (!month || month == 3 || month == 5))
        return false;
    put_capital(d, word->text);
    return true;
}

/* Whether years are spoken of. */
static bool expects_year(const struct stretch *s, size_t at)
{
    if (before_in(s, at, 2, " year years "))
        return true;
    return before_in(
        s, at, 1,
        " in since year circa during early late mid spring summer autumn fall winter of until till from by "
        "before after around about christmas december november october september august july june may april "
        "march february january back ");
}

/* What is counted by what stands there: "people", "years". */
static bool is_counted(const struct stretch *s, size_t at)
{
    static const char many[] = " people men women children percent dollars feet square cubic pounds miles ";
    static const char no[] = " was is has as this his does its always perhaps sometimes towards besides unless us yes "
                             "thus across ";
    const struct heard *word = word_at(s, at);
    return heard_in(word, many) || (word->length > 3 && word->text[word->length - 1] == 's' &&
                                    word->text[word->length - 2] != 's' && !heard_in(word, no));
}

bool write_year(const struct stretch *s, size_t at, struct draft *d)
{
    struct cardinal c;
    unsigned year;
    const size_t n = read_year(s, at, &year), cardinal = read_cardinal(s, at, &c);
    if (!n || begins_number(s, at + n) || word_at(s, at + n)->number.ordinal || heard_is(word_at(s, at + n), "point"))
        return false;
    const bool pairs = cardinal < n;                         /* "nineteen forty", which no cardinal can be */
    const bool twenty_tens = year >= 2000 && year % 10 == 0; /* "twenty thirty people" */
    if (pairs ? is_span(s, at + n) || (!expects_year(s, at) && (year < 1300 || twenty_tens))
              : is_counted(s, at + n) || !expects_year(s, at))
        return false;
    put_year(d, n, year);
    return true;
}

/* nineteen nineties */
bool write_decade(const struct stretch *s, size_t at, struct draft *d)
{
    char text[32];
    const struct number_name *century = &word_at(s, at)->number, *tens = &word_at(s, at + 1)->number;
    const bool twenty = century->class == NUMBER_TENS && century->value == 20;
    if ((century->class != NUMBER_TEEN && !twenty) || century->ordinal || century->plural || !tens->plural)
        return false;
    snprintf(text, sizeof text, "%us", century->value * 100 + tens->value);
    draft_put(d, 2, text);
    return true;
}

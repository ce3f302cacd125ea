/* spoken_date.c - dates, years and times of the day. */
#include "decoder/spoken/spoken_say.h"
#include "decoder/spoken/units.h"

#include <string.h>

static unsigned long group_value(const struct say *s, const struct match *m, int group)
{
    return number_value(s->text + m->begin[group], match_length(m, group));
}

void put_year(struct say *s, const char *digits, size_t length)
{
    const unsigned long year = number_value(digits, length);
    if (length == 2 && year < 10) {
        number_word(&s->words, "oh");
        number_cardinal_of(&s->words, year);
        return;
    }
    number_year(&s->words, year);
}

static void put_year_group(struct say *s, const struct match *m, int group)
{
    if (match_length(m, group))
        put_year(s, s->text + m->begin[group], match_length(m, group));
}

/* month day [year], both in range or nothing */
static bool put_date(struct say *s, const struct match *m, int month, int day, int year)
{
    const unsigned long months = group_value(s, m, month), days = group_value(s, m, day);
    if (months < 1 || months > 12 || days < 1 || days > 31)
        return false;
    number_word(&s->words, month_name((int)months));
    number_ordinal_of(&s->words, days);
    if (match_length(m, year))
        number_word(&s->words, ",");
    put_year_group(s, m, year);
    return true;
}

static bool say_iso_date(struct say *s, struct match *m)
{
    return put_date(s, m, 2, 3, 1);
}

/* Month first, as in America, unless that is impossible. */
static bool say_slash_date(struct say *s, struct match *m)
{
    return put_date(s, m, 1, 2, 3) || put_date(s, m, 2, 1, 3);
}

static bool say_dotted_date(struct say *s, struct match *m)
{
    return put_date(s, m, 2, 1, 3);
}

/* "on 11/28": without a year only where a word says that it is a date */
static bool say_short_date(struct say *s, struct match *m)
{
    return previous_in(s, m->begin[0], " on by until till from since due dated before after ") &&
           put_date(s, m, 1, 2, 3);
}

/* Month day[-day][, year] */
static bool say_month_day(struct say *s, struct match *m)
{
    const int month = month_number(s->text + m->begin[1], match_length(m, 1));
    const unsigned long day = group_value(s, m, 2);
    if (!month || day < 1 || day > 31)
        return false;
    number_word(&s->words, month_name(month));
    number_ordinal_of(&s->words, day);
    if (match_length(m, 3)) {
        number_word(&s->words, "to");
        number_ordinal_of(&s->words, group_value(s, m, 3));
    }
    if (match_length(m, 4))
        number_word(&s->words, ",");
    put_year_group(s, m, 4);
    return true;
}

/* day [of] Month [year] */
static bool say_day_month(struct say *s, struct match *m)
{
    const int month = month_number(s->text + m->begin[3], match_length(m, 3));
    const unsigned long day = group_value(s, m, 1);
    if (!month || day < 1 || day > 31)
        return false;
    if (!match_length(m, 2) && !previous_in(s, m->begin[0], " the this that of every "))
        number_word(&s->words, "the");
    number_ordinal_of(&s->words, day);
    number_word(&s->words, "of");
    number_word(&s->words, month_name(month));
    if (match_length(m, 4))
        number_word(&s->words, ",");
    put_year_group(s, m, 4);
    return true;
}

static bool say_month_year(struct say *s, struct match *m)
{
    const int month = month_number(s->text + m->begin[1], match_length(m, 1));
    if (!month)
        return false;
    number_word(&s->words, month_name(month));
    put_year_group(s, m, 2);
    return true;
}

static void put_half_of_day(struct say *s, const struct match *m, int group)
{
    if (!match_length(m, group))
        return;
    number_word(&s->words, to_lower(s->text[m->begin[group]]) == 'a' ? "A" : "P");
    number_word(&s->words, "M");
}

/* "-5pm", "-17:00", "-noon" behind a time at *at, which goes on behind the dash. */
static void put_until(struct say *s, size_t *at)
{
    size_t next = *at, digits = 0;
    next += next < s->size && s->text[next] == ' ';
    if (next >= s->size || (s->text[next] != '-' && (unsigned char)s->text[next] != 0x96))
        return;
    next++;
    next += next < s->size && s->text[next] == ' ';
    while (next + digits < s->size && is_digit(s->text[next + digits]))
        digits++;
    const char *word;
    const size_t letters = following_word(s, next, &word);
    if ((!digits || digits > 2) && !list_has(" noon midnight ", word, letters))
        return;
    number_word(&s->words, "to");
    *at = next;
}

/* hour:minute[:second] [am|pm] */
static bool say_time(struct say *s, struct match *m)
{
    const unsigned long hour = group_value(s, m, 1), minute = group_value(s, m, 2), second = group_value(s, m, 3);
    if (hour > 24 || minute > 59 || second > 59)
        return false;
    const bool half = match_length(m, 4) > 0;
    number_cardinal_of(&s->words, hour);
    if (minute == 0 && !half && !match_length(m, 3))
        number_word(&s->words, hour <= 12 && hour ? "o'clock" : "hundred");
    else if (minute > 0 && minute < 10)
        number_word(&s->words, "oh");
    if (minute)
        number_cardinal_of(&s->words, minute);
    if (match_length(m, 3)) {
        number_word(&s->words, minute ? "and" : "hours and");
        number_cardinal_of(&s->words, second);
        number_word(&s->words, second == 1 ? "second" : "seconds");
    }
    put_half_of_day(s, m, 4);
    put_until(s, &m->end[0]);
    return true;
}

static bool say_hour(struct say *s, struct match *m)
{
    const unsigned long hour = group_value(s, m, 1);
    if (hour < 1 || hour > 12)
        return false;
    number_cardinal_of(&s->words, hour);
    put_half_of_day(s, m, 2);
    put_until(s, &m->end[0]);
    return true;
}

static const char *day_name(const char *begins)
{
    static const char *const days[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        if (to_lower(begins[0]) == days[i][0] && begins[1] == days[i][1])
            return days[i];
    return "";
}

/* Mon-Fri */
static bool say_days(struct say *s, struct match *m)
{
    number_word(&s->words, day_name(s->text + m->begin[1]));
    number_word(&s->words, "to");
    number_word(&s->words, day_name(s->text + m->begin[2]));
    return true;
}

/* 1990s, '90s, 80's */
static bool say_decade(struct say *s, struct match *m)
{
    const unsigned long year = group_value(s, m, 1);
    if (match_length(m, 1) == 4 && year % 1000 == 0) {
        number_cardinal_of(&s->words, year); /* the two thousands */
    } else {
        put_year_group(s, m, 1);
    }
    number_plural(&s->words);
    return true;
}

/* '98 */
static bool say_cut_year(struct say *s, struct match *m)
{
    put_year_group(s, m, 1);
    return true;
}

/* 1914–18, 1914-1918, also of seasons: 2019/20 */
static bool say_years(struct say *s, struct match *m)
{
    const unsigned long from = group_value(s, m, 1);
    unsigned long to = group_value(s, m, 2);
    if (match_length(m, 2) == 2)
        to += from / 100 * 100;
    if (from < 1100 || to > 2100 || to <= from)
        return false;
    number_year(&s->words, from);
    number_word(&s->words, "to");
    number_year(&s->words, to);
    return true;
}

/* Whether what follows is counted: "1984 people", "2048 bytes", but "1984 was". */
static bool counts_something(const struct say *s, size_t at)
{
    const char *word;
    const struct unit *unit;
    const size_t length = following_word(s, at, &word);
    const size_t from = at + (at < s->size && s->text[at] == ' ');
    if (from < s->size && find_unit(s->text + from, s->size - from, from > at, &unit))
        return true;
    if (list_has(" people men women children percent million billion of more square feet cubic ", word, length))
        return true;
    return at < s->size && s->text[at] == ' ' && length > 3 && is_lower(word[0]) && word[length - 1] == 's' &&
           !memchr(word, '\'', length) && word[length - 2] != 's' &&
           !list_has(" this does was has its his always perhaps sometimes towards besides unless ", word, length);
}

/* Four digits without a comma. From 1100 to 1999 they are read in pairs whatever they count. */
static bool say_bare_year(struct say *s, struct match *m)
{
    static const char before[] =
        " in since year circa during early late mid spring summer autumn fall winter of until till "
        "from by before after around about january february march april may june july august "
        "september october november december christmas ";
    const unsigned long year = group_value(s, m, 1);
    const bool counted = counts_something(s, m->end[0]);
    if (year < 1000 || year > 2099 || (counted && (year >= 2000 || year % 100)))
        return false;
    if (year < 1100 && !previous_in(s, m->begin[0], before))
        return false;
    number_year(&s->words, year);
    return true;
}

#define RE_DAY  "(Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\\.?"
#define RE_HALF "(?: ?([AaPp])(?:\\.[Mm]\\.|[Mm]" RE_EDGE "))"

const struct say_rule say_date_rules[] = {
    {"(\\d{4})-(\\d\\d)-(\\d\\d)(?:T(?=\\d)|" RE_EDGE ")", say_iso_date, START_DIGIT},
    {"(\\d{4})/(\\d\\d)/(\\d\\d)" RE_EDGE, say_iso_date, START_DIGIT},
    {"(\\d{1,2})[/-](\\d{1,2})[/-](\\d{4}|\\d\\d)(?![/-])" RE_EDGE, say_slash_date, START_DIGIT},
    {"(\\d{1,2})\\.(\\d{1,2})\\.(\\d{4})" RE_EDGE, say_dotted_date, START_DIGIT},
    {"(\\d{1,2})/(\\d{1,2})()(?!/)" RE_EDGE, say_short_date, START_DIGIT},
    {"(" RE_MONTH ") (\\d{1,2})(?:st|nd|rd|th)?(?: ?" RE_DASH
     " ?(\\d{1,2})(?:st|nd|rd|th)?)?(?:,? (\\d{4})(?![\\d:]|,\\d))?"
     "(?![:%\\d]|[.,]\\d)" RE_EDGE,
     say_month_day, START_CAPITAL},
    {"(\\d{1,2})(?:st|nd|rd|th)?(?: |-)(of )?(" RE_MONTH ")(?![a-z])(?:,? (\\d{4})(?![\\d:]|,\\d))?" RE_EDGE,
     say_day_month, START_DIGIT},
    {"(" RE_MONTH "),? (1\\d{3}|20\\d\\d)(?![\\d:]|,\\d)" RE_EDGE, say_month_year, START_CAPITAL},
    {"(\\d{1,2}):(\\d\\d)(?::(\\d\\d))?(?!:|\\d)" RE_HALF "?", say_time, START_DIGIT},
    {"(\\d{1,2})\\.(\\d\\d)()" RE_HALF, say_time, START_DIGIT},
    {"(\\d{1,2})" RE_HALF, say_hour, START_DIGIT},
    {RE_DAY " ?" RE_DASH " ?" RE_DAY RE_EDGE, say_days, START_CAPITAL},
    {"'?((?:1\\d|20)\\d0|[2-9]0)'?s" RE_EDGE, say_decade, START_DIGIT | START_SIGN},
    {"'(\\d\\d)" RE_EDGE "(?!')", say_cut_year, START_SIGN},
    {"(\\d{4})(?: ?\x96 ?|-|/)(\\d{4}|\\d\\d)(?![-/\\d]|[.,]\\d)" RE_EDGE, say_years, START_DIGIT},
    {"(\\d{4})(?![\\d%\xB0/]|[.,]\\d|[-\x96]\\d)" RE_EDGE, say_bare_year, START_DIGIT},
};
const size_t say_date_count = sizeof say_date_rules / sizeof *say_date_rules;

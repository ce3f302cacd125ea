/* spoken_quantity.c - numbers with what they count: units, money, ranges, fractions, versions. */
#include "decoder/spoken/spoken_say.h"
#include "decoder/spoken/units.h"

#include <string.h>

/* The singular of what stands behind a stroke, as in "$5/month"; its length in *length, or NULL. */
static const char *per_what(const char *text, size_t left, size_t *length)
{
    static const char words[] =
        " second minute hour day night week month year person head kilo pound gallon mile meter "
        "liter unit share seat ";
    static const char *const cut[][2] = {{"s", "second"}, {"mo", "month"}, {"wk", "week"}, {"l", "liter"}};
    const struct unit *unit;
    *length = 0;
    while (*length < left && is_alpha(text[*length]))
        ++*length;
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++)
        if (strlen(cut[i][0]) == *length && memcmp(cut[i][0], text, *length) == 0)
            return cut[i][1];
    if (list_has(words, text, *length))
        return "";
    *length = find_unit(text, left, true, &unit);
    return *length ? unit_name(unit, false) : NULL;
}

/* "/h", "/month" at *at, behind a unit or money. */
static void put_per(struct say *s, size_t *at)
{
    size_t length;
    if (*at + 1 >= s->size || s->text[*at] != '/')
        return;
    const char *text = s->text + *at + 1, *what = per_what(text, s->size - *at - 1, &length);
    if (!what)
        return;
    number_word(&s->words, "per");
    number_word(&s->words, what);
    if (!*what)
        text_add(&s->words, text, length);
    *at += 1 + length;
}

/* The unit behind a number that ends at *at, with its space or hyphen; false where there is none. */
static bool put_unit(struct say *s, size_t *at, bool one)
{
    const char sep = *at < s->size ? s->text[*at] : 0;
    const size_t from = *at + (sep == ' ' || sep == '-');
    const struct unit *unit;
    const size_t n = from < s->size ? find_unit(s->text + from, s->size - from, from > *at, &unit) : 0;
    if (!n)
        return false;
    number_word(&s->words, unit_name(unit, !one && sep != '-'));
    *at = from + n;
    put_per(s, at);
    return true;
}

static bool is_one(const char *digits, size_t length)
{
    return length == 1 && digits[0] == '1';
}

static void put_decimal(struct say *s, const struct match *m, int group)
{
    number_decimal(&s->words, s->text + m->begin[group], match_length(m, group));
}

static const char *sign_name(char sign)
{
    switch (sign) {
    case '-':
        return "minus";
    case '+':
        return "plus";
    case '~':
        return "about";
    case '<':
        return "less than";
    case '>':
        return "more than";
    default:
        return (unsigned char)sign == FOLDED_PLUS_MINUS ? "plus or minus" : NULL;
    }
}

/* A sign is one only where nothing stands before it: "COVID-19" has none. */
static bool sign_stands_free(const struct say *s, const struct match *m)
{
    const size_t at = m->begin[0];
    return match_length(m, 1) == 0 || at == 0 || s->text[at - 1] == ' ' || s->text[at - 1] == '(' ||
           s->text[at - 1] == '^' || s->text[at - 1] == '\n';
}

/* [sign] number [magnitude] [unit] */
static bool say_quantity(struct say *s, struct match *m)
{
    if (!sign_stands_free(s, m))
        return false;
    if (match_length(m, 1))
        number_word(&s->words, sign_name(s->text[m->begin[1]]));
    put_decimal(s, m, 2);
    text_add(&s->words, s->text + m->begin[3], match_length(m, 3)); /* " million" */
    put_unit(s, &m->end[0], is_one(s->text + m->begin[2], match_length(m, 2)));
    return true;
}

/* number - number [unit] */
static bool say_range(struct say *s, struct match *m)
{
    put_decimal(s, m, 1);
    size_t at = m->end[1];
    put_unit(s, &at, false); /* 5°–10° */
    if (at > m->begin[2])
        return false;
    number_word(&s->words, "to");
    put_decimal(s, m, 2);
    put_unit(s, &m->end[0], false);
    return true;
}

/* 1.5e-3 */
static bool say_scientific(struct say *s, struct match *m)
{
    put_decimal(s, m, 1);
    number_word(&s->words, "times ten to the power of");
    if (s->text[m->begin[2]] == '-')
        number_word(&s->words, "minus");
    put_decimal(s, m, 3);
    return true;
}

/* x^2 */
static bool say_small_power(struct say *s, struct match *m)
{
    const size_t at = m->begin[0];
    if (at == 0 || (!is_alnum(s->text[at - 1]) && s->text[at - 1] != ')'))
        return false;
    number_word(&s->words, s->text[at + 1] == '2' ? "squared" : "cubed");
    return true;
}

/* 3:1 */
static bool say_ratio(struct say *s, struct match *m)
{
    put_decimal(s, m, 1);
    number_word(&s->words, "to");
    put_decimal(s, m, 2);
    return true;
}

static bool say_ordinal(struct say *s, struct match *m)
{
    number_ordinal(&s->words, s->text + m->begin[1], match_length(m, 1));
    if (match_length(m, 2)) /* two 5ths */
        number_plural(&s->words);
    return true;
}

/* [whole] above / below */
static bool say_fraction(struct say *s, struct match *m)
{
    const unsigned long above = number_value(s->text + m->begin[2], match_length(m, 2));
    const unsigned long below = number_value(s->text + m->begin[3], match_length(m, 3));
    if (match_length(m, 1)) {
        number_cardinal(&s->words, s->text + m->begin[1], match_length(m, 1));
        number_word(&s->words, "and");
    }
    const bool and_half = match_length(m, 1) && above == 1;
    if ((above == 24 && below == 7) || (above == 9 && below == 11) || above == below) { /* 24/7, 9/11, 50/50 */
        number_cardinal_of(&s->words, above);
        number_cardinal_of(&s->words, below);
    } else if (and_half && below == 2) {
        number_word(&s->words, "a half");
    } else {
        number_fraction(&s->words, s->text + m->begin[2], match_length(m, 2), s->text + m->begin[3],
                        match_length(m, 3));
    }
    size_t at = m->end[0];
    if (put_unit(s, &at, above < below && !match_length(m, 1)))
        m->end[0] = at;
    return true;
}

/* Parts between points: "point" in a version, "dot" in an address of the Internet. */
static bool say_version(struct say *s, struct match *m)
{
    size_t parts = 1;
    for (size_t i = m->begin[2]; i < m->end[2]; i++)
        parts += s->text[i] == '.';
    if (match_length(m, 1))
        number_word(&s->words, "version");
    for (size_t at = m->begin[2], end; at < m->end[2]; at = end + 1) {
        for (end = at; end < m->end[2] && is_digit(s->text[end]); end++)
            continue;
        if (at > m->begin[2])
            number_word(&s->words, parts == 4 ? "dot" : "point");
        number_cardinal(&s->words, s->text + at, end - at);
    }
    return true;
}

/* "version 2.10" is not the number 2.1. */
static bool say_named_version(struct say *s, struct match *m)
{
    if (!match_length(m, 1) &&
        !previous_in(s, m->begin[0], " version release v section chapter figure table android ios python "))
        return false;
    return say_version(s, m);
}

/* Feet and inches: 5'11" */
static bool say_height(struct say *s, struct match *m)
{
    const bool one = is_one(s->text + m->begin[1], match_length(m, 1));
    number_cardinal(&s->words, s->text + m->begin[1], match_length(m, 1));
    number_word(&s->words, one || match_length(m, 2) ? "foot" : "feet");
    number_cardinal(&s->words, s->text + m->begin[2], match_length(m, 2));
    return true;
}

/* 2 ft 3 in */
static bool say_feet_inches(struct say *s, struct match *m)
{
    number_cardinal(&s->words, s->text + m->begin[1], match_length(m, 1));
    number_word(&s->words, is_one(s->text + m->begin[1], match_length(m, 1)) ? "foot" : "feet");
    put_decimal(s, m, 2);
    number_word(&s->words, is_one(s->text + m->begin[2], match_length(m, 2)) ? "inch" : "inches");
    return true;
}

/* 4×6, 1920x1080 */
static bool say_sizes(struct say *s, struct match *m)
{
    for (int group = 1; group <= 3 && match_length(m, group); group++) {
        if (group > 1)
            number_word(&s->words, "by");
        if (memchr(s->text + m->begin[group], '.', match_length(m, group)))
            put_decimal(s, m, group);
        else
            number_in_pairs(&s->words, s->text + m->begin[group], match_length(m, group));
    }
    put_unit(s, &m->end[0], false);
    return true;
}

/* Groups of digits that are no number, each digit by itself: account numbers, 12345-6789. */
static bool say_digit_groups(struct say *s, struct match *m)
{
    for (size_t at = m->begin[0], end; at < m->end[0]; at = end) {
        for (end = at; end < m->end[0] && is_digit(s->text[end]); end++)
            continue;
        number_digits(&s->words, s->text + at, end - at, "zero");
        for (; end < m->end[0] && !is_digit(s->text[end]); end++)
            number_word(&s->words, end + 1 < m->end[0] && is_digit(s->text[end + 1]) ? "," : "");
    }
    return true;
}

static const struct currency *find_currency(const char *text, size_t length)
{
    for (size_t i = 0; i < CURRENCIES; i++)
        if (text[length - 1] == currencies[i].sign[0])
            return &currencies[i];
    return &currencies[0];
}

static const char *magnitude_name(const char *text, size_t length)
{
    static const struct {
        const char *sign, *name;
    } names[] = {{"k", "thousand"},      {"K", "thousand"},       {"m", "million"},         {"M", "million"},
                 {"mn", "million"},      {"b", "billion"},        {"B", "billion"},         {"bn", "billion"},
                 {"tn", "trillion"},     {"hundred", "hundred"},  {"thousand", "thousand"}, {"million", "million"},
                 {"billion", "billion"}, {"trillion", "trillion"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].sign) == length && memcmp(names[i].sign, text, length) == 0)
            return names[i].name;
    return NULL;
}

/* Which dollars: "US$" */
static void put_country(struct say *s, const char *sign, size_t length)
{
    static const char *const countries[][2] = {{"US", "U S"},      {"A", "australian"}, {"AU", "australian"},
                                               {"C", "canadian"},  {"CA", "canadian"},  {"NZ", "new zealand"},
                                               {"S", "singapore"}, {"HK", "hong kong"}};
    for (size_t i = 0; i < sizeof countries / sizeof *countries; i++)
        if (strlen(countries[i][0]) + 1 == length && memcmp(countries[i][0], sign, length - 1) == 0)
            number_word(&s->words, countries[i][1]);
}

/* "3.50" of money: pounds and pence. */
static void put_coins(struct say *s, const struct currency *c, const char *sign, size_t sign_length, const char *amount,
                      size_t length)
{
    const char *point = memchr(amount, '.', length);
    const size_t whole = point ? (size_t)(point - amount) : length;
    const unsigned long cents = point ? number_value(point + 1, 2) : 0;
    if (whole && (number_value(amount, whole) || !cents)) {
        number_cardinal(&s->words, amount, whole);
        put_country(s, sign, sign_length);
        number_word(&s->words, is_one(amount, whole) ? c->one : c->many);
        if (cents)
            number_word(&s->words, "and");
    }
    if (cents) {
        number_cardinal_of(&s->words, cents);
        number_word(&s->words, cents == 1 ? c->cent : c->cents);
    }
}

static bool is_counted_by_money(const struct say *s, size_t at)
{
    const char *word;
    const size_t length = following_word(s, at, &word);
    return list_has(
        " bill bills note notes coin coins ticket tickets loan budget deal voucher prize question gift fine charge fee "
        "payment withdrawal purchase refund tip limit discount bonus reward donation ",
        word, length);
}

/* [-] currency amount [- amount] [magnitude] */
static bool say_money(struct say *s, struct match *m)
{
    const char *sign = s->text + m->begin[2], *amount = s->text + m->begin[3];
    const struct currency *c = find_currency(sign, match_length(m, 2));
    const char *point = memchr(amount, '.', match_length(m, 3));
    const bool coins = point && m->end[3] - (size_t)(point - s->text) == 3 && c->cent;
    const char *magnitude = magnitude_name(s->text + m->begin[5], match_length(m, 5));
    if (match_length(m, 1))
        number_word(&s->words, "minus");
    if (match_length(m, 4)) {
        put_decimal(s, m, 3);
        number_word(&s->words, "to");
    }
    if (magnitude || match_length(m, 4) || (point && !coins) || is_counted_by_money(s, m->end[0])) {
        const int last = match_length(m, 4) ? 4 : 3;
        put_decimal(s, m, last);
        if (magnitude)
            number_word(&s->words, magnitude);
        put_country(s, sign, match_length(m, 2));
        number_word(&s->words, is_counted_by_money(s, m->end[0]) ? c->one : c->many);
    } else {
        put_coins(s, c, sign, match_length(m, 2), amount, match_length(m, 3));
    }
    put_per(s, &m->end[0]);
    return true;
}

#define RE_CURRENCY "(?:(?:US|AU|NZ|CA|HK|A|C|S)?\\$|[\x80\xA3\xA5\x8D])"

const struct say_rule say_quantity_rules[] = {
    {"(-?)(" RE_CURRENCY ") ?(" RE_DECIMAL ")(?: ?" RE_DASH " ?" RE_CURRENCY "?(" RE_DECIMAL "))?"
     "(?:(?: (?=[hmbt][a-z]{2})|(?! ))(hundred|thousand|million|billion|trillion|mn|bn|tn|[kKmMbB])" RE_EDGE ")?"
     "(?![A-Za-z]?\\d)",
     say_money, START_SIGN | START_CAPITAL},
    {"(\\d{1,2})' ?(\\d{1,2})(?:\"|'')", say_height, START_DIGIT},
    {"(\\d+) ?ft\\.? ?(\\d{1,2}(?:\\.\\d+)?) ?in\\b\\.?", say_feet_inches, START_DIGIT},
    {"(" RE_NUMBER ")(?i:st|nd|rd|th)(s?)" RE_EDGE, say_ordinal, START_DIGIT},
    {"\\d+(?:[- ]\\d{3,}){3,}" RE_EDGE, say_digit_groups, START_DIGIT},
    {"\\d+(?:-\\d+){2,}" RE_EDGE, say_digit_groups, START_DIGIT},
    {"\\d{5}-\\d{4}" RE_EDGE, say_digit_groups, START_DIGIT},
    {"([vV]?)(\\d+(?:\\.\\d+){2,})" RE_EDGE, say_version, START_DIGIT | START_LETTER | START_CAPITAL},
    {"([vV])(\\d+(?:\\.\\d+)?)" RE_EDGE, say_named_version, START_LETTER | START_CAPITAL},
    {"()(\\d+\\.\\d+)" RE_EDGE, say_named_version, START_DIGIT},
    {"(?<!/)(?:(\\d+)[ -])?(\\d{1,3})/(\\d{1,4})(?![/\\d])" RE_EDGE, say_fraction, START_DIGIT},
    {"(" RE_DECIMAL ")[x\xD7](" RE_DECIMAL ")(?:[x\xD7](" RE_DECIMAL "))?(?![A-Za-z]?\\d)", say_sizes, START_DIGIT},
    {"(" RE_DECIMAL ")[%\xB0]?(?: ?\x96 ?|-)(" RE_DECIMAL ")(?![-/:]?\\d)", say_range, START_DIGIT},
    {"(" RE_DECIMAL ")[eE]([-+]?)(\\d{1,3})" RE_EDGE, say_scientific, START_DIGIT},
    {"\\^[23](?!\\.\\d)" RE_EDGE, say_small_power, START_SIGN},
    {"(\\d{1,3}):(\\d{1,3})(?!:)" RE_EDGE, say_ratio, START_DIGIT},
    {"([-+~<>\xB1]?) ?(" RE_DECIMAL ")(?!\\d)( (?:hundred|thousand|million|billion|trillion))?"
     "(?![A-Za-z]+\\d|\\d)",
     say_quantity, START_DIGIT},
};
const size_t say_quantity_count = sizeof say_quantity_rules / sizeof *say_quantity_rules;

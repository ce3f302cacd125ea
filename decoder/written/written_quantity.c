/* written_quantity.c - numbers with what they count: money, percents, units; and numbers by themselves. */
#include "decoder/spoken/spoken_folded.h"
#include "decoder/spoken/units.h"
#include "decoder/written/written_number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A number as it is to be written, with its scale word apart: "-2.5", million. */
struct amount {
    char digits[96];
    size_t heard; /* words of digits */
    size_t scale; /* 1: a scale word follows them, which stays a word */
    bool small;   /* a whole number below ten, which prose writes as a word */
    bool one, indefinite;
};

/* "and a half" behind a whole number, where something is counted in halves. */
static size_t read_half(const struct stretch *s, size_t at)
{
    static const char halved[] = " hundred thousand million billion trillion percent degrees dollars euros pounds ";
    return heard_is(word_at(s, at), "and") && heard_is(word_at(s, at + 1), "a") &&
                   heard_is(word_at(s, at + 2), "half") && heard_in(word_at(s, at + 3), halved)
               ? 3
               : 0;
}

static size_t is_scale(const struct stretch *s, size_t at)
{
    const struct number_name *name = &word_at(s, at)->number;
    return name->class == NUMBER_SCALE && name->value > 1 && !name->ordinal;
}

/* "point five" by itself is a number where a digit and what it counts, or several digits, follow. */
static bool is_point(const struct stretch *s, size_t at)
{
    static const char nouns[] =
        " the this that a an at any some one main first last no what which every my your his her our "
        "their starting turning boiling melting good whole to from of bullet match ";
    const bool minus = before_in(s, at, 1, " minus negative plus ");
    return heard_is(word_at(s, at), "point") && (minus || !before_in(s, at, 1, nouns));
}

static size_t read_decimal(const struct stretch *s, size_t at, struct amount *a)
{
    char digits[40];
    struct cardinal c;
    const size_t n = is_point(s, at) ? 0 : read_cardinal(s, at, &c);
    if ((!n && !is_point(s, at)) || (n && (c.ordinal || c.indefinite)) || !heard_is(word_at(s, at + n), "point"))
        return 0;
    const size_t more = read_fraction_digits(s, at + n + 1, digits, sizeof digits);
    if (!more)
        return 0;
    char whole[32] = "";
    if (n)
        put_grouped(whole, sizeof whole, c.value);
    snprintf(a->digits, sizeof a->digits, "%s.%s", whole, digits);
    a->heard = n + 1 + more;
    a->scale = is_scale(s, at + a->heard);
    return a->heard;
}

/* What is not a decimal. */
static size_t read_whole(const struct stretch *s, size_t at, struct amount *a)
{
    struct cardinal c;
    const size_t n = read_cardinal(s, at, &c);
    if (!n || c.ordinal)
        return 0;
    const size_t half = c.value < 1000 ? read_half(s, at + n) : 0;
    a->heard = n;
    a->indefinite = c.indefinite;
    a->one = c.value == 1 || (c.round && c.leading == 1);
    a->small = c.value < 10;
    if (c.round && c.value == c.leading * power_of_thousand(c.round)) {
        snprintf(a->digits, sizeof a->digits, "%" PRIu64, c.leading);
        a->heard = n - 1;
        a->scale = 1;
        a->small = false;
        return n;
    }
    put_grouped(a->digits, sizeof a->digits, c.value);
    if (half) {
        strcat(a->digits, ".5");
        a->heard += half;
        a->scale = is_scale(s, at + a->heard);
        a->small = false;
    }
    return a->heard;
}

/* With "minus", and its scale word; all the words it took. */
static size_t read_amount(const struct stretch *s, size_t at, struct amount *a)
{
    char digits[sizeof a->digits - 1];
    const size_t minus = heard_in(word_at(s, at), " minus negative ") && !begins_number(s, at - 1);
    *a = (struct amount){0};
    if (!read_decimal(s, at + minus, a) && !read_whole(s, at + minus, a))
        return 0;
    if (minus && !a->indefinite) {
        memcpy(digits, a->digits, sizeof digits);
        digits[sizeof digits - 1] = 0;
        snprintf(a->digits, sizeof a->digits, "-%s", digits);
        a->small = false;
        a->heard++;
    }
    return a->heard + a->scale;
}

static void put_amount(struct draft *d, const struct amount *a, const char *before, const char *behind, size_t more)
{
    char text[128];
    const bool minus = a->digits[0] == '-';
    snprintf(text, sizeof text, "%s%s%s%s", minus ? "-" : "", before, a->digits + minus, a->scale ? "" : behind);
    draft_put(d, a->heard + (a->scale ? 0 : more), text);
}

/* A sign as UTF-8. */
static void sign_text(const char *sign, char *out)
{
    struct text text = {0};
    for (; *sign; sign++) {
        const unsigned char c = (unsigned char)*sign;
        text_add_code(&text, c == FOLDED_EURO ? 0x20AC : c == FOLDED_RUPEE ? 0x20B9 : c);
    }
    const size_t length = text.failed || text.length > 15 ? 0 : text.length;
    memcpy(out, text.bytes ? text.bytes : "", length);
    out[length] = 0;
    text_free(&text);
}

/* ---- money ---- */

static const struct currency *currency_at(const struct stretch *s, size_t at)
{
    const struct heard *word = word_at(s, at);
    for (size_t i = 0; i < CURRENCIES; i++)
        if (heard_is(word, currencies[i].one) || heard_is(word, currencies[i].many))
            return &currencies[i];
    return NULL;
}

/* [and] twenty cents; or just "twenty" */
static size_t read_cents(const struct stretch *s, size_t at, const struct currency *c, unsigned *cents)
{
    struct cardinal value;
    const size_t and = heard_is(word_at(s, at), "and");
    const size_t n = read_below_hundred(s, at + and, &value);
    const struct heard *name = word_at(s, at + and+n);
    *cents = (unsigned)value.value;
    if (!n || value.ordinal || !c->cent)
        return 0;
    if (heard_is(name, c->cent) || heard_is(name, c->cents))
        return and+n + 1;
    const bool bare = !and&&value.value >= 10 && (!*name->text || heard_in(name, " for to and in per on please "));
    return bare ? n : 0;
}

/* Pounds are weights unless pence follow, or "sterling". */
bool write_money(const struct stretch *s, size_t at, struct draft *d)
{
    struct amount a;
    unsigned cents = 0;
    char sign[16], coins[16] = "";
    const size_t n = read_amount(s, at, &a);
    const struct currency *c = n ? currency_at(s, at + n) : NULL;
    if (!c || begins_number(s, at - 1) || (a.indefinite && a.one && !a.scale) ||
        (a.indefinite && before_in(s, at, 1, " of half quarter ")))
        return false;
    const size_t coin_words = a.scale || strchr(a.digits, '.') ? 0 : read_cents(s, at + n + 1, c, &cents);
    const size_t sterling = !coin_words && heard_is(word_at(s, at + n + 1), "sterling");
    if (strcmp(c->one, "pound") == 0 && !coin_words && !sterling)
        return false;
    sign_text(c->sign, sign);
    const char *point = strchr(a.digits, '.');
    if (coin_words)
        snprintf(coins, sizeof coins, ".%02u", cents);
    else if (point && strlen(point) == 2) /* "nine and a half dollars" */
        strcpy(coins, "0");
    put_amount(d, &a, sign, coins, 1 + coin_words + sterling);
    if (a.scale)
        draft_put(d, 2 + sterling, word_at(s, at + a.heard)->text);
    return true;
}

/* ---- units ---- */

/* Written by their signs; any other stays a word behind digits. */
static const char signs[] = " mm cm km nm kg mg ml mph km/h Hz kHz MHz GHz kB MB GB TB kbps Mbps Gbps kW MW kWh MWh dB "
                            "\xB0 \xB0"
                            "C \xB0"
                            "F % ";

enum { UNIT_WORDS = 4 };

/* The longest name of a unit at `at`; how many words it has. */
static size_t read_unit(const struct stretch *s, size_t at, const char *from, const struct unit **unit)
{
    struct text name = {0};
    size_t found = 0;
    for (size_t n = 0; n < UNIT_WORDS && word_at(s, at + n)->length; n++) {
        if (n)
            text_add(&name, " ", 1);
        text_add(&name, word_at(s, at + n)->text, word_at(s, at + n)->length);
        const struct unit *longer = name.failed ? NULL : unit_named(name.bytes, name.length, from);
        if (longer) {
            *unit = longer;
            found = n + 1;
        }
    }
    text_free(&name);
    return found;
}

static size_t read_percent(const struct stretch *s, size_t at)
{
    if (heard_is(word_at(s, at), "percent"))
        return 1;
    return heard_is(word_at(s, at), "per") && heard_is(word_at(s, at + 1), "cent") ? 2 : 0;
}

/* A unit that is written by its sign: its words, and the sign as UTF-8, with a space where one belongs before it. */
static size_t read_sign(const struct stretch *s, size_t at, char *sign)
{
    const struct unit *unit;
    const size_t percent = read_percent(s, at);
    if (percent) {
        strcpy(sign, "%");
        return percent;
    }
    const size_t n = read_unit(s, at, signs, &unit);
    if (!n || heard_is(word_at(s, at + n), "of")) /* "two degrees of separation" */
        return 0;
    sign_text(unit_sign(unit), sign);
    return n;
}

/* Time is counted in prose: "two years"; what is measured has digits. */
static bool is_measured(const struct stretch *s, size_t at)
{
    static const char spans[] = " second seconds minute minutes hour hours year years month months times ";
    const struct unit *unit;
    return !heard_in(word_at(s, at), spans) && read_unit(s, at, NULL, &unit) > 0;
}

static bool is_tight(const char *sign)
{
    return sign[0] == '%' || strncmp(sign, "\xC2\xB0", 2) == 0;
}

static void put_with_sign(struct draft *d, const struct amount *a, const struct stretch *s, size_t at, const char *sign,
                          size_t sign_words)
{
    const bool tight = sign_words && is_tight(sign) && !a->scale;
    put_amount(d, a, "", tight ? sign : "", tight ? sign_words : 0);
    if (a->scale)
        draft_put(d, 1, word_at(s, at + a->heard)->text);
    if (sign_words && !tight)
        draft_put(d, sign_words, sign);
}

/* Whether the number is one of several in a row: those are written alike, or stay words. */
static bool is_in_row(const struct stretch *s, size_t at, size_t n)
{
    const bool pronoun =
        heard_is(word_at(s, at + n), "one") && !begins_number(s, at + n + 1); /* "page ten one thing" */
    return (begins_number(s, at + n) && !pronoun) || (at > s->begin && begins_number(s, at - 1));
}

bool write_quantity(const struct stretch *s, size_t at, struct draft *d)
{
    struct amount a;
    char sign[16];
    const size_t n = read_amount(s, at, &a);
    if (!n || is_in_row(s, at, n) || (a.indefinite && a.one))
        return false;
    const size_t sign_words = read_sign(s, at + n, sign);
    if (sign_words) {
        put_with_sign(d, &a, s, at, sign, sign_words);
        return true;
    }
    if (heard_in(word_at(s, at + n), " foot feet ") && begins_number(s, at + n + 1))
        return false; /* "six foot two" */
    if ((a.one || !is_measured(s, at + n)) && !heard_in(word_at(s, at + n), " cents cent pence "))
        return false; /* "one foot in the door" */
    put_with_sign(d, &a, s, at, "", 0);
    return true;
}

/* ---- ranges ---- */

/* five to ten percent, two or three kilometers, nine to eleven: both numbers in digits or none */
bool write_range(const struct stretch *s, size_t at, struct draft *d)
{
    struct amount a, b;
    char sign[16] = "";
    const size_t n = read_amount(s, at, &a);
    const struct heard *word = word_at(s, at + n);
    const bool between = heard_is(word, "and") && before_in(s, at, 1, " between ");
    if (!n || a.scale || (!between && !heard_in(word, " to or ")))
        return false;
    const size_t m = read_amount(s, at + n + 1, &b);
    if (!m || a.indefinite || b.indefinite || is_in_row(s, at, n) || is_in_row(s, at + n + 1, m) ||
        heard_is(word_at(s, at + n + 1 + m), "o'clock"))
        return false;
    const size_t sign_words = read_sign(s, at + n + 1 + m, sign);
    if (!sign_words && a.small && b.small && !is_measured(s, at + n + 1 + m))
        return false;
    const struct currency *c = currency_at(s, at + n + 1 + m);
    if (c && strcmp(c->one, "pound") != 0) {
        sign_text(c->sign, sign);
        put_amount(d, &a, sign, "", 0);
        draft_keep(d);
        return write_money(s, at + n + 1, d);
    }
    put_amount(d, &a, "", "", 0);
    draft_keep(d);
    put_with_sign(d, &b, s, at + n + 1, sign, sign_words);
    return true;
}

/* ---- by themselves ---- */

bool write_ordinal(const struct stretch *s, size_t at, struct draft *d)
{
    struct cardinal c;
    char text[40];
    const size_t n = read_cardinal(s, at, &c);
    const unsigned last = (unsigned)(c.value % 10), two = (unsigned)(c.value % 100);
    if (!n || !c.ordinal || c.value < 10 || c.indefinite || is_in_row(s, at, n))
        return false;
    put_grouped(text, sizeof text - 2, c.value);
    strcat(text, two >= 11 && two <= 13 ? "th" : last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th");
    draft_put(d, n, text);
    return true;
}

/* Numbers in a row are written when each of them would be by itself: "ten twenty thirty", but "one twenty". */
static bool row_is_written(const struct stretch *s, size_t at)
{
    struct amount a;
    while (at > s->begin && begins_number(s, at - 1))
        at--;
    for (size_t n; begins_number(s, at); at += n) {
        n = read_amount(s, at, &a);
        if (!n || a.small)
            return false;
    }
    return word_at(s, at)->number.class == NUMBER_NONE;
}

/* What has a number rather than counts: "room five". */
static const char numbered[] =
    " room flight chapter page number gate platform route highway channel suite apartment "
    "section figure table line version extension track lane bus level unit exit step rubout enter ";

bool write_cardinal(const struct stretch *s, size_t at, struct draft *d)
{
    struct amount a;
    const size_t n = read_amount(s, at, &a);
    if (!n)
        return false;
    const bool point = a.digits[0] == '.', label = before_in(s, at, 1, numbered) && !is_in_row(s, at, n);
    if (is_in_row(s, at, n) && !row_is_written(s, at))
        return false;
    if ((a.small && !label) || (point && !a.scale && strlen(a.digits) < 3))
        return false;
    if (a.indefinite && (strcmp(a.digits, "1") == 0 || strcmp(a.digits, "100") == 0 || strcmp(a.digits, "1,000") == 0))
        return false;
    put_with_sign(d, &a, s, at, "", 0);
    return true;
}

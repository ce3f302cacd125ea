#include "decoder/spoken/spoken_number.h"

#include "decoder/spoken/number_names.h"
#include "decoder/spoken/spoken_lists.h"

#include <stdio.h>
#include <string.h>

enum { CARDINAL_DIGITS = 36 }; /* what the names of the short scale below reach */

void number_word(struct text *out, const char *word)
{
    if (out->length)
        text_add(out, " ", 1);
    text_add_string(out, word);
}

static void below_hundred(struct text *out, unsigned long value)
{
    if (value >= 20)
        number_word(out, number_tens[value / 10]);
    if (value < 20 || value % 10)
        number_word(out, number_small[value < 20 ? value : value % 10]);
}

static void below_thousand(struct text *out, unsigned long value)
{
    if (value >= 100) {
        number_word(out, number_small[value / 100]);
        number_word(out, "hundred");
    }
    if (value % 100 || value == 0)
        below_hundred(out, value % 100);
}

/* Digits alone, at most size of them; their count. */
static size_t bare_digits(const char *digits, size_t length, char *out, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        if (is_digit(digits[i]) && count < size)
            out[count++] = digits[i];
    return count;
}

void number_digits(struct text *out, const char *digits, size_t length, const char *zero)
{
    for (size_t i = 0; i < length; i++)
        if (is_digit(digits[i]))
            number_word(out, digits[i] == '0' ? zero : number_small[digits[i] - '0']);
}

void number_cardinal(struct text *out, const char *digits, size_t length)
{
    char bare[CARDINAL_DIGITS + 1];
    const size_t count = bare_digits(digits, length, bare, sizeof bare);
    if (count > CARDINAL_DIGITS || (count > 1 && bare[0] == '0')) {
        number_digits(out, digits, length, "zero");
        return;
    }
    if (count == 1 && bare[0] == '0')
        number_word(out, "zero");
    for (size_t i = 0; i < count;) {
        const size_t left = count - i, group = (left - 1) / 3, take = left - group * 3;
        unsigned long value = 0;
        for (size_t j = 0; j < take; j++)
            value = value * 10 + (unsigned long)(bare[i + j] - '0');
        if (value)
            below_thousand(out, value);
        if (value && group)
            number_word(out, number_scale[group]);
        i += take;
    }
}

void number_cardinal_of(struct text *out, unsigned long value)
{
    char digits[24];
    number_cardinal(out, digits, (size_t)snprintf(digits, sizeof digits, "%lu", value));
}

static size_t last_word(const struct text *out)
{
    size_t at = out->length;
    while (at > 0 && out->bytes[at - 1] != ' ')
        at--;
    return at;
}

/* The last word, a cardinal, becomes an ordinal. */
static void make_ordinal(struct text *out)
{
    if (out->failed || !out->length)
        return;
    const size_t at = last_word(out), length = out->length - at;
    for (size_t i = 0; i < NUMBER_IRREGULAR; i++)
        if (strlen(number_irregular[i][0]) == length && memcmp(number_irregular[i][0], out->bytes + at, length) == 0) {
            out->length = at;
            text_add_string(out, number_irregular[i][1]);
            return;
        }
    const bool y = out->bytes[out->length - 1] == 'y';
    out->length -= y;
    text_add_string(out, y ? "ieth" : "th");
}

void number_ordinal(struct text *out, const char *digits, size_t length)
{
    number_cardinal(out, digits, length);
    make_ordinal(out);
}

void number_ordinal_of(struct text *out, unsigned long value)
{
    number_cardinal_of(out, value);
    make_ordinal(out);
}

void number_decimal(struct text *out, const char *number, size_t length)
{
    const char *point = memchr(number, '.', length);
    const size_t whole = point ? (size_t)(point - number) : length;
    if (whole)
        number_cardinal(out, number, whole);
    if (!point || whole + 1 == length)
        return;
    number_word(out, "point");
    number_digits(out, point + 1, length - whole - 1, whole == 1 && number[0] == '0' ? "zero" : "oh");
}

void number_year(struct text *out, unsigned long year)
{
    const unsigned long high = year / 100, low = year % 100;
    if (year < 1000 || year > 9999 || year % 1000 < 10) {
        number_cardinal_of(out, year);
        return;
    }
    below_hundred(out, high);
    if (low == 0)
        number_word(out, "hundred");
    else if (low < 10)
        number_word(out, "oh");
    if (low)
        below_hundred(out, low);
}

void number_in_pairs(struct text *out, const char *digits, size_t length)
{
    const unsigned long value = number_value(digits, length);
    if (length > 4 || (length > 1 && digits[0] == '0')) {
        number_digits(out, digits, length, "zero");
    } else if (length == 4) {
        number_year(out, value);
    } else if (length < 3 || value % 100 == 0) {
        number_cardinal_of(out, value);
    } else {
        number_word(out, number_small[value / 100]);
        if (value % 100 < 10)
            number_word(out, "oh");
        below_hundred(out, value % 100);
    }
}

void number_plural(struct text *out)
{
    if (out->failed || !out->length)
        return;
    const char last = out->bytes[out->length - 1];
    out->length -= last == 'y';
    text_add_string(out, last == 'y' ? "ies" : last == 'x' || last == 's' ? "es" : "s");
}

void number_fraction(struct text *out, const char *above, size_t above_length, const char *below, size_t below_length)
{
    const unsigned long parts = number_value(below, below_length);
    number_cardinal(out, above, above_length);
    if (parts < 2 || (parts > 20 && parts != 32 && parts != 64 && parts != 100 && parts != 1000)) {
        number_word(out, "over");
        number_cardinal(out, below, below_length);
        return;
    }
    const bool many = number_value(above, above_length) != 1;
    if (parts == 2) {
        number_word(out, many ? "halves" : "half");
        return;
    }
    if (parts == 4)
        number_word(out, "quarter");
    else
        number_ordinal(out, below, below_length);
    if (many)
        number_plural(out);
}

unsigned long number_value(const char *digits, size_t length)
{
    unsigned long value = 0;
    for (size_t i = 0; i < length; i++)
        if (is_digit(digits[i]) && value < 1000000000UL)
            value = value * 10 + (unsigned long)(digits[i] - '0');
    return value < 1000000000UL ? value : 1000000000UL;
}

unsigned long roman_value(const char *letters, size_t length)
{
    static const struct {
        const char *letters;
        unsigned long value;
    } parts[] = {{"M", 1000}, {"CM", 900}, {"D", 500}, {"CD", 400}, {"C", 100}, {"XC", 90}, {"L", 50},
                 {"XL", 40},  {"X", 10},   {"IX", 9},  {"V", 5},    {"IV", 4},  {"I", 1}};
    unsigned long value = 0;
    size_t at = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const size_t n = strlen(parts[i].letters), most = n == 2 || parts[i].value % 10 == 5 ? 1 : 3;
        const bool five = parts[i].value == 500 || parts[i].value == 50;
        for (size_t times = 0; times < (five ? 1 : most) && at + n <= length; times++) {
            if (memcmp(letters + at, parts[i].letters, n) != 0)
                break;
            value += parts[i].value;
            at += n;
        }
    }
    return at == length ? value : 0;
}

#include "decoder/written/written_number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LARGEST_SCALE = 5 /* 999 quadrillion fit into 64 bits */ };

static const struct number_name *number_at(const struct stretch *s, size_t at)
{
    return &word_at(s, at)->number;
}

static bool is_class(const struct stretch *s, size_t at, enum number_class class)
{
    return number_at(s, at)->class == class && !number_at(s, at)->plural;
}

static bool is_zero(const struct stretch *s, size_t at)
{
    return is_class(s, at, NUMBER_DIGIT) && number_at(s, at)->value == 0;
}

size_t read_below_hundred(const struct stretch *s, size_t at, struct cardinal *c)
{
    const struct number_name *first = number_at(s, at), *second = number_at(s, at + 1);
    if (first->plural || is_zero(s, at))
        return 0;
    *c = (struct cardinal){.value = first->value, .ordinal = first->ordinal};
    if (first->class == NUMBER_DIGIT || first->class == NUMBER_TEEN)
        return 1;
    if (first->class != NUMBER_TENS)
        return 0;
    if (first->ordinal || second->class != NUMBER_DIGIT || second->value == 0)
        return 1;
    c->value += second->value;
    c->ordinal = second->ordinal;
    return 2;
}

/* "and" and what is below a hundred, behind a hundred or a larger word. */
static size_t read_rest(const struct stretch *s, size_t at, struct cardinal *rest)
{
    const size_t and = heard_is(word_at(s, at), "and");
    const size_t n = read_below_hundred(s, at + and, rest);
    return n ? and+n : 0;
}

/* Up to 999, or hundreds up to "ninety nine hundred". */
static size_t read_group(const struct stretch *s, size_t at, struct cardinal *c)
{
    struct cardinal rest;
    const bool a = heard_is(word_at(s, at), "a") && is_class(s, at + 1, NUMBER_HUNDRED);
    size_t n = a ? 1 : read_below_hundred(s, at, c);
    if (a)
        *c = (struct cardinal){.value = 1, .indefinite = true};
    if (!n || c->ordinal || !is_class(s, at + n, NUMBER_HUNDRED) || (c->value > 9 && c->value % 10 == 0))
        return n;
    c->value *= 100;
    c->ordinal = number_at(s, at + n)->ordinal;
    n++;
    const size_t more = c->ordinal ? 0 : read_rest(s, at + n, &rest);
    if (more) {
        c->value += rest.value;
        c->ordinal = rest.ordinal;
    }
    return n + more;
}

uint64_t power_of_thousand(unsigned scale)
{
    uint64_t value = 1;
    while (scale-- > 0)
        value *= 1000;
    return value;
}

/* A group and its scale word, "three million", smaller than limit. */
static size_t read_scaled(const struct stretch *s, size_t at, unsigned limit, struct cardinal *c, unsigned *scale)
{
    const bool a = heard_is(word_at(s, at), "a") && is_class(s, at + 1, NUMBER_SCALE);
    const size_t n = a ? 1 : read_group(s, at, c);
    if (a)
        *c = (struct cardinal){.value = 1, .indefinite = true};
    const struct number_name *name = number_at(s, at + n);
    *scale = 0;
    if (!n || c->ordinal || name->class != NUMBER_SCALE || name->value >= limit || c->value > 999)
        return a ? 0 : n;
    *scale = name->value;
    c->ordinal = name->ordinal;
    return n + 1;
}

size_t read_cardinal(const struct stretch *s, size_t at, struct cardinal *c)
{
    unsigned limit = LARGEST_SCALE + 1, scale;
    struct cardinal group;
    size_t n = 0;
    *c = (struct cardinal){0};
    if (is_zero(s, at) && heard_is(word_at(s, at), "zero"))
        return 1;
    while (!c->ordinal) {
        const size_t and = n && heard_is(word_at(s, at + n), "and");
        const size_t taken = read_scaled(s, at + n + and, limit, &group, &scale);
        if (!taken || (n && group.indefinite) || (!scale && n && group.value > 999))
            break;
        c->indefinite |= group.indefinite;
        c->ordinal = group.ordinal;
        c->round = n == 0 && scale > 1 ? scale : 0;
        c->leading = group.value;
        c->value += group.value * power_of_thousand(scale);
        n += and+taken;
        if (!scale)
            break;
        limit = scale;
        if (limit == 1)
            limit = 0; /* nothing but a group may follow */
    }
    return n;
}

/* The years of a century, behind its number: "oh five", "forty", "hundred". */
static size_t read_low(const struct stretch *s, size_t at, unsigned *low)
{
    struct cardinal c;
    if (is_zero(s, at) && is_class(s, at + 1, NUMBER_DIGIT) && !number_at(s, at + 1)->ordinal) {
        *low = number_at(s, at + 1)->value;
        return *low ? 2 : 0;
    }
    const size_t n = read_below_hundred(s, at, &c);
    *low = (unsigned)c.value;
    return n && c.value >= 10 && !c.ordinal ? n : 0;
}

size_t read_year(const struct stretch *s, size_t at, unsigned *year)
{
    struct cardinal c;
    unsigned low;
    const bool century =
        is_class(s, at, NUMBER_TEEN) || (is_class(s, at, NUMBER_TENS) && number_at(s, at)->value == 20);
    if (century && !number_at(s, at)->ordinal) {
        const size_t n = read_low(s, at + 1, &low);
        *year = number_at(s, at)->value * 100 + low;
        if (n)
            return 1 + n;
    }
    const size_t n = read_cardinal(s, at, &c);
    *year = (unsigned)c.value;
    return n > 1 && !c.ordinal && c.value >= 1000 && c.value <= 2099 ? n : 0;
}

size_t read_fraction_digits(const struct stretch *s, size_t at, char *digits, size_t size)
{
    struct cardinal c;
    size_t n = 0;
    while (is_class(s, at + n, NUMBER_DIGIT) && !number_at(s, at + n)->ordinal && n + 1 < size) {
        digits[n] = (char)('0' + number_at(s, at + n)->value);
        n++;
    }
    digits[n] = 0;
    if (n)
        return n;
    n = read_below_hundred(s, at, &c);
    if (!n || c.ordinal || begins_number(s, at + n))
        return 0;
    snprintf(digits, size, "%" PRIu64, c.value);
    return n;
}

/* ---- strings of digits ---- */

static void add_digits(struct digit_string *string, const char *digits)
{
    for (; *digits && string->count < STRING_DIGITS; digits++)
        string->digits[string->count++] = *digits;
    string->digits[string->count] = 0;
}

/* "five", "double five", "triple zero" */
static size_t read_single(const struct stretch *s, size_t at, struct digit_string *string)
{
    const struct heard *word = word_at(s, at);
    const size_t times = heard_is(word, "double") ? 2 : heard_is(word, "triple") ? 3 : 1, at_digit = at + (times > 1);
    if (!is_class(s, at_digit, NUMBER_DIGIT) || number_at(s, at_digit)->ordinal)
        return 0;
    for (size_t i = 0; i < times; i++)
        add_digits(string, (char[]){(char)('0' + number_at(s, at_digit)->value), 0});
    string->singles += times;
    string->zeros |= times > 1 || is_zero(s, at_digit);
    return at_digit - at + 1;
}

/* "eight hundred", "five thousand" */
static size_t read_rounded(const struct stretch *s, size_t at, struct digit_string *string)
{
    const struct number_name *digit = number_at(s, at), *name = number_at(s, at + 1);
    const bool thousand = name->class == NUMBER_SCALE && name->value == 1;
    if (digit->class != NUMBER_DIGIT || digit->ordinal || !digit->value || name->ordinal ||
        (name->class != NUMBER_HUNDRED && !thousand))
        return 0;
    add_digits(string, (char[]){(char)('0' + digit->value), 0});
    add_digits(string, thousand ? "000" : "00");
    return 2;
}

size_t read_digits_part(const struct stretch *s, size_t at, struct digit_string *string)
{
    struct cardinal c;
    size_t n = read_rounded(s, at, string);
    if (!n)
        n = read_single(s, at, string);
    if (!n && (n = read_below_hundred(s, at, &c)) > 0) {
        if (c.ordinal)
            return 0;
        add_digits(string, (char[]){(char)('0' + c.value / 10), (char)('0' + c.value % 10), 0});
    }
    string->parts += n > 0;
    return n;
}

size_t read_digit_string(const struct stretch *s, size_t at, struct digit_string *string)
{
    size_t n = 0, taken;
    *string = (struct digit_string){0};
    while (string->count + 4 < STRING_DIGITS && (taken = read_digits_part(s, at + n, string)) > 0)
        n += taken;
    return string->parts > 1 || string->count > string->parts + 1 ? n : 0;
}

bool begins_number(const struct stretch *s, size_t at)
{
    const struct number_name *name = number_at(s, at);
    return name->class != NUMBER_NONE && !name->plural && !name->ordinal;
}

void put_grouped(char *out, size_t size, uint64_t value)
{
    char digits[24];
    const size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, value);
    size_t n = 0;
    for (size_t i = 0; i < length && n + 2 < size; i++) {
        if (i && (length - i) % 3 == 0)
            out[n++] = ',';
        out[n++] = digits[i];
    }
    out[n] = 0;
}

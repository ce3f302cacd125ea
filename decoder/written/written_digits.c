/* written_digits.c - numbers of telephones, cards, rooms and the like: digits said one by one, or in pairs. */
#include "decoder/written/card_number.h"
#include "decoder/written/written_number.h"

#include <stdio.h>
#include <string.h>

/* What such a number follows. */
static const char named[] =
    " number numbers room flight code extension pin zip postcode gate highway route channel bus suite apartment unit "
    "box "
    "serial account id ticket phone telephone call dial fax cell mobile area boeing interstate "
    "password passcode confirmation tracking license ext enter ";
static const char telephones[] = " phone telephone call calling dial fax cell mobile text reach contact ";
static const char social[] = " social security ssn ";

/* Groups with something between them: sizes as "334", the last one goes on. */
static void put_groups(struct draft *d, size_t heard, const char *prefix, const char *digits, const char *sizes,
                       char between)
{
    char out[2 * STRING_DIGITS + 8];
    const size_t count = strlen(digits), length = strlen(prefix);
    size_t n = 0, left = sizes[0] ? (size_t)(sizes[0] - '0') : count;
    memcpy(out, prefix, length);
    n = length;
    for (size_t i = 0; i < count; i++) {
        if (!left) {
            out[n++] = between;
            sizes += sizes[1] != 0;
            left = (size_t)(*sizes - '0');
        }
        out[n++] = digits[i];
        left--;
    }
    out[n] = 0;
    draft_put(d, heard, out);
}

/* One, two, three … is counting. */
static bool is_counting(const char *digits, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (digits[i] != digits[i - 1] + 1)
            return false;
    return digits[0] == '1';
}

/* As its shape and what stands before it want it. */
static void put_string(const struct stretch *s, size_t at, size_t heard, const struct digit_string *string,
                       struct draft *d)
{
    const char *digits = string->digits;
    if (string->count == 11 && digits[0] == '1' && nanp_holds(digits + 1, 10))
        put_groups(d, heard, "", digits, "1334", '-');
    else if (string->count == 10 && nanp_holds(digits, 10) && !before_in(s, at, 4, " account order tracking case "))
        put_groups(d, heard, "", digits, "334", '-');
    else if (string->count == 7 && digits[0] >= '2' && before_in(s, at, 6, telephones))
        put_groups(d, heard, "", digits, "34", '-');
    else if (string->count == 9 && ssn_holds(digits, 9) && before_in(s, at, 8, social))
        put_groups(d, heard, "", digits, "324", '-');
    else if (string->count == 16 && luhn_holds(digits, 16))
        put_groups(d, heard, "", digits, "4", ' ');
    else
        put_groups(d, heard, "", digits, "", ' ');
}

/* A cardinal is no string, but "one oh five" and "seven forty seven" are. */
static bool is_cardinal(const struct stretch *s, size_t at, size_t taken)
{
    struct cardinal c;
    return read_cardinal(s, at, &c) >= taken;
}

static bool is_string(const struct stretch *s, size_t at, size_t taken, const struct digit_string *string)
{
    const bool single = string->singles == string->count, context = before_in(s, at, 4, named);
    const struct heard *after = word_at(s, at + taken);
    if (is_cardinal(s, at, taken) || heard_is(after, "point") || after->number.ordinal || begins_number(s, at + taken))
        return false;
    if (!single)
        return (context && string->count >= 3) || (string->count >= 7 && string->singles >= 4);
    if (string->count < 4)
        return context || (string->zeros && string->count == 3);
    return context || !is_counting(string->digits, string->count);
}

/* A street's name begins here: up to three words and what it is. */
static bool begins_street(const struct stretch *s, size_t at)
{
    static const char streets[] = " street avenue road boulevard drive lane highway parkway terrace ";
    for (size_t i = 1; i < 5 && word_at(s, at + i)->length && !begins_number(s, at); i++)
        if (heard_in(word_at(s, at + i), streets))
            return !heard_in(word_at(s, at), " of to in on at and or the percent miles people from ");
    return false;
}

/* four fifty one main street, twenty five hundred elm drive */
bool write_house(const struct stretch *s, size_t at, struct draft *d)
{
    struct digit_string string;
    struct cardinal c;
    char text[24];
    size_t n = read_cardinal(s, at, &c);
    if (n && !c.ordinal && !c.indefinite && c.value >= 10 && c.value < 100000 && begins_street(s, at + n)) {
        snprintf(text, sizeof text, "%u", (unsigned)c.value);
        draft_put(d, n, text);
        return !begins_number(s, at - 1);
    }
    n = read_digit_string(s, at, &string);
    if (!n || string.count > 5 || begins_number(s, at - 1) || !begins_street(s, at + n))
        return false;
    draft_put(d, n, string.digits);
    return true;
}

/* "plus four four …" */
static bool write_international(const struct stretch *s, size_t at, struct draft *d)
{
    struct digit_string string;
    const size_t n = read_digit_string(s, at + 1, &string);
    if (!heard_is(word_at(s, at), "plus") || begins_number(s, at - 1) || string.count < 8 || string.count > 15)
        return false;
    if (string.count == 11 && string.digits[0] == '1')
        put_groups(d, n + 1, "+1 ", string.digits + 1, "334", '-');
    else
        put_groups(d, n + 1, "+", string.digits, "", ' ');
    return true;
}

bool write_digits(const struct stretch *s, size_t at, struct draft *d)
{
    struct digit_string string;
    if (write_international(s, at, d))
        return true;
    const size_t n = read_digit_string(s, at, &string);
    if (!n || begins_number(s, at - 1) || !is_string(s, at, n, &string))
        return false;
    put_string(s, at, n, &string, d);
    return true;
}

/* written_time.c - times of the day. */
#include "decoder/written/written_number.h"

#include <inttypes.h>
#include <stdio.h>

/* "p m", "pm", "p.m": 'p', and how many words it takes; else 0. "am" is a verb, too. */
static char read_half(const struct stretch *s, size_t at, size_t *taken)
{
    const struct heard *word = word_at(s, at), *next = word_at(s, at + 1);
    *taken = 1;
    if (heard_in(word, " pm p.m "))
        return 'p';
    if (heard_is(word, "a.m") || (heard_is(word, "am") && !heard_in(next, " i not ")))
        return 'a';
    *taken = 2;
    if (next->apart || !heard_is(next, "m") || !heard_in(word, " a p "))
        return 0;
    return word->text[0];
}

static void put_half(struct draft *d, char half, size_t taken)
{
    if (half)
        draft_put(d, taken, half == 'a' ? "a.m." : "p.m.");
}

/* "thirty", "oh five" */
static size_t read_minutes(const struct stretch *s, size_t at, unsigned *minutes)
{
    struct cardinal c;
    const struct number_name *zero = &word_at(s, at)->number, *digit = &word_at(s, at + 1)->number;
    if (zero->class == NUMBER_DIGIT && zero->value == 0 && digit->class == NUMBER_DIGIT && !digit->ordinal) {
        *minutes = digit->value;
        return 2;
    }
    const size_t n = read_below_hundred(s, at, &c);
    *minutes = (unsigned)c.value;
    return n && c.value >= 10 && c.value < 60 && !c.ordinal ? n : 0;
}

static size_t read_hour(const struct stretch *s, size_t at, unsigned most, unsigned *hour)
{
    struct cardinal c;
    const size_t n = read_below_hundred(s, at, &c);
    *hour = (unsigned)c.value;
    return n && c.value <= most && !c.ordinal ? n : 0;
}

static void put_time(struct draft *d, size_t heard, unsigned hour, unsigned minutes)
{
    char text[32];
    snprintf(text, sizeof text, "%u:%02u", hour, minutes);
    draft_put(d, heard, text);
}

/* Without "p.m." only where times are spoken of and nothing is counted. */
static bool is_clearly_time(const struct stretch *s, size_t at, size_t end)
{
    static const char before[] = " at by until till around before after from between about since approximately "
                                 "morning afternoon evening tonight ";
    static const char counted[] = " percent dollars dollar cents people degrees pounds miles minutes hours years point "
                                  "hundred thousand million ";
    if (heard_in(word_at(s, end), " train bus flight express ferry showing "))
        return true;
    const bool second = before_in(s, at, 1, " and to ") && before_in(s, at, 7, " between from ");
    return (second || before_in(s, at, 1, before)) && !begins_number(s, end) && !heard_in(word_at(s, end), counted) &&
           !word_at(s, end)->number.ordinal;
}

/* three [thirty] p m; at three thirty; three o'clock */
bool write_clock(const struct stretch *s, size_t at, struct draft *d)
{
    unsigned hour, minutes = 0;
    size_t half_words = 0;
    char text[16];
    const size_t n = read_hour(s, at, before_in(s, at, 1, " at ") ? 23 : 12, &hour);
    if (!n || (at > s->begin && begins_number(s, at - 1)))
        return false;
    snprintf(text, sizeof text, "%u", hour);
    if (heard_in(word_at(s, at + n), " o'clock oclock ")) {
        draft_put(d, n, text);
        draft_keep(d);
        return true;
    }
    const size_t m = read_minutes(s, at + n, &minutes);
    const char half = read_half(s, at + n + m, &half_words);
    if (hour > 12 ? half || !m : !half && !m)
        return false;
    if (!half && !is_clearly_time(s, at, at + n + m))
        return false;
    if (m)
        put_time(d, n + m, hour, minutes);
    else
        draft_put(d, n, text);
    put_half(d, half, half_words);
    return true;
}

/* "half", "a quarter", "ten [minutes]" */
static size_t read_share(const struct stretch *s, size_t at, unsigned *minutes)
{
    struct cardinal c;
    const size_t a = heard_is(word_at(s, at), "a");
    if (heard_is(word_at(s, at + a), "quarter")) {
        *minutes = 15;
        return a + 1;
    }
    if (heard_is(word_at(s, at), "half")) {
        *minutes = 30;
        return 1;
    }
    const size_t n = read_below_hundred(s, at, &c);
    *minutes = (unsigned)c.value;
    if (!n || c.value > 29 || c.ordinal)
        return 0;
    if (heard_in(word_at(s, at + n), " minutes minute "))
        return n + 1;
    return c.value % 5 == 0 ? n : 0;
}

/* half past three, quarter to four, ten past six */
bool write_past(const struct stretch *s, size_t at, struct draft *d)
{
    unsigned minutes, hour;
    size_t half_words = 0;
    const size_t share = read_share(s, at, &minutes);
    const struct heard *word = word_at(s, at + share);
    const bool past = heard_in(word, " past after "), to = heard_in(word, " to of till before ");
    if (!share || (!past && !to))
        return false;
    const size_t n = read_hour(s, at + share + 1, 12, &hour);
    const bool named = minutes == 15 || minutes == 30 || share > 1;
    if (!n || begins_number(s, at + share + 1 + n) || (to && minutes == 30))
        return false;
    if (!heard_is(word, "past") && !(heard_is(word, "to") && named) &&
        !before_in(s, at, 2, " at it's is was nearly almost "))
        return false;
    const size_t end = at + share + 1 + n;
    const size_t clock = heard_in(word_at(s, end), " o'clock ");
    const char half = read_half(s, end + clock, &half_words);
    put_time(d, share + 1 + n + clock, to ? (hour > 1 ? hour - 1 : 12) : hour, to ? 60 - minutes : minutes);
    put_half(d, half, half_words);
    return true;
}

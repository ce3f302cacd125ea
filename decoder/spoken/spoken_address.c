/* spoken_address.c - addresses of the Internet, names of files and accounts, and telephone numbers. */
#include "decoder/spoken/spoken_say.h"
#include "decoder/spoken/units.h"

#include <string.h>

enum { ADDRESS_BYTES = 120 /* of an address that are said: nobody listens to more */ };

static const char *address_sign(char c)
{
    static const struct {
        char sign;
        const char *name;
    } names[] = {{'.', "dot"},   {'/', "slash"},         {'@', "at"},     {'-', "dash"},      {'_', "underscore"},
                 {':', "colon"}, {'?', "question mark"}, {'=', "equals"}, {'&', "and"},       {'#', "hash"},
                 {'~', "tilde"}, {'%', "percent"},       {'+', "plus"},   {'\\', "backslash"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].sign == c)
            return names[i].name;
    return NULL;
}

/* A run of letters: a word where it can be one. */
static void put_letters(struct say *s, const char *text, size_t length)
{
    static const char known[] = " com org net co gov info mil biz dev app docs mail web my go the i to ";
    static const char spelled[] = " io uk us de fr eu tv ai edu js css php html htm xml pdf txt png gif csv "
                                  "mp exe www http https ftp ";
    if (list_has(known, text, length) ||
        (length > 2 && is_pronounceable(text, length) && !list_has(spelled, text, length))) {
        number_word(&s->words, "");
        for (size_t i = 0; i < length; i++)
            text_add(&s->words, (char[]){to_lower(text[i])}, 1);
        return;
    }
    spell(s, text, length < 12 ? length : 12);
}

static void put_address(struct say *s, size_t begin, size_t end)
{
    end = end - begin > ADDRESS_BYTES ? begin + ADDRESS_BYTES : end;
    for (size_t at = begin, to; at < end; at = to) {
        to = at + 1;
        if (is_digit(s->text[at])) {
            while (to < end && is_digit(s->text[to]))
                to++;
            number_in_pairs(&s->words, s->text + at, to - at);
        } else if (is_alpha(s->text[at])) {
            while (to < end && is_alpha(s->text[to]) && !(is_upper(s->text[to]) && is_lower(s->text[to - 1])))
                to++;
            put_letters(s, s->text + at, to - at);
        } else if (address_sign(s->text[at])) {
            number_word(&s->words, address_sign(s->text[at]));
        }
    }
}

/* Marks at the end of an address are the sentence's. */
static void drop_marks(const struct say *s, struct match *m)
{
    while (m->end[0] > m->begin[0] + 1 && strchr(".,;:!?)\"'/", s->text[m->end[0] - 1]))
        m->end[0]--;
}

/* [scheme] rest; the scheme is not said */
static bool say_link(struct say *s, struct match *m)
{
    drop_marks(s, m);
    if (m->end[0] <= m->end[1]) /* a scheme and nothing behind it */
        return false;
    put_address(s, m->end[1] > m->begin[1] ? m->end[1] : m->begin[0], m->end[0]);
    return true;
}

static bool say_whole_address(struct say *s, struct match *m)
{
    put_address(s, m->begin[0], m->end[0]);
    return true;
}

/* @name, #topic */
static bool say_handle(struct say *s, struct match *m)
{
    number_word(&s->words, s->text[m->begin[0]] == '@' ? "at" : "hashtag");
    put_address(s, m->begin[1], m->end[1]);
    return true;
}

/* Digits one by one, and a pause between groups. */
static bool say_telephone(struct say *s, struct match *m)
{
    size_t digits = 0;
    bool pause = false;
    for (size_t at = m->begin[0]; at < m->end[0]; at++) {
        const char c = s->text[at];
        if (c == '+')
            number_word(&s->words, "plus");
        pause |= !is_digit(c) && digits > 0;
        if (!is_digit(c))
            continue;
        if (pause)
            number_word(&s->words, ",");
        number_digits(&s->words, &s->text[at], 1, "zero");
        pause = false;
        digits++;
    }
    return true;
}

/* "call 911", but "call 200 people": the short numbers that everybody knows. */
static bool is_dialed(const struct say *s, const char *digits, size_t length, size_t at)
{
    return list_has(" 101 111 112 211 311 411 511 811 911 988 999 ", digits, length) &&
           previous_in(s, at, " call calls called calling dialed phone phoned ring rang text texted ");
}

/* A whole number after a word that says how it is read. */
static bool say_named_number(struct say *s, struct match *m)
{
    static const char by_digits[] = " code pin zip account serial extension ext postcode box dial passcode password ";
    static const char by_pairs[] = " flight room route highway interstate bus suite apartment boeing channel unit ";
    const char *digits = s->text + m->begin[1];
    const size_t length = match_length(m, 1);
    const struct unit *unit;
    const bool counts = find_unit(s->text + m->end[0], s->size - m->end[0], false, &unit) > 0;
    if (counts)
        return false;
    if (is_dialed(s, digits, length, m->begin[0]) || (length >= 3 && previous_in(s, m->begin[0], by_digits)))
        number_digits(&s->words, digits, length, "zero");
    else if (length >= 3 && length <= 4 && previous_in(s, m->begin[0], by_pairs))
        number_in_pairs(&s->words, digits, length);
    else if (length == 5 && m->begin[0] >= 3 && is_upper(s->text[m->begin[0] - 2]) &&
             is_upper(s->text[m->begin[0] - 3]))
        number_digits(&s->words, digits, length, "zero"); /* CA 94103 */
    else
        return false;
    return true;
}

static bool say_house(struct say *s, struct match *m)
{
    number_in_pairs(&s->words, s->text + m->begin[0], match_length(m, 0));
    return true;
}

#define RE_STREET                                                                                                      \
    "(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Drive|Dr|Lane|Ln|Way|Place|Court|Highway|Parkway|Square|Terrace)"
#define RE_HOST "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
#define RE_TOP                                                                                                         \
    "(?:com|org|net|edu|gov|mil|int|info|biz|io|co|ai|app|dev|me|tv|uk|us|ca|de|fr|eu|au|nz|jp|cn|in|it|es|nl|ch|se|"  \
    "no|ie|be|at|pl|ru|br)"
#define RE_FILE "(?:txt|pdf|html?|js|py|css|php|exe|zip|jpe?g|png|gif|mp[34]|wav|csv|json|xml|docx?|xlsx?|pptx?|cpp|md)"

const struct say_rule say_address_rules[] = {
    {"((?i:https?|ftp|file)://|)(?:(?<=//)|(?i:(?=www\\.)))[^ \n\x01\"<>]+", say_link, START_CAPITAL | START_LETTER},
    {"[A-Za-z0-9][A-Za-z0-9._%+-]*@" RE_HOST "(?:\\." RE_HOST ")+", say_whole_address,
     START_CAPITAL | START_LETTER | START_DIGIT},
    {"()" RE_HOST "(?:\\." RE_HOST ")*\\." RE_TOP "(?![A-Za-z0-9'-]|\\.[A-Za-z])(?:[/:?#][^ \n\x01\"<>]*)?", say_link,
     START_CAPITAL | START_LETTER | START_DIGIT},
    {"[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*\\." RE_FILE RE_EDGE, say_whole_address,
     START_CAPITAL | START_LETTER | START_DIGIT},
    {"[@#]([A-Za-z_][A-Za-z0-9_]*)", say_handle, START_SIGN},
    {"\\+\\d{1,3}[ .-]?(?:\\(\\d{1,4}\\)[ .-]?)?\\d{2,4}(?:[ .-]\\d{2,4}){1,4}" RE_EDGE, say_telephone, START_SIGN},
    {"\\+\\d{8,15}" RE_EDGE, say_telephone, START_SIGN},
    {"(?:1[ .-])?\\(\\d{3}\\) ?\\d{3}[ .-]\\d{4}" RE_EDGE, say_telephone, START_SIGN | START_DIGIT},
    {"(?:1[ .-])?\\d{3}([.-])\\d{3}\\1\\d{4}(?!-)" RE_EDGE, say_telephone, START_DIGIT},
    {"(?:1[ -])?8[045678]{2}[ -]\\d{3}[ -]\\d{4}" RE_EDGE, say_telephone, START_DIGIT},
    {"\\d{3}-\\d{4}(?!-)" RE_EDGE, say_telephone, START_DIGIT},
    {"0\\d{2,4} \\d{3,4} ?\\d{3,4}" RE_EDGE, say_telephone, START_DIGIT},
    {"\\d{3,4}(?= (?:[A-Z0-9][A-Za-z0-9.']* ){1,4}" RE_STREET RE_EDGE ")", say_house, START_DIGIT},
    {"(\\d+)" RE_EDGE "(?!/|[-.,:]\\d)", say_named_number, START_DIGIT},
};
const size_t say_address_count = sizeof say_address_rules / sizeof *say_address_rules;

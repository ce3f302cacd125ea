/* spoken_names.c - abbreviations, initials and Roman numerals: what a point or a capital decides. */
#include "decoder/spoken/spoken_say.h"

#include <string.h>

static bool is_capital_word(const char *word, size_t length)
{
    return length > 1 && is_upper(word[0]) && is_lower(word[1]);
}

/* A word with a capital right before, which no sentence begins with: "Maple Dr.", but not "Visit Dr." */
static bool follows_name(const struct say *s, size_t at)
{
    static const char no_names[] =
        " mount mt fort ft port lake saint san the and of dr mr mrs ms sault by in at to from ";
    const char *word;
    const size_t length = previous_word(s, at, &word);
    if (at < 2 || s->text[at - 1] != ' ' || s->text[at - 2] == '.')
        return false;
    if (!length) /* 5th St. */
        return at >= 3 && is_alnum(s->text[at - 2]);
    if (is_digit(word > s->text ? word[-1] : 0)) /* the "th" of 5th */
        return true;
    return is_capital_word(word, length) && !list_has(no_names, word, length) && !begins_sentences(word, length);
}

static bool precedes_name(const struct say *s, size_t at)
{
    const char *word;
    const size_t length = following_word(s, at, &word);
    return length > 0 && is_upper(word[0]) && !begins_sentences(word, length);
}

static bool precedes_number(const struct say *s, size_t at)
{
    const char *word;
    const size_t length = following_word(s, at, &word);
    const char *end = s->text + s->size;
    return (word < end && (is_digit(*word) || *word == '#')) || (length && strspn(word, "IVXLC") >= length) ||
           (word + 1 < end && *word == '-' && is_digit(word[1]));
}

/* What an abbreviation that stands in [begin, end) is read as, or NULL where it is none. */
static const char *read_abbreviation(const struct say *s, const struct abbreviation *a, size_t begin, size_t end)
{
    switch (a->kind) {
    case ABBREVIATION_TITLE:
        if (!a->otherwise)
            return a->said;
        if (follows_name(s, begin))
            return a->otherwise;
        return precedes_name(s, end) || strcmp(a->said, "doctor") == 0 ? a->said : NULL;
    case ABBREVIATION_STREET:
        return follows_name(s, begin) ? a->said : NULL;
    case ABBREVIATION_NUMBER:
        return precedes_number(s, end) ? a->said : NULL;
    default:
        return a->said;
    }
}

static bool say_abbreviation(struct say *s, struct match *m)
{
    if (match_length(m, 1) == 3 && memcmp(s->text + m->begin[1], "EST", 3) == 0 &&
        !s->shouted) /* the time of New York */
        return false;
    const struct abbreviation *a = find_abbreviation(s->text + m->begin[1], match_length(m, 1));
    const char *said = a ? read_abbreviation(s, a, m->begin[0], m->end[0]) : NULL;
    if (!said)
        return false;
    number_word(&s->words, said);
    return true;
}

/* "Mr Smith", "St Paul", "vs": without a point, and not in capitals throughout */
static bool say_bare_abbreviation(struct say *s, struct match *m)
{
    const struct abbreviation *a = find_abbreviation(s->text + m->begin[1], match_length(m, 1));
    if (!a || !a->bare || (is_upper(s->text[m->end[1] - 1]) && !s->shouted))
        return false;
    if (a->kind == ABBREVIATION_TITLE && (!precedes_name(s, m->end[0]) || !is_upper(s->text[m->begin[1]])) &&
        !(a->otherwise && follows_name(s, m->begin[0])))
        return false;
    return say_abbreviation(s, m);
}

/* U.S., Ph.D., p.m.: letters, unless it is an abbreviation of words */
static bool say_initials(struct say *s, struct match *m)
{
    const size_t end = m->end[0] - (s->text[m->end[0] - 1] == '.');
    const struct abbreviation *a = find_abbreviation(s->text + m->begin[0], end - m->begin[0]);
    if (a) {
        number_word(&s->words, a->said);
        return true;
    }
    spell(s, s->text + m->begin[0], end - m->begin[0]);
    return true;
}

/* J. of J. R. R. Tolkien */
static bool say_initial(struct say *s, struct match *m)
{
    spell(s, s->text + m->begin[0], 1);
    return true;
}

static bool is_ruler(const char *word, size_t length)
{
    static const char rulers[] =
        " henry edward george james charles william richard louis elizabeth mary john paul pius benedict leo gregory "
        "innocent clement urban alexander nicholas peter catherine ivan frederick philip ferdinand alfonso carlos juan "
        "christian napoleon francis otto ptolemy ramses rameses xerxes darius friedrich wilhelm joseph leopold albert "
        "baldwin malcolm robert david stephen victor constantine theodosius mehmed boniface celestine honorius sixtus "
        "julius adrian hadrian eugene margaret harald olaf gustav umberto emmanuel adolphus sigismund ";
    return list_has(rulers, word, length);
}

static bool is_division(const char *word, size_t length)
{
    static const char divisions[] =
        " war chapter part book volume vol act scene section article phase type class level stage title appendix "
        "figure fig table bowl canto letter number no psalm division corps schedule plate lesson stave ";
    return list_has(divisions, word, length);
}

/* What "I" after a ruler's name is: a numeral only where it cannot be a person who speaks. */
static bool is_first(const struct say *s, size_t end)
{
    const char *word;
    const size_t length = following_word(s, end, &word);
    return end == s->size || strchr(",.;:)'?!", s->text[end]) ||
           list_has(" of was and had who is in to reigned died became ", word, length);
}

static bool precedes_century(const struct say *s, size_t end)
{
    const char *word;
    const size_t length = following_word(s, end, &word);
    return list_has(" century centuries dynasty ", word, length);
}

/* MMXXIV: no word, and no letters */
static bool is_year(unsigned long value, size_t length)
{
    return length >= 4 && value >= 1100 && value < 2100;
}

/* A Roman numeral: a year, an ordinal before "century" and after a ruler's name, a number after "Chapter" and the like
 * and after other names. */
static bool say_roman(struct say *s, struct match *m)
{
    const char *letters = s->text + m->begin[1], *before;
    const size_t length = match_length(m, 1), before_length = previous_word(s, m->begin[0], &before);
    const unsigned long value = roman_value(letters, length);
    const bool alone = m->begin[0] == 0 && (m->end[0] == s->size || s->text[m->end[0]] == '.') && length > 1;
    const bool no_letters = length >= 3 || (length == 2 && letters[0] == 'I' && letters[1] == 'I'); /* what else? */
    const bool division = is_division(before, before_length),
               spaced = m->begin[0] > 0 && s->text[m->begin[0] - 1] == ' ';
    if (!value || (!spaced && !alone))
        return false;
    if (is_year(value, length) && !match_length(m, 2) && !match_length(m, 3)) {
        number_year(&s->words, value);
        return true;
    }
    if (list_has(" malcolm ", before, before_length) && letters[0] == 'X')
        return false;
    const bool counted = match_length(m, 2) || (length > 1 && precedes_century(s, m->end[0]));
    if (counted || (is_ruler(before, before_length) && is_upper(before[0]) && value < 40 &&
                    (length > 1 || letters[0] != 'I' || is_first(s, m->end[0])))) {
        if (!counted)
            number_word(&s->words, "the");
        number_ordinal_of(&s->words, value);
    } else if (division || alone ||
               (length > 1 && value < 40 && (no_letters || is_capital_word(before, before_length)) &&
                (no_letters || !s->shouted) && !begins_sentences(before, before_length) &&
                memcmp(letters, "XX", 2) != 0)) {
        number_cardinal_of(&s->words, value);
    } else {
        return false;
    }
    if (match_length(m, 3))
        text_add(&s->words, "'s", 2);
    return true;
}

static unsigned long small_roman_value(const struct say *s, const struct match *m)
{
    char upper[8];
    const size_t length = match_length(m, 1);
    for (size_t i = 0; i < length; i++)
        upper[i] = (char)(s->text[m->begin[1] + i] - 'a' + 'A');
    return roman_value(upper, length);
}

/* (iv) */
static bool say_bracketed_roman(struct say *s, struct match *m)
{
    const unsigned long value = small_roman_value(s, m);
    number_cardinal_of(&s->words, value);
    number_word(&s->words, ",");
    return value > 0;
}

/* "act iii" */
static bool say_small_roman(struct say *s, struct match *m)
{
    const char *before;
    const size_t length = previous_word(s, m->begin[0], &before);
    const unsigned long value = small_roman_value(s, m);
    number_cardinal_of(&s->words, value);
    return value > 0 && is_division(before, length) && (match_length(m, 1) > 1 || s->text[m->begin[1]] == 'v');
}

/* "book(s)" is read as the plural or not at all: not at all */
static bool say_nothing(struct say *s, struct match *m)
{
    return m->begin[0] > 0 && is_alpha(s->text[m->begin[0] - 1]);
}

/* UTC-5 */
static bool say_zone(struct say *s, struct match *m)
{
    spell(s, s->text + m->begin[1], match_length(m, 1));
    number_word(&s->words, "minus");
    return true;
}

/* C# */
static bool say_sharp(struct say *s, struct match *m)
{
    spell(s, s->text + m->begin[0], 1);
    number_word(&s->words, "sharp");
    return true;
}

/* "and/or", "he/she" */
static bool say_either(struct say *s, struct match *m)
{
    static const char *const pairs[][3] = {{"and", "or", "and or"},      {"he", "she", "he or she"},
                                           {"she", "he", "she or he"},   {"his", "her", "his or her"},
                                           {"him", "her", "him or her"}, {"yes", "no", "yes or no"},
                                           {"s", "he", "she or he"},     {"either", "or", "either or"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char list[2][16] = {" ", " "};
        strcat(strcat(list[0], pairs[i][0]), " ");
        strcat(strcat(list[1], pairs[i][1]), " ");
        if (list_has(list[0], s->text + m->begin[1], match_length(m, 1)) &&
            list_has(list[1], s->text + m->begin[2], match_length(m, 2))) {
            number_word(&s->words, pairs[i][2]);
            return true;
        }
    }
    return false;
}

const struct say_rule say_name_rules[] = {
    {"(?:[A-Za-z]\\.){2,}(?:[A-Za-z]" RE_EDGE "(?!'))?(?![A-Za-z])", say_initials, START_CAPITAL | START_LETTER},
    {"[A-Z][a-z]?\\.[A-Z]\\.", say_initials, START_CAPITAL},
    {"(w/o|&c)\\.?" RE_EDGE, say_abbreviation, START_LETTER | START_SIGN},
    {"([A-Za-z]{1,8})\\.", say_abbreviation, START_CAPITAL | START_LETTER},
    {"([A-Za-z]{2,6})(?![A-Za-z0-9'.])", say_bare_abbreviation, START_CAPITAL | START_LETTER},
    {"[A-Z]\\.(?= ?[A-Z])", say_initial, START_CAPITAL},
    {"([IVXLCDM]{1,8})(th|st|nd|rd)?('s)?" RE_EDGE "(?!')", say_roman, START_CAPITAL},
    {"\\(([ivx]{1,6})\\)", say_bracketed_roman, START_SIGN},
    {"([ivxl]{1,7})" RE_EDGE, say_small_roman, START_LETTER},
    {"(UTC|GMT)-(?=\\d)", say_zone, START_CAPITAL},
    {"[A-G]#(?![A-Za-z0-9#])", say_sharp, START_CAPITAL},
    {"\\((?:e?s)\\)", say_nothing, START_SIGN},
    {"([A-Za-z]{1,6})/([A-Za-z]{2,3})" RE_EDGE, say_either, START_CAPITAL | START_LETTER},
};
const size_t say_name_count = sizeof say_name_rules / sizeof *say_name_rules;

#include "decoder/spoken/spoken_lists.h"

#include <string.h>

enum { LISTED_MAX = 24 }; /* bytes of a word of a list */

bool list_has(const char *list, const char *word, size_t length)
{
    char key[LISTED_MAX + 3] = {' '};
    if (!length || length > LISTED_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        key[i + 1] = to_lower(word[i]);
    key[length + 1] = ' ';
    return strstr(list, key) != NULL;
}

static const struct abbreviation abbreviations[] = {
    {"mr", "mister", NULL, ABBREVIATION_TITLE, true},
    {"mrs", "missus", NULL, ABBREVIATION_TITLE, true},
    {"ms", "miz", NULL, ABBREVIATION_TITLE, true},
    {"messrs", "messieurs", NULL, ABBREVIATION_TITLE, true},
    {"mme", "madame", NULL, ABBREVIATION_TITLE, true},
    {"mlle", "mademoiselle", NULL, ABBREVIATION_TITLE, true},
    {"dr", "doctor", "drive", ABBREVIATION_TITLE, true},
    {"prof", "professor", NULL, ABBREVIATION_TITLE, true},
    {"st", "saint", "street", ABBREVIATION_TITLE, true},
    {"ste", "saint", "suite", ABBREVIATION_TITLE, false},
    {"mt", "mount", NULL, ABBREVIATION_TITLE, true},
    {"ft", "fort", "feet", ABBREVIATION_TITLE, false},
    {"gen", "general", NULL, ABBREVIATION_TITLE, false},
    {"col", "colonel", NULL, ABBREVIATION_TITLE, false},
    {"maj", "major", NULL, ABBREVIATION_TITLE, false},
    {"capt", "captain", NULL, ABBREVIATION_TITLE, true},
    {"cmdr", "commander", NULL, ABBREVIATION_TITLE, true},
    {"lt", "lieutenant", NULL, ABBREVIATION_TITLE, false},
    {"sgt", "sergeant", NULL, ABBREVIATION_TITLE, true},
    {"cpl", "corporal", NULL, ABBREVIATION_TITLE, true},
    {"pvt", "private", NULL, ABBREVIATION_TITLE, true},
    {"rev", "reverend", NULL, ABBREVIATION_TITLE, false},
    {"fr", "father", NULL, ABBREVIATION_TITLE, false},
    {"hon", "honorable", NULL, ABBREVIATION_TITLE, false},
    {"pres", "president", NULL, ABBREVIATION_TITLE, false},
    {"gov", "governor", NULL, ABBREVIATION_TITLE, false},
    {"sen", "senator", NULL, ABBREVIATION_TITLE, false},
    {"rep", "representative", NULL, ABBREVIATION_TITLE, false},
    {"supt", "superintendent", NULL, ABBREVIATION_TITLE, false},
    {"ave", "avenue", NULL, ABBREVIATION_STREET, false},
    {"blvd", "boulevard", NULL, ABBREVIATION_STREET, true},
    {"rd", "road", NULL, ABBREVIATION_STREET, false},
    {"ln", "lane", NULL, ABBREVIATION_STREET, false},
    {"sq", "square", NULL, ABBREVIATION_STREET, false},
    {"hwy", "highway", NULL, ABBREVIATION_STREET, true},
    {"pkwy", "parkway", NULL, ABBREVIATION_STREET, true},
    {"pl", "place", NULL, ABBREVIATION_STREET, false},
    {"ct", "court", NULL, ABBREVIATION_STREET, false},
    {"mts", "mountains", NULL, ABBREVIATION_STREET, false},
    {"no", "number", NULL, ABBREVIATION_NUMBER, false},
    {"nos", "numbers", NULL, ABBREVIATION_NUMBER, false},
    {"fig", "figure", NULL, ABBREVIATION_NUMBER, false},
    {"figs", "figures", NULL, ABBREVIATION_NUMBER, false},
    {"p", "page", NULL, ABBREVIATION_NUMBER, false},
    {"pp", "pages", NULL, ABBREVIATION_NUMBER, true},
    {"pg", "page", NULL, ABBREVIATION_NUMBER, false},
    {"vol", "volume", NULL, ABBREVIATION_NUMBER, false},
    {"vols", "volumes", NULL, ABBREVIATION_PLAIN, false},
    {"ch", "chapter", NULL, ABBREVIATION_NUMBER, false},
    {"chap", "chapter", NULL, ABBREVIATION_NUMBER, false},
    {"sec", "section", NULL, ABBREVIATION_NUMBER, false},
    {"art", "article", NULL, ABBREVIATION_NUMBER, false},
    {"op", "opus", NULL, ABBREVIATION_NUMBER, false},
    {"eq", "equation", NULL, ABBREVIATION_NUMBER, false},
    {"para", "paragraph", NULL, ABBREVIATION_NUMBER, false},
    {"apt", "apartment", NULL, ABBREVIATION_NUMBER, false},
    {"rm", "room", NULL, ABBREVIATION_NUMBER, false},
    {"ext", "extension", NULL, ABBREVIATION_NUMBER, false},
    {"ver", "version", NULL, ABBREVIATION_NUMBER, false},
    {"tel", "telephone", NULL, ABBREVIATION_PLAIN, false},
    {"ca", "circa", NULL, ABBREVIATION_NUMBER, false},
    {"c", "circa", NULL, ABBREVIATION_NUMBER, false},
    {"b", "born", NULL, ABBREVIATION_NUMBER, false},
    {"d", "died", NULL, ABBREVIATION_NUMBER, false},
    {"e.g", "for example", NULL, ABBREVIATION_WITHIN, false},
    {"eg", "for example", NULL, ABBREVIATION_WITHIN, false},
    {"i.e", "that is", NULL, ABBREVIATION_WITHIN, false},
    {"ie", "that is", NULL, ABBREVIATION_WITHIN, false},
    {"viz", "namely", NULL, ABBREVIATION_WITHIN, false},
    {"cf", "compare", NULL, ABBREVIATION_WITHIN, false},
    {"vs", "versus", NULL, ABBREVIATION_WITHIN, true},
    {"approx", "approximately", NULL, ABBREVIATION_WITHIN, true},
    {"w/o", "without", NULL, ABBREVIATION_WITHIN, true},
    {"etc", "et cetera", NULL, ABBREVIATION_PLAIN, true},
    {"&c", "et cetera", NULL, ABBREVIATION_PLAIN, true},
    {"al", "al", NULL, ABBREVIATION_PLAIN, false},
    {"inc", "incorporated", NULL, ABBREVIATION_PLAIN, false},
    {"corp", "corporation", NULL, ABBREVIATION_PLAIN, false},
    {"ltd", "limited", NULL, ABBREVIATION_PLAIN, true},
    {"co", "company", NULL, ABBREVIATION_CAPITAL, false},
    {"bros", "brothers", NULL, ABBREVIATION_PLAIN, true},
    {"jr", "junior", NULL, ABBREVIATION_PLAIN, true},
    {"sr", "senior", NULL, ABBREVIATION_PLAIN, true},
    {"esq", "esquire", NULL, ABBREVIATION_PLAIN, true},
    {"dept", "department", NULL, ABBREVIATION_PLAIN, true},
    {"govt", "government", NULL, ABBREVIATION_PLAIN, true},
    {"univ", "university", NULL, ABBREVIATION_PLAIN, true},
    {"assn", "association", NULL, ABBREVIATION_PLAIN, true},
    {"assoc", "associate", NULL, ABBREVIATION_PLAIN, false},
    {"est", "established", NULL, ABBREVIATION_NUMBER, false},
    {"min", "minutes", NULL, ABBREVIATION_PLAIN, false},
    {"max", "maximum", NULL, ABBREVIATION_NUMBER, false},
    {"avg", "average", NULL, ABBREVIATION_PLAIN, true},
    {"ed", "edition", NULL, ABBREVIATION_NUMBER, false},
    {"dist", "district", NULL, ABBREVIATION_PLAIN, false},
    {"hrs", "hours", NULL, ABBREVIATION_PLAIN, false},
    {"mins", "minutes", NULL, ABBREVIATION_PLAIN, false},
    {"secs", "seconds", NULL, ABBREVIATION_PLAIN, false},
    {"yrs", "years", NULL, ABBREVIATION_PLAIN, false},
    {"lbs", "pounds", NULL, ABBREVIATION_PLAIN, true},
    {"calif", "california", NULL, ABBREVIATION_CAPITAL, false},
    {"mass", "massachusetts", NULL, ABBREVIATION_CAPITAL, false},
    {"conn", "connecticut", NULL, ABBREVIATION_CAPITAL, false},
    {"tex", "texas", NULL, ABBREVIATION_CAPITAL, false},
    {"fla", "florida", NULL, ABBREVIATION_CAPITAL, false},
    {"penn", "pennsylvania", NULL, ABBREVIATION_CAPITAL, false},
    {"va", "virginia", NULL, ABBREVIATION_CAPITAL, false},
    {"ky", "kentucky", NULL, ABBREVIATION_CAPITAL, false},
    {"tenn", "tennessee", NULL, ABBREVIATION_CAPITAL, false},
    {"jan", "january", NULL, ABBREVIATION_CAPITAL, false},
    {"feb", "february", NULL, ABBREVIATION_CAPITAL, true},
    {"mar", "march", NULL, ABBREVIATION_CAPITAL, false},
    {"apr", "april", NULL, ABBREVIATION_CAPITAL, true},
    {"jun", "june", NULL, ABBREVIATION_CAPITAL, false},
    {"jul", "july", NULL, ABBREVIATION_CAPITAL, false},
    {"aug", "august", NULL, ABBREVIATION_CAPITAL, true},
    {"sep", "september", NULL, ABBREVIATION_CAPITAL, false},
    {"sept", "september", NULL, ABBREVIATION_CAPITAL, true},
    {"oct", "october", NULL, ABBREVIATION_CAPITAL, true},
    {"nov", "november", NULL, ABBREVIATION_CAPITAL, true},
    {"dec", "december", NULL, ABBREVIATION_CAPITAL, true},
    {"mon", "monday", NULL, ABBREVIATION_CAPITAL, false},
    {"tue", "tuesday", NULL, ABBREVIATION_CAPITAL, true},
    {"tues", "tuesday", NULL, ABBREVIATION_CAPITAL, true},
    {"wed", "wednesday", NULL, ABBREVIATION_CAPITAL, false},
    {"thu", "thursday", NULL, ABBREVIATION_CAPITAL, true},
    {"thur", "thursday", NULL, ABBREVIATION_CAPITAL, true},
    {"thurs", "thursday", NULL, ABBREVIATION_CAPITAL, true},
    {"fri", "friday", NULL, ABBREVIATION_CAPITAL, true},
    {"sat", "saturday", NULL, ABBREVIATION_CAPITAL, false},
    {"sun", "sunday", NULL, ABBREVIATION_CAPITAL, false},
};

static bool same_word(const char *lower, const char *word, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (lower[i] != to_lower(word[i]))
            return false;
    return lower[length] == 0;
}

const struct abbreviation *find_abbreviation(const char *word, size_t length)
{
    if (!length || length > 8 || (length == 1 && is_upper(word[0]))) /* an initial */
        return NULL;
    for (size_t i = 0; i < sizeof abbreviations / sizeof *abbreviations; i++)
        if (abbreviations[i].name[0] == to_lower(word[0]) && same_word(abbreviations[i].name, word, length)) {
            const struct abbreviation *found = &abbreviations[i];
            return found->kind == ABBREVIATION_CAPITAL && !is_upper(word[0]) ? NULL : found;
        }
    return NULL;
}

bool begins_sentences(const char *word, size_t length)
{
    static const char starters[] =
        " the he she it i we they you this that these those there here his her its our their my your but and or so if "
        "when while as at in on for from with after before because although however what who where why how is are was "
        "were do does did no not yes one an a then now once since until to let please all some many most another each "
        "every both such only even also still perhaps maybe meanwhile it's he's she's i'm we're they're that's there's "
        "don't i'll we'll i've nobody everyone someone nothing everything ";
    return length && is_upper(word[0]) && list_has(starters, word, length);
}

static const char *const months[] = {"january", "february", "march",     "april",   "may",      "june",
                                     "july",    "august",   "september", "october", "november", "december"};

const char *month_name(int month)
{
    return months[(month + 11) % 12];
}

int month_number(const char *word, size_t length)
{
    if (length && word[length - 1] == '.')
        length--;
    for (int i = 0; i < 12 && length >= 3; i++) {
        size_t same = 0;
        while (same < length && months[i][same] && months[i][same] == to_lower(word[same]))
            same++;
        if (same == length && (length <= 4 || !months[i][same]))
            return i + 1;
    }
    return 0;
}

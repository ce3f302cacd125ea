#include "decoder/spoken/word_class.h"

#include <stdbool.h>
#include <string.h>

static const struct group {
    unsigned classes;
    const char *words; /* between blanks */
} groups[] = {
    {CLASS_DETERMINER, " the a an this these those each every another some any no all both either neither such "
                       "several many few much "},
    {CLASS_POSSESSIVE, " my your his her its our their whose "},
    {CLASS_SUBJECT, " i you we they who people "},
    {CLASS_SUBJECT | CLASS_THIRD, " he she it nobody everybody somebody someone everyone "},
    {CLASS_PRONOUN, " me him them us her it you myself himself herself themselves everything something anything "},
    {CLASS_MODAL, " will would can could shall should may might must cannot do did don't doesn't didn't won't can't "
                  "couldn't wouldn't shouldn't mustn't let please let's lets does gonna wanna "},
    {CLASS_TO, " to "},
    {CLASS_BE, " is are was were be been being am isn't aren't wasn't weren't get got gets getting "},
    {CLASS_HAVE, " have has had having haven't hasn't hadn't "},
    {CLASS_PREPOSITION, " of in on at by with from for into about after before between through during without within "
                        "against among across under behind beside near around over off upon toward towards per until "
                        "since inside outside above below despite "},
    {CLASS_CONJUNCTION, " and or but nor than "},
    {CLASS_ADVERB, " not never always often also just still only already ever usually really even now then again soon "
                   "all both away together easily "},
    {CLASS_DEGREE, " very too so quite more most less rather extremely how as pretty fairly "},
    {CLASS_NUMBER, " one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred "
                   "thousand million first second third last next "},
    {CLASS_QUESTION, " what which when where why how if that because whether while although though "},
    {CLASS_PAST_TIME, " yesterday last ago earlier once already before was were had did then fell asked said told went "
                      "came saw took gave got made knew thought found left felt began wrote "},
    {CLASS_USUAL_TIME, " always usually often every sometimes never will tomorrow today now still please can could "
                       "should must don't "},
    {CLASS_LINKING, " seem seems seemed feel feels felt look looks looked become becomes became remain remains "
                    "remained stay stays stayed sound sounds sounded keep kept make makes made "},
    {CLASS_WANT, " want wants wanted try tries tried begin began need needs needed like likes liked hope hopes hoped "
                 "agree agreed plan plans planned decide decided continue continued start started able ready going "
                 "have has had used ought refuse refused "},
    {CLASS_PARTICLE, " up down out off away back "},
    {CLASS_ADJECTIVE, " new old good bad big small great long short high low young little large other same own early "
                      "late hard fresh front public main sharp strong cold hot free full clear best better worst "
                      "whole huge terrible serious "},
};

static bool has(const char *words, const char *word, size_t length)
{
    for (const char *at = words; (at = strchr(at, ' ')) != NULL; at++)
        if (strncmp(at + 1, word, length) == 0 && at[1 + length] == ' ')
            return true;
    return false;
}

static const struct ending {
    const char *text;
    unsigned classes;
    size_t shortest; /* words have more than the ending */
} endings[] = {
    {"n't", CLASS_MODAL, 4},      {"'ll", CLASS_MODAL, 4},      {"'ve", CLASS_HAVE, 4},
    {"'d", CLASS_HAVE, 3},        {"'re", CLASS_BE, 4},         {"i'm", CLASS_BE, 3},
    {"it's", CLASS_BE, 4},        {"he's", CLASS_BE, 4},        {"that's", CLASS_BE, 6},
    {"there's", CLASS_BE, 7},     {"'s", CLASS_POSSESSIVE, 3},  {"s'", CLASS_POSSESSIVE, 3},
    {"ly", CLASS_ADVERB, 5},      {"ing", CLASS_GERUND, 5},     {"ed", CLASS_PARTICIPLE, 4},
    {"ous", CLASS_ADJECTIVE, 5},  {"ful", CLASS_ADJECTIVE, 5},  {"ive", CLASS_ADJECTIVE, 5},
    {"able", CLASS_ADJECTIVE, 6}, {"ible", CLASS_ADJECTIVE, 6}, {"less", CLASS_ADJECTIVE, 6},
    {"ical", CLASS_ADJECTIVE, 6}, {"ic", CLASS_ADJECTIVE, 5},   {"al", CLASS_ADJECTIVE, 5},
    {"ish", CLASS_ADJECTIVE, 6},  {"ss", CLASS_OPEN, 3},        {"us", CLASS_OPEN, 3},
    {"is", CLASS_OPEN, 3},        {"s", CLASS_PLURAL, 4},
};

unsigned word_classes(const char *word, size_t length)
{
    unsigned classes = 0;
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        if (has(groups[i].words, word, length))
            classes |= groups[i].classes;
    for (size_t i = 0; !classes && i < sizeof endings / sizeof endings[0]; i++) {
        size_t own = strlen(endings[i].text);
        if (length >= endings[i].shortest && memcmp(word + length - own, endings[i].text, own) == 0)
            classes = endings[i].classes;
    }
    return classes ? classes : CLASS_OPEN;
}

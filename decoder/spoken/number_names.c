#include "decoder/spoken/number_names.h"

#include <string.h>

const char *const number_small[20] = {"zero",     "one",     "two",     "three",     "four",     "five",    "six",
                                      "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
                                      "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
const char *const number_tens[10] = {"",      "",      "twenty",  "thirty", "forty",
                                     "fifty", "sixty", "seventy", "eighty", "ninety"};
const char *const number_scale[NUMBER_SCALES] = {"",           "thousand",    "million",     "billion",
                                                 "trillion",   "quadrillion", "quintillion", "sextillion",
                                                 "septillion", "octillion",   "nonillion",   "decillion"};
const char *const number_irregular[NUMBER_IRREGULAR][2] = {
    {"one", "first"},    {"two", "second"}, {"three", "third"},   {"five", "fifth"},
    {"eight", "eighth"}, {"nine", "ninth"}, {"twelve", "twelfth"}};

static bool is(const char *name, const char *word, size_t length)
{
    return strlen(name) == length && memcmp(name, word, length) == 0;
}

static bool ends(const char *ending, const char *word, size_t length)
{
    const size_t n = strlen(ending);
    return length > n && memcmp(word + length - n, ending, n) == 0;
}

static struct number_name cardinal_named(const char *word, size_t length)
{
    for (unsigned i = 0; i < 20; i++)
        if (is(number_small[i], word, length))
            return (struct number_name){.class = i < 10 ? NUMBER_DIGIT : NUMBER_TEEN, .value = i};
    for (unsigned i = 2; i < 10; i++)
        if (is(number_tens[i], word, length))
            return (struct number_name){.class = NUMBER_TENS, .value = i * 10};
    for (unsigned i = 1; i < NUMBER_SCALES; i++)
        if (is(number_scale[i], word, length))
            return (struct number_name){.class = NUMBER_SCALE, .value = i};
    if (is("hundred", word, length))
        return (struct number_name){.class = NUMBER_HUNDRED, .value = 100};
    if (is("oh", word, length) || is("o", word, length) || is("nought", word, length))
        return (struct number_name){.class = NUMBER_DIGIT};
    return (struct number_name){0};
}

/* "twentieth" and "twenties" are made of "twent" and an ending. */
static struct number_name tens_with(const char *ending, const char *word, size_t length)
{
    const size_t stem = ends(ending, word, length) ? length - strlen(ending) : 0;
    for (unsigned i = 2; i < 10 && stem; i++)
        if (strlen(number_tens[i]) == stem + 1 && memcmp(number_tens[i], word, stem) == 0)
            return (struct number_name){.class = NUMBER_TENS, .value = i * 10};
    return (struct number_name){0};
}

static struct number_name ordinal_named(const char *word, size_t length)
{
    for (size_t i = 0; i < NUMBER_IRREGULAR; i++)
        if (is(number_irregular[i][1], word, length))
            return cardinal_named(number_irregular[i][0], strlen(number_irregular[i][0]));
    const struct number_name tens = tens_with("ieth", word, length);
    return tens.class || !ends("th", word, length) ? tens : cardinal_named(word, length - 2);
}

struct number_name number_named(const char *word, size_t length)
{
    struct number_name name = cardinal_named(word, length);
    if (name.class)
        return name;
    name = ordinal_named(word, length);
    name.ordinal = name.class != NUMBER_NONE;
    if (name.class)
        return name;
    name = tens_with("ies", word, length);
    name.plural = name.class != NUMBER_NONE;
    return name;
}

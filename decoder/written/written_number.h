/* written_number.h - numbers in English words, read. All functions look from a word of a stretch on and return how many
 * words they took, 0 where there is nothing of the kind. */
#ifndef DECODER_WRITTEN_NUMBER_H
#define DECODER_WRITTEN_NUMBER_H

#include "decoder/written/written_rules.h"

struct cardinal {
    uint64_t value;   /* below 10^18 */
    bool ordinal;     /* its last word is: "twenty first" */
    bool indefinite;  /* it begins with "a": "a hundred" */
    unsigned round;   /* the power of a thousand that ends it, above a thousand: "five million"; 0: none */
    uint64_t leading; /* what stands before that: 5 */
};

/* "zero", "twenty six", "a hundred and five", "twelve hundred", "two million three thousand and one". */
size_t read_cardinal(const struct stretch *s, size_t at, struct cardinal *c);
/* 1 to 99, nothing else. */
size_t read_below_hundred(const struct stretch *s, size_t at, struct cardinal *c);
/* "nineteen oh five", "twenty twenty six", "nineteen hundred", "two thousand and five": 1000 to 2099. */
size_t read_year(const struct stretch *s, size_t at, unsigned *year);
/* Digits behind a point: "one four", "oh five", "fourteen"; at most size - 1 and a NUL. */
size_t read_fraction_digits(const struct stretch *s, size_t at, char *digits, size_t size);

enum { STRING_DIGITS = 64 };

/* Digits said one after the other, some maybe in pairs or doubled: a telephone's, a card's. */
struct digit_string {
    char digits[STRING_DIGITS + 1];
    size_t count;   /* of digits */
    size_t singles; /* said one by one, or doubled */
    size_t parts;   /* words or pairs, as "five", "double five", "twenty two", "eight hundred" */
    bool zeros;     /* some were "oh", or doubled: no cardinal has those */
};

/* The longest one. One part of it is no string. */
size_t read_digit_string(const struct stretch *s, size_t at, struct digit_string *string);
/* One part, appended. */
size_t read_digits_part(const struct stretch *s, size_t at, struct digit_string *string);

/* Whether a cardinal or a digit begins here. */
bool begins_number(const struct stretch *s, size_t at);
uint64_t power_of_thousand(unsigned scale); /* scale: at most 6 */
/* Digits with commas between thousands. */
void put_grouped(char *out, size_t size, uint64_t value);

#endif

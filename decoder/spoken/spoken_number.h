/* spoken_number.h - numbers in English words, separated by spaces and appended to what stands in `out`. */
#ifndef DECODER_SPOKEN_NUMBER_H
#define DECODER_SPOKEN_NUMBER_H

#include "decoder/text.h"

/* Appends one word. */
void number_word(struct text *out, const char *word);

/* The functions below take digits in which anything else, as "1,200", is passed over. */

/* "one thousand two hundred"; digit by digit above 36 digits and with a leading zero. */
void number_cardinal(struct text *out, const char *digits, size_t length);
void number_cardinal_of(struct text *out, unsigned long value);
/* "one thousand two hundredth" */
void number_ordinal(struct text *out, const char *digits, size_t length);
void number_ordinal_of(struct text *out, unsigned long value);
/* "one two oh", with what a zero is called */
void number_digits(struct text *out, const char *digits, size_t length, const char *zero);
/* A cardinal and, behind a point, digits: "three point one four"; a missing whole part is not said. */
void number_decimal(struct text *out, const char *number, size_t length);
/* "nineteen oh five", "two thousand five", "nineteen hundred": 1 to 9999 */
void number_year(struct text *out, unsigned long year);
/* As numbers of houses, flights and models are read: "seven forty seven", "twelve hundred", "one oh five". */
void number_in_pairs(struct text *out, const char *digits, size_t length);
/* "one half", "three quarters", "five over twenty seven" */
void number_fraction(struct text *out, const char *above, size_t above_length, const char *below, size_t below_length);
/* The last word of out becomes its plural: "nineties". */
void number_plural(struct text *out);

/* The value of digits, commas passed over; at most 10^9. */
unsigned long number_value(const char *digits, size_t length);
/* 1 to 3999 for a well-formed Roman numeral in capitals; 0 for anything else. */
unsigned long roman_value(const char *letters, size_t length);

#endif

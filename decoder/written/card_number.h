/* card_number.h - what strings of digits are, by their shape. */
#ifndef DECODER_CARD_NUMBER_H
#define DECODER_CARD_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the last digit is the check digit of the others (Luhn 1960, US patent 2950048; ISO/IEC 7812-1, annex B). */
bool luhn_holds(const char *digits, size_t count);
/* A North American telephone number of 10 digits: area and exchange begin with 2 to 9. */
bool nanp_holds(const char *digits, size_t count);
/* A number that may have been issued as a social-security number: 9 digits, no part all zeros, and of the areas not 666
 * and not 900 and above. */
bool ssn_holds(const char *digits, size_t count);

#endif

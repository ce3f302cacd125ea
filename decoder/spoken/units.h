/* units.h - units of measure and currencies: their signs, and what they are called. Signs are in the alphabet of
 * spoken_folded.h (Windows-1252). */
#ifndef DECODER_UNITS_H
#define DECODER_UNITS_H

#include <stdbool.h>
#include <stddef.h>

struct unit;

/* The unit whose sign stands at the beginning of text: how many bytes it has, 0 for none. spaced: there is a space
 * between it and the number. */
size_t find_unit(const char *text, size_t length, bool spaced, const struct unit **unit);
const char *unit_name(const struct unit *unit, bool many);
const char *unit_sign(const struct unit *unit);

/* The unit that is called so, in lower case, singular or plural: "miles per hour"; NULL where there is none. signs:
 * NULL, or a list as " mm cm " of the signs to choose from, where several mean the same. */
const struct unit *unit_named(const char *words, size_t length, const char *signs);

struct currency {
    const char *sign;
    const char *one, *many, *cent, *cents; /* the last two NULL where there are none */
};

enum { CURRENCIES = 5 };
extern const struct currency currencies[CURRENCIES]; /* the dollar first */

#endif

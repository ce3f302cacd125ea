/* number_names.h - the words that English numbers are made of. */
#ifndef DECODER_NUMBER_NAMES_H
#define DECODER_NUMBER_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum { NUMBER_SCALES = 12, NUMBER_IRREGULAR = 7 };

extern const char *const number_small[20];            /* "zero" to "nineteen" */
extern const char *const number_tens[10];             /* from 2: "twenty" */
extern const char *const number_scale[NUMBER_SCALES]; /* from 1: "thousand", each a thousand of the one before */
extern const char *const number_irregular[NUMBER_IRREGULAR][2]; /* "one", "first" */

enum number_class {
    NUMBER_NONE,
    NUMBER_DIGIT, /* 0 to 9 */
    NUMBER_TEEN,  /* 10 to 19 */
    NUMBER_TENS,  /* 20 to 90 */
    NUMBER_HUNDRED,
    NUMBER_SCALE /* value: the power of a thousand */
};

struct number_name {
    enum number_class class;
    unsigned value;
    bool ordinal; /* "third", "twentieth" */
    bool plural;  /* of tens: "twenties" */
};

/* What a word in lower case is. Of zero's other names "oh" and "o" are known, too. */
struct number_name number_named(const char *word, size_t length);

#endif

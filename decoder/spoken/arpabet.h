/* arpabet.h - the phones of English by number: the 39 of CMUdict, vowels once for each stress.
 *
 * A vowel's number is 3 v + stress, v its place among the 15 vowels by name; consonants follow. Stress is 0 (none), 1
 * (primary) or 2 (secondary). Models' own phone tables are made from the names ("AE1", "K"). */
#ifndef DECODER_ARPABET_H
#define DECODER_ARPABET_H

#include "src/base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    PHONE_VOWELS = 15,
    PHONE_STRESSES = 3,
    PHONE_CONSONANTS = 24,
    PHONE_COUNT = PHONE_VOWELS * PHONE_STRESSES + PHONE_CONSONANTS, /* phones are 0 to 68 */
    PHONE_NONE = 255
};

/* A growing list of phones. Once memory has run out, failed stays set and adding does nothing. */
struct phones {
    unsigned char *ids;
    size_t count, capacity;
    bool failed;
};

void phones_add(struct phones *phones, unsigned char phone);
void phones_add_all(struct phones *phones, const unsigned char *ids, size_t count);
void phones_free(struct phones *phones);

static inline bool phone_is_vowel(unsigned char phone)
{
    return phone < PHONE_VOWELS * PHONE_STRESSES;
}

/* 0, 1 or 2; -1 of a consonant. */
static inline int phone_stress(unsigned char phone)
{
    return phone_is_vowel(phone) ? phone % PHONE_STRESSES : -1;
}

/* The same vowel with another stress; a consonant as it is. */
static inline unsigned char phone_stressed(unsigned char phone, int stress)
{
    return phone_is_vowel(phone) ? (unsigned char)(phone / PHONE_STRESSES * PHONE_STRESSES + stress) : phone;
}

/* "AE1", "K"; NULL where there is no such phone. */
const char *phone_name(unsigned char phone);
/* The phone of a name, PHONE_NONE where there is none. A vowel without a digit is the one without stress. */
unsigned char phone_find(const char *name, size_t length);

/* Appends the phones of "K AE1 T". Where no vowel has a digit, the first that is no AH bears the stress. Errors:
 * ARGUMENT, naming what is no phone; MEMORY. */
int arpabet_read(const char *text, size_t length, struct phones *phones, struct fault *fault);
/* Whether text is made of names of phones alone, and of one at least. */
bool arpabet_is(const char *text, size_t length);

/* Gives phones from begin on a stress where none of their vowels has one. */
void phones_stress(struct phones *phones, size_t begin);

#endif

/* word_class.h - what a word may be, by itself: from a table of function words and from endings. No dictionary of parts
 * of speech is behind it, so most words are just open. */
#ifndef DECODER_WORD_CLASS_H
#define DECODER_WORD_CLASS_H

#include <stddef.h>

enum word_class {
    CLASS_DETERMINER = 1 << 0,
    CLASS_POSSESSIVE = 1 << 1,
    CLASS_SUBJECT = 1 << 2, /* i, they, who */
    CLASS_THIRD = 1 << 3,   /* he, she, it: a subject whose verb has its -s */
    CLASS_PRONOUN = 1 << 4, /* me, them: an object */
    CLASS_MODAL = 1 << 5,   /* and do, let, please: a base follows */
    CLASS_TO = 1 << 6,
    CLASS_BE = 1 << 7,
    CLASS_HAVE = 1 << 8,
    CLASS_PREPOSITION = 1 << 9,
    CLASS_CONJUNCTION = 1 << 10,
    CLASS_ADVERB = 1 << 11, /* may stand between a verb and what governs it */
    CLASS_DEGREE = 1 << 12, /* very, too */
    CLASS_NUMBER = 1 << 13,
    CLASS_QUESTION = 1 << 14, /* what, where, that, if */
    CLASS_PAST_TIME = 1 << 15,
    CLASS_USUAL_TIME = 1 << 16, /* what is so always, or will be */
    CLASS_ADJECTIVE = 1 << 17,
    CLASS_PLURAL = 1 << 18,
    CLASS_PARTICIPLE = 1 << 19, /* in -ed */
    CLASS_GERUND = 1 << 20,
    CLASS_LINKING = 1 << 21,  /* seem, feel: an adjective follows */
    CLASS_WANT = 1 << 22,     /* begin, want, try: "to" and a verb follow */
    CLASS_PARTICLE = 1 << 23, /* up, down: also behind a verb */
    CLASS_OPEN = 1 << 24,     /* any other */
    /* no words at all */
    CLASS_EDGE = 1 << 25, /* where a clause begins or ends */
};

/* The classes of a word in lower case, or'ed; CLASS_OPEN where nothing is known. */
unsigned word_classes(const char *word, size_t length);

#endif

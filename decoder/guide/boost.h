/* boost.h - phrases to listen for: a sequence of tokens gains where it writes one of them.
 *
 * All phrases are one automaton over bytes of plain text (plain_text.h; Aho and Corasick, CACM 18(6), 1975), so that
 * every way of the tokens to write a phrase is met, in whatever case and between whatever punctuation. A sequence ends
 * worth the sum of its phrases, each as often as it stands there from the beginning of a word to the end of one. While
 * it grows, the phrase that it is within counts letter by letter, at half its worth, and no longer once it goes on
 * otherwise (Zhao et al., "Shallow-Fusion End-to-End Contextual Biasing", Interspeech 2019, section 3.2).
 *
 * A phrase is worth its weight for each letter after the second, so that short ones, which sounds alike are many, gain
 * little, and the beginnings that all words share gain nothing. Beside a language model a phrase of words that it
 * expects anyway gains less, down to a quarter, and a single word only for letters behind those that are an expected
 * word by themselves: between "seven" and "seventh" the first five say nothing. */
#ifndef DECODER_BOOST_H
#define DECODER_BOOST_H

#include "decoder/guide/fusion.h"

#include <stddef.h>
#include <stdint.h>

enum { BOOST_PHRASE_LONGEST = 255, BOOST_PHRASES_MOST = 100000 };
#define BOOST_WEIGHT_MOST 20.0

struct boost_phrase {
    const char *text; /* UTF-8, not terminated */
    size_t length;    /* at most BOOST_PHRASE_LONGEST bytes */
    double weight;    /* natural log for each letter that counts, at most BOOST_WEIGHT_MOST; 0: the list's */
    size_t number;    /* what messages call it */
};

struct boost; /* immutable; any thread */

/* phrases are not needed afterwards; spelling and fusion, the language model beside them (NULL: none), are borrowed.
 * weight: of phrases that have none of their own, above 0. name: what messages say before a phrase's number
 * ("names.txt, line"). Errors: ARGUMENT (a phrase that is empty, too long, no UTF-8, there twice, or that no tokens can
 * write; a weight out of range; too many phrases), MEMORY. */
int boost_open(struct boost **boost, const struct spelling *spelling, const struct fusion *fusion,
               const struct boost_phrase *phrases, size_t count, double weight, const char *name, struct fault *fault);
void boost_close(struct boost **boost);

/* What phrases make of a sequence of tokens: plain data. */
struct boosted {
    double rank;  /* to be added to its score while it grows */
    double ended; /* of the phrases that are behind it */
    int32_t node; /* where its last bytes lead in the automaton */
};

void boost_begin(const struct boost *boost, struct boosted *out); /* the empty sequence */
void boost_extend(const struct boost *boost, const struct boosted *parent, int token, struct boosted *out);
/* What is added, in place of rank, when the sequence ends here. */
double boost_whole(const struct boost *boost, const struct boosted *state);

/* No child ranks higher than behind + begun[length] or behind + begins. */
enum { BOOST_LENGTHS = 4 };
struct boost_most {
    double behind;      /* of the sequence's phrases that are behind it */
    const float *begun; /* [BOOST_LENGTHS] the most of one that it is within, by the token's length; never falls */
};
struct boost_gain {
    double begins; /* the most of a phrase that begins with the token, 0 or above */
    int length;    /* of what it writes, as an index: up to 1 byte, 2, 3, more */
};
struct boost_most boost_most(const struct boost *boost, const struct boosted *state);
struct boost_gain boost_gain(const struct boost *boost, int token);
double boost_gain_most(const struct boost *boost); /* the most that begins with any token */

/* Whether the last word so far is how a word of some phrase begins; whether it is one. */
bool boost_begins_word(const struct boost *boost, const struct boosted *state);
bool boost_is_word(const struct boost *boost, const struct boosted *state);

#endif

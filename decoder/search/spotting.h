/* spotting.h - phrases found in CTC scores without a search, and put into the text that a search wrote.
 *
 * A prefix beam drops a rare phrase in mid-word, where its beginning has lost more than its end would win back. So the
 * scores are asked for each phrase by itself: a Viterbi pass through the lattice of all tokens that can write it gives
 * the best place that it may have, which then competes with the words that stand there (Andrusenko et al., "Fast
 * Context-Biasing for CTC and Transducer ASR models with CTC-based Word Spotter", arXiv 2406.07096, section 3). Beyond
 * the paper
 * - the lattice has, at a cost, tokens that write a phrase as it sounds: a space within a word or none between two, a
 *   doubled letter single, another vowel, a consonant's relative. An acoustic model spells what it has not met like
 *   what it has: "penny worth" is said where "pennyworth" is listened for;
 * - a phrase must account for all frames of the words that it replaces, and words that fit badly themselves are no
 *   argument for it beyond a limit;
 * - the guide of the search (guide.h), its language model and the weights of phrases, judges both texts. */
#ifndef DECODER_SPOTTING_H
#define DECODER_SPOTTING_H

#include "decoder/guide/boost.h"

#include <stddef.h>

struct ctc_params;
struct ctc_result;
struct spotting; /* immutable; any thread */

/* phrases: those that boost was opened with. Those of scripts without spaces, and what tokens cannot write from the
 * beginning of a word to the end of one, are left to the search. Lists of more than SPOTTING_PHRASES_MOST are left to
 * it altogether: *spotting is NULL. boost and spelling are borrowed. Errors: MEMORY. */
enum { SPOTTING_PHRASES_MOST = 4000 };
int spotting_open(struct spotting **spotting, const struct spelling *spelling, const struct boost *boost,
                  const struct boost_phrase *phrases, size_t count, struct fault *fault);
void spotting_close(struct spotting **spotting);

/* Puts what is found into the best hypothesis of ctc_decode's result; the one without it stays as the next best where
 * there are to be more than one, and as result->plain. params: those of the search; its guide is asked, and must have a
 * boost. score rises by what the phrases win by; sound falls by what they fit the scores worse; tokens lie where they
 * fit best. Errors: MEMORY. */
int spotting_apply(const struct spotting *spotting, const float *scores, int frames, int vocabulary,
                   const struct ctc_params *params, struct ctc_result *result, struct fault *fault);

#endif

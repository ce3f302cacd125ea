/* stitch.h - two windows that overlap around a seam in running speech become one sequence of words. */
#ifndef SRC_STITCH_H
#define SRC_STITCH_H

#include "decoder/search/words.h"

/* The words to keep: left's first left_count, and right's from right_first on. */
struct stitch {
    size_t left_count, right_first;
};

/* left and right: the words that the windows before and after the seam heard, in seconds of the stream; at: the seam.
 *
 * Where both heard the same word at the same time, the one nearest to the seam ties them: left up to it, right after
 * it. Otherwise each word belongs to the side that its middle lies on; and of two readings of the same sound one is
 * kept where that rule would keep both or none. */
struct stitch stitch_words(const struct word_list *left, const struct word_list *right, double at);

/* Lets the last word kept of left end before the first kept of right begins: each window ends a word where it likes. */
void stitch_trim(struct stitch stitch, struct word_list *left, const struct word_list *right);

#endif

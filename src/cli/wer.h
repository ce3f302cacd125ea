/* wer.h - word error rate: the edits that turn what was said into what was heard, over the words that were said. */
#ifndef CLI_WER_H
#define CLI_WER_H

#include "text.h"

#include <stddef.h>

/* The form in which words are compared, one space between words, none at the ends:
 * letters are lower-cased (ASCII, Latin-1, Latin Extended-A, Greek, Cyrillic); hyphens, dashes, slashes and white
 * space divide words; apostrophes and all other punctuation are deleted (ASCII, Latin-1, General Punctuation and the
 * ideographic stops); everything else, digits included, stays. So "Don't re-enter!" is "dont re enter". */
void wer_normalize(struct text *out, const char *string);

struct wer {
    size_t words; /* of the reference */
    size_t substitutions, deletions, insertions;
};

/* Counts the edits between two normalised texts along a path with the fewest (Levenshtein over words); among those a
 * path with the most substitutions. Returns 0, or -1 when memory ran out. */
int wer_count(const char *reference, const char *hypothesis, struct wer *wer);

size_t wer_errors(const struct wer *wer);
double wer_percent(const struct wer *wer); /* NaN where the reference has no words */

#endif

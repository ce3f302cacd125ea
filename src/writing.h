/* writing.h - what a session does with words before it hands them out, where it is asked to: they are written as people
 * write, masked, and redacted. One thread at a time.
 *
 * Numbers are said with pauses, and a pause ends a segment. Where sound need not be answered at once, a segment that
 * ends in digits is kept back until it is known how they go on, so that a number is seen whole. Live text cannot wait:
 * there, digits at the end of what is known are redacted as soon as they are four, and what was committed counts with
 * what follows. */
#ifndef SRC_WRITING_H
#define SRC_WRITING_H

#include "src/model.h"
#include "src/redacted.h"
#include "src/segment.h"
#include "src/window.h"

struct writing;

/* given: as the program gave it. *writing is NULL where nothing is asked for. language: the one asked for, or NULL;
 * lanes: channels that words come from. Errors: ARGUMENT (kinds that there are not, a list of words that is broken), IO
 * (its file), UNSUPPORTED (another language than English), MEMORY. */
int writing_open(struct writing **writing, const struct utter_text_params *given, const struct utter_model *model,
                 const char *language, int lanes, struct fault *fault);
void writing_close(struct writing **writing);
void writing_reset(struct writing *writing);

/* In the functions below writing may be NULL: then words pass as they are. Errors: MEMORY. */

/* The language that the words to come are in, "" while it is not known: nothing but English is written. */
void writing_hears(struct writing *writing, const char *language);

/* The words of a segment of a recording, at least one, in order of time within a channel; they are copied. What is
 * finished goes to out, maybe later. */
int writing_take(struct writing *writing, int channel, const struct word *words, size_t count,
                 struct segment_queue *out, struct fault *fault);
/* No segment follows: what was kept back goes to out. */
int writing_finish(struct writing *writing, struct segment_queue *out, struct fault *fault);

/* Words of live speech that are committed now, or, tentative, shown: as a segment (the caller's, free). */
int writing_live(struct writing *writing, int channel, const struct word *words, size_t count, bool tentative,
                 struct segment **segment, struct fault *fault);

/* What a window heard and does not give out, and its alternatives: without numbers and masked words. */
int writing_window(struct writing *writing, struct window *window, struct fault *fault);

/* What has been redacted so far; NULL where nothing can be. */
struct redacted_queue *writing_redacted(struct writing *writing);

#endif

/* tentative.h - what a channel's open window says so far. */
#ifndef SRC_TENTATIVE_H
#define SRC_TENTATIVE_H

#include "src/lane.h"

struct tentative;

/* setting and results are borrowed. Errors: MEMORY. */
int tentative_open(struct tentative **tentative, int channel, const struct live_setting *setting,
                   struct live_results *results, struct fault *fault);
void tentative_close(struct tentative **tentative);
void tentative_reset(struct tentative *tentative);

/* Hears the open window's end, if that is due and there is time for it, and gives the text out if it has changed.
 * Errors: MEMORY, DEVICE. */
int tentative_hear(struct tentative *tentative, const struct cutter_view *view, struct fault *fault);

/* A window was committed. held: its words from first on that are not, and are heard again by the window that is open
 * now, around seam (seconds). Takes back what was shown and is not committed. Errors: MEMORY. */
int tentative_restart(struct tentative *tentative, const struct word_list *held, size_t first, double seam,
                      struct fault *fault);

#endif

/* breaths.h - sentences as utterances in a queue: a sentence is cut at its breaks, and silences go between. */
#ifndef SRC_SPEAK_BREATHS_H
#define SRC_SPEAK_BREATHS_H

#include "decoder/spoken/spoken_marks.h"
#include "src/speak/voice.h"

/* Zeroed: empty. */
struct breaths {
    struct utterance *first, *last;
    double pause;           /* seconds asked for by breaks … */
    double gap;             /* … and between sentences that go before whatever is said next */
    struct mark_list marks; /* that are not any utterance's yet: whatever is said next takes them */
};

/* Adds a sentence's utterances. Where nothing of it can be said, none; its breaks still count.
 * Errors: ARGUMENT (phones that are none), MEMORY. */
int breaths_add(struct breaths *breaths, const struct utter_voice *voice, const struct spoken_sentence *sentence,
                struct fault *fault);
/* The oldest utterance, the caller's from now on, or NULL. */
struct utterance *breaths_take(struct breaths *breaths);
void breaths_clear(struct breaths *breaths);

#endif

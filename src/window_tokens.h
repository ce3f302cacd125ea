/* window_tokens.h - what a search over tokens with frames found in a window: its words, and what else it might have
 * said. */
#ifndef SRC_WINDOW_TOKENS_H
#define SRC_WINDOW_TOKENS_H

#include "src/constraint.h"
#include "src/model.h"
#include "src/window.h"

/* Forgets words, sentence and what was not given out, as of a window that is searched again. */
void window_forget_tokens(struct window *window);

/* Fills words, in seconds of the stream. The window has none yet. Errors: MEMORY. */
int window_take_words(struct window *window, const struct utter_model *model, const struct ctc_hypothesis *best,
                      struct fault *fault);
/* Holds the best sentence of a grammar against heard, what would have been heard without one. Where that is silence,
 * nothing was said; a sentence that is not believed is dropped as no match. Errors: MEMORY. */
int window_take_sentence(struct window *window, const struct utter_model *model, const struct constraint *constraint,
                         const struct ctc_result *result, const struct ctc_hypothesis *heard, struct fault *fault);
/* The words become text that is not given out, for that reason. Errors: MEMORY. */
int window_drop_words(struct window *window, enum utter_reason reason, struct fault *fault);
/* Keeps what else the window might have said, likeliest first; of result there is at least one. Errors: MEMORY. */
int window_keep_alternatives(struct window *window, const struct utter_model *model, const struct ctc_result *result,
                             struct fault *fault);

#endif

/* window_tokens.h - what a search over tokens with frames found in a window: its words, and what else it might have
 * said. */
#ifndef SRC_WINDOW_TOKENS_H
#define SRC_WINDOW_TOKENS_H

#include "src/model.h"
#include "src/window.h"

/* Fills words, in seconds of the stream. The window has none yet. Errors: MEMORY. */
int window_take_words(struct window *window, const struct utter_model *model, const struct ctc_hypothesis *best,
                      struct fault *fault);
/* Keeps what else the window might have said, likeliest first; of result there is at least one. Errors: MEMORY. */
int window_keep_alternatives(struct window *window, const struct utter_model *model, const struct ctc_result *result,
                             struct fault *fault);

#endif

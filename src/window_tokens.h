/* window_tokens.h - what a search over tokens with frames found in a window: its words, and what else it might have
 * said. */
#ifndef SRC_WINDOW_TOKENS_H
#define SRC_WINDOW_TOKENS_H

#include "src/model.h"
#include "src/window.h"

/* Fills words, in seconds of the stream, from the best hypothesis, where there is one, and with nbest the alternatives
 * from all. The window has no words yet. Errors: MEMORY. */
int window_take_tokens(struct window *window, const struct utter_model *model, const struct ctc_result *result,
                       bool nbest, struct fault *fault);

#endif

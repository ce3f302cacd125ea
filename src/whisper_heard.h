/* whisper_heard.h - what a Whisper's search found in a window, as the window's words. */
#ifndef SRC_WHISPER_HEARD_H
#define SRC_WHISPER_HEARD_H

#include "src/decoding.h"
#include "src/window.h"

/* One window of a pass, its search done. */
struct whisper_heard {
    const struct utter_model *model;
    const struct decoding *decoding;
    struct whisper_pass *pass;
    int row;      /* of the window in the pass */
    int language; /* id of its token, or -1 */
    const struct whisper_result *result;
};

/* Fills the window's words, or its reason and dropped text, and its seek, temperature and tokens.
 * Errors: MEMORY, DEVICE. */
int whisper_heard_fill(const struct whisper_heard *heard, struct window *window, struct fault *fault);

#endif

/* running.h - sequential mode of a Whisper: each window begins where the timestamps of the one before say that its text
 * ended, with that text as its prompt (Radford et al. 2022, section 4.5). */
#ifndef SRC_RUNNING_H
#define SRC_RUNNING_H

#include "src/decoding.h"
#include "src/window.h"

struct running;

/* Transcribes a window, which stays the caller's, and fills what window.h says the search fills. */
typedef int (*running_step)(void *context, struct window *window, struct fault *fault);

/* lanes: channels; whole: samples of a window. decoding is borrowed. Errors: MEMORY. */
int running_open(struct running **running, int lanes, const struct decoding *decoding, int64_t whole,
                 struct fault *fault);
void running_close(struct running **running);
void running_reset(struct running *running);

/* Takes sound over, in order within its channel, and runs every whole window that is there. Errors: MEMORY, and
 * step's. */
int running_take(struct running *running, struct window *sound, running_step step, void *context, struct fault *fault);
/* The end of the sound: runs what is left. */
int running_finish(struct running *running, running_step step, void *context, struct fault *fault);

bool running_waiting(const struct running *running); /* is there sound that was not heard yet? */

#endif

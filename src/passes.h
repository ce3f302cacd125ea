/* passes.h - forward passes that live sessions of a model share: a pass has an arena of megabytes, a session uses it
 * for some milliseconds a second, and there are hundreds of sessions. Of a Whisper every session has its own (it
 * remembers the language). Any thread. */
#ifndef SRC_PASSES_H
#define SRC_PASSES_H

#include "src/batch.h"

struct passes;

/* longest: samples of the longest window. most: the decoding that asks for the most rows of a pass, borrowed; NULL:
 * any, for only a Whisper's passes have rows by their decoding. Errors: MEMORY. */
int passes_open(struct passes **passes, const struct utter_model *model, int64_t longest, const struct decoding *most,
                struct fault *fault);
void passes_close(struct passes **passes);

/* One window through the model, in a pass of one row that nobody else is using: waits while as many run as there are
 * cores. Fills what batch_search fills; adds the stages' times to timings. decoding: how it is searched, asking
 * for no more rows than most. Errors: MEMORY, DEVICE. */
int passes_run(struct passes *passes, const struct decoding *decoding, struct window *window,
               struct utter_timings *timings, struct fault *fault);

/* Forgets the language that was heard; the language: as batch.h. For passes that one session has for itself. */
void passes_reset(struct passes *passes);
const char *passes_language(const struct passes *passes);

/* How often there is time for what is not needed. speaking: +1 when a stream's speech begins, -1 when it ends. */
void passes_speaking(struct passes *passes, int change);
/* Seconds of wall time that a stream is to leave between two tentative passes, so that those of all streams in which
 * somebody speaks take no more than a part of the machine, which windows need as well. */
double passes_pause(struct passes *passes);

#endif

/* voices.h - the voice activity detectors that live sessions of a model share, opened when first asked for. Any thread.
 */
#ifndef SRC_VOICES_H
#define SRC_VOICES_H

#include "src/voice.h"

struct voices;

int voices_open(struct voices **voices, const struct utter_engine *engine, struct fault *fault);
void voices_close(struct voices **voices);

/* detector: as voice_open; the result lives with voices. Errors: voice_open's. */
int voices_get(struct voices *voices, const char *detector, const struct voice **voice, struct fault *fault);

#endif

/* speaker_names.h - what a voice's speakers are called. */
#ifndef SRC_SPEAK_SPEAKER_NAMES_H
#define SRC_SPEAK_SPEAKER_NAMES_H

#include "src/speak/voice.h"

/* The names in a voice's config.json, if it has some, once its number of speakers is known: the list "utter.speakers",
 * or "speaker_id_map", from names to numbers, as Piper writes it. What in them is no name, or no speaker's, is passed
 * over. Errors: IO, MODEL, MEMORY. */
int speaker_names_read(struct utter_voice *voice, const char *directory, struct fault *fault);
void speaker_names_free(struct utter_voice *voice);

/* The speaker of that name, or of that number, into *speaker. Errors: ARGUMENT, with the names that there are. */
int speaker_find(const struct utter_voice *voice, const char *name, int *speaker, struct fault *fault);

#endif

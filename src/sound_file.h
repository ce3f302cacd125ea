/* sound_file.h - the program's parameters of a sound file, as the writer takes them. */
#ifndef SRC_SOUND_FILE_H
#define SRC_SOUND_FILE_H

#include "audio/writer.h"

struct utter_sink_params;

/* Strings are borrowed. Errors: ARGUMENT. */
int sound_file_params(struct writer_params *writer, const struct utter_sink_params *given, struct fault *fault);

#endif

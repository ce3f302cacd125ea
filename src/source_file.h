/* source_file.h - the program's recordings, opened. */
#ifndef SRC_SOURCE_FILE_H
#define SRC_SOURCE_FILE_H

#include "audio/file.h"

struct utter_source;

/* Errors: ARGUMENT (not exactly one of path, data and read), and what audio_file_open gives. */
int source_file_open(struct audio_file **file, const struct utter_source *source, struct fault *fault);

#endif

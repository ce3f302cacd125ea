/* output_device.h - a line of a list of microphones or loudspeakers. */
#ifndef CLI_OUTPUT_DEVICE_H
#define CLI_OUTPUT_DEVICE_H

#include "text.h"

void output_device(struct text *line, int number, const char *name, const char *host, int channels, int rate,
                   bool is_default);

#endif

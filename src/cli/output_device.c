/* output_device.c - see output_device.h. */
#include "output_device.h"

void output_device(struct text *line, int number, const char *name, const char *host, int channels, int rate,
                   bool is_default)
{
    text_format(line, "%3d  ", number);
    text_add_line(line, name);
    text_format(line, "  (%s, %d channel%s, %d Hz)%s\n", host, channels, channels == 1 ? "" : "s", rate,
                is_default ? "  default" : "");
}

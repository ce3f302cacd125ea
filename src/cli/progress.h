/* progress.h - one line on standard error, only while that is a terminal: how much is done, how fast. It fits the
 * terminal's width, goes before anything else is printed, and leaves nothing behind. Any thread. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stddef.h>

/* files: how many there are. Does nothing where standard error is no terminal, or one that cannot erase. */
void progress_open(size_t files);

/* File number index has done seconds of total (0: unknown). */
void progress_update(size_t index, const char *name, double done, double total);
void progress_finish(size_t index, double seconds);

/* Takes the line away; the next update brings it back. */
void progress_hide(void);
void progress_close(void);

#endif

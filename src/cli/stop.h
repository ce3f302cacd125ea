/* stop.h - the one way in which work ends early: a signal, or an output that can no longer be written. */
#ifndef CLI_STOP_H
#define CLI_STOP_H

#include <stdbool.h>

/* From here on SIGINT and SIGTERM ask for a clean end; a second one ends the program at once. */
void stop_catch_signals(void);

void stop_now(void); /* work that nobody can receive any more */
bool stopping(void); /* any thread */

/* status, unless a signal asked to stop: then 128 + its number, as the shell counts. */
int stop_status(int status);

#endif

/* bench_speak.h - `utter bench --speak`: what speech costs, and how soon it begins. */
#ifndef CLI_BENCH_SPEAK_H
#define CLI_BENCH_SPEAK_H

#include "report.h"
#include "speaking.h"

/* Opens the voice (shape as in speaking_open), speaks repeats times after once that is not counted, and adds medians to
 * the report. Returns 0, or an exit status after a message. */
int bench_speak(struct speaking *speaking, const char *shape, int repeats, struct report *report);

#endif

/* spoken_rules.h - the regular expressions by which English text is read, compiled: what every reader shares. */
#ifndef DECODER_SPOKEN_RULES_H
#define DECODER_SPOKEN_RULES_H

#include "src/base/error.h"

/* Immutable: any number of readers, of any threads, may use it at once. */
struct say_rules;

int say_rules_open(struct say_rules **rules, struct fault *fault);
void say_rules_close(struct say_rules **rules);

#endif

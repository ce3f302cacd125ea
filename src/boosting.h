/* boosting.h - the phrases of the public parameters, as a search takes them. Any thread. */
#ifndef SRC_BOOSTING_H
#define SRC_BOOSTING_H

#include "decoder/search/spotting.h"

#include <stdbool.h>

/* Immutable. */
struct boosting {
    struct boost *boost;
    struct spotting *spotting; /* the same phrases for a CTC search; NULL where that is not asked for */
};

/* The lists that sessions of a model listen for, and those that they listened for last: a list of hundreds takes as
 * long to prepare as some seconds of speech to transcribe, and most sessions have the same. */
struct boostings;

int boostings_open(struct boostings **boostings, struct fault *fault); /* Errors: MEMORY. */
void boostings_close(struct boostings **boostings);                    /* after all that was opened through it */

/* *boosting is NULL where no phrases are asked for. spelling and fusion (NULL: none) are borrowed; nothing of params is
 * kept. shared: of the model whose spelling and fusion these are; NULL: the fusion is the caller's alone, and so is the
 * list. spotted: with spotting; the same for all that one shared has. Errors: ARGUMENT, IO, MEMORY. */
int boosting_open(const struct boosting **boosting, struct boostings *shared,
                  const struct utter_decoding_params *params, const struct spelling *spelling,
                  const struct fusion *fusion, bool spotted, struct fault *fault);
void boosting_close(const struct boosting **boosting);

#endif

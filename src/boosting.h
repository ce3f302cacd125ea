/* boosting.h - the phrases of the public parameters, as a search takes them. */
#ifndef SRC_BOOSTING_H
#define SRC_BOOSTING_H

#include "decoder/boost.h"

/* *boost is NULL where none are asked for. spelling and fusion (NULL: none) are borrowed; nothing of params is kept.
 * Errors: ARGUMENT, IO, MEMORY. */
int boosting_open(struct boost **boost, const struct utter_decoding_params *params, const struct spelling *spelling,
                  const struct fusion *fusion, struct fault *fault);

#endif

/* boosting.h - the phrases of the public parameters, as a search takes them. */
#ifndef SRC_BOOSTING_H
#define SRC_BOOSTING_H

#include "decoder/spotting.h"

/* *boost is NULL where none are asked for. *spotting: the same phrases for a CTC search, to be closed before; spotting
 * may be NULL. spelling and fusion (NULL: none) are borrowed; nothing of params is kept. Errors: ARGUMENT, IO, MEMORY.
 */
int boosting_open(struct boost **boost, struct spotting **spotting, const struct utter_decoding_params *params,
                  const struct spelling *spelling, const struct fusion *fusion, struct fault *fault);

#endif

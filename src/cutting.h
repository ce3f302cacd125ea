/* cutting.h - how a session's sound is cut, by the model that is to hear it. */
#ifndef SRC_CUTTING_H
#define SRC_CUTTING_H

#include "src/cutter.h"
#include "src/decoding.h"

/* False: not at all, since the model itself says where its windows end (sequential mode). batch: as the session's
 * parameter; at 1 windows end at every pause, so that text comes early. */
bool cutting_choose(struct cutter_params *params, const struct utter_model *model, const struct decoding *decoding,
                    int batch);

#endif

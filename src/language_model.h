/* language_model.h - a language model's file, mapped, for one model's tokens. */
#ifndef SRC_LANGUAGE_MODEL_H
#define SRC_LANGUAGE_MODEL_H

#include "decoder/guide/fusion.h"

struct language_model; /* of words, or of the tokens themselves */

/* path: of a file that `utter lm build` made. spelling is borrowed. prose: the tokens write capitals and punctuation
 * (fusion.prose), which a model of words is not asked about. Immutable; any thread. Errors: IO, MODEL,
 * UNSUPPORTED, MEMORY. */
int language_model_open(struct language_model **model, const char *path, const struct spelling *spelling, bool prose,
                        struct fault *fault);
void language_model_close(struct language_model **model);
const struct fusion *language_model_fusion(const struct language_model *model);

#endif

/* dropout.h - the noise of the decoder's prenet, from a seed. */
#ifndef MODELS_SPEECHT5_DROPOUT_H
#define MODELS_SPEECHT5_DROPOUT_H

#include <stdint.h>

/* What count outputs of layer `layer` (of so many layers) are multiplied with at step `step`, from 0: as transformers
 * has it, 1/(1 - p) with probability p, else 0, which for the published p of 0.5 is dropout (Srivastava et al. 2014).
 * The numbers depend on the seed and the place alone. */
void speecht5_dropout(uint64_t seed, int step, int layer, int layers, float p, int count, float *out);

#endif

/* logarithm.h - the natural logarithm of many floats at once, in plain C that compilers turn into vector code. */
#ifndef AUDIO_LOGARITHM_H
#define AUDIO_LOGARITHM_H

#include <stdint.h>

/* x [count] = ln(x), in place. For normal positive finite x the error is at most 1e-6, or 1.2e-7 of the result where
 * that is larger; other values give no meaning, and no trap. */
void logarithm(float *x, int64_t count);

#endif

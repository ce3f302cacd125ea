/* driver.h - is there a card at all? Asked of NVIDIA's driver before the module is loaded: with cuBLASLt the module
 * takes some 170 MB of memory and half a second, which a machine that has the toolkit but no card should not pay. */
#ifndef MODELS_CUDA_DRIVER_H
#define MODELS_CUDA_DRIVER_H

#include "src/base/error.h"

/* Loads libcuda.so.1, which then stays loaded, and counts its cards; none is a failure. Any thread.
 * Errors: UNSUPPORTED (no driver), DEVICE (a driver that fails, or that has no card). */
int cuda_driver_check(struct fault *fault);

#endif

/* cuda.h - the GPU as a device. It lies in a library of its own, libutter-cuda.so, which is loaded when a GPU is asked
 * for: so that one build runs on machines with and without CUDA. */
#ifndef MODELS_CUDA_CUDA_H
#define MODELS_CUDA_CUDA_H

#ifdef __cplusplus
extern "C" {
#endif
#include "models/tensor/ops.h"

/* Loads the module, once for the process, and opens card `index` (from 0). threads is borrowed and must outlive the
 * device. The module is the file that the environment variable UTTER_CUDA_MODULE names, or, where the driver finds a
 * card, libutter-cuda.so beside the library (or program) that this function is in, or where the system looks for
 * libraries. Errors: MEMORY, UNSUPPORTED (no driver, no module, or of another version), DEVICE (a driver that fails, no
 * such card, too old a card). */
int cuda_device_open(struct device **device, struct thread_pool *threads, int index, struct fault *fault);

/* ---- the module's one exported symbol ---- */

/* Of the structs that cross between the library and the module: both must have been built from the same ones. */
enum { CUDA_MODULE_VERSION = 6 };

struct cuda_module {
    int version; /* CUDA_MODULE_VERSION */
    int (*open)(struct device **device, struct thread_pool *threads, int index, struct fault *fault);
};

const struct cuda_module *utter_cuda_module(void);

#ifdef __cplusplus
}
#endif

#endif

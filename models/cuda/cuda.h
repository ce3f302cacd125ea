/* cuda.h - the GPU as a device: libutter-cuda.so, which the library loads at run time, and its one exported symbol. */
#ifndef MODELS_CUDA_CUDA_H
#define MODELS_CUDA_CUDA_H

#ifdef __cplusplus
extern "C" {
#endif
#include "models/tensor/ops.h"

/* Of the structs that cross between the library and the module: both must have been built from the same ones. */
enum { CUDA_MODULE_VERSION = 1 };

struct cuda_module {
    int version; /* CUDA_MODULE_VERSION */
    /* Opens card `index` (from 0). threads is borrowed and must outlive the device.
     * Errors: MEMORY, DEVICE (no driver, no such card, too old a card). */
    int (*open)(struct device **device, struct thread_pool *threads, int index, struct fault *fault);
    void (*close)(struct device **device);
};

const struct cuda_module *utter_cuda_module(void);

#ifdef __cplusplus
}
#endif

#endif

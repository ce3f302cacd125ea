/* runtime.h - what the files of this folder have of CUDA: the runtime, and one way to launch a kernel. In a test the
 * same files are compiled for the host, where a thread block is a handful of fibers (tests/emulation/cuda.h). */
#ifndef MODELS_CUDA_RUNTIME_H
#define MODELS_CUDA_RUNTIME_H

#ifdef UTTER_CUDA_EMULATED
#include "tests/emulation/cuda.h"
#else
#include <cuda_runtime.h>
#include <stdint.h>

static const int64_t most_blocks = 4096;             /* of a kernel that strides over its elements */
static const size_t beyond_caches = (size_t)1 << 30; /* bytes: several times the largest cache */

#define SHARED_MEMORY(name) extern __shared__ __align__(16) unsigned char name[]

template <typename... Parameters, typename... Arguments>
static inline void launch(void (*kernel)(Parameters...), dim3 grid, int threads, size_t shared, cudaStream_t stream,
                          Arguments... arguments)
{
    kernel<<<grid, threads, shared, stream>>>(arguments...);
}
#endif

extern "C" {
#include "models/tensor/ops.h"
#include "src/base/memory.h"
}

#endif

/* cuda.h - as much of CUDA as models/cuda is written in, on the host: what a test needs to run its kernels, index
 * arithmetic and tiling included, where there is no GPU. Not fast, and no model of timing or memory.
 *
 * A block's threads are fibers of one thread (fibers.h): each runs until it must wait for the others (a barrier, a
 * shuffle), then the next one does. Blocks run one after another, so static memory may stand for what a block shares. A
 * graph is a list of what was asked for between the two ends of its capture; nothing else may be asked for there. */
#ifndef TESTS_EMULATION_CUDA_H
#define TESTS_EMULATION_CUDA_H

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "models/tensor/float8.h"

#define __device__
#define __host__
#define __global__
#define __shared__ static
#define __launch_bounds__(threads)
#define SHARED_MEMORY(name) unsigned char *name = emulation_shared

static const int64_t most_blocks = 4;
static const size_t beyond_caches = 1 << 20;

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_)
    {
    }
};

extern struct dim3 threadIdx, blockIdx, blockDim, gridDim;
extern unsigned char *emulation_shared;

/* Runs body once for every thread of one block. */
void emulation_run_block(int threads, const std::function<void()> &body);
void __syncthreads(void);
float __shfl_xor_sync(unsigned mask, float value, int lane);
void __syncwarp(void);
void emulation_new_shared(size_t bytes);

/* warp.h's, by the same layouts. */
void mma_bf16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1);
void load_matrices(uint32_t (&r)[4], const uint16_t *row);
void load_matrices_transposed(uint32_t (&r)[4], const uint16_t *row);
void mma_f16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1);
uint32_t bf16_pair(float low, float high);
uint32_t f16_pair(float low, float high);

/* element.h's. */
static inline float f16_get(uint16_t bits)
{
    return f16_to_float(bits);
}

static inline uint16_t f16_of(float value)
{
    return f16_from_float(value);
}

/* Copies are done at once in some blocks, and in the others only when they are waited for. */
void copy_16(uint16_t *to, const uint16_t *from, bool counts);
void copies_end(void);
void emulation_copies_wait(int left);

template <int LEFT> static inline void copies_wait(void)
{
    emulation_copies_wait(LEFT);
}

struct float2 {
    float x, y;
};

struct float4 {
    float x, y, z, w;
};

struct uint4 {
    uint32_t x, y, z, w;
};

static inline float2 make_float2(float x, float y)
{
    return {x, y};
}

static inline float __uint_as_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t __float_as_uint(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Byte i of the result is byte s[4i+2 : 4i] of x (0 to 3) and y (4 to 7). */
static inline uint32_t __byte_perm(uint32_t x, uint32_t y, uint32_t s)
{
    const uint64_t bytes = (uint64_t)y << 32 | x;
    uint32_t out = 0;
    for (int i = 0; i < 4; i++)
        out |= (uint32_t)(bytes >> (s >> 4 * i & 7) * 8 & 0xff) << 8 * i;
    return out;
}

static inline float rsqrtf(float x)
{
    return 1 / std::sqrt(x);
}

/* ---- the runtime: memory is the host's, everything is done at once ---- */

typedef int *cudaStream_t;
typedef struct emulation_graph *cudaGraph_t, *cudaGraphExec_t;
enum cudaError_t {
    cudaSuccess = 0,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInvalidValue = 1,
    cudaErrorNotPermitted = 800
};
enum { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice, cudaStreamNonBlocking };
enum { cudaFuncAttributeMaxDynamicSharedMemorySize };
enum { cudaStreamCaptureModeRelaxed };

struct cudaDeviceProp {
    char name[256];
    int major, minor;
    size_t totalGlobalMem;
};

cudaError_t cudaMalloc(void **memory, size_t size);
cudaError_t cudaFree(void *memory);
cudaError_t cudaMallocHost(void **memory, size_t size);
cudaError_t cudaFreeHost(void *memory);
cudaError_t cudaMemset(void *to, int byte, size_t size);
cudaError_t cudaMemcpy(void *to, const void *from, size_t size, int kind);
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t size, int kind, cudaStream_t stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, int flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaDeviceSynchronize(void);
cudaError_t cudaGetDeviceCount(int *count);
cudaError_t cudaSetDevice(int index);
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int index);
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, int mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *executable, cudaGraph_t graph, int flags);
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable);
cudaError_t cudaGetLastError(void);
const char *cudaGetErrorString(cudaError_t error);

template <class Kernel> static inline cudaError_t cudaFuncSetAttribute(Kernel, int, int)
{
    return cudaSuccess;
}

/* Whether work is written down for a graph instead of done; then it is taken. */
bool emulation_captures(const std::function<void()> &work);

template <typename... Parameters, typename... Arguments>
static inline void launch(void (*kernel)(Parameters...), dim3 grid, int threads, size_t shared, cudaStream_t stream,
                          Arguments... arguments)
{
    if (emulation_captures([=] { launch(kernel, grid, threads, shared, stream, arguments...); }))
        return;
    gridDim = grid;
    blockDim = dim3((unsigned)threads);
    for (unsigned z = 0; z < grid.z; z++)
        for (unsigned y = 0; y < grid.y; y++)
            for (unsigned x = 0; x < grid.x; x++) {
                blockIdx = dim3(x, y, z);
                emulation_new_shared(shared);
                emulation_run_block(threads, [&] { kernel(arguments...); });
            }
}

#endif

/* cuda.cc - the fibers, the little of the runtime that is used, and matrix products as loops. */
#include "models/cuda/matmul.h"

#include <ucontext.h>
#include <vector>

struct dim3 threadIdx, blockIdx, blockDim, gridDim;
unsigned char *emulation_shared;

/* ---- a block ---- */

enum { WARP_LANES = 32, STACK = 64 * 1024, MOST_THREADS = 1024 };

static ucontext_t scheduler, fibers[MOST_THREADS];
static std::vector<unsigned char> stacks, shared;
static bool ended[MOST_THREADS];
static const std::function<void()> *running;
static int current;

/* How often each fiber has come to wait for its block, and for its warp. */
static int at_block[MOST_THREADS], at_warp[MOST_THREADS];

static void yield(void)
{
    const int self = current;
    swapcontext(&fibers[self], &scheduler);
    threadIdx = dim3((unsigned)self);
}

/* Until the fibers [first, first + count) have come as often as this one, or have ended. */
static void wait_for(int *arrivals, int first, int count)
{
    const int mine = ++arrivals[current];
    for (bool all = false; !all;) {
        yield();
        all = true;
        for (int i = first; i < first + count; i++)
            all = all && (ended[i] || arrivals[i] >= mine);
    }
}

void __syncthreads(void)
{
    wait_for(at_block, 0, (int)blockDim.x);
}

float __shfl_xor_sync(unsigned mask, float value, int lane)
{
    static float slots[MOST_THREADS];
    const int self = current, first = self / WARP_LANES * WARP_LANES;
    (void)mask;
    slots[self] = value;
    wait_for(at_warp, first, WARP_LANES);
    const float other = slots[first + ((self - first) ^ lane)];
    wait_for(at_warp, first, WARP_LANES); /* nobody writes before all have read */
    return other;
}

static void fiber_main(void)
{
    const int self = current;
    threadIdx = dim3((unsigned)self);
    (*running)();
    ended[self] = true;
    swapcontext(&fibers[self], &scheduler);
}

void emulation_run_block(int threads, const std::function<void()> &body)
{
    running = &body;
    stacks.resize((size_t)MOST_THREADS * STACK);
    for (int i = 0; i < threads; i++) {
        ended[i] = false;
        at_block[i] = at_warp[i] = 0;
        getcontext(&fibers[i]);
        fibers[i].uc_stack.ss_sp = stacks.data() + (size_t)i * STACK;
        fibers[i].uc_stack.ss_size = STACK;
        fibers[i].uc_link = &scheduler;
        makecontext(&fibers[i], fiber_main, 0);
    }
    for (int left = threads; left > 0;) {
        left = 0;
        for (current = 0; current < threads; current++)
            if (!ended[current]) {
                swapcontext(&scheduler, &fibers[current]);
                left += !ended[current];
            }
    }
}

/* What a block shares begins as NaN: nothing is to be read there before it is written. */
void emulation_new_shared(size_t bytes)
{
    shared.assign(bytes + 16, 0xff);
    emulation_shared = shared.data() + (16 - (uintptr_t)shared.data() % 16) % 16;
}

/* ---- the runtime ---- */

static cudaError_t take(void **memory, size_t size)
{
    *memory = malloc(size);
    if (*memory)
        memset(*memory, 0xff, size);
    return *memory ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaMalloc(void **memory, size_t size)
{
    return take(memory, size);
}

cudaError_t cudaMallocHost(void **memory, size_t size)
{
    return take(memory, size);
}

cudaError_t cudaFree(void *memory)
{
    free(memory);
    return cudaSuccess;
}

cudaError_t cudaFreeHost(void *memory)
{
    free(memory);
    return cudaSuccess;
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t size, int kind)
{
    (void)kind;
    memcpy(to, from, size);
    return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t size, int kind, cudaStream_t stream)
{
    (void)stream;
    return cudaMemcpy(to, from, size, kind);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, int flags)
{
    static int one;
    (void)flags;
    *stream = &one;
    return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    (void)stream;
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    (void)stream;
    return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize(void)
{
    return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int *count)
{
    *count = 1;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int index)
{
    return index == 0 ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int index)
{
    *properties = {"emulated", 9, 0, (size_t)16 << 30};
    return index == 0 ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaGetLastError(void)
{
    return cudaSuccess;
}

const char *cudaGetErrorString(cudaError_t error)
{
    return error == cudaErrorMemoryAllocation ? "out of memory" : "failed";
}

/* ---- matrix products ---- */

static float element(const void *data, enum tensor_type type, int64_t i)
{
    return type == TENSOR_F32 ? ((const float *)data)[i] : __uint_as_float((uint32_t)((const uint16_t *)data)[i] << 16);
}

static uint16_t rounded(float value)
{
    uint32_t bits = __float_as_uint(value);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

struct matmul *matmul_open(struct fault *fault)
{
    (void)fault;
    return (struct matmul *)malloc(1);
}

void matmul_close(struct matmul *matmul)
{
    free(matmul);
}

void matmul_run(struct context *c, const struct product *p, void *out, const void *x, const void *weight)
{
    (void)c;
    for (int64_t i = 0; i < p->m; i++)
        for (int64_t j = 0; j < p->n; j++) {
            double sum = 0;
            for (int64_t k = 0; k < p->k; k++)
                sum += (double)element(x, p->type, i * p->k + k) * element(weight, p->type, j * p->k + k);
            const int64_t at = i * p->n + j;
            float y = (float)(p->factor * sum);
            if (p->keep != 0)
                y += p->keep * element(out, p->out_type, at);
            if (p->out_type == TENSOR_F32)
                ((float *)out)[at] = y;
            else
                ((uint16_t *)out)[at] = rounded(y);
        }
}

/* cuda.cc - the tensor cores, and the little of the runtime that is used. */
#include "tests/emulation/cuda.h"
#include "models/tensor/tensor.h"
#include "tests/emulation/fibers.h"

#include <vector>

unsigned char *emulation_shared;
static std::vector<unsigned char> shared;

static uint16_t bf16_from_float(float value)
{
    uint32_t bits = __float_as_uint(value);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static float widened(enum tensor_type type, uint16_t bits)
{
    return type == TENSOR_F16 ? f16_to_float(bits) : __uint_as_float((uint32_t)bits << 16);
}

/* ---- tensor cores: every lane shows what it holds, and takes its part of the result ---- */

static float half_of(enum tensor_type type, uint32_t pair, int half)
{
    return widened(type, (uint16_t)(half ? pair >> 16 : pair));
}

static void multiply_add(enum tensor_type type, float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1)
{
    static uint32_t left[MOST_THREADS][4], right[MOST_THREADS][2];
    const int self = (int)threadIdx.x, lane = self % WARP_LANES, first = self - lane;
    memcpy(left[self], a, sizeof a);
    right[self][0] = b0;
    right[self][1] = b1;
    __syncwarp();
    for (int r = 0; r < 4; r++) {
        const int row = lane / 4 + r / 2 * 8, column = lane % 4 * 2 + r % 2;
        for (int k = 0; k < 16; k++)
            d[r] += half_of(type, left[first + row % 8 * 4 + k % 8 / 2][row / 8 + k / 8 * 2], k % 2) *
                    half_of(type, right[first + column * 4 + k % 8 / 2][k / 8], k % 2);
    }
    __syncwarp();
}

void mma_bf16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1)
{
    multiply_add(TENSOR_BF16, d, a, b0, b1);
}

void mma_f16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1)
{
    multiply_add(TENSOR_F16, d, a, b0, b1);
}

static void give_matrices(uint32_t (&r)[4], const uint16_t *row, bool transposed)
{
    static const uint16_t *rows[MOST_THREADS];
    const int self = (int)threadIdx.x, lane = self % WARP_LANES, first = self - lane, group = lane / 4, pair = lane % 4;
    rows[self] = row;
    __syncwarp();
    for (int matrix = 0; matrix < 4; matrix++) {
        const uint16_t **m = rows + first + 8 * matrix;
        const uint32_t low = transposed ? m[2 * pair][group] : m[group][2 * pair],
                       high = transposed ? m[2 * pair + 1][group] : m[group][2 * pair + 1];
        r[matrix] = low | high << 16;
    }
    __syncwarp();
}

void load_matrices(uint32_t (&r)[4], const uint16_t *row)
{
    give_matrices(r, row, false);
}

void load_matrices_transposed(uint32_t (&r)[4], const uint16_t *row)
{
    give_matrices(r, row, true);
}

uint32_t bf16_pair(float low, float high)
{
    return (uint32_t)bf16_from_float(low) | (uint32_t)bf16_from_float(high) << 16;
}

uint32_t f16_pair(float low, float high)
{
    return (uint32_t)f16_from_float(low) | (uint32_t)f16_from_float(high) << 16;
}

/* ---- copies that go on while their thread does: each thread's, in the order of its groups ---- */

struct copy {
    uint16_t *to;
    const uint16_t *from;
    bool counts;
    int group;
};
static std::vector<struct copy> on_their_way[MOST_THREADS];
static int groups_ended[MOST_THREADS];
static bool late;

static void do_copy(const struct copy *copy)
{
    if (copy->counts)
        memcpy(copy->to, copy->from, 16);
    else
        memset(copy->to, 0, 16);
}

void copy_16(uint16_t *to, const uint16_t *from, bool counts)
{
    const struct copy copy = {to, from, counts, groups_ended[threadIdx.x]};
    if (late)
        on_their_way[threadIdx.x].push_back(copy);
    else
        do_copy(&copy);
}

void copies_end(void)
{
    groups_ended[threadIdx.x]++;
}

void emulation_copies_wait(int left)
{
    std::vector<struct copy> &copies = on_their_way[threadIdx.x];
    size_t done = 0;
    for (; done < copies.size() && copies[done].group < groups_ended[threadIdx.x] - left; done++)
        do_copy(&copies[done]);
    copies.erase(copies.begin(), copies.begin() + (ptrdiff_t)done);
}

static void forget_copies(void)
{
    static int block;
    late = block++ / 4 % 2;
    for (int i = 0; i < MOST_THREADS; i++) {
        on_their_way[i].clear();
        groups_ended[i] = 0;
    }
}

/* What a block shares begins as NaN: nothing is to be read there before it is written. */
void emulation_new_shared(size_t bytes)
{
    forget_copies();
    shared.assign(bytes + 16, 0xff);
    emulation_shared = shared.data() + (16 - (uintptr_t)shared.data() % 16) % 16;
}

/* ---- graphs ---- */

struct emulation_graph {
    std::vector<std::function<void()>> works;
};
static struct emulation_graph *captured; /* NULL: none is being captured */
static cudaError_t last_error = cudaSuccess;
extern "C" {
int emulation_graphs_launched, emulation_captures_begun;
bool emulation_captures_fail; /* from the first launch on, as when something was asked for that no graph can have */
}

bool emulation_captures(const std::function<void()> &work)
{
    if (captured && emulation_captures_fail)
        last_error = cudaErrorNotPermitted;
    else if (captured)
        captured->works.push_back(work);
    return captured != NULL;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, int mode)
{
    (void)stream, (void)mode;
    if (captured)
        return cudaErrorNotPermitted;
    emulation_captures_begun++;
    captured = new emulation_graph;
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph)
{
    (void)stream;
    *graph = emulation_captures_fail ? NULL : captured;
    if (emulation_captures_fail)
        delete captured;
    captured = NULL;
    return *graph ? cudaSuccess : cudaErrorNotPermitted;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *executable, cudaGraph_t graph, int flags)
{
    (void)flags;
    *executable = new emulation_graph(*graph);
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream)
{
    (void)stream;
    emulation_graphs_launched++;
    for (const std::function<void()> &work : executable->works)
        work();
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    delete graph;
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable)
{
    delete executable;
    return cudaSuccess;
}

/* ---- the runtime ---- */

static cudaError_t take(void **memory, size_t size)
{
    if (captured)
        return cudaErrorNotPermitted;
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

cudaError_t cudaMemset(void *to, int byte, size_t size)
{
    memset(to, byte, size);
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
    return captured ? cudaErrorNotPermitted : cudaMemcpy(to, from, size, kind);
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
    return captured ? cudaErrorNotPermitted : cudaSuccess;
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
    const cudaError_t error = last_error;
    last_error = cudaSuccess;
    return error;
}

const char *cudaGetErrorString(cudaError_t error)
{
    return error == cudaErrorMemoryAllocation ? "out of memory" : "failed";
}

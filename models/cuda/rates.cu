/* rates.cu - the yardsticks: the card's own matrix product and its own copy, with nothing of ours around them. */
#include "models/cuda/element.h"
#include "models/cuda/matmul.h"

#include <stdlib.h>

enum { SETS = 4, MOST_REPEATS = 1000, COPIES = 5 };

/* By Wellons' search (lowbias32, 2018). */
static __device__ inline uint32_t hash_of(uint32_t x)
{
    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
}

/* Numbers without a pattern, since a card multiplies zeros faster: uniform in (-1, 1). */
static __global__ void fill(struct view out, int64_t count)
{
    for (int64_t i = blockIdx.x * (int64_t)blockDim.x + threadIdx.x; i < count; i += (int64_t)gridDim.x * blockDim.x)
        put(out, i, (float)(int32_t)hash_of((uint32_t)i) / 2147483648.0f);
}

/* E4M3 without a pattern: either sign, 1/32 to 7.5. */
static __global__ void fill_bytes(unsigned char *out, int64_t count)
{
    for (int64_t i = blockIdx.x * (int64_t)blockDim.x + threadIdx.x; i < count; i += (int64_t)gridDim.x * blockDim.x)
        out[i] = (unsigned char)((hash_of((uint32_t)i) & 0xbf) + 0x10);
}

/* One operand of all sets, filled. NULL: the fault says why. */
static unsigned char *operands_new(struct context *c, size_t bytes_each, enum tensor_type type)
{
    const size_t bytes = SETS * bytes_each;
    unsigned char *memory = (unsigned char *)c->device->ops->memory_new(c->device, bytes);
    if (!memory) {
        fail_memory(&c->fault, "a benchmark");
        return NULL;
    }
    const int64_t count = (int64_t)(bytes / tensor_type_size(type));
    if (type == TENSOR_E4M3)
        launch(fill_bytes, blocks_of(count, 256), 256, 0, cuda_of(c)->stream, memory, count);
    else
        launch(fill, blocks_of(count, 256), 256, 0, cuda_of(c)->stream, view{memory, (int)type}, count);
    return memory;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int cuda_matmul_rate(const struct device *device, int64_t m, int64_t k, int64_t n, enum tensor_type type, int repeats,
                     double *rate, struct fault *fault)
{
    struct context c;
    double seconds[MOST_REPEATS];
    repeats = repeats < 1 ? 1 : repeats > MOST_REPEATS ? MOST_REPEATS : repeats;
    if (context_open(&c, device, TENSOR_F32, fault))
        return fault->code;
    /* Few rows alone meet i8: what multiplies many is bf16. The same for sides that E4M3 cannot have. */
    const bool in_e4m3 = type == TENSOR_E4M3 && n % 16 == 0 && k % 16 == 0;
    const enum tensor_type wide = device_compute(device, type), narrow = in_e4m3 ? type : wide;
    const struct product product = {m, n, k, narrow, wide, 1.0f, 0.0f, false, false};
    const size_t size = tensor_type_size(narrow),
                 bytes[3] = {(size_t)(m * k) * size, (size_t)(n * k) * size, (size_t)(m * n) * tensor_type_size(wide)};
    unsigned char *operands[3];
    for (int i = 0; i < 3; i++)
        operands[i] = operands_new(&c, bytes[i], i < 2 ? narrow : wide);
    for (int i = -SETS; i < repeats && !c.fault.code && cuda_wait(&c); i++) {
        const size_t set = (size_t)(i + SETS) % SETS;
        const double began = clock_seconds();
        matmul_run(&c, &product, operands[2] + set * bytes[2], operands[0] + set * bytes[0],
                   operands[1] + set * bytes[1], NULL);
        cuda_wait(&c);
        if (i >= 0)
            seconds[i] = clock_seconds() - began;
    }
    const struct fault first = c.fault;
    for (unsigned char *memory : operands)
        device->ops->memory_free(device, memory);
    context_close(&c);
    if (first.code)
        return fail(fault, first.code, "%s", first.message);
    qsort(seconds, (size_t)repeats, sizeof *seconds, compare_doubles);
    *rate = 2.0 * (double)m * (double)k * (double)n / seconds[repeats / 2];
    return 0;
}

/* What is copied is read and written: the rate counts both. */
int cuda_memory_rate(const struct device *device, double *rate, struct fault *fault)
{
    struct context c;
    if (context_open(&c, device, TENSOR_F32, fault))
        return fault->code;
    unsigned char *from = (unsigned char *)device->ops->memory_new(device, beyond_caches),
                  *to = (unsigned char *)device->ops->memory_new(device, beyond_caches);
    double best = 0;
    if (!from || !to)
        fail_memory(&c.fault, "a benchmark");
    for (int i = -1; i < COPIES && !c.fault.code && cuda_wait(&c); i++) {
        const double began = clock_seconds();
        cuda_ok(&c, cudaMemcpyAsync(to, from, beyond_caches, cudaMemcpyDeviceToDevice, cuda_of(&c)->stream), "copying");
        cuda_wait(&c);
        const double seconds = clock_seconds() - began;
        if (i == 0 || (i > 0 && seconds < best))
            best = seconds;
    }
    const struct fault first = c.fault;
    device->ops->memory_free(device, from);
    device->ops->memory_free(device, to);
    context_close(&c);
    if (first.code)
        return fail(fault, first.code, "%s", first.message);
    *rate = best > 0 ? 2.0 * (double)beyond_caches / best : 0;
    return 0;
}

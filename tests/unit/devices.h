/* devices.h - the devices that the tests of the ops hold against plain C: every level of the CPU, the GPU's kernels on
 * the host where they are emulated (tests/emulation/cuda.h), or with UTTER_TEST_GPU in the environment a real GPU.
 * Their memory is written and read as bytes here, since a GPU's cannot be reached otherwise. */
#ifndef TESTS_UNIT_DEVICES_H
#define TESTS_UNIT_DEVICES_H

#include "models/cpu/cpu.h"
#include "models/cuda/cuda.h"
#include "src/base/memory.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after our own: it has a macro named fail */

enum { LEVELS = CPU_BEST + 1, MOST_DEVICES = LEVELS + 1 };

static struct thread_pool *pool;
static struct device *plain, *fast[MOST_DEVICES]; /* fast: by level, then the GPUs */
static int devices;

/* The 16-bit type of the tests at hand: bf16, or f16, which not every device has. */
static enum tensor_type half = TENSOR_BF16;

static inline bool has_half(const struct device *d)
{
    return half != TENSOR_F16 || d->has_f16;
}

/* A step of it, relative to a number. */
static inline double half_step(void)
{
    return half == TENSOR_F16 ? 1.0 / 1024 : 1.0 / 128;
}

static int open_devices(void **state)
{
    (void)state;
    struct fault fault = {0};
    int code = thread_pool_open(&pool, 3, &fault);
    code = code ? code : cpu_plain_device_open(&plain, &fault);
    for (int level = 0; level < LEVELS && !code; level++)
        code = cpu_device_open(&fast[devices++], pool, (enum cpu_level)level, &fault);
    if (getenv("UTTER_TEST_GPU"))
        code = code ? code : cuda_device_open(&fast[devices++], pool, 0, &fault);
#ifdef UTTER_CUDA_EMULATED
    else
        code = code ? code : utter_cuda_module()->open(&fast[devices++], pool, 0, &fault);
#endif
    if (code)
        fprintf(stderr, "%s\n", fault.message);
    return code;
}

static int close_devices(void **state)
{
    (void)state;
    for (int i = 0; i < devices; i++)
        device_close(&fast[i]);
    devices = 0;
    device_close(&plain);
    thread_pool_close(&pool);
    return 0;
}

/* Random calls of a test: bf16 has been through all shapes before f16 comes. */
static inline int rounds(int of_bf16)
{
    return half == TENSOR_F16 ? of_bf16 / 3 : of_bf16;
}

/* Tensors of bytes are moved as floats, whose bits nobody changes: four at a time, the last ones into the padding that
 * the arena leaves behind every tensor. */
static struct tensor as_floats(const void *data, size_t size)
{
    return tensor_1d(TENSOR_F32, (void *)(uintptr_t)data, (int64_t)(size + 3) / 4);
}

/* Every byte of the memory becomes 0xff: NaN in every type of float. */
static inline void poison(struct context *c, void *data, size_t size)
{
    struct tensor t = as_floats(data, size);
    float *bytes = memory_new((size_t)tensor_count(&t) + 1, sizeof *bytes);
    assert_non_null(bytes);
    memset(bytes, 0xff, tensor_bytes(&t));
    tensor_upload(c, t, bytes, tensor_count(&t));
    free(bytes);
}

/* size bytes that begin at data, for the caller to free. */
static inline unsigned char *read_bytes(struct context *c, const void *data, size_t size)
{
    struct tensor t = as_floats(data, size);
    float *bytes = memory_new((size_t)tensor_count(&t) + 1, sizeof *bytes);
    assert_non_null(bytes);
    tensor_download(c, bytes, t, tensor_count(&t));
    return (unsigned char *)bytes;
}

#endif

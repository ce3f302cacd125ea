/* model_devices.h - the devices that the tests of a model family hold its golden values against: plain C, and the
 * fastest that the processor has, on two threads; and, of families whose decoder has steps, the GPU's kernels, emulated
 * (tests/emulation/cuda.h) or with UTTER_TEST_GPU in the environment a card's. Set up and torn down once for a group of
 * tests. */
#ifndef TESTS_UNIT_MODEL_DEVICES_H
#define TESTS_UNIT_MODEL_DEVICES_H

#include "models/cpu/cpu.h"
#include "models/cuda/cuda.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h> /* after our own: it has a macro named fail */

static struct thread_pool *threads;
static struct device *plain, *fast, *gpu; /* gpu: NULL where there is none */

static int open_devices(void **state)
{
    (void)state;
    struct fault fault = {0};
    assert_int_equal(thread_pool_open(&threads, 2, &fault), 0);
    assert_int_equal(cpu_plain_device_open(&plain, &fault), 0);
    assert_int_equal(cpu_device_open(&fast, threads, CPU_BEST, &fault), 0);
    if (getenv("UTTER_TEST_GPU"))
        assert_int_equal(cuda_device_open(&gpu, threads, 0, &fault), 0);
#ifdef UTTER_CUDA_EMULATED
    else
        assert_int_equal(utter_cuda_module()->open(&gpu, threads, 0, &fault), 0);
#endif
    return 0;
}

static int close_devices(void **state)
{
    (void)state;
    device_close(&plain);
    device_close(&fast);
    device_close(&gpu);
    thread_pool_close(&threads);
    return 0;
}

#endif

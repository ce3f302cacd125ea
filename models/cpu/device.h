/* device.h - what the files of this folder know about the CPU as a device. */
#ifndef MODELS_CPU_DEVICE_H
#define MODELS_CPU_DEVICE_H

#include "models/cpu/convert.h"
#include "models/cpu/cpu.h"

struct cpu_kernels;
struct cpu_products;
struct few_kernel;

struct cpu_device {
    struct device device; /* first: a struct device of the CPU is one of these */
    enum cpu_level level;
    const struct cpu_kernels *kernels;          /* the loops of that level; NULL for the plain device */
    const struct cpu_products *half;            /* small products in bf16; NULL where the processor has none */
    const struct few_kernel *few[TENSOR_TYPES]; /* products of few rows; NULL where oneDNN makes them */
    void *engine;                               /* oneDNN's; NULL for the plain device */
};

static inline const struct cpu_device *cpu_of(const struct context *c)
{
    return (const struct cpu_device *)c->device;
}

#endif

/* device.h - what the files of this folder know about the CPU as a device. */
#ifndef MODELS_CPU_DEVICE_H
#define MODELS_CPU_DEVICE_H

#include "models/cpu/convert.h"
#include "models/cpu/cpu.h"

struct cpu_kernels;
struct cpu_products;
struct few_kernel;

/* struct device's limits: beyond a few rows the encoder's products gain nothing and a decoder's little. */
enum { CPU_ROWS = 8, CPU_KEPT_BYTES = 384000000 };

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

/* device_close, device_matmul_rate and device_memory_rate (ops.h). */
void cpu_device_close(struct device **device);
int cpu_matmul_rate(const struct device *device, int64_t m, int64_t k, int64_t n, enum tensor_type type, int repeats,
                    double *rate, struct fault *fault);
int cpu_memory_rate(const struct device *device, double *rate, struct fault *fault);

#endif

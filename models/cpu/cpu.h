/* cpu.h - the CPU as a device: oneDNN for matrix products, our own SIMD for the rest, chosen at run time. */
#ifndef MODELS_CPU_CPU_H
#define MODELS_CPU_CPU_H

#include "models/tensor/ops.h"

/* Which instruction set our own loops use; oneDNN chooses by itself (ONEDNN_MAX_CPU_ISA holds it down). CPU_AMX is
 * CPU_AVX512, but attention's products in bf16 are on tiles. */
enum cpu_level { CPU_PLAIN = 0, CPU_AVX2, CPU_AVX512, CPU_AMX, CPU_BEST = CPU_AMX };

/* Opens the CPU. threads is borrowed and must outlive the device. level: at most this, for tests; the environment
 * variable UTTER_CPU_LEVEL (plain, avx2, avx512, amx) holds it down as well. Errors: MEMORY, UNSUPPORTED. */
int cpu_device_open(struct device **device, struct thread_pool *threads, enum cpu_level level, struct fault *fault);

/* The plain C ops on one thread, without oneDNN: the oracle that every other version is tested against. */
int cpu_plain_device_open(struct device **device, struct fault *fault);

#endif

/* kernels_avx512bf16.c - the inner loops for AVX-512 with an instruction that rounds to bf16, in place of eight. */
#include "models/cpu/kernels.h"

#ifdef __AVX512BF16__
#include "models/cpu/vectors_avx512.h"

#define KERNELS      cpu_kernels_avx512bf16
#define KERNELS_NAME "avx512"
#include "models/cpu/kernels_template.h"
#else
typedef int not_for_this_processor;
#endif

/* kernels_avx512.c - the inner loops for AVX-512. */
#include "models/cpu/kernels.h"

#ifdef __AVX512F__
#include "models/cpu/vectors_avx512.h"

#define KERNELS      cpu_kernels_avx512
#define KERNELS_NAME "avx512"
#include "models/cpu/kernels_template.h"
#else
typedef int not_for_this_processor;
#endif

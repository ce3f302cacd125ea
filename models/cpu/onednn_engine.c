/* onednn_engine.c - the CPU as oneDNN's engine, what it can do here, and what its refusals mean. */
#include "models/cpu/onednn_parts.h"

void *onednn_engine_new(void)
{
    dnnl_engine_t engine = NULL;
    return dnnl_engine_create(&engine, dnnl_cpu, 0) == dnnl_success ? engine : NULL;
}

void onednn_engine_free(void *engine)
{
    if (engine)
        dnnl_engine_destroy(engine);
}

bool onednn_has_isa(dnnl_cpu_isa_t isa)
{
#if defined(__x86_64__) || defined(__i386__)
    return ((int)dnnl_get_effective_cpu_isa() & (int)isa) == (int)isa;
#else
    (void)isa;
    return false;
#endif
}

bool onednn_has_bf16(void)
{
    return onednn_has_isa(dnnl_cpu_isa_avx512_core_bf16);
}

enum tensor_type onednn_compute_type(enum tensor_type type)
{
    return type == TENSOR_BF16 && !onednn_has_isa(dnnl_cpu_isa_avx512_core) ? TENSOR_F32 : type;
}

int fail_onednn(struct fault *fault, int status)
{
    if (status == (int)dnnl_out_of_memory)
        return fail_memory(fault, "a matrix product");
    return fail(fault, status == (int)dnnl_unimplemented ? UTTER_ERROR_UNSUPPORTED : UTTER_ERROR_DEVICE,
                "oneDNN refused a matrix product (status %d)", status);
}

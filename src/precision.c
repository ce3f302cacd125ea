#include "src/precision.h"

int precision_type(enum tensor_type *type, enum utter_precision precision, const struct device *device,
                   struct fault *fault)
{
    switch (precision) {
    case UTTER_PRECISION_AUTO:
        *type = device->best;
        return 0;
    case UTTER_PRECISION_F32:
        *type = TENSOR_F32;
        return 0;
    case UTTER_PRECISION_BF16:
        *type = TENSOR_BF16;
        return 0;
    case UTTER_PRECISION_F16:
        if (!device->has_f16)
            return fail(fault, UTTER_ERROR_UNSUPPORTED,
                        "f16 is computed with on a GPU, not on %s: f32, bf16 and int8 are", device->name);
        *type = TENSOR_F16;
        return 0;
    case UTTER_PRECISION_FP8:
        if (!device->has_e4m3)
            return fail(fault, UTTER_ERROR_UNSUPPORTED,
                        "fp8 is computed with on GPUs of compute capability 8.9 and later, not on %s", device->name);
        *type = TENSOR_E4M3;
        return 0;
    case UTTER_PRECISION_INT8:
        *type = TENSOR_I8;
        return 0;
    }
    return fail(fault, UTTER_ERROR_ARGUMENT, "precision is %d, which is none", (int)precision);
}

const char *precision_name(enum tensor_type type)
{
    return type == TENSOR_I8 ? "int8" : type == TENSOR_E4M3 ? "fp8" : tensor_type_name(type);
}

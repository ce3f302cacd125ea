/* precision.h - what a model's weights are computed in, by the public names and by the seam's. */
#ifndef SRC_PRECISION_H
#define SRC_PRECISION_H

#include "models/tensor/ops.h"

/* Errors: ARGUMENT, UNSUPPORTED (f16 or fp8, which the device does not compute with). */
int precision_type(enum tensor_type *type, enum utter_precision precision, const struct device *device,
                   struct fault *fault);
const char *precision_name(enum tensor_type type); /* "f32", "bf16", "f16", "int8", "fp8" */

#endif

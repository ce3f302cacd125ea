/* ggml_types.h - ggml's numbers of element types, as its files hold them. */
#ifndef MODELS_LOAD_GGML_TYPES_H
#define MODELS_LOAD_GGML_TYPES_H

#include "models/load/checkpoint.h"

static inline bool ggml_type(uint32_t number, enum stored_type *type)
{
    static const struct {
        uint32_t number;
        enum stored_type type;
    } types[] = {
        {0, STORED_F32},  {1, STORED_F16},  {2, STORED_Q4_0},  {3, STORED_Q4_1}, {6, STORED_Q5_0},
        {7, STORED_Q5_1}, {8, STORED_Q8_0}, {24, STORED_I8},   {25, STORED_I16}, {26, STORED_I32},
        {27, STORED_I64}, {28, STORED_F64}, {30, STORED_BF16},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].number == number) {
            *type = types[i].type;
            return true;
        }
    return false;
}

#endif

/* blocks.h - ggml's quantized blocks. */
#ifndef MODELS_LOAD_BLOCKS_H
#define MODELS_LOAD_BLOCKS_H

#include "models/load/checkpoint.h"

enum { STORED_BLOCK = 32 };

/* One block of a Q type, of stored_type_size bytes. */
void blocks_convert(enum stored_type type, const unsigned char *block, float out[STORED_BLOCK]);

/* A half as a float (stored.c). */
float stored_half(uint16_t half);

#endif

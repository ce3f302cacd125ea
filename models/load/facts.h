/* facts.h - what a checkpoint's file says besides its tensors: hyperparameters and a vocabulary. */
#ifndef MODELS_LOAD_FACTS_H
#define MODELS_LOAD_FACTS_H

#include "src/base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { FACT_NUMBERS = 64, FACT_NAME = 32 };

struct fact_token {
    const char *bytes; /* in the mapping, or NULL */
    size_t length;
};

struct facts {
    const char *format; /* "safetensors", "ggml", "gguf", "pytorch", "random" */
    struct {
        char name[FACT_NAME];
        int64_t value;
    } numbers[FACT_NUMBERS];
    size_t number_count;
    struct fact_token *tokens;
    size_t token_count, token_capacity;
};

/* A number of a name that is there already, too long, or one too many, is not kept. */
void facts_add_number(struct facts *facts, const char *name, int64_t value);
/* bytes stay where they are. False: memory ran out. */
bool facts_add_token(struct facts *facts, const char *bytes, size_t length);
void facts_release(struct facts *facts);

#endif

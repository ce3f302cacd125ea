/* checkpoint.h - named tensors from a file on disk, whatever its format; nothing in the file is trusted.
 *
 * The files are mapped, not read: a tensor's data points into the mapping and lives until checkpoint_close. */
#ifndef MODELS_LOAD_CHECKPOINT_H
#define MODELS_LOAD_CHECKPOINT_H

#include "src/base/error.h"

#include <stdbool.h>

enum stored_type {
    STORED_F64,
    STORED_F32,
    STORED_F16,
    STORED_BF16,
    STORED_I64,
    STORED_I32,
    STORED_I16,
    STORED_I8,
    STORED_U64,
    STORED_U32,
    STORED_U16,
    STORED_U8,
    STORED_BOOL,
    STORED_F8_E4M3,
    STORED_F8_E5M2,
    STORED_Q4_0, /* blocks of 32 elements along the last dimension, as ggml lays them out */
    STORED_Q4_1,
    STORED_Q5_0,
    STORED_Q5_1,
    STORED_Q8_0,
    STORED_TYPES
};

enum { STORED_RANK = 8 };

struct stored_tensor {
    const char *name;
    const char *file; /* base name of the file it lies in */
    enum stored_type type;
    int rank; /* 0 (a scalar) to 8 */
    int64_t shape[STORED_RANK];
    int64_t count; /* elements; fits, with its bytes, into the file: checked */
    size_t bytes;
    const void *data; /* not aligned beyond a byte */
};

struct checkpoint;

/* path: a file of safetensors, PyTorch's zip format, ggml or GGUF, told apart by what they begin with; a
 * model.safetensors.index.json; or a directory that holds model.safetensors, that index, or pytorch_model.bin. Errors:
 * IO (not there), MODEL (damaged: one sentence naming file and fault), UNSUPPORTED (a format or tensor type we do not
 * read), MEMORY. */
int checkpoint_open(struct checkpoint **checkpoint, const char *path, struct fault *fault);
void checkpoint_close(struct checkpoint **checkpoint);

/* "safetensors", "ggml", "gguf", "pytorch", or "random". */
const char *checkpoint_format(const struct checkpoint *checkpoint);
/* A hyperparameter that the file carries, by the names of OpenAI's dims ("n_mels", "n_text_layer" …); false: the file
 * has none of this name. */
bool checkpoint_number(const struct checkpoint *checkpoint, const char *name, int64_t *value);
/* The vocabulary that the file carries: a token's bytes by its id, not terminated. 0: none. */
size_t checkpoint_token_count(const struct checkpoint *checkpoint);
bool checkpoint_token(const struct checkpoint *checkpoint, size_t id, const char **bytes, size_t *length);

const char *checkpoint_path(const struct checkpoint *checkpoint);
size_t checkpoint_count(const struct checkpoint *checkpoint);
/* Tensors are sorted by name. */
const struct stored_tensor *checkpoint_at(const struct checkpoint *checkpoint, size_t index);
const struct stored_tensor *checkpoint_find(const struct checkpoint *checkpoint, const char *name);

const char *stored_type_name(enum stored_type type); /* "F32" … as safetensors spells it */
size_t stored_type_size(enum stored_type type);      /* bytes of a block */
int stored_type_block(enum stored_type type);        /* elements of a block: 1 but for the Q types */

/* Converts count elements from first on to f32. Types: F64, F32, F16, BF16, the Q types and the integers. Errors:
 * UNSUPPORTED. */
int stored_floats(const struct stored_tensor *tensor, int64_t first, int64_t count, float *out, struct fault *fault);

/* The whole tensor as f32 in memory of the caller's (free), after checking that it is there, that its shape is
 * shape[rank] and that every value is finite. Errors: MODEL naming file, tensor and fault; MEMORY. */
int checkpoint_floats(const struct checkpoint *checkpoint, const char *name, int rank, const int64_t *shape,
                      float **out, struct fault *fault);

/* Seeded random weights in place of a file: every checkpoint_floats succeeds with the shape it asks for. Bell-shaped
 * values of deviation 1/sqrt(fan in) for matrices; 1 for weights and variances of norms; 0 for biases (random.h). */
int checkpoint_open_random(struct checkpoint **checkpoint, uint64_t seed, struct fault *fault);

struct stored_statistics {
    double minimum, maximum, mean, deviation; /* over the finite elements */
    int64_t not_finite, zeros;
};
void stored_statistics(const struct stored_tensor *tensor, struct stored_statistics *out);

#endif

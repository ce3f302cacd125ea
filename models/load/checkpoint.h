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
    STORED_Q4_0, /* the Q types: blocks of 32 elements along the last dimension, as ggml lays them out */
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
    int64_t count; /* elements; fits, with its bytes, into the file: checked. Of a Q type whole blocks */
    size_t bytes;
    const void *data; /* not aligned beyond a byte */
};

struct checkpoint;

/* path: a file of safetensors, ggml (whisper.cpp), GGUF or PyTorch, or a .nemo archive, told apart by their first bytes
 * and not by their names; the index of a sharded one (NAME.index.json); or a directory that holds model.safetensors,
 * its index, pytorch_model.bin or its index, or HiFi-GAN's generator_v1 to generator_v3, looked for in this order.
 * Tensors have the names that the file gives them, and shapes with the outermost dimension first. Errors: IO (not
 * there), MODEL (damaged: one sentence naming file and fault), UNSUPPORTED (a format or tensor type we do not read),
 * MEMORY. */
int checkpoint_open(struct checkpoint **checkpoint, const char *path, struct fault *fault);
void checkpoint_close(struct checkpoint **checkpoint);

const char *checkpoint_path(const struct checkpoint *checkpoint);
size_t checkpoint_count(const struct checkpoint *checkpoint);
/* Tensors are sorted by name. */
const struct stored_tensor *checkpoint_at(const struct checkpoint *checkpoint, size_t index);
const struct stored_tensor *checkpoint_find(const struct checkpoint *checkpoint, const char *name);

/* "safetensors", "ggml", "gguf", "pytorch", "nemo" or "random"; of several files, the first one's. */
const char *checkpoint_format(const struct checkpoint *checkpoint);

/* Of an archive the first file whose name ends with suffix, where it lies: until checkpoint_close. False: no such file,
 * or no archive. */
bool checkpoint_member(const struct checkpoint *checkpoint, const char *suffix, const unsigned char **bytes,
                       size_t *size);

/* A hyperparameter that the file carries, by the names of OpenAI's dims ("n_mels", "n_text_layer" …), from 1 to 2^24;
 * false: the file has none of this name. */
bool checkpoint_number(const struct checkpoint *checkpoint, const char *name, int64_t *value);

/* The vocabulary that the file carries: token bytes by id, not terminated; they live until checkpoint_close. ggml files
 * may list fewer tokens than n_vocab, since whisper.cpp makes up the special ones. */
size_t checkpoint_token_count(const struct checkpoint *checkpoint);
bool checkpoint_token(const struct checkpoint *checkpoint, size_t id, const char **bytes, size_t *length);

const char *stored_type_name(enum stored_type type); /* "F32" … as safetensors spells it, "Q4_0" … as ggml does */
size_t stored_type_block(enum stored_type type);     /* elements per block: 32 for the Q types, 1 for others */
size_t stored_type_size(enum stored_type type);      /* bytes of a block */

/* Converts count elements from first on, anywhere in a block, to f32. Errors: ARGUMENT, UNSUPPORTED. */
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

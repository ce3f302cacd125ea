/* formats.h - the readers of single files, one per format, all giving named tensors whose data lie in the file. */
#ifndef MODELS_LOAD_FORMATS_H
#define MODELS_LOAD_FORMATS_H

#include "models/load/facts.h"
#include "models/load/safetensors.h"

/* One file while it is being read. */
struct file_reader {
    const unsigned char *data;
    size_t size;
    const char *path; /* in messages */
    const char *file; /* becomes stored_tensor.file */
    struct stored_list *list;
    struct facts *facts;
    struct fault *fault;
};

/* Each appends tensors to list and adds to facts; on an error both are still to be released. Errors: MODEL (damaged),
 * UNSUPPORTED (a kind or a type that we do not read), MEMORY. */

/* whisper.cpp's ggml-*.bin (ggerganov/whisper.cpp, models/convert-pt-to-ggml.py). */
int ggml_read(const struct file_reader *r);
/* GGUF versions 2 and 3 (ggml-org/ggml, docs/gguf.md). */
int gguf_read(const struct file_reader *r);
/* What torch.save writes since version 1.6: a zip archive of a pickle and the tensors' bytes, which are stored. */
int pytorch_read(const struct file_reader *r);

/* ---- what they share ---- */

/* The shape's product and the bytes that it makes, below 2^56, with whole blocks in the last dimension; NULL: done,
 * else what is wrong, as "has a shape whose product overflows". */
const char *stored_measure(struct stored_tensor *t);
/* Appends a copy of t with a name of its own. Errors: MODEL (a name that is empty or holds a NUL), MEMORY. */
int stored_add(const struct file_reader *r, const struct stored_tensor *t, const char *name, size_t length);
/* "PATH: tensor 'NAME' WHAT". Errors: MODEL. */
int stored_wrong(const struct file_reader *r, const char *name, size_t length, const char *what);
/* "PATH: WHAT". Errors: MODEL. */
int file_wrong(const struct file_reader *r, const char *what);

#endif

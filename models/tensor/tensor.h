/* tensor.h - what flows through a model: typed, contiguous, row-major arrays of up to four dimensions.
 *
 * A struct tensor is a small value: it is copied freely and never owns its data. Activations live in a context's
 * arena, weights in a model. The data of a tensor belongs to a device; only tensor_upload and tensor_download
 * (ops.h) cross between devices. */
#ifndef MODELS_TENSOR_TENSOR_H
#define MODELS_TENSOR_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tensor_type { TENSOR_F32 = 0, TENSOR_BF16, TENSOR_F16, TENSOR_I8, TENSOR_E4M3, TENSOR_TYPES };

enum { TENSOR_RANK = 4 };

struct tensor {
    enum tensor_type type;
    int rank;                   /* 1 to 4 */
    int64_t shape[TENSOR_RANK]; /* the first rank entries; every activation has the batch first */
    void *data;                 /* NULL: no tensor, as an absent bias */
};

/* Bytes of one element. */
size_t tensor_type_size(enum tensor_type type);
const char *tensor_type_name(enum tensor_type type);

/* Elements, and bytes. */
int64_t tensor_count(const struct tensor *t);
size_t tensor_bytes(const struct tensor *t);

/* Elements of the last dimension, and the product of all the others: how a linear layer sees a tensor. */
int64_t tensor_width(const struct tensor *t);
int64_t tensor_rows(const struct tensor *t);

bool tensor_same_shape(const struct tensor *a, const struct tensor *b);

/* Tensors over memory that the caller has. */
struct tensor tensor_1d(enum tensor_type type, void *data, int64_t n0);
struct tensor tensor_2d(enum tensor_type type, void *data, int64_t n0, int64_t n1);
struct tensor tensor_3d(enum tensor_type type, void *data, int64_t n0, int64_t n1, int64_t n2);
struct tensor tensor_4d(enum tensor_type type, void *data, int64_t n0, int64_t n1, int64_t n2, int64_t n3);

/* The same elements in another shape; the counts must be the same (checked by assert: it is the model's bug). */
struct tensor tensor_reshape(struct tensor t, int rank, const int64_t *shape);

#endif

/* bind.h - weights from a checkpoint into a model's structs, by a table: {name, kind, field, shape}.
 *
 *     const struct weight table[] = {
 *         {"norm", WEIGHT_NORM, offsetof(struct block, norm), true, 1, {d}},
 *         {"up", WEIGHT_LINEAR, offsetof(struct block, up), true, 2, {4 * d, d}},
 *     };
 *     code = weights_bind(&binder, block, "layers.0.", table, 2);
 *
 * The same table releases them. */
#ifndef MODELS_LOAD_BIND_H
#define MODELS_LOAD_BIND_H

#include "models/load/checkpoint.h"
#include "models/tensor/ops.h"

enum weight_kind {
    WEIGHT_LINEAR,     /* NAME.weight [out, in] or [out, in, 1, …] and NAME.bias [out] into a struct linear */
    WEIGHT_LINEAR_FEW, /* the same, for products of few rows */
    WEIGHT_NORM,       /* NAME.weight and NAME.bias [width] into a struct norm with epsilon 1e-5 */
    WEIGHT_FLOATS      /* NAME, as it is, into a float * */
};

struct weight {
    const char *name; /* behind the prefix */
    enum weight_kind kind;
    size_t field; /* offset of the struct linear, the struct norm or the float * */
    bool bias;    /* of a linear: whether it has one */
    int rank;
    int64_t shape[TENSOR_RANK]; /* of the weight, as stored */
};

struct binder {
    const struct checkpoint *checkpoint;
    const struct device *device;
    enum tensor_type type; /* of linears */
    bool few_in_8_bits;    /* i8 is for linears that meet few rows, if the device has it only for those */
    struct fault *fault;
    int64_t parameters; /* bound so far */
    int64_t bytes;      /* that they take on the device, scales left out */
};

/* Fills the count fields of base. What was bound before an error stays bound: release it by the same table.
 * prefix: "encoder.layers.3.". Errors: MODEL, MEMORY, UNSUPPORTED. */
int weights_bind(struct binder *b, void *base, const char *prefix, const struct weight *table, size_t count);

/* Safe on fields that are zeroed, as after weights_bind failed half way. */
void weights_release(const struct device *device, void *base, const struct weight *table, size_t count);

/* One tensor prefix + name as f32 for a caller that reshapes it before it goes to the device; counted as bound. */
int weights_read(struct binder *b, const char *prefix, const char *name, int rank, const int64_t *shape, float **out);

/* The ways onto the device, for values from weights_read. They add to binder.bytes. */
int weights_linear(struct binder *b, struct linear *l, const float *weight, const float *bias, int64_t out, int64_t in);
int weights_linear_few(struct binder *b, struct linear *l, const float *weight, const float *bias, int64_t out,
                       int64_t in);
int weights_floats(struct binder *b, float **out, const float *values, int64_t count);

#endif

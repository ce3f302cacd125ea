/* onednn.h - matrix products by oneDNN, the only part of the house that knows it (version 2; its version 3 has another
 * interface). Every call is single-threaded: the pool above splits the work. */
#ifndef MODELS_CPU_ONEDNN_H
#define MODELS_CPU_ONEDNN_H

#include "models/tensor/ops.h"

/* The CPU as oneDNN's engine; NULL when oneDNN cannot be used. */
void *onednn_engine_new(void);
void onednn_engine_free(void *engine);

/* Whether oneDNN multiplies bf16 in hardware here, by instructions for it. */
bool onednn_has_bf16(void);
/* What a product with weights of `type` is computed in: bf16 falls back to f32 (of rounded weights) where oneDNN has no
 * vector code for it. */
enum tensor_type onednn_compute_type(enum tensor_type type);

/* Holds oneDNN to this many threads on the calling thread, and puts back what was there: the host may use OpenMP. */
int onednn_threads_hold(int threads);
void onednn_threads_restore(int before);

/* The products that a context has met, by shape, and one stream per worker. */
struct products *products_new(int workers);
void products_free(struct products *products);

/* The ops of the seam. */
int onednn_linear_prepare(const struct device *d, struct linear *l, const float *weight, const float *bias,
                          struct fault *fault);
void onednn_linear_release(const struct device *d, struct linear *l);
void onednn_linear(struct context *c, struct tensor out, struct tensor x, const struct linear *l,
                   enum linear_after after, float scale, struct tensor residual);

#endif

/* fast.h - the CPU's ops: each splits its work over the pool and calls the inner loops of the processor's level. The
 * matrix products are in onednn.h. Arguments are those of ops.h. */
#ifndef MODELS_CPU_FAST_H
#define MODELS_CPU_FAST_H

#include "models/tensor/ops.h"

/* fast_pointwise.c */
void fast_upload(struct context *c, struct tensor out, const float *host, int64_t count);
void fast_download(struct context *c, float *host, struct tensor in, int64_t count);
void fast_layer_norm(struct context *c, struct tensor out, struct tensor x, const struct norm *n);
void fast_add(struct context *c, struct tensor out, struct tensor a, float scale, struct tensor b);
void fast_scale(struct context *c, struct tensor out, struct tensor x, float scale);
void fast_glu(struct context *c, struct tensor out, struct tensor x);
void fast_magnitudes(struct context *c, struct tensor out, struct tensor x);
void fast_lstm_cell(struct context *c, struct tensor out, struct tensor cell, struct tensor gates);
void fast_gated_tanh(struct context *c, struct tensor out, struct tensor x);
void fast_activate(struct context *c, struct tensor out, struct tensor x, enum activation a, float slope);
void fast_multiply(struct context *c, struct tensor out, struct tensor a, struct tensor b);
void fast_add_to_steps(struct context *c, struct tensor out, struct tensor x, struct tensor vectors);
void fast_mask_rows(struct context *c, struct tensor x, const int *lengths);
void fast_softmax(struct context *c, struct tensor out, struct tensor x, bool logarithm);

/* fast_convolution.c */
void fast_conv2d_first_relu(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k);
void fast_conv2d_depthwise(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k);
void fast_conv1d_depthwise_silu(struct context *c, struct tensor out, struct tensor x, const struct conv1d *k,
                                const int *lengths);

/* fast_over_time.c */
int fast_convolution_prepare(const struct device *d, struct convolution *k, const float *weight, struct fault *fault);
void fast_convolution_release(const struct device *d, struct convolution *k);
void fast_convolve(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                   const struct convolved *how);

/* fast_attention.c */
void fast_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v, int heads,
                    float scale, const int *lengths, bool causal);
void fast_relative_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                             struct tensor position, const float *u, const float *w, int heads, float scale,
                             const int *lengths);
void fast_windowed_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                             const struct attention_window *window, int heads, float scale, const int *lengths);

/* fast_kept.c */
void fast_unfold(struct context *c, struct tensor out, struct tensor x, int kernel, int stride);
void fast_gather_rows(struct context *c, struct tensor out, struct tensor x, const int *rows);
void fast_scatter_rows(struct context *c, struct tensor out, struct tensor x, const int *rows);
void fast_split_heads(struct context *c, struct tensor out, struct tensor x, int heads);
void fast_kept_attention(struct context *c, struct tensor out, struct tensor q, struct tensor keys,
                         struct tensor values, int heads, float scale, const struct query_span *spans, int count);
void fast_kept_attention_weights(struct context *c, struct tensor out, struct tensor q, struct tensor keys, int heads,
                                 float scale, const struct query_span *span);

#endif

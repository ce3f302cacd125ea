/* plain.h - the plain C ops: one thread, one loop per sum, written to be read. The oracle of every other version.
 * Sums are kept in double, so that what is compared with them is measured against the value and not against another
 * order of rounding. */
#ifndef MODELS_CPU_PLAIN_H
#define MODELS_CPU_PLAIN_H

#include "models/tensor/ops.h"

/* plain_linear.c */
int plain_linear_prepare(const struct device *d, struct linear *l, const float *weight, const float *bias,
                         struct fault *fault);
void plain_linear_release(const struct device *d, struct linear *l);
void plain_linear(struct context *c, struct tensor out, struct tensor x, const struct linear *l,
                  enum linear_after after, float scale, struct tensor residual);

/* plain_pointwise.c */
void plain_upload(struct context *c, struct tensor out, const float *host, int64_t count);
void plain_download(struct context *c, float *host, struct tensor in, int64_t count);
void plain_layer_norm(struct context *c, struct tensor out, struct tensor x, const struct norm *n);
void plain_add(struct context *c, struct tensor out, struct tensor a, float scale, struct tensor b);
void plain_scale(struct context *c, struct tensor out, struct tensor x, float scale);
void plain_glu(struct context *c, struct tensor out, struct tensor x);
void plain_magnitudes(struct context *c, struct tensor out, struct tensor x);
void plain_lstm_cell(struct context *c, struct tensor out, struct tensor cell, struct tensor gates);
void plain_gated_tanh(struct context *c, struct tensor out, struct tensor x);
void plain_activate(struct context *c, struct tensor out, struct tensor x, enum activation a, float slope);
void plain_multiply(struct context *c, struct tensor out, struct tensor a, struct tensor b);
void plain_add_to_steps(struct context *c, struct tensor out, struct tensor x, struct tensor vectors);
void plain_mask_rows(struct context *c, struct tensor x, const int *lengths);
void plain_softmax(struct context *c, struct tensor out, struct tensor x, bool logarithm);

/* plain_convolution.c */
void plain_conv2d_first_relu(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k);
void plain_conv2d_depthwise(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k);
void plain_conv1d_depthwise_silu(struct context *c, struct tensor out, struct tensor x, const struct conv1d *k,
                                 const int *lengths);

/* plain_over_time.c */
int plain_convolution_prepare(const struct device *d, struct convolution *k, const float *weight, struct fault *fault);
void plain_convolution_release(const struct device *d, struct convolution *k);
void plain_convolve(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                    const struct convolved *how);

/* plain_attention.c */
void plain_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v, int heads,
                     float scale, const int *lengths, bool causal);
void plain_relative_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                              struct tensor position, const float *u, const float *w, int heads, float scale,
                              const int *lengths);
void plain_windowed_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                              const struct attention_window *window, int heads, float scale, const int *lengths);

/* plain_likeliest.c */
void plain_likeliest(struct context *c, struct tensor out, struct tensor x, const struct score_range *ranges,
                     int per_row, const uint32_t *barred, int count);

/* plain_kept.c */
void plain_unfold(struct context *c, struct tensor out, struct tensor x, int kernel, int stride);
void plain_gather_rows(struct context *c, struct tensor out, struct tensor x, const int *rows);
void plain_scatter_rows(struct context *c, struct tensor out, struct tensor x, const int *rows);
void plain_split_heads(struct context *c, struct tensor out, struct tensor x, int heads);
void plain_kept_attention(struct context *c, struct tensor out, struct tensor q, struct tensor keys,
                          struct tensor values, int heads, float scale, const struct query_span *spans, int count);
void plain_kept_attention_weights(struct context *c, struct tensor out, struct tensor q, struct tensor keys, int heads,
                                  float scale, const struct query_span *span);

#endif

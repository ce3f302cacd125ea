/* device.h - what the files of this folder know of a card and of a context on it. */
#ifndef MODELS_CUDA_DEVICE_H
#define MODELS_CUDA_DEVICE_H

#include "models/cuda/runtime.h"

struct matmul; /* matmul.h */
struct steps;  /* steps.h */

struct cuda_device {
    struct device device; /* first: a struct device of the GPU is one of these */
    int index;
};

/* Memory that grows to the largest that was asked for. */
struct block {
    unsigned char *memory;
    size_t size;
};

/* What was asked for and is not issued yet (commands.h). */
struct commands {
    unsigned char *bytes;
    size_t size, capacity;
};

/* One thread's forward passes: their stream, and what an op needs beside its tensors. */
struct cuda_context {
    cudaStream_t stream;
    struct matmul *matmul;
    struct steps *steps;
    bool listing; /* commands are written down, and what is sent waits, until the step's end */
    struct commands commands;
    struct block scratch;  /* on the card: the op's at hand */
    struct block host;     /* pinned: host numbers on their way to the card, … */
    struct block arrived;  /* … and where they arrive */
    size_t used;           /* of both, since the stream was last waited for */
    struct block returned; /* pinned: numbers on their way back */
};

static inline struct cuda_context *cuda_of(const struct context *c)
{
    return (struct cuda_context *)c->scratch;
}

/* True when the call succeeded; else the context's fault says what failed. */
bool cuda_ok(struct context *c, cudaError_t error, const char *what);
/* After launching: what the kernel's configuration was refused for. */
void cuda_launched(struct context *c, const char *op);

/* At least so many bytes on the card for the op at hand. NULL: memory ran out, and the context's fault says so. */
void *cuda_scratch(struct context *c, size_t size);

/* Host bytes to the card, in the stream's order; the caller may change its own at once. In a step (steps.h) they get
 * there before all of it, and lie where the same bytes were sent before. NULL: failed. */
void *cuda_send(struct context *c, const void *host, size_t size);
/* Room for so many bytes on their way, at least. */
bool cuda_staging(struct context *c, size_t size);

/* Waits for the stream; a step that is being asked for is issued so far, and goes on the ordinary way. */
bool cuda_wait(struct context *c);

/* The ops and the yardsticks: arguments are those of ops.h. */
int cuda_matmul_rate(const struct device *device, int64_t m, int64_t k, int64_t n, enum tensor_type type, int repeats,
                     double *rate, struct fault *fault);
int cuda_memory_rate(const struct device *device, double *rate, struct fault *fault);
void cuda_upload(struct context *c, struct tensor out, const float *host, int64_t count);
void cuda_download(struct context *c, float *host, struct tensor in, int64_t count);
int cuda_linear_prepare(const struct device *d, struct linear *l, const float *weight, const float *bias,
                        struct fault *fault);
void cuda_linear_release(const struct device *d, struct linear *l);
void cuda_linear(struct context *c, struct tensor out, struct tensor x, const struct linear *l, enum linear_after after,
                 float scale, struct tensor residual);
void cuda_layer_norm(struct context *c, struct tensor out, struct tensor x, const struct norm *n);
void cuda_add(struct context *c, struct tensor out, struct tensor a, float scale, struct tensor b);
void cuda_scale(struct context *c, struct tensor out, struct tensor x, float scale);
void cuda_glu(struct context *c, struct tensor out, struct tensor x);
void cuda_magnitudes(struct context *c, struct tensor out, struct tensor x);
void cuda_lstm_cell(struct context *c, struct tensor out, struct tensor cell, struct tensor gates);
void cuda_gated_tanh(struct context *c, struct tensor out, struct tensor x);
void cuda_activate(struct context *c, struct tensor out, struct tensor x, enum activation a, float slope);
void cuda_multiply(struct context *c, struct tensor out, struct tensor a, struct tensor b);
void cuda_add_to_steps(struct context *c, struct tensor out, struct tensor x, struct tensor vectors);
void cuda_mask_rows(struct context *c, struct tensor x, const int *lengths);
void cuda_softmax(struct context *c, struct tensor out, struct tensor x, bool logarithm);
void cuda_conv2d_first_relu(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k);
void cuda_conv2d_depthwise(struct context *c, struct tensor out, struct tensor x, const struct conv2d *k);
void cuda_conv1d_depthwise_silu(struct context *c, struct tensor out, struct tensor x, const struct conv1d *k,
                                const int *lengths);
int cuda_convolution_prepare(const struct device *d, struct convolution *k, const float *weight, struct fault *fault);
void cuda_convolution_release(const struct device *d, struct convolution *k);
void cuda_convolve(struct context *c, struct tensor out, struct tensor x, const struct convolution *k,
                   const struct convolved *how);
void cuda_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v, int heads,
                    float scale, const int *lengths, bool causal);
void cuda_relative_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                             struct tensor position, const float *u, const float *w, int heads, float scale,
                             const int *lengths);
void cuda_windowed_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                             const struct attention_window *window, int heads, float scale, const int *lengths);
void cuda_likeliest(struct context *c, struct tensor out, struct tensor x, const struct score_range *ranges,
                    int per_row, const uint32_t *barred, int count);
void cuda_unfold(struct context *c, struct tensor out, struct tensor x, int kernel, int stride);
void cuda_gather_rows(struct context *c, struct tensor out, struct tensor x, const int *rows);
void cuda_scatter_rows(struct context *c, struct tensor out, struct tensor x, const int *rows);
void cuda_split_heads(struct context *c, struct tensor out, struct tensor x, int heads);
void cuda_kept_attention(struct context *c, struct tensor out, struct tensor q, struct tensor keys,
                         struct tensor values, int heads, float scale, const struct query_span *spans, int count);
void cuda_kept_attention_weights(struct context *c, struct tensor out, struct tensor q, struct tensor keys, int heads,
                                 float scale, const struct query_span *span);

#endif

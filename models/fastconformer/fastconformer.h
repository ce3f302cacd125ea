/* fastconformer.h - the FastConformer encoder (Rekesh et al. 2023, arXiv 2305.05084) with a CTC head, as Hugging
 * Face's ParakeetForCTC stores it, or below a transducer (models/transducer). MODEL.md beside this file has the page
 * that lets you write it again. */
#ifndef MODELS_FASTCONFORMER_FASTCONFORMER_H
#define MODELS_FASTCONFORMER_FASTCONFORMER_H

#include "models/load/checkpoint.h"
#include "models/tensor/matmul_shape.h"
#include "models/tensor/ops.h"

/* The architecture, by the names of config.json ("encoder_config"). */
struct fastconformer_config {
    int hidden_size, layers, heads, intermediate_size;
    int conv_kernel, subsampling_factor, subsampling_channels, subsampling_kernel, subsampling_stride;
    int mel_bins, vocabulary, blank;
    int projection; /* 0: a CTC head; else the width of the states that come out in place of scores: of a transducer */
    bool attention_bias, convolution_bias, scale_input;
};

/* Reads config.json's text. Every number is checked against a range before it is used.
 * name: what messages call the file. Errors: MODEL, UNSUPPORTED (another model_type or activation), MEMORY. */
int fastconformer_config_read(struct fastconformer_config *config, const char *json, size_t length, const char *name,
                              struct fault *fault);

/* The encoder of a config.json alone, whatever model it is of: vocabulary and blank are 0. Errors: MODEL, UNSUPPORTED
 * (another activation), MEMORY. */
int fastconformer_config_read_encoder(struct fastconformer_config *config, const char *json, size_t length,
                                      const char *name, struct fault *fault);

/* Published shapes, for random weights: "parakeet-ctc-0.6b", "parakeet-ctc-1.1b", "default-en"; false: unknown. */
bool fastconformer_config_named(struct fastconformer_config *config, const char *name);

struct fastconformer;

/* Binds and prepares the weights in type (f32, bf16, f16, i8) for the device; the checkpoint may be closed afterwards.
 * Errors: MODEL (missing, wrongly shaped or non-finite tensor), MEMORY, UNSUPPORTED. The model is immutable. */
int fastconformer_open(struct fastconformer **model, const struct fastconformer_config *config,
                       const struct checkpoint *checkpoint, const struct device *device, enum tensor_type type,
                       struct fault *fault);
void fastconformer_close(struct fastconformer **model);

const struct fastconformer_config *fastconformer_get_config(const struct fastconformer *model);
int64_t fastconformer_parameters(const struct fastconformer *model);
int64_t fastconformer_weight_bytes(const struct fastconformer *model);

/* Numbers of a frame that comes out: the vocabulary, or the projection. */
int fastconformer_width(const struct fastconformer_config *config);

/* Frames that come out for frames of log-mel that go in. */
int fastconformer_frames(const struct fastconformer_config *config, int frames);

/* One thread's forward passes: a context whose arena holds a batch of the largest size it has met so far. */
struct fastconformer_pass;
int fastconformer_pass_open(struct fastconformer_pass **pass, const struct fastconformer *model, struct fault *fault);
void fastconformer_pass_close(struct fastconformer_pass **pass);
/* Sizes the arena for batch rows of at most frames log-mel frames. Called by forward when needed; calling it before
 * keeps allocation out of the stream. Errors: MEMORY. */
int fastconformer_pass_reserve(struct fastconformer_pass *pass, int batch, int frames, struct fault *fault);
size_t fastconformer_pass_bytes(const struct fastconformer_pass *pass);
/* FLOPs of the matrix products and convolutions of the last forward. */
double fastconformer_pass_flops(const struct fastconformer_pass *pass);

/* features [batch, frames, mel_bins] on the host, normalised as the extractor does; lengths[batch]: valid frames of
 * each row, 1 to frames. scores [batch, fastconformer_frames(frames), vocabulary] on the host: log-probabilities;
 * score_lengths[batch]: valid frames of each. With a projection
 * scores are states [batch, frames, projection], what the encoder heard projected and nothing more. A row gives the
 * same numbers in any batch, to rounding. Errors: ARGUMENT, MEMORY, DEVICE. */
int fastconformer_forward(struct fastconformer_pass *pass, const float *features, const int *lengths, int batch,
                          int frames, float *scores, int *score_lengths, struct fault *fault);

/* The matrix products of one pass as [m, k, n, how many], for the benchmark's yardstick; returns how many entries,
 * at most capacity. */
int fastconformer_matmuls(const struct fastconformer_config *config, int batch, int frames, struct matmul_shape *out,
                          int capacity);

#endif

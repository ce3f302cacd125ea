/* whisper.h - the encoder-decoder transformer of Whisper (Radford et al. 2022, arXiv 2212.04356, section 2.2), as
 * Hugging Face (WhisperForConditionalGeneration), OpenAI (.pt), whisper.cpp (ggml) and GGUF files store it. MODEL.md
 * beside this file has the page that lets you write it again. */
#ifndef MODELS_WHISPER_WHISPER_H
#define MODELS_WHISPER_WHISPER_H

#include "models/load/checkpoint.h"
#include "models/tensor/matmul_shape.h"
#include "models/tensor/ops.h"

enum { WHISPER_LAYERS_MAXIMUM = 64, WHISPER_HEADS_MAXIMUM = 32 };

struct whisper_config {
    int mel_bins;  /* 80 or 128 */
    int positions; /* of the encoder's output: 1500 for windows of 30 s; a window has 2·positions mel frames */
    int width;     /* d */
    int encoder_layers, encoder_heads, encoder_inner; /* inner: width of the feed-forward */
    int decoder_layers, decoder_heads, decoder_inner;
    int text_positions; /* 448: the longest sequence of tokens */
    int vocabulary;
    /* Decoder heads whose cross-attention follows the sound (bit h of layer l), for word times; all zero: every head
     * of the upper half of the layers. */
    uint32_t alignment[WHISPER_LAYERS_MAXIMUM];
};

/* Reads config.json's text, every number checked against a range. Errors: MODEL, UNSUPPORTED, MEMORY. */
int whisper_config_read(struct whisper_config *config, const char *json, size_t length, const char *name,
                        struct fault *fault);
/* alignment_heads of a generation_config.json; leaves alignment as it is when there are none. Errors: MODEL, MEMORY. */
int whisper_config_read_alignment(struct whisper_config *config, const char *json, size_t length, const char *name,
                                  struct fault *fault);
/* From the hyperparameters that a .pt, ggml or GGUF file carries, or, without them, from the shapes of its tensors
 * (heads = width / 64). Fills alignment for the published shapes. Errors: MODEL, UNSUPPORTED. */
int whisper_config_from_checkpoint(struct whisper_config *config, const struct checkpoint *checkpoint,
                                   struct fault *fault);
/* Published shapes for random weights: "whisper-tiny", "-tiny.en", "-base", "-base.en", "-small", "-small.en",
 * "-medium", "-medium.en", "-large-v2", "-large-v3", "-large-v3-turbo", "-distil-large-v3"; and "whisper-toy", windows
 * of 1 s (50 positions), width 64, 2 + 2 layers, 80 mels, vocabulary 51865, for tests. False: unknown. */
bool whisper_config_named(struct whisper_config *config, const char *name);

struct whisper;

/* Binds and prepares the weights in type (f32, bf16, f16, i8) for the device; the checkpoint may be closed afterwards.
 * Tensor names: Hugging Face's with or without "model." in front, or OpenAI's. The token embedding is tied to the
 * output. Errors: MODEL, MEMORY, UNSUPPORTED. Immutable. */
int whisper_open(struct whisper **model, const struct whisper_config *config, const struct checkpoint *checkpoint,
                 const struct device *device, enum tensor_type type, struct fault *fault);
void whisper_close(struct whisper **model);

const struct whisper_config *whisper_get_config(const struct whisper *model);
int64_t whisper_parameters(const struct whisper *model);
int64_t whisper_weight_bytes(const struct whisper *model);
/* Bytes that a decoder step of so many rows must read, weights and what is kept of the windows that they listen to: the
 * floor of its time, over the memory's rate. */
int64_t whisper_step_bytes(const struct whisper *model, int windows, int rows);

/* One thread's forward passes: the encoder's output of up to `windows` windows as keys and values of the
 * cross-attention, and the cached keys and values of up to `rows` hypotheses. All memory is taken at open. */
struct whisper_pass;
int whisper_pass_open(struct whisper_pass **pass, const struct whisper *model, int windows, int rows,
                      struct fault *fault);
void whisper_pass_close(struct whisper_pass **pass);
size_t whisper_pass_bytes(const struct whisper_pass *pass);
double whisper_pass_flops(const struct whisper_pass *pass); /* of the last encode, step or attend */

/* features [windows, 2·positions, mel_bins] on the host → the pass's cross keys and values of windows 0 … windows-1.
 * Forgets all hypotheses. output: NULL, or [windows, positions, width] for the encoder's output.
 * Errors: ARGUMENT, MEMORY, DEVICE. */
int whisper_encode(struct whisper_pass *pass, const float *features, int windows, float *output, struct fault *fault);

/* One row of a decoder step: a hypothesis that continues row `parent` of the step before (its cached keys are shared,
 * never copied; several rows may name one parent), or begins anew (parent -1), by token_count ≥ 1 tokens. */
struct whisper_row {
    int window;
    int parent;
    const int *tokens;
    int token_count;
};
/* logits [count, vocabulary] on the host: after the last token of each row. Rows that nobody names are forgotten.
 * Errors: ARGUMENT (a sequence longer than text_positions, an id out of range, an unknown parent), MEMORY, DEVICE. */
int whisper_step(struct whisper_pass *pass, const struct whisper_row *rows, int count, float *logits,
                 struct fault *fault);

/* The same, but for the logits only what few of them decide by (ops.h: likeliest): found [count, per_row, 1 + 2·ask's
 * count] on the host. All of a step's rows must be asked for together. Errors: as whisper_step. */
enum { WHISPER_RANGES_MOST = 8 };
struct whisper_wanted {
    const struct score_range *ranges; /* [count, per_row] */
    int per_row;                      /* 1 to WHISPER_RANGES_MOST */
    const uint32_t *barred;           /* [vocabulary / 32, rounded up] */
    int count;                        /* 1 to LIKELIEST_MOST */
};
int whisper_step_likeliest(struct whisper_pass *pass, const struct whisper_row *rows, int count,
                           const struct whisper_wanted *ask, float *found, struct fault *fault);

/* Cross-attention of the alignment heads while tokens[count] (a whole sequence, from its first position on) are read:
 * weights [whisper_alignment_heads, count, positions] on the host, softmaxed over positions. Hypotheses are kept as
 * they are. Errors: as whisper_step. */
int whisper_alignment_heads(const struct whisper *model);
int whisper_attend(struct whisper_pass *pass, int window, const int *tokens, int count, float *weights,
                   struct fault *fault);

/* The matrix products of one encode of windows, so many of them together, as [m, k, n, how many]; returns how many
 * entries, at most capacity. */
int whisper_encode_matmuls(const struct whisper_config *config, int windows, int together, struct matmul_shape *out,
                           int capacity);

#endif

/* speecht5.h - SpeechT5's text to speech (Ao et al., ACL 2022, arXiv 2110.07205), from characters to log-mel, step by
 * step, as Hugging Face's SpeechT5ForTextToSpeech stores and computes it. MODEL.md beside this file has the page that
 * lets you write it again. */
#ifndef MODELS_SPEECHT5_SPEECHT5_H
#define MODELS_SPEECHT5_SPEECHT5_H

#include "models/load/checkpoint.h"
#include "models/tensor/ops.h"

struct speecht5_stack {
    int layers, heads, ffn_dim;
};

/* The architecture, by the names of config.json. */
struct speecht5_config {
    int hidden_size, vocabulary, mel_bins;
    struct speecht5_stack encoder, decoder;
    int max_relative_position; /* the farthest that the encoder tells positions apart */
    int max_text_positions;    /* the most tokens of a text */
    int max_speech_positions;  /* the most steps of the decoder */
    int reduction_factor;      /* frames that a step gives */
    int prenet_layers, prenet_units;
    float prenet_dropout; /* which is always on */
    int speaker_embedding_dim;
    int postnet_layers, postnet_units, postnet_kernel;
};

/* Reads config.json's text. Every number is checked against a range before it is used. name: what messages call the
 * file. Errors: MODEL, UNSUPPORTED (another model_type, activation or epsilon), MEMORY. */
int speecht5_config_read(struct speecht5_config *config, const char *json, size_t length, const char *name,
                         struct fault *fault);

/* Published shapes, for random weights: "speecht5_tts"; false: unknown. */
bool speecht5_config_named(struct speecht5_config *config, const char *name);

struct speecht5;

/* Binds and prepares the weights in type (f32, bf16, i8) for the device; the checkpoint may be closed afterwards.
 * Errors: MODEL (missing, wrongly shaped or non-finite tensor), MEMORY, UNSUPPORTED. The model is immutable. */
int speecht5_open(struct speecht5 **model, const struct speecht5_config *config, const struct checkpoint *checkpoint,
                  const struct device *device, enum tensor_type type, struct fault *fault);
void speecht5_close(struct speecht5 **model);

const struct speecht5_config *speecht5_get_config(const struct speecht5 *model);
int64_t speecht5_parameters(const struct speecht5 *model);
int64_t speecht5_weight_bytes(const struct speecht5 *model);

/* When a row ends. A zero means transformers' default. */
struct speecht5_ending {
    float threshold;     /* of the sum of a step's stop probabilities: 0.5 */
    float minimum_ratio; /* of frames to tokens, before which no row ends: 0 */
    float maximum_ratio; /* at which every row does: 20 */
};

/* The most frames that a row of so many tokens can get. */
int speecht5_most_frames(const struct speecht5_config *config, int tokens, const struct speecht5_ending *ending);

/* One thread's forward passes: a context whose arena holds a batch of the largest size it has met so far. */
struct speecht5_pass;
int speecht5_pass_open(struct speecht5_pass **pass, const struct speecht5 *model, struct fault *fault);
void speecht5_pass_close(struct speecht5_pass **pass);
/* Makes room for batch rows of at most count tokens. Called by speak when needed; calling it before keeps allocation
 * out of the stream. ending: or NULL. Errors: ARGUMENT, MEMORY. */
int speecht5_pass_reserve(struct speecht5_pass *pass, int batch, int count, const struct speecht5_ending *ending,
                          struct fault *fault);
size_t speecht5_pass_bytes(const struct speecht5_pass *pass);
/* FLOPs of the matrix products and convolutions of the last speak. */
double speecht5_pass_flops(const struct speecht5_pass *pass);

/* What a row is besides its tokens. */
struct speecht5_row {
    const float *speaker; /* [speaker_embedding_dim], an x-vector of any length above 0 */
    uint64_t seed;        /* of the dropout: the same seed gives the same speech */
};

/* tokens [batch, count]; lengths[batch]: valid tokens of each row, 1 to count, "</s>" counted in. ending: or NULL.
 * mel [batch, speecht5_most_frames(config, count, ending), mel_bins] on the host, 0 behind a row's frames;
 * frames[batch]. A row gives the same in any batch, to rounding. Errors: ARGUMENT, MEMORY, DEVICE. */
int speecht5_speak(struct speecht5_pass *pass, const int *tokens, const int *lengths, int batch, int count,
                   const struct speecht5_row *rows, const struct speecht5_ending *ending, float *mel, int *frames,
                   struct fault *fault);

#endif

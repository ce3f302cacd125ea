/* fastspeech.h - FastSpeech 2 (Ren et al. 2021, arXiv 2006.04558) with Conformer blocks (Guo et al. 2021, arXiv
 * 2010.13956), from tokens to log-mel, as Hugging Face's FastSpeech2ConformerModel stores and computes it. MODEL.md
 * beside this file has the page that lets you write it again. */
#ifndef MODELS_FASTSPEECH_FASTSPEECH_H
#define MODELS_FASTSPEECH_FASTSPEECH_H

#include "models/load/checkpoint.h"
#include "models/tensor/ops.h"

/* A stack of Conformer blocks. */
struct fastspeech_stack {
    int layers, heads, linear_units;
    int kernel;            /* of the depthwise convolution */
    bool normalize_before; /* layer norms in front of the parts, or behind their residuals */
    bool concat_after;     /* attention's input and output side by side through one more matrix */
};

/* Convolutions over the tokens, and a number for each. */
struct fastspeech_predictor {
    int layers, channels, kernel;
};

/* The architecture, by the names of config.json. */
struct fastspeech_config {
    int hidden_size, vocabulary, mel_bins;
    struct fastspeech_stack encoder, decoder;
    int positionwise_kernel; /* of the two convolutions that a feed-forward part is made of */
    bool macaron;            /* a feed-forward part before the attention too */
    bool convolution_bias;   /* in the Conformer's convolution part */
    struct fastspeech_predictor duration, pitch, energy;
    int pitch_embed_kernel, energy_embed_kernel;
    int postnet_layers, postnet_units, postnet_kernel;
    float speaking_speed;    /* that durations are multiplied by: 1, but for models that speak too fast */
    int speakers, languages; /* that have an embedding; 0: the model knows none */
    int speaker_embed_dim;   /* of a speaker embedding that the caller brings; 0: the model takes none */
    bool with_vocoder; /* config.json is of a whole voice: weights are under "model.", the vocoder's beside them */
};

/* Reads config.json's text: a FastSpeech2Conformer's, or a FastSpeech2ConformerWithHifiGan's, whose "model_config" it
 * is then. Every number is checked against a range before it is used. name: what messages call the file.
 * Errors: MODEL, UNSUPPORTED (another model_type; no convolution part; frames that come in groups), MEMORY. */
int fastspeech_config_read(struct fastspeech_config *config, const char *json, size_t length, const char *name,
                           struct fault *fault);

/* Shapes, for random weights: "fastspeech2-conformer" (espnet's), "default-voice-en"; false: unknown. */
bool fastspeech_config_named(struct fastspeech_config *config, const char *name);

struct fastspeech;

/* Binds and prepares the weights in type (f32, bf16, f16, i8) for the device; the checkpoint may be closed afterwards.
 * prefix: in front of the names of the tensors, "" or "model.". Errors: MODEL (missing, wrongly shaped or non-finite
 * tensor), MEMORY, UNSUPPORTED. The model is immutable. */
int fastspeech_open(struct fastspeech **model, const struct fastspeech_config *config,
                    const struct checkpoint *checkpoint, const char *prefix, const struct device *device,
                    enum tensor_type type, struct fault *fault);
void fastspeech_close(struct fastspeech **model);

const struct fastspeech_config *fastspeech_get_config(const struct fastspeech *model);
int64_t fastspeech_parameters(const struct fastspeech *model);
int64_t fastspeech_weight_bytes(const struct fastspeech *model);

/* One thread's forward passes: a context whose arena holds a batch of the largest size it has met so far, and what is
 * kept from an encode to its decode. */
struct fastspeech_pass;
int fastspeech_pass_open(struct fastspeech_pass **pass, const struct fastspeech *model, struct fault *fault);
void fastspeech_pass_close(struct fastspeech_pass **pass);
/* Makes room for batch rows of at most count tokens and frames frames. Called by encode and decode when needed;
 * calling it before keeps allocation out of the stream. What was encoded before is lost. Errors: ARGUMENT, MEMORY. */
int fastspeech_pass_reserve(struct fastspeech_pass *pass, int batch, int count, int frames, struct fault *fault);
size_t fastspeech_pass_bytes(const struct fastspeech_pass *pass);
/* FLOPs of the matrix products and convolutions of the last encode and its decode. */
double fastspeech_pass_flops(const struct fastspeech_pass *pass);

/* How a row is to be spoken. All zeros: by the first speaker, as the model would. Arrays are [tokens of the row]. */
struct fastspeech_control {
    const int *durations;   /* frames of each token, from 0, instead of the predictor's; NULL: the predictor's */
    const float *rate;      /* above 0: a token's duration is divided by it; NULL: 1 */
    const float *pitch;     /* added to the predicted pitch, in its deviations; NULL: 0 */
    const float *energy;    /* added to the predicted energy, likewise */
    int speaker, language;  /* of the config's speakers and languages; -1: none. Ignored where the model knows none */
    const float *embedding; /* [speaker_embed_dim], of any length above 0; NULL: none. All rows of a batch or no row */
};

/* Tokens to durations. tokens [batch, count]; lengths[batch]: valid tokens of each row, 1 to count; controls [batch],
 * or NULL: zeros. durations [batch, count]: frames of each token, 0 behind a row's tokens; frames[batch]: their sums,
 * at least 1. A row whose sum is beyond max_frames is an error (MODEL): minutes of noise are what a predictor would
 * ask for that is off. A row gives the same in any batch, to rounding. Errors: ARGUMENT, MODEL, MEMORY, DEVICE. */
int fastspeech_encode(struct fastspeech_pass *pass, const int *tokens, const int *lengths, int batch, int count,
                      const struct fastspeech_control *controls, int max_frames, int *durations, int *frames,
                      struct fault *fault);

/* The log-mel of what was last encoded: mel [batch, the longest row's frames, mel_bins] on the host, 0 behind a row's
 * frames, normalised as the model was trained. It may be asked for again. Errors: STATE (nothing was encoded),
 * ARGUMENT, MEMORY, DEVICE. */
int fastspeech_decode(struct fastspeech_pass *pass, float *mel, struct fault *fault);

#endif

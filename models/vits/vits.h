/* vits.h - VITS (Kim et al. 2021, arXiv 2106.06103), text to waveform in one network, as Hugging Face's VitsModel
 * stores it and computes it for inference: facebook/mms-tts-*, kakao-enterprise/vits-ljs, vits-vctk. MODEL.md beside
 * this file has the page that lets you write it again.
 *
 * Three stages, so that the caller knows how long the speech will be before memory is taken for it, and may decode a
 * piece at a time:
 *
 *     vits_durations   tokens → how many frames each is held, and what the prior says of each (kept in the pass)
 *     vits_latents     → z [batch, frames, flow_size]: samples of the prior, through the flow
 *     vits_decode      z → samples, vits_hop a frame; any run of frames with vits_reach beside it */
#ifndef MODELS_VITS_VITS_H
#define MODELS_VITS_VITS_H

#include "models/hifigan/hifigan.h"
#include "models/load/checkpoint.h"
#include "models/tensor/ops.h"

/* The architecture, by the names of config.json where they are not told otherwise. */
struct vits_config {
    int vocabulary, hidden_size, layers, heads, window_size;
    int intermediate_size, intermediate_kernel; /* ffn_dim, ffn_kernel_size */
    bool attention_bias;                        /* use_bias */
    float norm_epsilon;
    bool stochastic_durations; /* use_stochastic_duration_prediction */
    int duration_kernel, duration_channels, duration_flows, spline_bins, separable_layers;
    float spline_bound; /* duration_predictor_tail_bound */
    int flow_size, flows, wavenet_layers, wavenet_kernel, wavenet_dilation;
    int speakers, speaker_size;    /* 1 and 0: one speaker, without an embedding */
    struct hifigan_config decoder; /* its frames are the latents: mels is flow_size */
    int sampling_rate;
    float speaking_rate, noise_scale, noise_scale_duration; /* what a row has that does not say otherwise */
};

/* Reads config.json's text. Every number is checked against a range before it is used.
 * name: what messages call the file. Errors: MODEL, UNSUPPORTED (another model_type or activation), MEMORY. */
int vits_config_read(struct vits_config *config, const char *json, size_t length, const char *name,
                     struct fault *fault);

/* Published shapes, for random weights: "mms-tts", "vits-ljs", "vits-vctk"; false: unknown. */
bool vits_config_named(struct vits_config *config, const char *name);

/* Samples per frame. */
int vits_hop(const struct vits_config *config);
/* Frames on either side that a frame's samples depend on: decoded with so many beside them, or with all that there are,
 * the frames of a piece give the samples that they give in the whole. */
int vits_reach(const struct vits_config *config);

struct vits;

/* Binds and prepares the weights, those of the flow and the decoder in type (f32, bf16), all others in f32, so that the
 * durations of a text do not depend on it; the checkpoint may be closed afterwards. Weight norm is folded in, in either
 * of its namings. Errors: MODEL (missing, wrongly shaped or non-finite tensor), MEMORY, UNSUPPORTED. Immutable. */
int vits_open(struct vits **model, const struct vits_config *config, const struct checkpoint *checkpoint,
              const struct device *device, enum tensor_type type, struct fault *fault);
void vits_close(struct vits **model);

const struct vits_config *vits_get_config(const struct vits *model);
int64_t vits_parameters(const struct vits *model);
int64_t vits_weight_bytes(const struct vits *model);

/* One thread's forward passes: a context whose arena holds the largest batch it has met so far, and what a stage hands
 * to the next. */
struct vits_pass;
int vits_pass_open(struct vits_pass **pass, const struct vits *model, struct fault *fault);
void vits_pass_close(struct vits_pass **pass);
/* Takes the memory for batch rows of at most tokens tokens, frames frames of latents and decoded frames decoded at once
 * (0: not that stage). Called by the stages when needed; calling it before keeps allocation out of the stream.
 * Durations that wait for their latents are lost where room for more tokens is taken. Errors: ARGUMENT, MEMORY. */
int vits_pass_reserve(struct vits_pass *pass, int batch, int tokens, int frames, int decoded, struct fault *fault);
size_t vits_pass_bytes(const struct vits_pass *pass);
/* FLOPs of the matrix products and convolutions of the last call of each stage together. */
double vits_pass_flops(const struct vits_pass *pass);

/* How one row is to be said. */
struct vits_control {
    uint64_t seed;      /* of its noise: the same seed gives the same speech, on any machine, in any batch */
    float rate;         /* times the usual speed, above 0 */
    const float *rates; /* [count] for each token, times rate; or NULL */
    float noise_scale, noise_scale_duration; /* deviations of the noise, 0 or more: variety of speech and of rhythm */
    const float *noise;                      /* [2, count] in place of what the seed draws for durations; or NULL */
};
/* What the config says, with seed 0. */
void vits_control_init(struct vits_control *control, const struct vits_config *config);

/* tokens [batch, count] on the host, ids below vocabulary; lengths[batch]: valid tokens of each row, 1 to count; rows
 * [batch]; speakers [batch], or NULL (as the reference without a speaker: no embedding is added).
 * most_frames: of a row, 1 to 2^20; a row whose tokens ask for more is cut there, the rest of its tokens get none, and
 * frames[row] is most_frames: whatever the predictor says, no row is longer. durations [batch, count]: frames of each
 * token, 0 in the padding; frames[batch]: their sums, at least 1 (a text that asks for none has one frame of noise, as
 * in the reference). Errors: ARGUMENT, MODEL (a duration that is not a number), MEMORY, DEVICE. */
int vits_durations(struct vits_pass *pass, const int *tokens, const int *lengths, int batch, int count,
                   const struct vits_control *rows, const int *speakers, int most_frames, int *durations, int *frames,
                   struct fault *fault);

/* What the durations that were found last say, as latents: z [batch, the largest of frames, flow_size] on the host,
 * zero behind each row's end. noise: of z's shape in place of what the seeds draw, or NULL. It may be called again.
 * Errors: ARGUMENT (no durations yet), MEMORY, DEVICE. */
int vits_latents(struct vits_pass *pass, const float *noise, float *z, struct fault *fault);

/* z [batch, frames, flow_size] on the host; lengths[batch]: valid frames of each row, 1 to frames; speakers as above.
 * samples [batch, frames · vits_hop] on the host, in [-1, 1], valid to lengths[row] · vits_hop. Needs nothing of the
 * stages before. A row gives the same numbers in any batch, to rounding. Errors: ARGUMENT, MEMORY, DEVICE. */
int vits_decode(struct vits_pass *pass, const float *z, const int *lengths, int batch, int frames, const int *speakers,
                float *samples, struct fault *fault);

#endif

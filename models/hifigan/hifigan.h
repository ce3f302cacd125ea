/* hifigan.h - the HiFi-GAN generator (Kong et al. 2020, arXiv 2010.05646, section 2.2): from log-mel frames, or from a
 * latent of VITS, to samples. Read as its authors published it and as Hugging Face stores it. MODEL.md beside this file
 * has the page that lets you write it again. */
#ifndef MODELS_HIFIGAN_HIFIGAN_H
#define MODELS_HIFIGAN_HIFIGAN_H

#include "models/load/checkpoint.h"
#include "models/tensor/ops.h"

enum { HIFIGAN_STAGES = 8, HIFIGAN_BLOCKS = 8, HIFIGAN_DILATIONS = 8 }; /* at most */

/* The architecture. Channels halve with every stage: initial_channels, then half, … */
struct hifigan_config {
    int mels;                                                   /* channels of a frame */
    int initial_channels;                                       /* a multiple of 2^stages */
    int stages, rates[HIFIGAN_STAGES], kernels[HIFIGAN_STAGES]; /* of the transposed convolutions */
    int blocks;                                                 /* residual blocks of a stage, which are averaged */
    int block_kernels[HIFIGAN_BLOCKS];                          /* odd */
    int dilations[HIFIGAN_BLOCKS], dilation[HIFIGAN_BLOCKS][HIFIGAN_DILATIONS]; /* of each block: how many, which */
    int block_kind;                                                             /* the paper's resblock 1 or 2 */
    float slope, last_slope; /* of the leaky ReLUs; the one before the last convolution has its own, 0.01 */
    bool normalize;          /* frames become (frame - mean) / scale first, by the checkpoint's own mean and scale */
    bool last_bias;          /* whether the last convolution has a bias */
    int conditioning;        /* width of a vector per row, as of a speaker, that is added behind the first convolution;
                                0: none */
    int sample_rate;         /* Hz; 0: the config does not say */
};

/* Reads config.json's text: the authors' own, or Hugging Face's for FastSpeech2ConformerHifiGan, SpeechT5HifiGan,
 * FastSpeech2ConformerWithHifiGan (its vocoder_config) and VitsModel (its decoder). Every number is checked against a
 * range. name: what messages call the file. Errors: MODEL, UNSUPPORTED (another model), MEMORY. */
int hifigan_config_read(struct hifigan_config *config, const char *json, size_t length, const char *name,
                        struct fault *fault);

/* Published shapes, for random weights: "hifigan-v1", "hifigan-v2", "hifigan-v3", and "hifigan-small", the small one
 * for a default voice; false: unknown. */
bool hifigan_config_named(struct hifigan_config *config, const char *name);

/* Samples that a frame becomes: the product of the rates. */
int hifigan_hop(const struct hifigan_config *config);
/* Samples for so many frames. */
int64_t hifigan_samples(const struct hifigan_config *config, int frames);
/* Frames on either side of a frame that its samples depend on. */
int hifigan_reach(const struct hifigan_config *config);

struct hifigan;

/* Binds and prepares the weights for the device, in type (f32, bf16, f16; i8 becomes the device's best of them); the
 * checkpoint may be closed afterwards. Weight norm, in either of its spellings, is folded.
 * prefix: what its tensors' names begin with: "", "vocoder." or "decoder.". The model is immutable.
 * Errors: MODEL (missing, wrongly shaped or non-finite tensor), MEMORY, UNSUPPORTED. */
int hifigan_open(struct hifigan **model, const struct hifigan_config *config, const struct checkpoint *checkpoint,
                 const char *prefix, const struct device *device, enum tensor_type type, struct fault *fault);
void hifigan_close(struct hifigan **model);

const struct hifigan_config *hifigan_get_config(const struct hifigan *model);
int64_t hifigan_parameters(const struct hifigan *model);
int64_t hifigan_weight_bytes(const struct hifigan *model);

/* One thread's forward passes: a context whose arena holds a batch of the largest size it has met so far. */
struct hifigan_pass;
int hifigan_pass_open(struct hifigan_pass **pass, const struct hifigan *model, struct fault *fault);
void hifigan_pass_close(struct hifigan_pass **pass);
/* Sizes the arena for batch rows of at most frames frames. Called by forward when needed; calling it before keeps
 * allocation out of the stream. Errors: ARGUMENT, MEMORY. */
int hifigan_pass_reserve(struct hifigan_pass *pass, int batch, int frames, struct fault *fault);
size_t hifigan_pass_bytes(const struct hifigan_pass *pass);
/* FLOPs of the convolutions of the last forward. */
double hifigan_pass_flops(const struct hifigan_pass *pass);

/* frames [batch, time, mels] on the host; lengths[batch]: valid frames of each row, 1 to time; conditioning
 * [batch, config.conditioning] on the host, or NULL where the config has none, or none is to be added.
 * samples [batch, hifigan_samples(time)] on the host, from -1 to 1; those behind a row's own are 0. A row gives the
 * same bits in any batch. Errors: ARGUMENT, MEMORY, DEVICE. */
int hifigan_forward(struct hifigan_pass *pass, const float *frames, const int *lengths, int batch, int time,
                    const float *conditioning, float *samples, struct fault *fault);

/* A part of one row: samples [count · hop] of the frames first … first + count - 1 of frames [time, mels], computed
 * from these frames and hifigan_reach more on either side, where there are: what the whole row gives, but for
 * rounding. For speech that is played while it is computed, in pieces of like size. conditioning as above, for one
 * row. Errors: as above. */
int hifigan_forward_part(struct hifigan_pass *pass, const float *frames, int time, int first, int count,
                         const float *conditioning, float *samples, struct fault *fault);

#endif

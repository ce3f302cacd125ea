/* transducer.h - the neural transducer of Parakeet: a FastConformer encoder, an LSTM that reads the tokens so far, and
 * a joint network over both (Graves 2012, arXiv 1211.3711), without durations (RNN-T) or with them (TDT, Xu et al.
 * 2023, arXiv 2304.06795), as Hugging Face's ParakeetForRNNT and ParakeetForTDT store it. MODEL.md has the page that
 * lets you write it again. */
#ifndef MODELS_TRANSDUCER_TRANSDUCER_H
#define MODELS_TRANSDUCER_TRANSDUCER_H

#include "models/fastconformer/fastconformer.h"

enum { TRANSDUCER_DURATIONS = 16, TRANSDUCER_LONGEST = 32 };

/* The architecture, by the names of config.json. */
struct transducer_config {
    struct fastconformer_config encoder; /* its projection is hidden_size */
    int hidden_size, layers;             /* of the prediction network ("decoder_…"); the joint network is as wide */
    int vocabulary, blank;
    int max_symbols; /* tokens that one frame may give, in greedy search */
    int duration_count;
    int durations[TRANSDUCER_DURATIONS]; /* [duration_count] frames, rising from 0 to at most TRANSDUCER_LONGEST; none
                                            of an RNN-T */
    enum activation activation;          /* of the joint network */
};

/* Reads config.json's text. Every number is checked against a range before it is used.
 * name: what messages call the file. Errors: MODEL, UNSUPPORTED (another model_type or activation), MEMORY. */
int transducer_config_read(struct transducer_config *config, const char *json, size_t length, const char *name,
                           struct fault *fault);

/* Published shapes, for random weights: "parakeet-tdt-0.6b-v2", "parakeet-tdt-0.6b-v3", "parakeet-tdt-0.6b" (the
 * latter), "parakeet-rnnt-0.6b"; and "transducer-toy", a small TDT for tests. False: unknown. */
bool transducer_config_named(struct transducer_config *config, const char *name);

struct transducer;

/* Binds and prepares the weights in type (f32, bf16, i8) for the device; the checkpoint may be closed afterwards.
 * Errors: MODEL (missing, wrongly shaped or non-finite tensor), MEMORY, UNSUPPORTED. The model is immutable. */
int transducer_open(struct transducer **model, const struct transducer_config *config,
                    const struct checkpoint *checkpoint, const struct device *device, enum tensor_type type,
                    struct fault *fault);
void transducer_close(struct transducer **model);

const struct transducer_config *transducer_get_config(const struct transducer *model);
int64_t transducer_parameters(const struct transducer *model);
int64_t transducer_weight_bytes(const struct transducer *model);
/* Bytes of weights that one step with a prediction and a joint must read: the floor of its time, over the memory's
 * rate. */
int64_t transducer_step_bytes(const struct transducer *model);

/* One thread's forward passes: the states of the windows that were encoded last, and `slots` predictions. A prediction
 * is what the prediction network made of a sequence of tokens: its state, and what the joint network hears of it. */
struct transducer_pass;
/* rows: predictions or joints that are computed together; a step may have more. Errors: ARGUMENT, MEMORY. */
int transducer_pass_open(struct transducer_pass **pass, const struct transducer *model, int slots, int rows,
                         struct fault *fault);
void transducer_pass_close(struct transducer_pass **pass);
/* Room for at least so many predictions from the next encode on. Errors: ARGUMENT. */
int transducer_pass_need_slots(struct transducer_pass *pass, int slots, struct fault *fault);
/* Sizes the memory for batch rows of at most frames log-mel frames. Called by encode when needed. Errors: MEMORY. */
int transducer_pass_reserve(struct transducer_pass *pass, int batch, int frames, struct fault *fault);
size_t transducer_pass_bytes(const struct transducer_pass *pass);
double transducer_pass_flops(const struct transducer_pass *pass); /* of the last encode */

/* features [batch, frames, mel_bins] on the host, normalised as the extractor does; lengths[batch]: valid frames of
 * each row, 1 to frames. state_lengths[batch]: frames of states of each window. states: NULL, or [batch,
 * fastconformer_frames(frames), hidden_size] on the host: what the joint network hears of the sound.
 * Forgets all predictions. Errors: ARGUMENT, MEMORY, DEVICE. */
int transducer_encode(struct transducer_pass *pass, const float *features, const int *lengths, int batch, int frames,
                      int *state_lengths, float *states, struct fault *fault);

/* Slot to gets the prediction after slot from's tokens (-1: after none) and one token more; the beginning of a text is
 * the blank after none. Slots are 0 … slots - 1; a step may read and write one slot, but nothing that it writes. */
struct transducer_prediction {
    int from, token, to;
};
/* The joint network over a frame of a window and a prediction, which may be one of the same step. */
struct transducer_joint {
    int window, frame, slot;
};

/* Predictions first, then joints. tokens [joint_count, vocabulary] and durations [joint_count, duration_count] on the
 * host: log-probabilities. Errors: ARGUMENT (a slot, token or frame that is not there), MEMORY, DEVICE. */
int transducer_step(struct transducer_pass *pass, const struct transducer_prediction *predictions, int prediction_count,
                    const struct transducer_joint *joints, int joint_count, float *tokens, float *durations,
                    struct fault *fault);

#endif

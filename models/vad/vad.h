/* vad.h - networks that tell speech from everything else, frame by frame and with little delay. MODEL.md beside this
 * file has the page that lets you write them again.
 *
 * struct vad: our own, dilated convolutions over log-mel that look back a second and a quarter and ahead a few frames.
 * struct silero: Silero VAD at 16 kHz, by its published weights, over samples.
 *
 * A network is immutable and shared by all threads; a stream is one row, belongs to one thread at a time, and keeps
 * everything that its steps need: no memory is taken after it is open. */
#ifndef MODELS_VAD_VAD_H
#define MODELS_VAD_VAD_H

#include "models/load/checkpoint.h"
#include "models/tensor/ops.h"

/* ---- our own ---- */

enum { VAD_STEP = 2, VAD_MOST_BLOCKS = 16 }; /* frames that are judged together; blocks */

struct vad_config {
    int mel_bins, hidden_size;
    int taps, look_ahead; /* of the first layer, in frames: all it hears, and those beyond the judged two */
    int blocks, dilations[VAD_MOST_BLOCKS];
};

/* Reads config.json's text. Every number is checked against a range before it is used.
 * name: what messages call the file. Errors: MODEL, UNSUPPORTED (another model_type), MEMORY. */
int vad_config_read(struct vad_config *config, const char *json, size_t length, const char *name, struct fault *fault);

struct vad;
/* Binds and prepares the weights, in f32; the checkpoint may be closed afterwards.
 * Errors: MODEL (missing, wrongly shaped or non-finite tensor), MEMORY, UNSUPPORTED. */
int vad_open(struct vad **vad, const struct vad_config *config, const struct checkpoint *checkpoint,
             const struct device *device, struct fault *fault);
void vad_close(struct vad **vad);
const struct vad_config *vad_get_config(const struct vad *vad);
int64_t vad_parameters(const struct vad *vad);

struct vad_stream;
/* Errors: MEMORY, DEVICE. */
int vad_stream_open(struct vad_stream **stream, const struct vad *vad, struct fault *fault);
void vad_stream_close(struct vad_stream **stream);
int vad_stream_reset(struct vad_stream *stream, struct fault *fault);

/* Takes the next frame of log-mel [mel_bins] on the host, finite and not normalised; NULL: the sound has ended, and the
 * last frame stands for what would follow. Returns how many frames are judged by it, 0 or VAD_STEP, their probabilities
 * of speech in out: the first frames of the stream first. After frame n, all up to n - look_ahead - 1 are, at least.
 * Errors: DEVICE. */
int vad_feed(struct vad_stream *stream, const float *frame, float out[VAD_STEP], struct fault *fault);

/* FLOPs of the matrix products of one step. */
double vad_stream_flops(const struct vad_stream *stream);

/* ---- Silero VAD ---- */

enum { SILERO_RATE = 16000, SILERO_WINDOW = 512 };

/* Whether the checkpoint has the tensors that the published one has. */
bool silero_is(const struct checkpoint *checkpoint);

struct silero;
int silero_open(struct silero **silero, const struct checkpoint *checkpoint, const struct device *device,
                struct fault *fault);
void silero_close(struct silero **silero);

struct silero_stream;
int silero_stream_open(struct silero_stream **stream, const struct silero *silero, struct fault *fault);
void silero_stream_close(struct silero_stream **stream);
int silero_stream_reset(struct silero_stream *stream, struct fault *fault);

/* The next window of samples, finite; *probability: of speech in it. Errors: DEVICE. */
int silero_feed(struct silero_stream *stream, const float samples[SILERO_WINDOW], float *probability,
                struct fault *fault);
double silero_stream_flops(const struct silero_stream *stream);

#endif

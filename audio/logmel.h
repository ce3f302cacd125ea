/* logmel.h - log-mel features on FFTW, matching the published extractors; whole-file and streaming give the same
 * numbers, bit for bit, since both run the same code frame by frame. */
#ifndef AUDIO_LOGMEL_H
#define AUDIO_LOGMEL_H

#include "src/base/error.h"

enum logmel_kind {
    LOGMEL_PARAKEET, /* Hugging Face ParakeetFeatureExtractor: preemphasis, |X|², slaney mel, ln(x + 2⁻²⁴) */
    LOGMEL_WHISPER   /* Hugging Face WhisperFeatureExtractor: |X|², slaney mel, log10(max(x, 1e-10)) */
};

struct logmel_params {
    enum logmel_kind kind;
    int sample_rate;   /* Hz: 16000 */
    int mels;          /* 80 or 128 in the published models; 1 to 512 */
    int fft;           /* Parakeet 512, Whisper 400 */
    int window;        /* samples: 400 */
    int hop;           /* samples: 160 */
    float preemphasis; /* Parakeet 0.97; 0: none */
    /* Parakeet: a bin whose ln varies less than this over the recording is 0 throughout when it is normalised. The
     * extractor has no such bound (0), and makes the rounding errors in the empty half of a telephone's spectrum
     * as loud as speech. A model that was trained with one says so in preprocessor_config.json. */
    float least_deviation;
};
void logmel_params_default(struct logmel_params *params, enum logmel_kind kind, int mels);
/* From preprocessor_config.json ("feature_extractor_type" names the kind; numbers are range-checked). Errors: MODEL,
 * UNSUPPORTED. name: what messages call the file. */
int logmel_params_read(struct logmel_params *params, const char *json, size_t length, const char *name,
                       struct fault *fault);

/* Plans and filters: immutable, shared by any number of threads. */
struct logmel;
int logmel_open(struct logmel **logmel, const struct logmel_params *params, struct fault *fault);
void logmel_close(struct logmel **logmel);
const struct logmel_params *logmel_get_params(const struct logmel *logmel);

/* Frames that the extractor makes of count samples (Parakeet: count / hop, its attention mask; Whisper: count / hop
 * of the padded window). */
int logmel_frames(const struct logmel *logmel, int64_t count);

/* scratch of logmel_scratch_size bytes (64-byte aligned), one per thread, for the calls below. */
size_t logmel_scratch_size(const struct logmel *logmel);

/* Raw log-mel, before any normalisation: frames [first, first + frames) of a recording, [frames, mels] into out.
 * samples [count] is the whole recording or window; what the extractor pads at its edges (Parakeet: zeros, n_fft/2 on
 * each side; Whisper: reflection) is padded here. Any range gives the same numbers as the whole. */
void logmel_compute(const struct logmel *logmel, const float *samples, int64_t count, int first, int frames, float *out,
                    void *scratch);

/* The normalisations of the extractors over the valid frames of one recording, in place.
 * Parakeet: per mel bin, mean 0 and deviation 1 (n - 1 in the denominator, 1 where n is 1; + 1e-5), or
 * 0 where there is less than least_deviation.
 * Whisper: max(x, max - 8), then (x + 4) / 4. */
void logmel_normalise(const struct logmel *logmel, float *features, int frames);

/* Streaming: feed samples in any chunks, take raw frames as soon as all their samples are there. */
struct logmel_stream;
int logmel_stream_open(struct logmel_stream **stream, const struct logmel *logmel, struct fault *fault);
void logmel_stream_close(struct logmel_stream **stream);
void logmel_stream_reset(struct logmel_stream *stream);
/* Errors: MEMORY, STATE (after finish, before reset). */
int logmel_stream_feed(struct logmel_stream *stream, const float *samples, int64_t count, struct fault *fault);
/* After finish, the last frames see the padding of the extractor. */
void logmel_stream_finish(struct logmel_stream *stream);
/* Up to frames frames into out [frames, mels]; returns how many. */
int logmel_stream_take(struct logmel_stream *stream, float *out, int frames);

#endif

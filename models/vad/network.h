/* network.h - the weights and the streams' states in memory, shared by the files of this folder. */
#ifndef MODELS_VAD_NETWORK_H
#define MODELS_VAD_NETWORK_H

#include "models/vad/vad.h"

/* ---- our own: m mels, d hidden ---- */

struct vad {
    struct vad_config config;
    const struct device *device;
    float *mean, *scale;                   /* [m], on the host: a frame x becomes (x - mean) · scale */
    struct linear input;                   /* [d, taps·m] */
    struct linear blocks[VAD_MOST_BLOCKS]; /* [d, 3·d] */
    struct linear output;                  /* [VAD_STEP, d] */
    int64_t parameters;
};

/* What a step reads and writes. */
struct vad_step {
    int64_t step;          /* its number */
    const float *window;   /* [taps·m], normalised, on the host */
    float *const *history; /* a ring of [2·dilation + 1, d] for each block: what went into it */
    float *logits;         /* [VAD_STEP], on the host */
};
void vad_forward(struct context *c, const struct vad *v, const struct vad_step *s);

/* ---- Silero's ---- */

enum {
    SILERO_CONTEXT = 64, /* samples before the window that the step hears, and as many mirrored behind it */
    SILERO_HEARD = SILERO_CONTEXT + SILERO_WINDOW + SILERO_CONTEXT,
    SILERO_HOP = 128,
    SILERO_FFT = 256,
    SILERO_BINS = SILERO_FFT / 2 + 1,
    SILERO_FRAMES = (SILERO_HEARD - SILERO_FFT) / SILERO_HOP + 1,
    SILERO_HIDDEN = 128,
    SILERO_CONVOLUTIONS = 4
};

struct silero {
    const struct device *device;
    struct linear transform;                        /* [2·bins, fft], no bias: cosines, then sines, in a window */
    struct linear convolution[SILERO_CONVOLUTIONS]; /* [out, 3·in], taps before channels */
    struct linear gates, recurrent;                 /* [4·hidden, hidden] */
    float *head;                                    /* [hidden], on the host */
    float head_bias;
};

struct silero_step {
    const float *samples; /* [HEARD], on the host */
    float *hidden, *cell; /* [hidden], on the device: changed */
    float *out;           /* [hidden], on the host: the new hidden */
};
void silero_forward(struct context *c, const struct silero *s, const struct silero_step *step);

#endif

/* forward.h - the network itself, over the seam. */
#ifndef MODELS_FASTSPEECH_FORWARD_H
#define MODELS_FASTSPEECH_FORWARD_H

#include "models/fastspeech/model.h"

/* The steps of a batch, which are tokens in the encoder and frames in the decoder. */
struct steps {
    int rows, time;
    const int *lengths;     /* [rows]: valid steps */
    const float *positions; /* [2·time - 1, d] on the host: the encodings of the distances time-1 … -(time-1) */
};

/* Everything here lies on the host. While a pass is measured only the numbers are looked at. */
struct encoding {
    struct steps steps;
    const int *tokens;               /* [rows, time], any of the vocabulary behind a row's tokens */
    const int *speakers, *languages; /* [rows]: rows of the tables in struct voices */
    const float *embeddings;         /* [rows, speaker_embed_dim], of length 1 */
    bool embedded;                   /* whether the rows have embeddings */
    const float *pitch, *energy;     /* [rows, time]: added to what is predicted */
    float *durations;                /* out [rows, time]: ln(1 + frames) */
    float *states;                   /* out [rows, time, d]: what the decoder repeats for a token's frames */
};

struct decoding {
    struct steps steps;
    int tokens;          /* rows of states */
    const float *states; /* [tokens, d] */
    const int *token;    /* [rows, time]: the one that each frame belongs to, any behind a row's frames */
    float *mel;          /* out [rows, time, mels] */
};

/* x [rows, time, d] f32, in place. Failures stick to the context, here and below. */
void fastspeech_conformer(struct context *c, struct tensor x, const struct stack *s, const struct steps *steps);

void fastspeech_run_encoder(struct context *c, const struct fastspeech *m, const struct encoding *e);
void fastspeech_run_decoder(struct context *c, const struct fastspeech *m, const struct decoding *d);

#endif

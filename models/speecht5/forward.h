/* forward.h - the network itself, over the seam. */
#ifndef MODELS_SPEECHT5_FORWARD_H
#define MODELS_SPEECHT5_FORWARD_H

#include "models/speecht5/model.h"

/* What is kept from step to step, on the device. */
struct kept_layer {
    struct tensor cross_keys, cross_values; /* [rows, heads, tokens, d/heads] */
    struct tensor keys, values;             /* [slots, d] */
};
struct kept {
    struct tensor speakers;    /* [rows, d] f32: what a row's speaker adds before the prenet's last activation */
    struct kept_layer *layers; /* [decoder layers] */
};

/* Everything below lies on the host. While a pass is measured only the numbers are looked at. */
struct encoding {
    int rows, time;
    const int *lengths;     /* [rows] */
    const int *tokens;      /* [rows, time], any behind a row's tokens */
    const float *positions; /* [time, d], with their factor */
    const int *distances;   /* [2·time - 1]: rows of the model's distances */
    const float *speakers;  /* [rows, speaker_embedding_dim], of length 1 */
};

/* One step of n rows. */
struct step {
    int n;
    const int *rows;               /* [n] */
    const float *mel;              /* [n, mels]: the last frame so far */
    const float *dropout;          /* [prenet layers, n, units] */
    const float *positions;        /* [n, d], with their factor */
    const int *slots;              /* [n]: where keys and values go */
    const struct query_span *self; /* [n]: the slots of each row's steps so far, this one counted in */
    const struct query_span *cross;
    float *frames; /* out [n, reduction_factor, mels] */
    float *stops;  /* out [n, reduction_factor]: logits */
};

/* Tensors for rows rows of at most time tokens and steps steps; failures stick to the context, here and below. */
void speecht5_new_kept(struct context *c, const struct speecht5 *m, struct kept *k, int rows, int time, int steps);

void speecht5_run_encoder(struct context *c, const struct speecht5 *m, const struct kept *k, const struct encoding *e);
void speecht5_run_step(struct context *c, const struct speecht5 *m, const struct kept *k, const struct step *s);

/* mel [frames, mels] on the host, in place. */
void speecht5_run_postnet(struct context *c, const struct speecht5 *m, float *mel, int frames);

#endif

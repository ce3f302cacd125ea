/* forward.h - the network itself, over the seam. */
#ifndef MODELS_FASTCONFORMER_FORWARD_H
#define MODELS_FASTCONFORMER_FORWARD_H

#include "models/fastconformer/model.h"

/* Where the relative positions come from: either every layer's projection is at hand, or the encodings are, and each
 * layer projects them as it comes by. */
struct positions {
    int time;                    /* the largest that they serve */
    const struct tensor *layers; /* [layers] of [2·time - 1, d], or NULL */
    struct tensor encodings;     /* [2·time - 1, d], where layers is NULL */
};

/* One batch, all on the host but what the functions below make. */
struct batch {
    const float *features;          /* [rows, frames, mels] */
    int rows, frames, time;         /* time: frames after the stem */
    const int *lengths[STAGES + 1]; /* [rows] each: valid frames before the stem and after each of its stages */
    float *scores;                  /* [rows, time, vocabulary], or states [rows, time, projection] */
};

/* The encodings projected by one layer: out [2·time - 1, d]. */
void project_positions(struct context *c, struct tensor out, struct tensor encodings, const struct block *b);

/* features → scores. Failures stick to the context. */
void forward(struct context *c, const struct fastconformer *m, const struct positions *p, const struct batch *batch);

#endif

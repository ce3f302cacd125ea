/* forward.h - the network itself, over the seam. Failures stick to the context. */
#ifndef MODELS_VITS_FORWARD_H
#define MODELS_VITS_FORWARD_H

#include "models/vits/model.h"

/* A batch of texts, and where the host's share of the work lies. */
struct text {
    const int *tokens, *lengths; /* [rows, count], [rows] */
    int rows, count;
    const float *speakers; /* [rows, e] embeddings, or NULL */
    float *prior;          /* [rows, count, 2 · flow_size]: means, logarithms of deviations */
    float *latents[2];     /* [rows, count] each: noise, 0 in the padding; then the logarithms of durations in [0] */
    float *splines;        /* [rows, count, spline_parameters] */
};

/* A batch of latents. */
struct latents {
    const int *lengths; /* [rows] */
    int rows, frames;
    const float *speakers;
    float *halves[2]; /* [rows, frames, flow_size / 2] each: of the channels, in place */
};

static inline struct tensor new_3d(struct context *c, enum tensor_type type, int64_t n0, int64_t n1, int64_t n2)
{
    return tensor_new(c, type, 3, (int64_t[]){n0, n1, n2});
}

/* Speakers' embeddings [rows, e] on the device; no tensor where there are none. */
struct tensor vits_upload_speakers(struct context *c, const float *speakers, int rows, int size);

/* forward.c */
void vits_forward_text(struct context *c, const struct vits *m, const struct text *t);
void vits_forward_flow(struct context *c, const struct vits *m, const struct latents *l);

/* durations.c: x [rows, count, d], what the text encoder gives; the logarithms of durations into t->latents[0]. */
void vits_forward_durations(struct context *c, const struct vits *m, struct tensor x, const struct text *t);

#endif

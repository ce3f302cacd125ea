/* pass.h - what the stages of a forward pass share: the context, and the host's room. */
#ifndef MODELS_VITS_PASS_H
#define MODELS_VITS_PASS_H

#include "models/vits/forward.h"

enum { VITS_MOST_ROWS = 1 << 15, VITS_MOST_FRAMES = 1 << 20, VITS_MOST_TOKENS = 1 << 20 };

/* What rows texts of count tokens take on the host. */
struct text_room {
    int *tokens, *durations;      /* [rows, count] */
    int *lengths, *frames;        /* [rows] */
    struct vits_control *control; /* [rows] */
    float *prior;                 /* [rows, count, 2 · flow_size] */
    float *latents[2];            /* [rows, count] */
    float *splines;               /* [rows, count, spline_parameters] */
    float *speakers;              /* [rows, e] */
};

struct flow_room {
    float *halves[2]; /* [rows, frames, flow_size / 2] */
};

/* Speakers of rows to decode. */
struct decode_room {
    int rows;
    float *speakers; /* [rows, e] */
};

struct vits_pass {
    const struct vits *model;
    struct context context;
    struct hifigan_pass *decoder;
    struct text_room text;
    struct flow_room flow;
    struct decode_room decode;
    int text_rows, text_count, flow_rows, flow_frames; /* batches that the arena is known to hold, or 0 */
    int rows, count;                                   /* of the durations that the room holds, or 0 */
    bool speaks;                                       /* whether those rows have speakers */
    double text_flops, flow_flops, decode_flops;
};

/* The room as the network takes it. */
struct text vits_text_of(const struct vits_pass *p, int rows, int count, const float *speakers);
struct latents vits_latents_of(const struct vits_pass *p, int rows, int frames, const float *speakers);

#endif

/* model.h - the weights of a VITS in memory, shared by the files of this folder. */
#ifndef MODELS_VITS_MODEL_H
#define MODELS_VITS_MODEL_H

#include "models/load/bind.h"
#include "models/vits/vits.h"

enum { VITS_MOST_SEPARABLE = 8 };

/* d: hidden_size; f: intermediate_size; w: window_size; e: speaker_size; z: half of flow_size. */

struct encoder_layer {
    struct linear query, key, value, out; /* [d, d] */
    struct attention_window window;       /* [2w + 1, d / heads] */
    struct norm attention_norm;           /* [d] */
    struct convolution up, down;          /* [f, d, kernel], [d, f, kernel] */
    struct norm out_norm;                 /* [d] */
};

struct text_encoder {
    float *embedding; /* [vocabulary, d], with √d multiplied in */
    struct encoder_layer *layers;
    struct linear prior; /* [2 · flow_size, d]: means, then logarithms of deviations */
};

/* A dilated, depth-separable layer: its dilation is the kernel to the power of its number. */
struct separable_layer {
    struct convolution dilated; /* [d, 1, kernel], a group for each channel */
    struct norm dilated_norm;   /* [d] */
    struct linear pointwise;    /* [d, d] */
    struct norm pointwise_norm; /* [d] */
};

struct spline_flow {
    struct linear in;                                   /* [d, 1] */
    struct separable_layer layers[VITS_MOST_SEPARABLE]; /* [separable_layers] */
    struct linear out;                                  /* [3 · bins - 1, d] */
};

/* Stochastic durations: flows from noise to the logarithm of a duration. */
struct stochastic {
    struct linear in, out;                              /* [d, d] */
    struct linear speaker;                              /* [d, e] */
    struct separable_layer layers[VITS_MOST_SEPARABLE]; /* [separable_layers] */
    struct spline_flow *flows;                          /* [duration_flows - 1] in the order that they run in */
    float translate[2], scale[2];                       /* the last flow: (x - translate) · scale */
};

/* Deterministic durations. */
struct deterministic {
    struct linear speaker;            /* [d, e] */
    struct convolution first, second; /* [channels, d, kernel], [channels, channels, kernel] */
    struct norm first_norm, second_norm;
    struct linear out; /* [1, channels] */
};

struct wavenet_layer {
    struct convolution in;        /* [2d, d, kernel] */
    struct linear speaker;        /* [2d, e] */
    struct linear residual, skip; /* [d, d]; the last layer has no residual */
};

/* One coupling layer. The reference reverses all channels before each; here the halves stay where they are, and every
 * other layer's matrices are reversed at load. */
struct coupling {
    struct linear in;             /* [d, z] */
    struct wavenet_layer *layers; /* [wavenet_layers] */
    struct linear out;            /* [z, d] */
};

struct vits {
    struct vits_config config;
    const struct device *device;
    enum tensor_type compute; /* of the flow and the decoder */
    struct text_encoder encoder;
    struct stochastic stochastic;
    struct deterministic deterministic;
    struct coupling *flows; /* [flows] in the order that they run in */
    float *speakers;        /* [speakers, e] on the host, or NULL */
    struct hifigan *decoder;
    int64_t parameters, bytes;
};

/* Whether the model has speakers to choose from. */
static inline bool has_speakers(const struct vits_config *config)
{
    return config->speakers > 1;
}

/* Reads and prepares everything into a model whose config, device and types are set. What was bound before an error is
 * released by vits_release. */
int vits_bind(struct vits *m, const struct checkpoint *checkpoint, struct fault *fault);
void vits_release(struct vits *m);

/* weights_convolution.c */

/* Prepares k, whose in, out, kernel, dilation and groups are set, with "same" padding, in the binder's type, from
 * NAME.weight and NAME.bias. */
int vits_bind_convolution(struct binder *b, struct convolution *k, const char *prefix, const char *name);

/* weights_durations.c */
int vits_bind_durations(struct binder *b, struct vits *m);
void vits_release_durations(struct vits *m);

#endif

/* model.h - the weights of a FastSpeech 2 in memory, shared by the files of this folder. */
#ifndef MODELS_FASTSPEECH_MODEL_H
#define MODELS_FASTSPEECH_MODEL_H

#include "models/fastspeech/fastspeech.h"

/* d: hidden_size; f: linear_units; k: the kernel of the convolutions over time; m: mel_bins; p: postnet_units. */
struct feed_forward {
    struct norm norm;            /* [d] */
    struct convolution up, down; /* [f, d, k], [d, f, k] */
};

struct block {
    struct feed_forward macaron; /* empty where the model has none */

    struct norm attention_norm;          /* [d] */
    struct linear query, key, value;     /* [d, d] */
    struct linear attention_out;         /* [d, d] */
    struct linear position;              /* [d, d], no bias */
    float *content_bias, *position_bias; /* [heads, d/heads]: u and v of Transformer-XL */
    struct linear concat_hidden;         /* [d, d], no bias: the columns of concat_linear for attention's input */
    struct linear concat_attended;       /* [d, d]: those for its output; both empty without concat_after */

    struct norm convolution_norm; /* [d] */
    struct linear gate;           /* [2d, d]: the first pointwise convolution, before the gated linear unit */
    struct conv1d depthwise;      /* [d, kernel], with the batch norm folded in */
    struct linear mix;            /* [d, d]: the second pointwise convolution */

    struct feed_forward feed_forward;

    struct norm out_norm; /* [d] */
};

struct stack {
    struct fastspeech_stack shape;
    struct block *blocks; /* [shape.layers] */
};

struct predictor_layer {
    struct convolution convolution; /* [channels, d or channels, kernel] */
    struct norm norm;               /* [channels] */
};

struct predictor {
    int count;
    struct predictor_layer *layers; /* [count] */
    struct linear out;              /* [1, channels] */
};

/* A number for each token, and how it enters the tokens' states. */
struct variance {
    struct predictor predictor;
    struct convolution embed; /* [d, 1, kernel] */
};

/* What tells the speakers apart: rows of [n + 1, d], the last one zeros, for rows that name none; NULL: none known. */
struct voices {
    float *speakers, *languages;
    struct linear projected_hidden;    /* [d, d]: the columns of projection for the states … */
    struct linear projected_embedding; /* [d, speaker_embed_dim], no bias: … and those for the embedding */
};

struct postnet {
    struct linear first; /* [m, d] */
    int count;
    struct convolution *layers; /* [count]: [p, m, k], [p, p, k] …, [m, p, k], batch norms folded in */
};

struct fastspeech {
    struct fastspeech_config config;
    const struct device *device;
    enum tensor_type type;    /* of the blocks' matrices */
    enum tensor_type compute; /* of activations, and of the matrices that stay out of int8 */
    float *tokens;            /* [vocabulary, d], times √d */
    struct stack encoder, decoder;
    struct voices voices;
    struct predictor duration;
    struct variance pitch, energy;
    struct postnet postnet;
    int64_t parameters, bytes;
};

/* Reads and prepares everything into a model whose config, device and types are set. What was bound before an error is
 * released by fastspeech_release. */
int fastspeech_bind(struct fastspeech *m, const struct checkpoint *checkpoint, const char *prefix, struct fault *fault);
void fastspeech_release(struct fastspeech *m);

#endif

/* model.h - the weights of a SpeechT5 in memory, shared by the files of this folder. */
#ifndef MODELS_SPEECHT5_MODEL_H
#define MODELS_SPEECHT5_MODEL_H

#include "models/speecht5/speecht5.h"

/* d: hidden_size; f: ffn_dim; u: prenet_units; m: mel_bins; p: postnet_units; r: reduction_factor. Norms come behind
 * what they norm. */
struct attention_weights {
    struct linear query, key, value, output; /* [d, d] */
    struct norm norm;                        /* [d] */
};

struct encoder_block {
    struct attention_weights self;
    struct linear up, down; /* [f, d], [d, f] */
    struct norm norm;       /* [d] */
};

struct decoder_block {
    struct attention_weights self, cross;
    struct linear up, down;
    struct norm norm;
};

struct prenet {
    struct linear *layers; /* [prenet_layers]: [u, m], [u, u] … */
    struct linear out;     /* [d, u] */
    struct linear hidden;  /* [d, d]: the columns of speaker_embeds_layer for what the prenet gives … */
    struct linear speaker; /* [d, speaker_embedding_dim], no bias: … and those for the speaker */
    float alpha;           /* of the positions */
};

struct postnet {
    struct linear mel, stop; /* [r·m, d], [r, d] */
    int count;
    struct convolution *layers; /* [count]: [p, m, kernel], [p, p, kernel] …, [m, p, kernel], batch norms folded in */
};

struct speecht5 {
    struct speecht5_config config;
    const struct device *device;
    enum tensor_type type;    /* of the blocks' matrices */
    enum tensor_type compute; /* of activations, and of the matrices that stay out of int8 */
    float *tokens;            /* [vocabulary, d] */
    float alpha;              /* of the encoder's positions */
    struct norm encoder_norm; /* [d], in front of the blocks */
    float *distances;         /* [2·max_relative_position, d]: one head's row, side by side for every head */
    float *zeros;             /* [d]: the biases that Transformer-XL has, and this has not */
    struct encoder_block *encoder;
    struct decoder_block *decoder;
    struct prenet prenet;
    struct postnet postnet;
    int64_t parameters, bytes;
};

/* Reads and prepares everything into a model whose config, device, types and arrays are set. What was bound before an
 * error is released by speecht5_release. */
int speecht5_bind(struct speecht5 *m, const struct checkpoint *checkpoint, struct fault *fault);
void speecht5_release(struct speecht5 *m);

#endif

/* model.h - the weights of a FastConformer in memory, shared by the files of this folder. */
#ifndef MODELS_FASTCONFORMER_MODEL_H
#define MODELS_FASTCONFORMER_MODEL_H

#include "models/fastconformer/fastconformer.h"

enum { STAGES = 4 }; /* at most: a subsampling factor of 16 */

/* d: hidden_size; f: intermediate_size; c: subsampling_channels; k: subsampling_kernel; m: mels left at the end. */
struct stem_stage {
    struct conv2d depthwise; /* [c, k, k]; not in the first stage */
    struct linear pointwise; /* [c, c];    not in the first stage */
};

struct stem {
    struct conv2d first; /* [c, k, k] */
    int stages;          /* that halve time and mels, the first counted in */
    struct stem_stage stage[STAGES];
    struct linear out; /* [d, m·c], with √d multiplied in where the model scales its input */
};

struct block {
    struct norm feed_forward1_norm; /* [d] */
    struct linear up1, down1;       /* [f, d], [d, f] */

    struct norm attention_norm;          /* [d] */
    struct linear query, key, value;     /* [d, d] */
    struct linear attention_out;         /* [d, d] */
    struct linear position;              /* [d, d], no bias */
    float *content_bias, *position_bias; /* [heads, d/heads]: u and v of Transformer-XL */

    struct norm convolution_norm; /* [d] */
    struct linear gate;           /* [2d, d]: the first pointwise convolution, before the gated linear unit */
    struct conv1d depthwise;      /* [d, conv_kernel], with the batch norm folded in */
    struct linear mix;            /* [d, d]: the second pointwise convolution */

    struct norm feed_forward2_norm; /* [d] */
    struct linear up2, down2;       /* [f, d], [d, f] */

    struct norm out_norm; /* [d] */
};

struct fastconformer {
    struct fastconformer_config config;
    const struct device *device;
    enum tensor_type type;    /* of the blocks' matrices */
    enum tensor_type compute; /* of activations, and of the matrices that stay out of int8 */
    struct stem stem;
    struct block *blocks; /* [layers] */
    struct linear head;   /* [vocabulary, d], or the projection [projection, d] */
    int64_t parameters, bytes;
};

/* Reads and prepares everything into a model whose config, device and types are set. What was bound before an error is
 * released by model_release. */
int model_bind(struct fastconformer *m, const struct checkpoint *checkpoint, struct fault *fault);
void model_release(struct fastconformer *m);

#endif

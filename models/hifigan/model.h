/* model.h - the weights of a HiFi-GAN generator in memory, shared by the files of this folder. */
#ifndef MODELS_HIFIGAN_MODEL_H
#define MODELS_HIFIGAN_MODEL_H

#include "models/hifigan/hifigan.h"

/* n: channels of the stage; k: the block's kernel. */
struct residual_block {
    struct convolution dilated[HIFIGAN_DILATIONS]; /* [n, n, k], with the block's dilations */
    struct convolution after[HIFIGAN_DILATIONS];   /* [n, n, k]; not in blocks of kind 2 */
};

struct stage {
    struct convolution up; /* transposed, [2n, n, kernel] */
    struct residual_block block[HIFIGAN_BLOCKS];
};

struct hifigan {
    struct hifigan_config config;
    const struct device *device;
    enum tensor_type type;    /* of products, and of what lies between two of them */
    float *mean, *scale;      /* [mels] on the host, where frames are normalised, or NULL */
    struct convolution first; /* [initial, mels, 7] */
    struct linear condition;  /* [initial, conditioning]; where there is conditioning */
    /* The sum of a stage's blocks is not divided by their number: whatever reads it, stage[i > 0].up and last, has the
     * factor in its weights. A leaky ReLU lets a positive factor through. */
    struct stage stage[HIFIGAN_STAGES];
    struct convolution last; /* [1, channels of the last stage, 7] */
    int64_t parameters, bytes;
};

/* Channels behind stage i; those of the first convolution for -1. */
static inline int hifigan_channels(const struct hifigan_config *config, int stage)
{
    return config->initial_channels >> (stage + 1);
}

/* Reads and prepares everything into a model whose config, device and type are set. What was bound before an error is
 * released by model_release. */
int hifigan_bind(struct hifigan *m, const struct checkpoint *checkpoint, const char *prefix, struct fault *fault);
void hifigan_release(struct hifigan *m);

#endif

/* model.h - the weights of a transducer in memory, shared by the files of this folder. */
#ifndef MODELS_TRANSDUCER_MODEL_H
#define MODELS_TRANSDUCER_MODEL_H

#include "models/transducer/transducer.h"

/* h: hidden_size. */
struct recurrent_layer {
    struct linear input; /* [4h, h], with both of the layer's biases */
    struct linear state; /* [4h, h], no bias */
};

struct transducer {
    struct transducer_config config;
    const struct device *device;
    enum tensor_type type;    /* of the prediction network's and the joint network's large matrices */
    enum tensor_type compute; /* of the embedding, and of the matrices that stay out of int8 */
    struct fastconformer *encoder;
    struct tensor embedding;        /* [vocabulary, h] */
    struct recurrent_layer *layers; /* [layers] */
    struct linear projector;        /* [h, h] */
    struct linear tokens;           /* [vocabulary, h]: the rows of the joint's head that score tokens … */
    struct linear durations;        /* [duration_count, h]: … and durations */
    int64_t parameters, bytes;
};

/* Reads and prepares all but the encoder into a model whose config, device and types are set. What was bound before an
 * error is released by transducer_release. */
int transducer_bind(struct transducer *m, const struct checkpoint *checkpoint, struct fault *fault);
void transducer_release(struct transducer *m);

#endif

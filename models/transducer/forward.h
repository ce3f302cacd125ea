/* forward.h - the prediction network and the joint network, over the seam. */
#ifndef MODELS_TRANSDUCER_FORWARD_H
#define MODELS_TRANSDUCER_FORWARD_H

#include "models/transducer/model.h"

/* What a pass keeps from one call to the next. Slot 0 of the kept tensors is the prediction of nothing: zeros. */
struct kept {
    struct tensor states;    /* [windows · time, h]: what the joint network hears of the sound */
    struct tensor *hidden;   /* [layers] of [slots, h] */
    struct tensor *cell;     /* [layers] of [slots, h] */
    struct tensor predicted; /* [slots, h]: the last layer's hidden state, projected */
};

/* n predictions: the slots they continue, their tokens, and the slots that they are written to; all on the host. */
struct predictions {
    int n;
    const int *from, *tokens, *to; /* [n] */
};
void transducer_predict(struct context *c, const struct transducer *m, const struct kept *kept,
                        const struct predictions *p);

/* n joints: rows of states, slots, and where log-probabilities go; all on the host. */
struct joints {
    int n;
    const int *states, *slots; /* [n] */
    float *tokens;             /* [n, vocabulary] */
    float *durations;          /* [n, duration_count] */
};
void transducer_join(struct context *c, const struct transducer *m, const struct kept *kept, const struct joints *j);

#endif

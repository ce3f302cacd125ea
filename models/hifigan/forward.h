/* forward.h - the network itself, over the seam. */
#ifndef MODELS_HIFIGAN_FORWARD_H
#define MODELS_HIFIGAN_FORWARD_H

#include "models/hifigan/model.h"

/* One batch, all on the host. */
struct batch {
    const float *frames;                    /* [rows, time, mels], normalised */
    const float *conditioning;              /* [rows, conditioning], or NULL */
    int rows, time;                         /* time: frames */
    const int *lengths[HIFIGAN_STAGES + 1]; /* [rows] each: valid steps before the first stage and after each */
    float *samples;                         /* [rows, time · hop] */
};

/* frames → samples. Failures stick to the context. */
void hifigan_run(struct context *c, const struct hifigan *m, const struct batch *batch);

#endif

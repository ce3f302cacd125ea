/* batch.h - a batch on the host: what was asked for, checked, and the places that a step reads from and writes to. */
#ifndef MODELS_SPEECHT5_BATCH_H
#define MODELS_SPEECHT5_BATCH_H

#include "models/speecht5/forward.h"

struct batch {
    int rows, count, steps;   /* that there is room for, and that the batch has */
    int *lengths;             /* [rows] */
    int *tokens;              /* [rows, count] */
    int *distances;           /* [2·count - 1] */
    float *speakers;          /* [rows, speaker_embedding_dim], of length 1 */
    float *table;             /* [most of count and steps, d]: the sinusoids, without a factor */
    float *encoder_positions; /* [count, d] */
    int *numbers;             /* [rows·steps]: 0, 1, 2 …, every row's slots in their order */
    int *active;              /* [rows]: those that have not ended */
    float *mel, *dropout, *positions, *frames, *stops; /* of a step: see struct step */
    int *slots;                                        /* [rows] */
    struct query_span *self, *cross;                   /* [rows] */
};

/* Room for just this batch; what was there is lost. Errors: MEMORY. */
int speecht5_batch_reserve(struct batch *b, const struct speecht5 *m, int rows, int count, int steps,
                           struct fault *fault);
void speecht5_batch_release(struct batch *b);

/* What was asked for, into a batch with room for just that. Arguments as of speecht5_speak. Errors: ARGUMENT. */
int speecht5_batch_fill(struct batch *b, const struct speecht5_config *g, const int *tokens, const int *lengths,
                        const struct speecht5_row *rows, struct fault *fault);

struct encoding speecht5_batch_encoding(const struct batch *b);

/* Step number `step` of the n active rows, all but the frames that it hears. */
struct step speecht5_batch_step(struct batch *b, const struct speecht5 *m, const struct speecht5_row *rows, int n,
                                int step);

#endif

/* batch.h - a batch on the host: what the caller asks for, checked and padded, and what is kept from an encode to its
 * decode. */
#ifndef MODELS_FASTSPEECH_BATCH_H
#define MODELS_FASTSPEECH_BATCH_H

#include "models/fastspeech/fastspeech.h"

#include <stddef.h>

struct batch {
    size_t rows_room, cells_room, frames_room; /* rows, rows·count and rows·frames that there is room for */
    int rows, count;                           /* of the batch */
    int longest;                               /* the most frames of a row */
    bool embedded;                             /* whether the rows bring embeddings */
    int *lengths, *frames;                     /* [rows]: valid tokens, and frames */
    int *speakers, *languages;                 /* [rows]: the rows of the tables in struct voices */
    float *embeddings;                         /* [rows, speaker_embed_dim], of length 1 */
    int *tokens, *durations;                   /* [rows, count], 0 behind a row's tokens */
    float *pitch, *energy;                     /* [rows, count], likewise */
    float *logarithms;                         /* [rows, count]: predicted durations */
    float *states;                             /* [rows, count, d] */
    int *token;                                /* [rows, longest]: the row of states that each frame repeats */
};

/* Makes room; what was there is lost where it grows. Errors: MEMORY. */
int fastspeech_batch_reserve_tokens(struct batch *b, const struct fastspeech_config *g, int rows, int count,
                                    struct fault *fault);
int fastspeech_batch_reserve_frames(struct batch *b, int rows, int frames, struct fault *fault);
void fastspeech_batch_release(struct batch *b);

/* A batch of the largest lengths, for measuring: there is room for it. */
void fastspeech_batch_fill_full(struct batch *b, int rows, int count);

/* What was asked for, into a batch with room for it. Arguments as of fastspeech_encode. Errors: ARGUMENT. */
int fastspeech_batch_fill(struct batch *b, const struct fastspeech_config *g, const int *tokens, const int *lengths,
                          int rows, int count, const struct fastspeech_control *controls, struct fault *fault);

#endif

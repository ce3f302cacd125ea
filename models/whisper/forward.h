/* forward.h - the network itself, over the seam. */
#ifndef MODELS_WHISPER_FORWARD_H
#define MODELS_WHISPER_FORWARD_H

#include "models/whisper/model.h"

/* What a pass keeps from one call to the next, per decoder layer. */
struct kept {
    struct tensor cross_keys, cross_values; /* [windows, heads, positions, d/heads], or i8 with scales */
    struct tensor keys, values;             /* [slots, d] */
};

/* One run of the decoder: n tokens, each of which attends to the tokens before it in its own sequence and to the
 * window that it listens to. All on the host. */
struct lines {
    int n;
    const int *tokens, *positions;   /* [n] */
    const int *slots;                /* [n]: where their keys and values go … */
    const struct query_span *before; /* … and those that they attend to [before_count]; NULL: one sequence from its */
    int before_count;                /* beginning, which keeps nothing */
    const struct query_span *cross;  /* [cross_count] */
    int cross_count;
    const int *last; /* [last_count]: lines whose logits are asked for */
    int last_count;
};

/* The encoder's blocks over x [1, time, d] f32, in place. */
void encoder_blocks(struct context *c, const struct whisper *m, struct tensor x);

/* features [count, 2·positions, mels] on the host → cross keys and values of count windows from the first on, in kept
 * [decoder_layers]; output: NULL or [count, positions, d] on the host. Failures stick to the context. */
void encode_windows(struct context *c, const struct whisper *m, const struct kept *kept, int first, int count,
                    const float *features, float *output);

/* What a run is to bring to the host; NULL: not. */
struct answer {
    float *logits;                    /* [last_count, vocabulary] */
    const struct whisper_wanted *ask; /* in their place … */
    float *found;                     /* … this of them (whisper.h) */
    float *attention; /* the alignment heads' cross-attention [heads, n, positions], of a run with one cross span */
};

void decode_lines(struct context *c, const struct whisper *m, const struct kept *kept, const struct lines *lines,
                  const struct answer *answer);

#endif

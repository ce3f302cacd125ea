/* renderer.h - an utterance's tokens to sound, by whichever family the voice is of: first all frames of the spectrogram
 * (or of what the family has instead), then samples, a stretch of frames at a time.
 *
 * A family fills a table of these functions. A renderer belongs to one speech and one thread at a time. */
#ifndef SRC_SPEAK_RENDERER_H
#define SRC_SPEAK_RENDERER_H

#include "src/speak/utterance.h"

struct renderer;

struct renderer_request {
    struct utterance *utterance; /* its tokens get their frames, where the family knows them */
    int speaker;
    uint64_t seed;
    int64_t longest; /* frames: more are an error */
};

struct renderer_ops {
    /* Computes the frames; *frames: how many. Errors: MEMORY, MODEL (more than the longest), DEVICE. */
    int (*begin)(struct renderer *renderer, const struct renderer_request *request, int64_t *frames,
                 struct fault *fault);
    /* Samples [count · hop] of frames first … first + count; they do not depend on where the stretches begin.
     * Errors: MEMORY, DEVICE. */
    int (*vocode)(struct renderer *renderer, int64_t first, int64_t count, float *samples, struct fault *fault);
    void (*close)(struct renderer **renderer); /* NULL inside is allowed */
    bool timed;                                /* tokens get their frames */
    bool bends;                                /* it follows tokens' pitch; else the whole speech is shifted */
};

struct renderer {
    const struct renderer_ops *ops;
};

#endif

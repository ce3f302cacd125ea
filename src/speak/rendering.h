/* rendering.h - utterances to a stream of samples: rendered a stretch of frames at a time, with the loudness that was
 * asked for, at the rate that was asked for. */
#ifndef SRC_SPEAK_RENDERING_H
#define SRC_SPEAK_RENDERING_H

#include "src/speak/mark.h"
#include "src/speak/voice.h"

struct rendering_params {
    int sample_rate; /* Hz of what is read */
    uint64_t seed;
    double shift; /* semitones that the whole speech is shifted by, where the renderer does not bend; else 0 */
};

struct rendering;

/* Errors: MEMORY, UNSUPPORTED. */
int rendering_open(struct rendering **rendering, const struct utter_voice *voice, const struct rendering_params *params,
                   struct fault *fault);
void rendering_close(struct rendering **rendering);
void rendering_reset(struct rendering *rendering);

/* Whether the voice's renderers follow the pitch of tokens. */
bool rendering_bends(const struct rendering *rendering);

/* Begins an utterance, which is the stream's from now on, or (utterance NULL) a silence: computes its frames, and adds
 * its marks where marks is not NULL. Only when idle. Errors: MEMORY, MODEL, DEVICE. */
int rendering_begin(struct rendering *rendering, struct utterance *utterance, double silence, struct mark_queue *marks,
                    struct fault *fault);
/* Nothing is begun that is not done. */
bool rendering_idle(const struct rendering *rendering);
/* Computes some more of what was begun. Errors: MEMORY, MODEL (not finite), DEVICE. */
int rendering_step(struct rendering *rendering, struct fault *fault);
/* Lets out what the resampler still has: nothing follows. Errors: MEMORY. */
int rendering_finish(struct rendering *rendering, struct fault *fault);

/* Moves samples that are ready out, at most capacity; returns how many. */
size_t rendering_read(struct rendering *rendering, float *samples, size_t capacity);

/* Clock seconds spent in the acoustic model and in the vocoder, and seconds of sound computed, since open or reset. */
struct rendering_times {
    double acoustic, vocoder, audio;
};
struct rendering_times rendering_get_times(const struct rendering *rendering);

#endif

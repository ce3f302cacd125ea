/* stream.h - utterances to a stream of samples: rendered a stretch of frames at a time, with the loudness that was
 * asked for, at the rate that was asked for. */
#ifndef SRC_SPEAK_STREAM_H
#define SRC_SPEAK_STREAM_H

#include "src/speak/mark.h"
#include "src/speak/voice.h"

struct stream_params {
    int sample_rate; /* Hz of what is read */
    int speaker;
    uint64_t seed;
    double shift; /* semitones that the whole speech is shifted by, where the renderer does not bend; else 0 */
};

struct stream;

/* Errors: MEMORY, UNSUPPORTED. */
int stream_open(struct stream **stream, const struct utter_voice *voice, const struct stream_params *params,
                struct fault *fault);
void stream_close(struct stream **stream);
void stream_reset(struct stream *stream);

/* Whether the voice's renderers follow the pitch of tokens. */
bool stream_bends(const struct stream *stream);

/* Begins an utterance, which is the stream's from now on, or (utterance NULL) a silence: computes its frames, and adds
 * its marks where marks is not NULL. Only when idle. Errors: MEMORY, MODEL, DEVICE. */
int stream_begin(struct stream *stream, struct utterance *utterance, double silence, struct mark_queue *marks,
                 struct fault *fault);
/* Nothing is begun that is not done. */
bool stream_idle(const struct stream *stream);
/* Computes some more of what was begun. Errors: MEMORY, MODEL (not finite), DEVICE. */
int stream_step(struct stream *stream, struct fault *fault);
/* Lets out what the resampler still has: nothing follows. Errors: MEMORY. */
int stream_finish(struct stream *stream, struct fault *fault);

/* Moves samples that are ready out, at most capacity; returns how many. */
size_t stream_read(struct stream *stream, float *samples, size_t capacity);

/* Clock seconds spent in the acoustic model and in the vocoder, and seconds of sound computed, since open. */
struct stream_times {
    double acoustic, vocoder, audio;
};
struct stream_times stream_get_times(const struct stream *stream);

#endif

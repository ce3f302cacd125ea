/* voice.h - which frames of a channel are speech, live: a detector's probabilities made into verdicts with little
 * delay. Gives what audio/activity.h gives, frames of 10 ms at 16 kHz, so that a cutter can take either.
 *
 * A detector is a network over the seam (models/vad: our own or Silero's) or the level alone (audio/activity.h without
 * lead and with a short hangover). It is immutable and shared by all streams and threads; a stream keeps 15 KB (level)
 * to 55 KB, however much is fed at once. */
#ifndef SRC_VOICE_H
#define SRC_VOICE_H

#include "audio/activity.h"

struct utter_engine;

struct voice;
/* detector: NULL: the network that ships with Utter (the model "vad", see model_find); "energy"; or a path: a directory
 * like that model's, or a file with the weights of Silero VAD at 16 kHz. Networks run on the CPU, whatever the engine's
 * device: they are small. engine: for its log; may be NULL. Errors: IO, MODEL, UNSUPPORTED, MEMORY. */
int voice_open(struct voice **voice, const struct utter_engine *engine, const char *detector, struct fault *fault);
void voice_close(struct voice **voice);

struct voice_stream;
/* threshold: probability from which on a frame is speech, in (0, 1): 0.5. Speech that has begun goes on down to 0.15
 * below it, so that it does not flicker. The level alone ignores it. One thread at a time. Errors: ARGUMENT, MEMORY. */
int voice_stream_open(struct voice_stream **stream, const struct voice *voice, float threshold, struct fault *fault);
void voice_stream_close(struct voice_stream **stream);
void voice_stream_reset(struct voice_stream *stream);

/* As activity_feed, activity_finish and activity_take; chunking does not change the verdicts. A frame's verdict is
 * there once this much sound behind its end has been fed: ours 37 or 47 ms, Silero's at most 27 ms, the level's 40 ms,
 * after the half second from which it learns the noise. Samples that are no numbers, or beyond ±32, count as zero for a
 * network. Errors: MEMORY, STATE (after finish, before reset). */
int voice_stream_feed(struct voice_stream *stream, const float *samples, int64_t count, struct fault *fault);
int voice_stream_finish(struct voice_stream *stream, struct fault *fault);
int voice_stream_take(struct voice_stream *stream, struct activity_frame *out, int count);

#endif

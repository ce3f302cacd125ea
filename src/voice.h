/* voice.h - which frames of a channel are speech, live: a detector's probabilities made into verdicts with little
 * delay. Gives what audio/activity.h gives, frames of 10 ms at 16 kHz, so that a cutter can take either.
 *
 * A detector is a network over the seam (models/vad: our own or Silero's) or the level alone (audio/activity.h without
 * lead and hangover). It is immutable and shared by all streams; a stream keeps a few kilobytes. */
#ifndef SRC_VOICE_H
#define SRC_VOICE_H

#include "audio/activity.h"

struct utter_engine;

struct voice;
/* detector: NULL: the network that ships with Utter; "energy"; or a path, as utter_live_params says. Networks run on
 * the CPU, whatever the engine's device: they are small. Errors: IO, MODEL, UNSUPPORTED, MEMORY. */
int voice_open(struct voice **voice, const struct utter_engine *engine, const char *detector, struct fault *fault);
void voice_close(struct voice **voice);

struct voice_stream;
/* threshold: probability from which on a frame is speech, in (0, 1); what energy does with it is its own affair. */
int voice_stream_open(struct voice_stream **stream, const struct voice *voice, float threshold, struct fault *fault);
void voice_stream_close(struct voice_stream **stream);
void voice_stream_reset(struct voice_stream *stream);

/* As activity_feed, activity_finish and activity_take; chunking does not change the verdicts. They lag behind the
 * samples by as little as the detector allows. Errors: MEMORY, STATE (after finish, before reset). */
int voice_stream_feed(struct voice_stream *stream, const float *samples, int64_t count, struct fault *fault);
int voice_stream_finish(struct voice_stream *stream, struct fault *fault);
int voice_stream_take(struct voice_stream *stream, struct activity_frame *out, int count);

#endif

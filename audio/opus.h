/* opus.h - Opus in Ogg (RFC 7845) on libopusfile: libsndfile refuses whole files whose granule positions are off by
 * less than a packet, and reports lengths that are a few samples off. */
#ifndef AUDIO_OPUS_H
#define AUDIO_OPUS_H

#include "audio/source.h"

/* Hz, of whatever was encoded: every Opus stream decodes at this rate. */
enum { OPUS_FILE_RATE = 48000 };

/* Whether source begins with Ogg pages of which one opens an Opus stream; Vorbis and the others are not for here. */
bool opus_file_look(struct source *source);

/* Reads source, which outlives it. name: what messages call it. Errors: AUDIO, IO, MEMORY. */
struct opus_file;
int opus_file_open(struct opus_file **file, struct source *source, const char *name, struct fault *fault);
void opus_file_close(struct opus_file **file);

/* 1 to 8, as the first link of a chained file has them; further links are made to match. */
int opus_file_channels(const struct opus_file *file);

/* Sample frames, as the granule positions say; -1 where the file is too damaged to know. */
int64_t opus_file_length(const struct opus_file *file);

/* Up to frames sample frames into out [frames, channels], with the header's gain, less the encoder's delay and padding;
 * 0 at the end or where nothing more can be made of the file. */
int64_t opus_file_read(struct opus_file *file, float *out, int64_t frames);

/* After the end: what was wrong, as the end of a sentence ("cut short: …", "damaged after 1.20 s: …"), or "". */
const char *opus_file_problem(const struct opus_file *file);

#endif

/* mpeg.h - MPEG audio (MP1, MP2, MP3) on libmpg123, asked to be quiet: through libsndfile it prints to the standard
 * error stream when a frame is damaged. */
#ifndef AUDIO_MPEG_H
#define AUDIO_MPEG_H

#include "audio/source.h"

enum mpeg_verdict {
    MPEG_ABSENT,  /* begins with something else */
    MPEG_CLAIMED, /* begins like MPEG audio, or with an ID3 tag that reaches the end, but has no sound */
    MPEG_FOUND
};

/* Where MPEG audio lies in a source, less the tags around it, and what its first frame says. */
struct mpeg_span {
    int64_t start, end; /* bytes */
    int sample_rate;    /* Hz, 8000 to 48000 */
    int channels;       /* 1 or 2 */
    int layer;          /* 1 to 3 */
    bool has_frames;    /* a Xing header says how many frames there are … */
    int64_t promised;   /* … and how many bytes; 0: it does not */
};

/* What the source begins with, behind any ID3 tags. One frame header is found in any noise, so it takes a second one
 * where the first says that its frame ends. */
enum mpeg_verdict mpeg_look(struct mpeg_span *span, struct source *source);
/* Whether frames begin later, after at most 64 KB of something unknown: three in a row then. */
bool mpeg_search(struct mpeg_span *span, struct source *source);

/* Reads a span of source, which outlives it. name: what messages call it. Errors: AUDIO, MEMORY. */
struct mpeg;
int mpeg_open(struct mpeg **mpeg, const struct mpeg_span *span, struct source *source, const char *name,
              struct fault *fault);
void mpeg_close(struct mpeg **mpeg);

/* Sample frames, less what the encoder padded, where the Xing header says how many; else -1. */
int64_t mpeg_length(const struct mpeg *mpeg);

/* Up to frames sample frames into out [frames, channels]; 0 at the end or where nothing more can be made of the file.
 */
int64_t mpeg_read(struct mpeg *mpeg, float *out, int64_t frames);

/* After the end: what was wrong with the frames, as the end of a sentence ("damaged after 1.20 s: …"), or "". */
const char *mpeg_problem(const struct mpeg *mpeg);

#endif

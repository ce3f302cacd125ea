/* file.h - sound files of every format that libsndfile reads, as interleaved float samples; MPEG audio by libmpg123,
 * Opus by libopusfile. */
#ifndef AUDIO_FILE_H
#define AUDIO_FILE_H

#include "src/base/error.h"

struct audio_file;

struct audio_file_info {
    int sample_rate;    /* Hz, 1000 to 768000; 48000 for all Opus */
    int channels;       /* 1 to 64 */
    int64_t frames;     /* as the header says; -1 where unknown; off by less than a packet in some Opus */
    const char *format; /* "WAV, Signed 16 bit PCM" …; lives as long as the file */
};

/* Opens by path, from memory (kept by the caller until close), or from a callback that returns bytes read, 0 at the
 * end, negative on failure. What cannot seek is spooled: to memory first, to an unlinked temporary file beyond 64 MB.
 * name: what messages call it. Errors: IO (cannot be opened), AUDIO (empty, not sound, zero channels, a rate out of
 * range …), UNSUPPORTED, MEMORY. */
int audio_file_open_path(struct audio_file **file, const char *path, const char *name, struct fault *fault);
int audio_file_open_memory(struct audio_file **file, const void *data, size_t size, const char *name,
                           struct fault *fault);
int audio_file_open_callback(struct audio_file **file, int64_t (*read)(void *context, void *buffer, size_t size),
                             void *context, const char *name, struct fault *fault);
void audio_file_close(struct audio_file **file);

void audio_file_get_info(const struct audio_file *file, struct audio_file_info *info);

/* Reads up to frames sample frames into out [frames, channels], whole numbers scaled to [-1, 1); values that are not
 * finite, or beyond ±1e9, become 0, and count. A file damaged in the middle ends there, with a warning. Returns how
 * many frames, 0 at the end, or a negative error (AUDIO, IO). */
int64_t audio_file_read(struct audio_file *file, float *out, int64_t frames, struct fault *fault);

/* After the end: "" or one sentence when the file holds less than its header promised, when it is damaged,
 * when there is no sound in it, or when samples were not numbers (all of them: "not one sample is a number"). */
const char *audio_file_warning(const struct audio_file *file);

#endif
